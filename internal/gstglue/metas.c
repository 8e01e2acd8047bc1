#include "metas.h"

#include "meta.h"

#include "_cgo_export.h"

typedef struct
{
  GstBaseSink *sink;
  guint64 handle;
} Told;

static void
tell_dropped (gpointer user, guint64 kind, const gchar * api, const gchar * detail, gboolean quiet)
{
  Told *told = user;

  gstBipsSinkMetaDropped (told->handle, told->sink, kind, (gchar *) api, (gchar *) detail, quiet);
}

void
gst_bips_sink_describe_metas (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame)
{
  Told told = { sink, state->handle };
  GstBipsMetaReport report = { tell_dropped, &told };

  gst_bips_metas_write (&state->format, buffer, frame, state->meta, state->meta_size, &report);
}

static void
add_name (const GstTagList * list, const gchar * tag, gpointer names)
{
  g_string_append_printf (names, "%s%s", ((GString *) names)->len > 0 ? "," : "", tag);
}

void
gst_bips_tags_look (GstBaseSink * sink, GstBipsSinkState * state, GstEvent * event)
{
  GString *names = g_string_new (NULL);
  gchar *orientation = NULL;
  GstTagList *list;

  gst_event_parse_tag (event, &list);
  gst_tag_list_foreach (list, add_name, names);
  gst_tag_list_get_string (list, GST_TAG_IMAGE_ORIENTATION, &orientation);
  gstBipsSinkTagsDropped (state->handle, sink, names->str,
      orientation && g_strcmp0 (orientation, "rotate-0") != 0);
  g_free (orientation);
  g_string_free (names, TRUE);
}
