/* Metas that an application made up (GStreamer 1.20): a name, tags and a structure. */
#include "meta_kinds.h"
#include "meta_newer.h"
#include "meta_structure.h"
#include "meta_text.h"

/* A name that is new to this process becomes two types of GLib's, which live as long as the process. */
#define MAX_REGISTERED 64

gboolean
gst_bips_custom_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  const gchar *const *tags = (const gchar * const *) gst_meta_api_type_get_tags (meta->info->api);
  const GstStructure *structure = gst_bips_newer ()->custom_meta_get_structure (meta);
  const gchar *name = g_type_name (meta->info->type);
  guint n = tags ? g_strv_length ((gchar **) tags) : 0, i;
  GstBipsMetaOut *out = &writing->out;
  gsize begun;

  if (!structure || n > BIPS_LAYOUT_META_MAX_TAGS || !gst_bips_is_meta_name (name))
    return FALSE;
  begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_CUSTOM, 0);
  gst_bips_out_u32 (out, n);
  gst_bips_out_text (out, name);
  for (i = 0; i < n; i++)
    gst_bips_out_text (out, tags[i]);
  if (!gst_bips_structure_write (out, structure))
    return FALSE;
  gst_bips_record_end (out, begun);
  return TRUE;
}

/* Whether the name is a custom meta's in this process, from now on at the latest. */
static gboolean
is_registered (const gchar * name, gchar ** tags)
{
  static GMutex lock;
  static guint registered;
  const GstBipsNewer *newer = gst_bips_newer ();
  gchar *api = g_strconcat (name, "-api", NULL);
  const GstMetaInfo *info = NULL;

  g_mutex_lock (&lock);
  if (g_type_from_name (name) != G_TYPE_INVALID) {
    info = gst_meta_get_info (name);
  } else if (registered < MAX_REGISTERED && g_type_from_name (api) == G_TYPE_INVALID) {
    registered++;
    info = newer->meta_register_custom (g_intern_string (name), (const gchar **) tags, NULL, NULL, NULL);
  }
  g_mutex_unlock (&lock);
  g_free (api);
  return info && newer->meta_info_is_custom (info);
}

static gboolean
copy_field (GQuark key, const GValue * value, gpointer to)
{
  gst_structure_id_set_value (to, key, value);
  return TRUE;
}

/* FALSE: this GStreamer is too old, or the name is taken by something else. */
static gboolean
add (GstBuffer * buffer, const gchar * name, gchar ** tags, const GstStructure * structure)
{
  const GstBipsNewer *newer = gst_bips_newer ();
  GstStructure *to;
  gpointer meta;

  if (!newer->meta_info_is_custom || !newer->buffer_add_custom_meta || !newer->custom_meta_get_structure ||
      !newer->meta_register_custom || !gst_bips_is_meta_name (name) || !is_registered (name, tags))
    return FALSE;
  meta = newer->buffer_add_custom_meta (buffer, name);
  to = meta ? newer->custom_meta_get_structure (meta) : NULL;
  if (!to)
    return FALSE;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS;     /* what is there instead came with 1.26 */
  gst_structure_foreach (structure, copy_field, to);
  G_GNUC_END_IGNORE_DEPRECATIONS;
  return TRUE;
}

gboolean
gst_bips_custom_read (GstBipsMetaReading * reading)
{
  GstBipsMetaIn *in = &reading->in;
  guint32 n = gst_bips_in_u32 (in), i;
  gchar *name = gst_bips_in_text (in);
  gchar *tags[BIPS_LAYOUT_META_MAX_TAGS + 1] = { NULL, };
  GstStructure *structure;

  in->bad = in->bad || n > BIPS_LAYOUT_META_MAX_TAGS;
  for (i = 0; i < n && !in->bad; i++)
    tags[i] = gst_bips_in_text (in);
  structure = gst_bips_structure_read (in);
  if (structure && !add (reading->buffer, name, tags, structure))
    gst_bips_meta_lost (reading->report, 0, gst_bips_is_meta_name (name) ? name : "GstCustomMeta", NULL, FALSE);
  g_clear_pointer (&structure, gst_structure_free);
  for (i = 0; i < G_N_ELEMENTS (tags); i++)
    g_free (tags[i]);
  g_free (name);
  return !in->bad;
}
