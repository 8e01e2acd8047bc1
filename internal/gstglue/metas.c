#include "metas.h"

#include <gst/audio/audio.h>
#include <gst/video/video.h>

#include "_cgo_export.h"

/* These say where the bytes are and who owns them: they mean nothing to another process. */
static gboolean
is_of_memory (GType api)
{
  static gsize once;
  static GQuark memory, reference;

  if (g_once_init_enter (&once)) {
    memory = g_quark_from_static_string ("memory");
    reference = g_quark_from_static_string ("memory-reference");
    g_once_init_leave (&once, 1);
  }
  return api == GST_PARENT_BUFFER_META_API_TYPE || gst_meta_api_type_has_tag (api, memory) ||
      gst_meta_api_type_has_tag (api, reference);
}

/* A source makes its own, of the same time. */
static gboolean
is_capture_time (GstMeta * meta)
{
  GstCaps *reference;

  if (meta->info->api != GST_REFERENCE_TIMESTAMP_META_API_TYPE)
    return FALSE;
  reference = ((GstReferenceTimestampMeta *) meta)->reference;
  return reference && gst_caps_get_size (reference) == 1 &&
      gst_structure_has_name (gst_caps_get_structure (reference, 0), GST_BIPS_CAPTURE_REFERENCE);
}

/* A crop of all that the caps tell of is none. */
static gboolean
is_needed (GstBipsSinkState * state, GstMeta * meta, GstBipsRefusal * refusal)
{
  const GstVideoInfo *info = &state->format.video;

  if (meta->info->api == GST_PROTECTION_META_API_TYPE) {
    *refusal = GST_BIPS_REFUSE_PROTECTED;
    return TRUE;
  }
  if (meta->info->api == GST_VIDEO_CROP_META_API_TYPE) {
    GstVideoCropMeta *crop = (GstVideoCropMeta *) meta;

    *refusal = GST_BIPS_REFUSE_CROPPED;
    return crop->x > 0 || crop->y > 0 || (gint) crop->width != GST_VIDEO_INFO_WIDTH (info) ||
        (gint) crop->height != GST_VIDEO_INFO_HEIGHT (info);
  }
  return FALSE;
}

void
gst_bips_metas_look (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame)
{
  GstBipsRefusal refusal;
  gpointer iterator = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta (buffer, &iterator))) {
    GType api = meta->info->api;

    if (api == GST_VIDEO_META_API_TYPE || api == GST_AUDIO_META_API_TYPE || is_capture_time (meta))
      continue;
    if (is_needed (state, meta, &refusal))
      frame->refusal = refusal;
    else if (api != GST_VIDEO_CROP_META_API_TYPE)
      gstBipsSinkMetaDropped (state->handle, sink, api, (gchar *) g_type_name (api), is_of_memory (api));
  }
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
