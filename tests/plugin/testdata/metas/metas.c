/* An element that adds metadata to buffers, and one that tells of them. It is compiled by the tests and not part of
 * the plugin.
 *
 *   metas add=KIND,...   adds to each buffer
 *     roi          two regions of interest: a plain one, and one with nested parameters that is its child
 *     rois:N       N plain ones
 *     reference    reference timestamps of two clocks
 *     crop         that the middle of the picture should be seen
 *     crop-nothing that all of it should be
 *     timecode     a time code with a daily jam
 *     caption      CEA-708
 *     affine       a mirrored picture
 *     protection   that the frame is encrypted
 *     custom       a custom meta with nested structures (GStreamer 1.20)
 *     pointer      a custom meta of which a field cannot cross
 *     detection    two detections of objects, and a class (1.24, with its analytics library)
 *     third        a meta that writes itself (1.24)
 *     parent       a parent buffer
 *     overlay      pixels to be blended
 *     album        no metadata, but once a tag of global scope
 *     split:A+B    cuts its memory in pieces of so many bytes, and the rest
 *   metas tell=true      prints a line for each of them, of each buffer's memories, and for tags
 *   metas crop-meta=true takes GstVideoCropMeta from upstream, so that videocrop adds that
 */
#define _GNU_SOURCE              /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <gst/audio/audio.h>
#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdlib.h>
#include <string.h>

/* What is built with glibc 2.34 or later would not load with an older one. */
#if defined (__GLIBC__) && defined (__x86_64__)
__asm__ (".symver dlsym, dlsym@GLIBC_2.2.5\n.symver dlopen, dlopen@GLIBC_2.2.5\n");
#endif

typedef struct
{
  GstBaseTransform parent;
  gchar **kinds;
  gboolean tell, crop_meta, album_sent;
  GstVideoInfo info;
} Metas;

typedef struct
{
  GstBaseTransformClass parent_class;
} MetasClass;

GType metas_get_type (void);
G_DEFINE_TYPE (Metas, metas, GST_TYPE_BASE_TRANSFORM);

/* What is newer than 1.18 is looked for. */
#define NEWER(result, name, ...) \
  static result (*name) (__VA_ARGS__)
NEWER (gboolean, gst_meta_info_is_custom_, const GstMetaInfo *);
NEWER (GstStructure *, gst_custom_meta_get_structure_, gpointer);
NEWER (gpointer, gst_buffer_add_custom_meta_, GstBuffer *, const gchar *);
NEWER (const GstMetaInfo *, gst_meta_register_custom_, const gchar *, const gchar **, gpointer, gpointer, GDestroyNotify);

typedef struct
{
  guint id;
  gpointer meta;
} Part;

NEWER (gpointer, add_relation, GstBuffer *);
NEWER (gboolean, iterate, gpointer, gpointer *, gsize, Part *);
NEWER (gboolean, add_od, gpointer, GQuark, gint, gint, gint, gint, gfloat, Part *);
NEWER (gboolean, add_class, gpointer, gfloat, GQuark, Part *);
NEWER (gsize, od_type, void);
NEWER (gsize, type_of, Part *);
NEWER (GQuark, od_class, Part *);
NEWER (gboolean, od_location, Part *, gint *, gint *, gint *, gint *, gfloat *);

static void
find (gpointer function, gpointer library, const gchar * name)
{
  *(void **) function = dlsym (library, name);
}

static void
find_newer (void)
{
  void *library = dlopen ("libgstanalytics-1.0.so.0", RTLD_NOW);

  find (&gst_meta_info_is_custom_, RTLD_DEFAULT, "gst_meta_info_is_custom");
  find (&gst_custom_meta_get_structure_, RTLD_DEFAULT, "gst_custom_meta_get_structure");
  find (&gst_buffer_add_custom_meta_, RTLD_DEFAULT, "gst_buffer_add_custom_meta");
  find (&gst_meta_register_custom_, RTLD_DEFAULT, "gst_meta_register_custom");
  if (!library)
    return;
  find (&add_relation, library, "gst_buffer_add_analytics_relation_meta");
  find (&iterate, library, "gst_analytics_relation_meta_iterate");
  find (&add_od, library, "gst_analytics_relation_meta_add_od_mtd");
  find (&add_class, library, "gst_analytics_relation_meta_add_one_cls_mtd");
  find (&od_type, library, "gst_analytics_od_mtd_get_mtd_type");
  find (&type_of, library, "gst_analytics_mtd_get_mtd_type");
  find (&od_class, library, "gst_analytics_od_mtd_get_obj_type");
  find (&od_location, library, "gst_analytics_od_mtd_get_location");
}

static GstBuffer *
some_bytes (gsize n)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, n, NULL);

  gst_buffer_memset (buffer, 0, 0xa5, n);
  return buffer;
}

/* One of each kind of value that crosses. */
static GstStructure *
parameters (const gchar * name)
{
  GstStructure *inner = gst_structure_new ("inner", "model", G_TYPE_STRING, "yolo; \"v8\" n\xc3\xa4h", "n", G_TYPE_UINT64,
      G_MAXUINT64, "sure", G_TYPE_BOOLEAN, TRUE, "least", G_TYPE_INT64, G_MININT64, "long", G_TYPE_LONG, -5l, "small",
      G_TYPE_UCHAR, 200, NULL);
  GstStructure *outer = gst_structure_new (name, "rate", GST_TYPE_FRACTION, 30000, 1001, "nothing", G_TYPE_STRING, NULL,
      "u", G_TYPE_UINT, 7u, "i", G_TYPE_INT, -7, "f", G_TYPE_FLOAT, 0.3f, "d", G_TYPE_DOUBLE, 0.1, "in",
      GST_TYPE_STRUCTURE, inner, "mask", GST_TYPE_BITMASK, (guint64) 5, "enum", GST_TYPE_STATE, GST_STATE_PAUSED,
      "flags", GST_TYPE_SEEK_FLAGS, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, NULL);
  GValue list = G_VALUE_INIT, each = G_VALUE_INIT, bytes = G_VALUE_INIT;
  GDate *date = g_date_new_dmy (3, 4, 2025);
  GstBuffer *buffer = some_bytes (16);
  GstCaps *caps = gst_caps_from_string ("video/x-raw, width=(int)64, format=(string)NV12");
  gint i;

  g_value_init (&list, GST_TYPE_ARRAY);
  for (i = 0; i < 4; i++) {
    g_value_init (&each, G_TYPE_FLOAT);
    g_value_set_float (&each, i * 0.1f);
    gst_value_array_append_and_take_value (&list, &each);
  }
  gst_structure_take_value (outer, "embedding", &list);
  memset (&list, 0, sizeof list);
  g_value_init (&list, GST_TYPE_LIST);
  for (i = 0; i < 2; i++) {
    g_value_init (&each, GST_TYPE_STRUCTURE);
    gst_value_set_structure (&each, inner);
    gst_value_list_append_and_take_value (&list, &each);
  }
  gst_structure_take_value (outer, "several", &list);
  g_value_init (&bytes, G_TYPE_BYTES);
  g_value_take_boxed (&bytes, g_bytes_new ("\0\1\2", 3));
  gst_structure_take_value (outer, "bytes", &bytes);
  gst_structure_set (outer, "buffer", GST_TYPE_BUFFER, buffer, "date", G_TYPE_DATE, date, "caps", GST_TYPE_CAPS, caps, NULL);
  gst_caps_unref (caps);
  gst_buffer_unref (buffer);
  g_date_free (date);
  gst_structure_free (inner);
  return outer;
}

static void
add_rois (GstBuffer * buffer)
{
  GstVideoRegionOfInterestMeta *roi = gst_buffer_add_video_region_of_interest_meta (buffer, "person", 1, 2, 30, 40);

  roi->id = 7;
  roi = gst_buffer_add_video_region_of_interest_meta (buffer, "face", 3, 4, 5, 6);
  roi->id = 8;
  roi->parent_id = 7;
  gst_video_region_of_interest_meta_add_param (roi, parameters ("roi/extra"));
  gst_video_region_of_interest_meta_add_param (roi, gst_structure_new ("detection", "confidence", G_TYPE_DOUBLE, 0.9, NULL));
}

static void
add_plain_rois (GstBuffer * buffer, gint n)
{
  gint i;

  for (i = 0; i < n; i++)
    gst_buffer_add_video_region_of_interest_meta (buffer, "person", i, i, 9, 9)->id = i;
}

static void
add_references (GstBuffer * buffer)
{
  const gchar *clocks[] = { "timestamp/x-ntp", "timestamp/x-ptp, version=(string)IEEE1588-2008, domain=(int)1" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (clocks); i++) {
    GstCaps *caps = gst_caps_from_string (clocks[i]);

    gst_buffer_add_reference_timestamp_meta (buffer, caps, 1234567890123456789 + i, i ? 40 : GST_CLOCK_TIME_NONE);
    gst_caps_unref (caps);
  }
}

static void
add_crop (Metas * self, GstBuffer * buffer, guint edge)
{
  GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (buffer);

  crop->x = crop->y = edge;
  crop->width = GST_VIDEO_INFO_WIDTH (&self->info) - 2 * edge;
  crop->height = GST_VIDEO_INFO_HEIGHT (&self->info) - 2 * edge;
}

static void
add_time_code (GstBuffer * buffer)
{
  GTimeZone *zone = g_time_zone_new_offset (7200);
  GDateTime *jam = g_date_time_new (zone, 2025, 6, 7, 8, 9, 10.25);
  GstVideoTimeCode *code = gst_video_time_code_new (30000, 1001, jam, GST_VIDEO_TIME_CODE_FLAGS_DROP_FRAME, 1, 2, 3, 4, 1);

  gst_buffer_add_video_time_code_meta (buffer, code);
  gst_video_time_code_free (code);
  g_date_time_unref (jam);
  g_time_zone_unref (zone);
}

static void
add_caption (GstBuffer * buffer)
{
  guint8 bytes[] = { 0xfc, 0x94, 0x2c, 0xfc, 0x41, 0x42 };

  gst_buffer_add_video_caption_meta (buffer, GST_VIDEO_CAPTION_TYPE_CEA708_RAW, bytes, sizeof bytes);
}

static void
add_affine (GstBuffer * buffer)
{
  GstVideoAffineTransformationMeta *affine = gst_buffer_add_video_affine_transformation_meta (buffer);

  affine->matrix[0] = -1;
  affine->matrix[5] = 0.5f;
}

static void
add_protection (GstBuffer * buffer)
{
  GstBuffer *iv = some_bytes (16);

  gst_buffer_add_protection_meta (buffer, gst_structure_new ("application/x-cenc", "iv", GST_TYPE_BUFFER, iv, "iv_size",
          G_TYPE_UINT, 16u, "encrypted", G_TYPE_BOOLEAN, TRUE, NULL));
  gst_buffer_unref (iv);
}

static gboolean
copy_field (GQuark key, const GValue * value, gpointer to)
{
  gst_structure_id_set_value (to, key, value);
  return TRUE;
}

static void
add_custom (GstBuffer * buffer, const gchar * name, GstStructure * fields)
{
  const gchar *tags[] = { "video", NULL };

  if (!gst_meta_get_info (name))
    gst_meta_register_custom_ (name, tags, NULL, NULL, NULL);
  gst_structure_foreach (fields, copy_field, gst_custom_meta_get_structure_ (gst_buffer_add_custom_meta_ (buffer, name)));
  gst_structure_free (fields);
}

static void
add_detections (GstBuffer * buffer)
{
  gpointer meta = add_relation (buffer);
  Part part;

  add_od (meta, g_quark_from_string ("car"), 10, 20, 30, 20, 0.5f, &part);
  add_od (meta, g_quark_from_string ("dog"), -4, 2, 10, 5, 0.25f, &part);       /* partly outside */
  add_class (meta, 0.75f, g_quark_from_string ("street"), &part);
}

/* GstMetaInfo as it is from 1.24 on. */
typedef struct
{
  GstMetaInfo before;
  gboolean (*serialize) (const GstMeta *, gpointer, guint8 *);
  GstMeta *(*deserialize) (const GstMetaInfo *, GstBuffer *, const guint8 *, gsize, guint8);
} NewerInfo;

typedef struct
{
  GstMeta meta;
  guint64 number;
} Third;

static gboolean
third_init (GstMeta * meta, gpointer params, GstBuffer * buffer)
{
  ((Third *) meta)->number = 0;
  return TRUE;
}

/* GstByteArrayInterface as it is from 1.24 on. */
typedef struct
{
  guint8 *data;
  gsize len;
  gboolean (*resize) (gpointer self, gsize size);
} Bytes;

static gboolean
third_serialize (const GstMeta * meta, gpointer data, guint8 * version)
{
  Bytes *bytes = data;
  gsize at = bytes->len;

  if (!bytes->resize (bytes, at + sizeof (guint64)))
    return FALSE;
  bytes->len = at + sizeof (guint64);
  memcpy (bytes->data + at, &((Third *) meta)->number, sizeof (guint64));
  *version = 1;
  return TRUE;
}

static const GstMetaInfo *third_info;

static GstMeta *
third_deserialize (const GstMetaInfo * info, GstBuffer * buffer, const guint8 * data, gsize size, guint8 version)
{
  Third *third;

  if (version != 1 || size != sizeof third->number)
    return NULL;
  third = (Third *) gst_buffer_add_meta (buffer, info, NULL);
  memcpy (&third->number, data, size);
  return (GstMeta *) third;
}

static void
register_third (void)
{
  static const gchar *tags[] = { NULL };
  NewerInfo *(*info_new) (GType, const gchar *, gsize);
  const GstMetaInfo *(*info_register) (NewerInfo *);
  NewerInfo *info;

  find (&info_new, RTLD_DEFAULT, "gst_meta_info_new");
  find (&info_register, RTLD_DEFAULT, "gst_meta_info_register");
  if (!info_new || !info_register)
    return;
  info = info_new (gst_meta_api_type_register ("ThirdMetaAPI", tags), "ThirdMeta", sizeof (Third));
  info->before.init_func = third_init;
  info->serialize = third_serialize;
  info->deserialize = third_deserialize;
  third_info = info_register (info);
}

static void
add_third (GstBuffer * buffer)
{
  ((Third *) gst_buffer_add_meta (buffer, third_info, NULL))->number = 4711;
}

static void
add_parent (GstBuffer * buffer)
{
  GstBuffer *parent = some_bytes (8);

  gst_buffer_add_parent_buffer_meta (buffer, parent);
  gst_buffer_unref (parent);
}

static void
add_overlay (GstBuffer * buffer)
{
  GstBuffer *pixels = some_bytes (16);
  GstVideoOverlayRectangle *rectangle;
  GstVideoOverlayComposition *composition;

  gst_buffer_add_video_meta (pixels, 0, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, 2, 2);
  rectangle = gst_video_overlay_rectangle_new_raw (pixels, 0, 0, 2, 2, 0);
  composition = gst_video_overlay_composition_new (rectangle);
  gst_buffer_add_video_overlay_composition_meta (buffer, composition);
  gst_video_overlay_composition_unref (composition);
  gst_video_overlay_rectangle_unref (rectangle);
  gst_buffer_unref (pixels);
}

static void
split (GstBuffer * buffer, const gchar * sizes)
{
  GstMemory *all = gst_buffer_get_all_memory (buffer);
  gchar **each = g_strsplit (sizes, "+", -1);
  gsize offset = 0;
  guint i;

  gst_buffer_remove_all_memory (buffer);
  for (i = 0; each[i]; i++) {
    gsize size = g_ascii_strtoull (each[i], NULL, 10);

    gst_buffer_append_memory (buffer, gst_memory_copy (all, offset, size));
    offset += size;
  }
  gst_buffer_append_memory (buffer, gst_memory_copy (all, offset, -1));
  gst_memory_unref (all);
  g_strfreev (each);
}

static void
send_album (Metas * self)
{
  GstTagList *list = gst_tag_list_new (GST_TAG_ALBUM, "All", NULL);

  gst_tag_list_set_scope (list, GST_TAG_SCOPE_GLOBAL);
  gst_pad_push_event (self->parent.srcpad, gst_event_new_tag (list));
  self->album_sent = TRUE;
}

static void
add (Metas * self, GstBuffer * buffer, const gchar * kind)
{
  if (g_str_equal (kind, "roi"))
    add_rois (buffer);
  else if (g_str_has_prefix (kind, "rois:"))
    add_plain_rois (buffer, atoi (kind + 5));
  else if (g_str_equal (kind, "reference"))
    add_references (buffer);
  else if (g_str_equal (kind, "crop"))
    add_crop (self, buffer, 8);
  else if (g_str_equal (kind, "crop-nothing"))
    add_crop (self, buffer, 0);
  else if (g_str_equal (kind, "timecode"))
    add_time_code (buffer);
  else if (g_str_equal (kind, "caption"))
    add_caption (buffer);
  else if (g_str_equal (kind, "affine"))
    add_affine (buffer);
  else if (g_str_equal (kind, "protection"))
    add_protection (buffer);
  else if (g_str_equal (kind, "custom"))
    add_custom (buffer, "AcmeSensor", parameters ("ignored"));
  else if (g_str_equal (kind, "pointer"))
    add_custom (buffer, "AcmePointer", gst_structure_new ("ignored", "gain", G_TYPE_DOUBLE, 1.5, "self", G_TYPE_POINTER, self,
            "range", GST_TYPE_INT_RANGE, 1, 5, NULL));
  else if (g_str_equal (kind, "detection"))
    add_detections (buffer);
  else if (g_str_equal (kind, "third"))
    add_third (buffer);
  else if (g_str_equal (kind, "parent"))
    add_parent (buffer);
  else if (g_str_equal (kind, "overlay"))
    add_overlay (buffer);
  else if (g_str_equal (kind, "afd"))
    gst_buffer_add_video_afd_meta (buffer, 0, GST_VIDEO_AFD_SPEC_ATSC_A53, GST_VIDEO_AFD_4_3_FULL_16_9_FULL);
  else if (g_str_equal (kind, "album")) {
    if (!self->album_sent)
      send_album (self);
  } else if (g_str_has_prefix (kind, "split:"))
    split (buffer, kind + 6);
  else
    g_printerr ("metas: what is %s?\n", kind);
}

/* Whether this GStreamer has what a kind needs. */
static gboolean
is_possible (const gchar * kind)
{
  if (g_str_equal (kind, "custom") || g_str_equal (kind, "pointer"))
    return gst_meta_register_custom_ != NULL;
  if (g_str_equal (kind, "detection"))
    return add_relation != NULL;
  return !g_str_equal (kind, "third") || third_info;
}

static void
tell_structure (const gchar * what, const GstStructure * structure)
{
  gchar *text = gst_structure_to_string (structure);

  g_print ("meta: %s %s\n", what, text);
  g_free (text);
}

static void
tell_roi (GstVideoRegionOfInterestMeta * roi)
{
  GList *param;

  g_print ("meta: roi %s %d of %d at %u,%u %ux%u\n", g_quark_to_string (roi->roi_type), roi->id, roi->parent_id, roi->x,
      roi->y, roi->w, roi->h);
  for (param = roi->params; param; param = param->next)
    tell_structure ("roi-param", param->data);
}

static void
tell_time_code (GstVideoTimeCode * code)
{
  gchar *text = gst_video_time_code_to_string (code);
  gchar *jam = code->config.latest_daily_jam ?
      g_date_time_format (code->config.latest_daily_jam, "%F %T.%f %z") : g_strdup ("none");

  g_print ("meta: time code %s at %u/%u, flags %u, field %u, jam %s\n", text, code->config.fps_n, code->config.fps_d,
      code->config.flags, code->field_count, jam);
  g_free (jam);
  g_free (text);
}

static void
tell_detections (gpointer meta)
{
  gpointer state = NULL;
  gint x, y, w, h;
  gfloat sure;
  Part part;

  while (iterate (meta, &state, 0, &part)) {
    if (type_of (&part) != od_type ())
      g_print ("meta: no detection\n");
    else if (od_location (&part, &x, &y, &w, &h, &sure))
      g_print ("meta: detection %s at %d,%d %dx%d, %g\n", g_quark_to_string (od_class (&part)), x, y, w, h, sure);
  }
}

static void
tell_bytes (const gchar * what, const guint8 * data, gsize size)
{
  GString *text = g_string_new (what);
  gsize i;

  for (i = 0; i < size; i++)
    g_string_append_printf (text, "%02x", data[i]);
  g_print ("meta: %s\n", text->str);
  g_string_free (text, TRUE);
}

static void
tell_meta (GstMeta * meta)
{
  GType api = meta->info->api;

  if (api == GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE) {
    tell_roi ((GstVideoRegionOfInterestMeta *) meta);
  } else if (api == GST_REFERENCE_TIMESTAMP_META_API_TYPE) {
    GstReferenceTimestampMeta *time = (GstReferenceTimestampMeta *) meta;
    gchar *caps = gst_caps_to_string (time->reference);

    if (!g_str_equal (caps, "timestamp/x-bips-monotonic"))
      g_print ("meta: reference %s %" G_GUINT64_FORMAT " for %" G_GUINT64_FORMAT "\n", caps, time->timestamp, time->duration);
    g_free (caps);
  } else if (api == GST_VIDEO_CROP_META_API_TYPE) {
    GstVideoCropMeta *crop = (GstVideoCropMeta *) meta;

    g_print ("meta: crop %u,%u %ux%u\n", crop->x, crop->y, crop->width, crop->height);
  } else if (api == GST_VIDEO_TIME_CODE_META_API_TYPE) {
    tell_time_code (&((GstVideoTimeCodeMeta *) meta)->tc);
  } else if (api == GST_VIDEO_CAPTION_META_API_TYPE) {
    GstVideoCaptionMeta *caption = (GstVideoCaptionMeta *) meta;

    tell_bytes (caption->caption_type == GST_VIDEO_CAPTION_TYPE_CEA708_RAW ? "708 " : "caption ", caption->data, caption->size);
  } else if (api == GST_VIDEO_AFFINE_TRANSFORMATION_META_API_TYPE) {
    tell_bytes ("affine ", (guint8 *) ((GstVideoAffineTransformationMeta *) meta)->matrix, 16 * sizeof (gfloat));
  } else if (api == GST_PROTECTION_META_API_TYPE) {
    tell_structure ("protection", ((GstProtectionMeta *) meta)->info);
  } else if (api == GST_AUDIO_META_API_TYPE) {
    g_print ("meta: audio %" G_GSIZE_FORMAT " samples\n", ((GstAudioMeta *) meta)->samples);
  } else if (gst_meta_info_is_custom_ && gst_meta_info_is_custom_ (meta->info)) {
    const gchar *const *tags = (const gchar * const *) gst_meta_api_type_get_tags (api);
    GstStructure *fields = gst_structure_copy (gst_custom_meta_get_structure_ (meta));

    g_print ("meta: custom %s, %u tags, %s\n", g_type_name (meta->info->type), tags ? g_strv_length ((gchar **) tags) : 0,
        tags && tags[0] ? tags[0] : "none");
    gst_structure_remove_fields (fields, "self", "range", NULL);
    tell_structure ("custom", fields);
    gst_structure_free (fields);
  } else if (meta->info == third_info) {
    g_print ("meta: third %" G_GUINT64_FORMAT "\n", ((Third *) meta)->number);
  } else if (g_str_equal (g_type_name (api), "GstAnalyticsRelationMetaAPI")) {
    tell_detections (meta);
  } else if (api != GST_VIDEO_META_API_TYPE) {
    g_print ("meta: %s\n", g_type_name (api));
  }
}

static void
tell (GstBuffer * buffer)
{
  gpointer iterator = NULL;
  GstMeta *meta;
  guint i;

  for (i = 0; gst_buffer_n_memory (buffer) > 1 && i < gst_buffer_n_memory (buffer); i++)
    g_print ("meta: memory of %" G_GSIZE_FORMAT "\n", gst_buffer_peek_memory (buffer, i)->size);
  while ((meta = gst_buffer_iterate_meta (buffer, &iterator)))
    tell_meta (meta);
  g_print ("meta: end of buffer\n");
}

static GstFlowReturn
transform_ip (GstBaseTransform * base, GstBuffer * buffer)
{
  Metas *self = (Metas *) base;
  guint i;

  for (i = 0; self->kinds && self->kinds[i]; i++)
    add (self, buffer, self->kinds[i]);
  if (self->tell)
    tell (buffer);
  return GST_FLOW_OK;
}

static gboolean
sink_event (GstBaseTransform * base, GstEvent * event)
{
  if (((Metas *) base)->tell && GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
    GstTagList *list;
    gchar *text;

    gst_event_parse_tag (event, &list);
    text = gst_tag_list_to_string (list);
    g_print ("tags: %s %s\n", gst_tag_list_get_scope (list) == GST_TAG_SCOPE_GLOBAL ? "global" : "stream", text);
    g_free (text);
  }
  return GST_BASE_TRANSFORM_CLASS (metas_parent_class)->sink_event (base, event);
}

static gboolean
start (GstBaseTransform * base)
{
  Metas *self = (Metas *) base;
  guint i;

  for (i = 0; self->kinds && self->kinds[i]; i++) {
    if (!is_possible (self->kinds[i])) {
      g_print ("metas: this GStreamer has no %s\n", self->kinds[i]);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
set_caps (GstBaseTransform * base, GstCaps * in, GstCaps * out)
{
  Metas *self = (Metas *) base;

  if (!gst_video_info_from_caps (&self->info, in))
    gst_video_info_init (&self->info);
  return TRUE;
}

/* So that upstream gets the pool that the element behind this one offers. */
static gboolean
propose_allocation (GstBaseTransform * base, GstQuery * decided, GstQuery * query)
{
  gboolean answered = gst_pad_peer_query (base->srcpad, query);

  if (((Metas *) base)->crop_meta) {
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
    gst_query_add_allocation_meta (query, GST_VIDEO_CROP_META_API_TYPE, NULL);
    return TRUE;
  }
  return answered;
}

static gboolean
decide_allocation (GstBaseTransform * base, GstQuery * query)
{
  while (gst_query_get_n_allocation_pools (query) > 0)
    gst_query_remove_nth_allocation_pool (query, 0);
  return TRUE;
}

static void
set_property (GObject * object, guint id, const GValue * value, GParamSpec * spec)
{
  Metas *self = (Metas *) object;

  if (id == 1) {
    g_strfreev (self->kinds);
    self->kinds = g_strsplit (g_value_get_string (value), ",", -1);
  } else if (id == 2) {
    self->tell = g_value_get_boolean (value);
  } else {
    self->crop_meta = g_value_get_boolean (value);
  }
}

static void
finalize (GObject * object)
{
  g_strfreev (((Metas *) object)->kinds);
  G_OBJECT_CLASS (metas_parent_class)->finalize (object);
}

static void
metas_class_init (MetasClass * klass)
{
  static GstStaticPadTemplate sink = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
  static GstStaticPadTemplate src = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
  GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS (klass);
  GObjectClass *object = G_OBJECT_CLASS (klass);

  object->set_property = set_property;
  object->finalize = finalize;
  g_object_class_install_property (object, 1,
      g_param_spec_string ("add", "Add", "What to add", NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object, 2,
      g_param_spec_boolean ("tell", "Tell", "Whether to tell", FALSE, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object, 3,
      g_param_spec_boolean ("crop-meta", "Crop meta", "Whether to take it", FALSE, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &sink);
  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &src);
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Metas", "Testing", "Adds metadata and tells of it", "BIPS");
  transform->transform_ip = transform_ip;
  transform->propose_allocation = propose_allocation;
  transform->decide_allocation = decide_allocation;
  transform->set_caps = set_caps;
  transform->start = start;
  transform->sink_event = sink_event;
  find_newer ();
  register_third ();
}

static void
metas_init (Metas * self)
{
}

static gboolean
plugin_init (GstPlugin * plugin)
{
  return gst_element_register (plugin, "metas", GST_RANK_NONE, metas_get_type ());
}

#define PACKAGE "bips"
GST_PLUGIN_DEFINE (1, 18, metas, "Metadata for tests", plugin_init, "1.0.0", "MIT/X11",
    "bips", "tests")
