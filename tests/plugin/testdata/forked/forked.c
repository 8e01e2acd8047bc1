/* Forks while GStreamer has the plugin loaded, and uses elements in the child.
 *
 *   forked fork|clone WHAT POOL
 *
 *   make    the child makes a bipssink and plays it
 *   read    the child reads what the parent writes
 *   use     the child uses elements that the parent made
 *   hold    the child gives up what the parent plays with
 *   stream  the child goes on in the streaming thread that forked
 *   files   the child counts the descriptors of pools that it has
 *
 * "clone" forks without the C library. Both sides print a line for each thing that they have done.
 * It waits for as long as it takes: whoever starts it has a watchdog. It is compiled by the tests and
 * not part of the plugin. */
#define _GNU_SOURCE
#include <gst/gst.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is built with glibc 2.34 or later would not start with an older one. The way
 * round it is that of internal/gststubs/oldglibc.c. */
#if defined (__GLIBC__) && defined (__x86_64__)
__asm__ (".symver old_start, __libc_start_main@GLIBC_2.2.5\n"
    ".text\n.globl __libc_start_main\n.hidden __libc_start_main\n"
    ".type __libc_start_main, %function\n__libc_start_main: jmp old_start@PLT\n"
    ".size __libc_start_main, .-__libc_start_main\n");
#endif

#define CAPS "video/x-raw,format=GRAY8,width=64,height=48,framerate=100/1"

static const gchar *how, *pool;
static gint came;               /* buffers, atomic */
static GstBuffer *held;         /* the last of them, atomic */
static pid_t child;

static void G_GNUC_PRINTF (1, 2)
say (const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static pid_t
make_child (void)
{
  return g_str_equal (how, "clone") ? (pid_t) syscall (SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork ();
}

static GstElement *
launch (const gchar * format)
{
  const gchar *backend = g_getenv ("BIPS_TEST_BACKEND");
  gchar *given = g_strdup_printf (format, pool);
  gchar **parts = g_strsplit (given, "bipssink ", -1);
  gchar *sink = g_strdup_printf ("bipssink backend=%s ", backend ? backend : "shm");
  gchar *line = g_strjoinv (sink, parts);
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  if (error)
    say ("not made: %s", error->message);
  g_free (line);
  g_free (sink);
  g_strfreev (parts);
  g_free (given);
  return pipeline;
}

static void
say_error (GstMessage * message)
{
  GError *error;

  gst_message_parse_error (message, &error, NULL);
  say ("child: error from %s: %s", GST_OBJECT_NAME (GST_MESSAGE_SRC (message)), error->message);
  g_error_free (error);
}

/* Plays in the child until an error. */
static void
play (const gchar * format)
{
  GstElement *pipeline = launch (format);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstStateChangeReturn result = gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstMessage *message;

  say ("child: %s", gst_element_state_change_return_get_name (result));
  message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_ERROR);
  say_error (message);
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static GstPadProbeReturn
keep (GstPad * pad, GstPadProbeInfo * info, gpointer nothing)
{
  GstBuffer *buffer = gst_buffer_ref (GST_PAD_PROBE_INFO_BUFFER (info)), *old;

  do
    old = g_atomic_pointer_get (&held);
  while (!g_atomic_pointer_compare_and_exchange (&held, old, buffer));
  if (old)
    gst_buffer_unref (old);
  g_atomic_int_inc (&came);
  return GST_PAD_PROBE_OK;
}

static void
probe (GstElement * pipeline, const gchar * element, const gchar * name, GstPadProbeCallback callback)
{
  GstElement *e = gst_bin_get_by_name (GST_BIN (pipeline), element);
  GstPad *pad = gst_element_get_static_pad (e, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, NULL, NULL);
  gst_object_unref (pad);
  gst_object_unref (e);
}

static void
wait_for_frames (gint n)
{
  gint wanted = g_atomic_int_get (&came) + n;

  while (g_atomic_int_get (&came) - wanted < 0)
    g_usleep (1000);
}

static void
use (GstElement * element)
{
  GstQuery *query = gst_query_new_latency ();
  GstStructure *stats = NULL;
  gchar *name = NULL;

  g_object_set (element, "pool", "other", NULL);
  g_object_get (element, "pool", &name, "stats", &stats, NULL);
  gst_element_query (element, query);
  gst_element_send_event (element, gst_event_new_eos ());
  say ("child: %s: pool=%s, stats %s, to READY: %s", G_OBJECT_TYPE_NAME (element), name,
      stats ? "given" : "none",
      gst_element_state_change_return_get_name (gst_element_set_state (element, GST_STATE_READY)));
  gst_element_set_state (element, GST_STATE_NULL);
  gst_query_unref (query);
  gst_object_unref (element);
  g_free (name);
}

/* Down to NULL, element by element: their own threads are not there to be waited for. */
static void
give_up (GstElement * pipeline, const gchar * name)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), name);
  GstQuery *query = gst_query_new_latency ();

  gst_element_query (element, query);
  gst_query_unref (query);
  say ("child: %s to NULL: %s", name,
      gst_element_state_change_return_get_name (gst_element_set_state (element, GST_STATE_NULL)));
  gst_object_unref (element);
}

/* How many descriptors lead to files or memory of pools, or are sockets of the kind that pools have. */
static guint
count_files (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const gchar *name;
  guint n = 0;

  while (dir && (name = g_dir_read_name (dir))) {
    gchar *path = g_build_filename ("/proc/self/fd", name, NULL);
    gchar *target = g_file_read_link (path, NULL);
    int kind = 0;
    socklen_t size = sizeof kind;

    if (target && (strstr (target, "/bips.") || strstr (target, "/memfd:bips")))
      n++;
    else if (getsockopt (atoi (name), SOL_SOCKET, SO_TYPE, &kind, &size) == 0 && kind == SOCK_SEQPACKET)
      n++;
    g_free (target);
    g_free (path);
  }
  if (dir)
    g_dir_close (dir);
  return n;
}

static void
in_child (const gchar * what, GstElement * sink, GstElement * source)
{
  if (g_str_equal (what, "make"))
    play ("videotestsrc ! " CAPS " ! bipssink pool=%s-2 slots=8 sync=false");
  else if (g_str_equal (what, "read"))
    play ("bipssrc pool=%s ! fakesink");
  else if (g_str_equal (what, "use")) {
    use (sink);
    use (source);
  } else if (g_str_equal (what, "files")) {
    say ("child: %u descriptors of pools", count_files ());
    _exit (0);
  } else {
    gst_buffer_unref (held);
    say ("child: gave the buffer up");
    give_up (source, "source");
    give_up (sink, "sink");
  }
}

static GstBusSyncReply
end_at_error (GstBus * bus, GstMessage * message, gpointer nothing)
{
  if (child == 0 && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    say_error (message);
    _exit (0);
  }
  return GST_BUS_PASS;
}

static GstPadProbeReturn
fork_here (GstPad * pad, GstPadProbeInfo * info, gpointer nothing)
{
  if (g_atomic_int_get (&came) < 5)
    return GST_PAD_PROBE_OK;
  child = make_child ();
  return GST_PAD_PROBE_REMOVE;
}

/* A thread that runs meanwhile may hold a lock, which nobody unlocks in the child: not of the
 * plugin's, but of GLib's or the allocator's. */
static void
still (GstElement * pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_usleep (100000);
}

static void
stream (GstElement * sink)
{
  GstBus *bus = gst_element_get_bus (sink);

  child = -1;
  gst_bus_set_sync_handler (bus, end_at_error, NULL, NULL);
  gst_object_unref (bus);
  probe (sink, "sink", "sink", fork_here);
  while (*(volatile pid_t *) &child < 0)
    g_usleep (1000);
}

int
main (int argc, char **argv)
{
  GstElement *sink = NULL, *source = NULL;
  const gchar *what = argv[2];
  gboolean plays;
  int status = 0;

  gst_init (&argc, &argv);
  how = argv[1];
  pool = argv[3];
  plays = !g_str_equal (what, "make") && !g_str_equal (what, "use");
  if (plays) {
    sink = launch ("videotestsrc is-live=true ! " CAPS " ! bipssink name=sink pool=%s");
    source = launch ("bipssrc name=source pool=%s ! fakesink name=fake sync=false");
    probe (source, "fake", "sink", keep);
    gst_element_set_state (sink, GST_STATE_PLAYING);
    gst_element_set_state (source, GST_STATE_PLAYING);
    wait_for_frames (5);
  } else {
    sink = gst_element_factory_make ("bipssink", NULL);
    source = gst_element_factory_make ("bipssrc", NULL);
  }
  if (plays)
    still (source);
  if (plays && !g_str_equal (what, "stream"))
    still (sink);
  if (g_str_equal (what, "files"))
    say ("parent: %s", count_files () > 0 ? "has descriptors of pools" : "has none");
  if (g_str_equal (what, "stream"))
    stream (sink);
  else if ((child = make_child ()) == 0) {
    in_child (what, sink, source);
    say ("child: done");
    return 0;
  }
  waitpid (child, &status, 0);
  say ("parent: the child ended with %d", WIFEXITED (status) ? WEXITSTATUS (status) : -WTERMSIG (status));
  if (plays) {
    gst_element_set_state (sink, GST_STATE_PLAYING);
    gst_element_set_state (source, GST_STATE_PLAYING);
    wait_for_frames (50);
  }
  gst_element_set_state (source, GST_STATE_NULL);
  gst_element_set_state (sink, GST_STATE_NULL);
  if (held)
    gst_buffer_unref (held);
  gst_object_unref (source);
  gst_object_unref (sink);
  gst_deinit ();
  say ("parent: done");
  return 0;
}
