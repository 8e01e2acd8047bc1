/* Runs pipelines on command, several in one process, and looks at what the process has:
 * what gst-launch-1.0 cannot do. It reads commands from standard input, a line each, and
 * answers each with a line that begins with "ok" or "failed".
 *
 *   make NAME PIPELINE    a pipeline, written as for gst-launch-1.0
 *   set NAME STATE        begin to change its state: null, ready, paused, playing
 *   reach NAME STATE      the same, and wait until it is so
 *   drop NAME             set it to null, and let go of it
 *   frames NAME N         wait until N more buffers have come to its sinks
 *   count NAME            how many came in all
 *   put NAME.ELEMENT P=V  set a property
 *   get NAME.ELEMENT P    tell a property
 *   end NAME              end its stream, as gst-launch-1.0 -e does
 *   seek NAME [RATE [NS]] seek its sinks to the beginning, or a position, with a flush
 *   flush NAME            flush it from its sources on
 *   key NAME [NS]         ask its sinks' upstream for a key frame, now or at a running time
 *   latency NAME          let it ask all its elements for their latency anew
 *   eos NAME              wait for the end of the stream
 *   error NAME            wait for an error, and tell it
 *   warning NAME          wait for a warning, and tell it
 *   urgent                raise SIGURG, and tell how often the program's own handler was called
 *   collect               make the Go runtime collect, if the plugin brought one
 *   resources             what the process has now
 *   alive                 what GStreamer objects live, by type (GST_TRACERS=leaks)
 *
 * What an element says of each buffer (identity silent=false) it prints as gst-launch-1.0 -v does.
 * It waits for as long as it takes: whoever gives the commands has a watchdog. It is
 * compiled by the tests and not part of the plugin. */
#include <gst/gst.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define POLL (2 * GST_MSECOND)

/* What is built with glibc 2.34 or later would not start with an older one. The way
 * round it is that of internal/gststubs/oldglibc.c. */
#if defined (__GLIBC__) && defined (__x86_64__)
__asm__ (".symver old_start, __libc_start_main@GLIBC_2.2.5\n"
    ".text\n.globl __libc_start_main\n.hidden __libc_start_main\n"
    ".type __libc_start_main, %function\n__libc_start_main: jmp old_start@PLT\n"
    ".size __libc_start_main, .-__libc_start_main\n");
#endif

typedef struct
{
  GstElement *pipeline;
  gint came;                    /* buffers, atomic */
} Driven;

static volatile sig_atomic_t urgent_signals;

static void
note_urgent (int signal)
{
  urgent_signals++;
}

static GHashTable *pipelines;   /* of Driven, by name */

static void G_GNUC_PRINTF (1, 2)
answer (const gchar * format, ...)
{
  va_list args;
  gchar *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%s\n", g_strdelimit (text, "\n", ' '));
  fflush (stdout);
  g_free (text);
}

static void
let_go (gpointer data)
{
  Driven *driven = data;

  gst_element_set_state (driven->pipeline, GST_STATE_NULL);
  gst_object_unref (driven->pipeline);
  g_free (driven);
}

static GstPadProbeReturn
count_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer came)
{
  g_atomic_int_inc ((gint *) came);
  return GST_PAD_PROBE_OK;
}

static void
count_at_sink (const GValue * item, gpointer driven)
{
  GstPad *pad = gst_element_get_static_pad (g_value_get_object (item), "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_buffer, &((Driven *) driven)->came, NULL);
  gst_object_unref (pad);
}

static void
tell_last_message (GstObject * pipeline, GstObject * element, GParamSpec * spec, gpointer nothing)
{
  gchar *text = NULL;

  g_object_get (element, "last-message", &text, NULL);
  if (text)
    g_print ("%s: last-message = %s\n", GST_OBJECT_NAME (element), text);
  g_free (text);
}

static void
make (const gchar * name, const gchar * description)
{
  GError *error = NULL;
  Driven *driven = g_new0 (Driven, 1);
  GstIterator *sinks;

  driven->pipeline = gst_parse_launch (description, &error);
  if (error || !GST_IS_BIN (driven->pipeline)) {
    answer ("failed: %s", error ? error->message : "a single element");
    g_clear_error (&error);
    gst_clear_object (&driven->pipeline);
    g_free (driven);
    return;
  }
  g_signal_connect (driven->pipeline, "deep-notify::last-message", G_CALLBACK (tell_last_message), NULL);
  sinks = gst_bin_iterate_sinks (GST_BIN (driven->pipeline));
  gst_iterator_foreach (sinks, count_at_sink, driven);
  gst_iterator_free (sinks);
  g_hash_table_insert (pipelines, g_strdup (name), driven);
  answer ("ok");
}

static gboolean
state_named (const gchar * name, GstState * state)
{
  const gchar *names[] = { "null", "ready", "paused", "playing" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_strcmp0 (name, names[i]) == 0) {
      *state = GST_STATE_NULL + i;
      return TRUE;
    }
  }
  return FALSE;
}

static void
change_state (Driven * driven, const gchar * name, gboolean wait)
{
  GstStateChangeReturn result;
  GstState state;

  if (!state_named (name, &state)) {
    answer ("failed: no such state: %s", name);
    return;
  }
  result = gst_element_set_state (driven->pipeline, state);
  if (wait && result != GST_STATE_CHANGE_FAILURE)
    result = gst_element_get_state (driven->pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
  answer (result == GST_STATE_CHANGE_FAILURE ? "failed: %s" : "ok %s",
      gst_element_state_change_return_get_name (result));
}

/* The next message of a type, or NULL after a moment. An error is answered. */
static GstMessage *
next_message (Driven * driven, GstMessageType type, gboolean * failed)
{
  GstBus *bus = gst_element_get_bus (driven->pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, POLL, type | GST_MESSAGE_ERROR);
  GError *error = NULL;

  gst_object_unref (bus);
  *failed = message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
  if (*failed) {
    gst_message_parse_error (message, &error, NULL);
    answer ("%s: %s", type == GST_MESSAGE_ERROR ? "ok" : "failed", error->message);
    g_error_free (error);
    gst_clear_message (&message);
  }
  return message;
}

static void
wait_for_warning (Driven * driven)
{
  GstMessage *message = NULL;
  GError *warning = NULL;
  gboolean failed = FALSE;

  while (!message && !failed)
    message = next_message (driven, GST_MESSAGE_WARNING, &failed);
  if (message) {
    gst_message_parse_warning (message, &warning, NULL);
    answer ("ok %s", warning->message);
    g_error_free (warning);
    gst_message_unref (message);
  }
}

static void
wait_for_message (Driven * driven, GstMessageType type)
{
  GstMessage *message = NULL;
  gboolean failed = FALSE;

  while (!message && !failed)
    message = next_message (driven, type, &failed);
  if (message)
    answer ("ok");
  gst_clear_message (&message);
}

static void
wait_for_frames (Driven * driven, gint more)
{
  gint wanted = g_atomic_int_get (&driven->came) + more;
  gboolean failed = FALSE;

  while (!failed && g_atomic_int_get (&driven->came) - wanted < 0) {
    GstMessage *message = next_message (driven, GST_MESSAGE_UNKNOWN, &failed);

    gst_clear_message (&message);
  }
  if (!failed)
    answer ("ok");
}

static void
put (GstElement * element, const gchar * setting)
{
  gchar **pair = g_strsplit (setting, "=", 2);

  if (pair[0] && pair[1]) {
    gst_util_set_object_arg (G_OBJECT (element), pair[0], pair[1]);
    answer ("ok");
  } else {
    answer ("failed: not P=V: %s", setting);
  }
  g_strfreev (pair);
}

static void
get (GstElement * element, const gchar * property)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), property);
  GValue value = G_VALUE_INIT;
  gchar *text;

  if (!spec) {
    answer ("failed: no property %s", property);
    return;
  }
  g_value_init (&value, spec->value_type);
  g_object_get_property (G_OBJECT (element), property, &value);
  text = gst_value_serialize (&value);
  answer ("ok %s", text ? text : "");
  g_free (text);
  g_value_unset (&value);
}

/* Strings that a property takes are what Go allocates: so much that it has to collect,
 * and once more for what finalizers let go of. */
static void
collect (void)
{
  GstElement *source = gst_element_factory_make ("bipssrc", NULL);
  gchar *text = g_strnfill (1 << 20, 'x');
  guint i;

  for (i = 0; source && i < 64; i++)
    g_object_set (source, "pool", text, NULL);
  g_free (text);
  gst_clear_object (&source);
  answer ("ok");
}

/* How many lines of a file have a text in them. */
static guint
lines_with (const gchar * path, const gchar * text)
{
  gchar *content = NULL, **lines, **line;
  guint n = 0;

  g_file_get_contents (path, &content, NULL, NULL);
  lines = g_strsplit (content ? content : "", "\n", -1);
  for (line = lines; *line; line++)
    n += **line && strstr (*line, text);
  g_strfreev (lines);
  g_free (content);
  return n;
}

static guint64
status_number (const gchar * field)
{
  gchar *content = NULL, *found;
  guint64 n = 0;

  g_file_get_contents ("/proc/self/status", &content, NULL, NULL);
  if (content && (found = strstr (content, field)))
    n = g_ascii_strtoull (found + strlen (field), NULL, 10);
  g_free (content);
  return n;
}

static guint
entries (const gchar * path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  if (dir)
    g_dir_close (dir);
  return n;
}

/* heap is what was allocated with malloc and not freed: unlike the resident memory it
 * does not depend on how the allocator and the kernel manage pages. */
static void
resources (void)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS struct mallinfo info = mallinfo ();
  G_GNUC_END_IGNORE_DEPRECATIONS;

  answer ("ok fds=%u threads=%" G_GUINT64_FORMAT " mappings=%u pools=%u rss=%" G_GUINT64_FORMAT " heap=%u",
      entries ("/proc/self/fd") - 1, status_number ("\nThreads:\t"),
      lines_with ("/proc/self/maps", ""), lines_with ("/proc/self/maps", "/bips."),
      status_number ("\nVmRSS:\t") * 1024, (guint) info.uordblks + (guint) info.hblkhd);
}

/* Counts a live object that the tracer tells of, by its type. */
static void
count_alive (GstDebugCategory * category, GstDebugLevel level, const gchar * file,
    const gchar * function, gint line, GObject * object, GstDebugMessage * message, gpointer counts)
{
  const gchar *head = "object-alive, type-name=(string)", *text = gst_debug_message_get (message);
  gchar *type;
  guint n;

  if (!text || !g_str_has_prefix (text, head))
    return;
  text += strlen (head);
  type = g_strndup (text, strcspn (text, ",;"));
  n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, type)) + 1;
  g_hash_table_replace (counts, type, GUINT_TO_POINTER (n));
}

/* From the tracer's log. It can also hand out a list, but that drops references that it
 * did not take (GStreamer 1.22): what had leaked would be gone after the first look. */
static void
alive (void)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GList *tracers = gst_tracing_get_active_tracers (), *t;
  GString *text = g_string_new ("ok");
  GHashTableIter iter;
  gpointer type, n;

  gst_debug_set_active (TRUE);
  gst_debug_set_threshold_for_name ("GST_TRACER", GST_LEVEL_TRACE);
  gst_debug_add_log_function (count_alive, counts, NULL);
  for (t = tracers; t; t = t->next) {
    if (g_signal_lookup ("log-live-objects", G_OBJECT_TYPE (t->data)))
      g_signal_emit_by_name (t->data, "log-live-objects");
  }
  gst_debug_remove_log_function (count_alive);
  gst_debug_unset_threshold_for_name ("GST_TRACER");
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &type, &n))
    g_string_append_printf (text, " %s=%u", (gchar *) type, GPOINTER_TO_UINT (n));
  answer (tracers ? "%s" : "failed: no tracer", text->str);
  g_string_free (text, TRUE);
  g_list_free_full (tracers, gst_object_unref);
  g_hash_table_unref (counts);
}

static void
with_element (Driven * driven, const gchar * command, const gchar * name, const gchar * rest)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (driven->pipeline), name);

  if (!element)
    answer ("failed: no element %s", name);
  else if (g_strcmp0 (command, "put") == 0)
    put (element, rest);
  else if (g_strcmp0 (command, "get") == 0)
    get (element, rest);
  else
    answer ("failed: no such command: %s", command);
  gst_clear_object (&element);
}

static gboolean
seek (Driven * driven, const gchar * rest)
{
  gchar **words = g_strsplit (rest, " ", 2);
  gdouble rate = words[0] && *words[0] ? g_ascii_strtod (words[0], NULL) : 1.0;
  gint64 position = words[0] && words[1] ? g_ascii_strtoll (words[1], NULL, 10) : 0;

  g_strfreev (words);
  return gst_element_seek (driven->pipeline, rate, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
      position, GST_SEEK_TYPE_NONE, 0);
}

/* By hand: the program is not linked with libgstvideo. */
static GstEvent *
force_key_unit (const gchar * running_time)
{
  return gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM, gst_structure_new ("GstForceKeyUnit",
          "running-time", GST_TYPE_CLOCK_TIME,
          *running_time ? g_ascii_strtoull (running_time, NULL, 10) : GST_CLOCK_TIME_NONE,
          "all-headers", G_TYPE_BOOLEAN, TRUE, "count", G_TYPE_UINT, 0, NULL));
}

static void
with_pipeline (Driven * driven, const gchar * command, const gchar * rest)
{
  if (g_strcmp0 (command, "set") == 0)
    change_state (driven, rest, FALSE);
  else if (g_strcmp0 (command, "reach") == 0)
    change_state (driven, rest, TRUE);
  else if (g_strcmp0 (command, "frames") == 0)
    wait_for_frames (driven, atoi (rest));
  else if (g_strcmp0 (command, "count") == 0)
    answer ("ok %d", g_atomic_int_get (&driven->came));
  else if (g_strcmp0 (command, "end") == 0)
    answer (gst_element_send_event (driven->pipeline, gst_event_new_eos ()) ? "ok" : "failed");
  else if (g_strcmp0 (command, "seek") == 0)
    answer (seek (driven, rest) ? "ok" : "failed");
  else if (g_strcmp0 (command, "flush") == 0)
    answer (gst_element_send_event (driven->pipeline, gst_event_new_flush_start ())
        && gst_element_send_event (driven->pipeline, gst_event_new_flush_stop (TRUE)) ? "ok" : "failed");
  else if (g_strcmp0 (command, "key") == 0)
    answer (gst_element_send_event (driven->pipeline, force_key_unit (rest)) ? "ok" : "failed");
  else if (g_strcmp0 (command, "latency") == 0)
    answer (gst_bin_recalculate_latency (GST_BIN (driven->pipeline)) ? "ok" : "failed");
  else if (g_strcmp0 (command, "eos") == 0)
    wait_for_message (driven, GST_MESSAGE_EOS);
  else if (g_strcmp0 (command, "error") == 0)
    wait_for_message (driven, GST_MESSAGE_ERROR);
  else if (g_strcmp0 (command, "warning") == 0)
    wait_for_warning (driven);
  else
    answer ("failed: no such command: %s", command);
}

static void
obey (const gchar * line)
{
  gchar **words = g_strsplit (line, " ", 3);
  const gchar *command = words[0];
  const gchar *name = command && words[1] ? words[1] : "", *rest = *name && words[2] ? words[2] : "";
  gchar **path = g_strsplit (name, ".", 2);
  Driven *driven = *path ? g_hash_table_lookup (pipelines, path[0]) : NULL;

  if (g_strcmp0 (command, "make") == 0)
    make (name, rest);
  else if (g_strcmp0 (command, "resources") == 0)
    resources ();
  else if (g_strcmp0 (command, "urgent") == 0) {
    raise (SIGURG);
    answer ("ok %d", (int) urgent_signals);
  } else if (g_strcmp0 (command, "collect") == 0)
    collect ();
  else if (g_strcmp0 (command, "alive") == 0)
    alive ();
  else if (!driven)
    answer ("failed: no pipeline %s", name);
  else if (g_strcmp0 (command, "drop") == 0) {
    g_hash_table_remove (pipelines, name);
    answer ("ok");
  } else if (path[1])
    with_element (driven, command, path[1], rest);
  else
    with_pipeline (driven, command, rest);
  g_strfreev (path);
  g_strfreev (words);
}

int
main (int argc, char **argv)
{
  gchar line[4096];

  signal (SIGURG, note_urgent);
  gst_init (&argc, &argv);
  pipelines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, let_go);
  while (fgets (line, sizeof line, stdin))
    obey (g_strchomp (line));
  g_hash_table_unref (pipelines);
  gst_deinit ();
  return 0;
}
