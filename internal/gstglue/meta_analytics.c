/* Detections of objects as GStreamer has them since 1.24 (GstAnalyticsRelationMeta). They cross as regions, so that every
 * reader sees detections in one form. The library is not linked with: who has no such metadata need not have it. */
#include <dlfcn.h>

#include <gst/video/video.h>

#include "meta_kinds.h"
#include "meta_structure.h"

#define LIBRARY "libgstanalytics-1.0.so.0"
#define API "GstAnalyticsRelationMetaAPI"

/* The structure that tells how sure the detector was, and its field. */
#define DETECTION "detection"
#define CONFIDENCE "confidence"

/* As the library's header has it: what a part of a relation meta is known by. */
typedef struct
{
  guint id;
  gpointer meta;
} Part;

typedef struct
{
  gpointer (*buffer_add_relation_meta) (GstBuffer *);
  gpointer (*buffer_get_relation_meta) (GstBuffer *);
  gboolean (*relation_meta_iterate) (gpointer meta, gpointer * state, gsize type, Part * part);
  gboolean (*relation_meta_add_od) (gpointer meta, GQuark type, gint x, gint y, gint w, gint h,
      gfloat confidence, Part * part);
  gsize (*mtd_get_type) (const Part * part);
  const gchar *(*mtd_type_get_name) (gsize type);
  gsize (*od_get_type) (void);
  GQuark (*od_get_class) (const Part * part);
  gboolean (*od_get_location) (const Part * part, gint * x, gint * y, gint * w, gint * h, gfloat * confidence);
} Library;

/* dlsym of RTLD_DEFAULT does not see what plugins load for themselves. */
static gboolean
load (Library * library)
{
  void *handle = dlopen (LIBRARY, RTLD_NOW | RTLD_LOCAL);

  if (!handle)
    return FALSE;
#define FIND(function, name) (*(void **) &library->function = dlsym (handle, "gst_" name)) != NULL
  return FIND (buffer_add_relation_meta, "buffer_add_analytics_relation_meta") &&
      FIND (buffer_get_relation_meta, "buffer_get_analytics_relation_meta") &&
      FIND (relation_meta_iterate, "analytics_relation_meta_iterate") &&
      FIND (relation_meta_add_od, "analytics_relation_meta_add_od_mtd") &&
      FIND (mtd_get_type, "analytics_mtd_get_mtd_type") &&
      FIND (mtd_type_get_name, "analytics_mtd_type_get_name") &&
      FIND (od_get_type, "analytics_od_mtd_get_mtd_type") &&
      FIND (od_get_class, "analytics_od_mtd_get_obj_type") &&
      FIND (od_get_location, "analytics_od_mtd_get_location");
#undef FIND
}

/* NULL: there is none. */
static const Library *
loaded (void)
{
  static Library library;
  static gboolean found;
  static gsize once;

  if (g_once_init_enter (&once)) {
    found = load (&library);
    g_once_init_leave (&once, 1);
  }
  return found ? &library : NULL;
}

static void
write_detection (GstBipsMetaWriting * writing, const Library * library, const Part * part)
{
  GstBipsMetaOut *out = &writing->out;
  GQuark class = library->od_get_class (part);
  GValue sure = G_VALUE_INIT;
  gint x, y, w, h;
  gfloat confidence;
  guint32 place[4];
  gsize begun, at;
  guint i;

  if (!library->od_get_location (part, &x, &y, &w, &h, &confidence) ||
      !gst_bips_region_place (writing->frame, x, y, w, h, place))
    return;
  begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_REGION, BIPS_LAYOUT_META_ANALYTICS);
  gst_bips_out_u32 (out, part->id);
  gst_bips_out_u32 (out, -1);
  for (i = 0; i < G_N_ELEMENTS (place); i++)
    gst_bips_out_u32 (out, place[i]);
  gst_bips_out_u32 (out, 1);
  gst_bips_out_text (out, g_quark_to_string (class));
  at = gst_bips_structure_begin (out, DETECTION);
  g_value_init (&sure, G_TYPE_FLOAT);
  g_value_set_float (&sure, confidence);
  gst_bips_structure_end (out, at, gst_bips_structure_field (out, CONFIDENCE, &sure));
  g_value_unset (&sure);
  gst_bips_record_end (out, begun);
}

/* One that has no room leaves it to smaller ones behind it. */
gboolean
gst_bips_analytics_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  const Library *library;
  gpointer state = NULL;
  gboolean full = FALSE;
  Part part;

  if (!g_str_equal (g_type_name (meta->info->api), API) || !(library = loaded ()))
    return FALSE;
  while (library->relation_meta_iterate (meta, &state, 0, &part)) {
    gsize type = library->mtd_get_type (&part);

    if (type == library->od_get_type ()) {
      write_detection (writing, library, &part);
      full = full || writing->out.full;
      writing->out.full = FALSE;
    } else {
      gchar *detail = g_strconcat ("/", library->mtd_type_get_name (type), NULL);

      gst_bips_meta_lost (writing->report, type, API, detail, FALSE);
      g_free (detail);
    }
  }
  if (full)
    gst_bips_meta_lost (writing->report, meta->info->api, API, "/no-room", FALSE);
  return TRUE;
}

/* From 0 to 1; 0: nobody says. */
static gfloat
confidence_in (GstStructure * const *params, guint n)
{
  guint i;

  for (i = 0; i < n; i++) {
    const GValue *value = gst_structure_has_name (params[i], DETECTION) ?
        gst_structure_get_value (params[i], CONFIDENCE) : NULL;

    if (value && G_VALUE_HOLDS_FLOAT (value))
      return g_value_get_float (value);
    if (value && G_VALUE_HOLDS_DOUBLE (value))
      return g_value_get_double (value);
  }
  return 0;
}

gboolean
gst_bips_analytics_add (GstBuffer * buffer, const gchar * type, const guint32 place[4],
    GstStructure * const *params, guint n)
{
  const Library *library = loaded ();
  gpointer meta;
  Part part;
  guint i;

  if (!library)
    return FALSE;
  for (i = 0; i < 4; i++) {
    if (place[i] > G_MAXINT32)
      return FALSE;
  }
  meta = library->buffer_get_relation_meta (buffer);
  if (!meta)
    meta = library->buffer_add_relation_meta (buffer);
  return meta && library->relation_meta_add_od (meta, g_quark_from_string (type), place[0], place[1], place[2],
      place[3], confidence_in (params, n), &part);
}
