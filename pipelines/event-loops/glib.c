/* glib POOL: reads a pool in a main loop of GLib, as programs with GTK or GStreamer have one. */
#include <bips/bips.h>
#include <glib-unix.h>

typedef struct {
  GMainLoop *loop;
  bips_consumer *camera;
  unsigned long frames;
} Reader;

/* on_readable takes one frame each time: the descriptor stays readable while there are more. */
static gboolean on_readable(gint fd, GIOCondition condition, gpointer data) {
  Reader *reader = data;
  bips_frame *frame;
  int err = bips_consumer_pull(reader->camera, 0, &frame);

  (void)fd;
  (void)condition;
  if (err == 0) {
    if (reader->frames++ == 0)
      g_print("%s, %zu bytes a frame\n", bips_frame_caps(frame), bips_frame_size(frame)); /* bips_frame_data: read-only */
    bips_frame_release(frame);
    return G_SOURCE_CONTINUE;
  }
  if (err == -BIPS_TIMEOUT) /* until the next one */
    return G_SOURCE_CONTINUE;
  g_print("%s\n", bips_error_message());
  if (err == -BIPS_PRODUCER_LOST) /* the next pull finds the next producer */
    return G_SOURCE_CONTINUE;
  g_main_loop_quit(reader->loop);
  return G_SOURCE_REMOVE;
}

static gboolean tell(gpointer data) {
  g_print("%lu frames so far\n", ((Reader *)data)->frames);
  return G_SOURCE_CONTINUE;
}

int main(int count, char **arguments) {
  Reader reader = {0};
  int fd;

  if (bips_consumer_open(count > 1 ? arguments[1] : "camera0", NULL, &reader.camera) < 0 || (fd = bips_consumer_fd(reader.camera)) < 0) {
    g_printerr("%s\n", bips_error_message());
    return 1;
  }
  reader.loop = g_main_loop_new(NULL, FALSE);
  g_unix_fd_add(fd, G_IO_IN, on_readable, &reader);
  guint timer = g_timeout_add_seconds(1, tell, &reader);
  g_main_loop_run(reader.loop);
  g_print("%lu frames in all\n", reader.frames);
  g_source_remove(timer);
  g_main_loop_unref(reader.loop);
  bips_consumer_close(reader.camera); /* closes fd */
  return 0;
}
