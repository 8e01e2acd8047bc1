#include "meta_tags.h"

#include "meta_kinds.h"
#include "meta_structure.h"
#include "meta_text.h"

G_STATIC_ASSERT (BIPS_LAYOUT_TAGS_OF_STREAM == 0 && BIPS_LAYOUT_TAGS_GLOBAL == 1);

#define STRUCTURE "taglist"

static const GstTagScope scopes[] = { GST_TAG_SCOPE_STREAM, GST_TAG_SCOPE_GLOBAL };

static void
tell (const GstBipsMetaReport * report, const gchar * tag, const gchar * detail, gboolean quiet)
{
  report->dropped (report->user, 0, tag, detail, quiet);
}

void
gst_bips_tags_clear (GstBipsTags * tags)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tags->lists); i++)
    g_clear_pointer (&tags->lists[i], gst_tag_list_unref);
}

static gboolean
is_bit_rate (const gchar * tag)
{
  return g_str_equal (tag, GST_TAG_BITRATE) || g_str_equal (tag, GST_TAG_MINIMUM_BITRATE) ||
      g_str_equal (tag, GST_TAG_MAXIMUM_BITRATE);
}

/* The list for a scope, which is made if there is none. */
static GstTagList *
list_for (GstBipsTags * tags, guint scope)
{
  if (!tags->lists[scope]) {
    tags->lists[scope] = gst_tag_list_new_empty ();
    gst_tag_list_set_scope (tags->lists[scope], scopes[scope]);
  }
  return tags->lists[scope];
}

/* All values of a tag: one as it is, several as a list. */
static void
values_of (const GstTagList * list, const gchar * tag, GValue * values)
{
  guint i, n = gst_tag_list_get_tag_size (list, tag);
  const GValue *first = gst_tag_list_get_value_index (list, tag, 0);

  if (n == 1) {
    g_value_init (values, G_VALUE_TYPE (first));
    g_value_copy (first, values);
    return;
  }
  g_value_init (values, GST_TYPE_LIST);
  for (i = 0; i < n; i++)
    gst_value_list_append_value (values, gst_tag_list_get_value_index (list, tag, i));
}

/* The value as the tag's type has it: who wrote it may have no such type. */
static gboolean
convert (const GValue * value, GType type, GValue * converted)
{
  gboolean done = FALSE;

  if (G_VALUE_TYPE (value) == G_TYPE_STRING && (!g_value_get_string (value) || !*g_value_get_string (value)))
    return FALSE;
  g_value_init (converted, type);
  if (G_VALUE_TYPE (value) == type) {
    g_value_copy (value, converted);
    done = TRUE;
  } else if (G_VALUE_TYPE (value) == G_TYPE_STRING) {
    done = (type == G_TYPE_DATE || type == GST_TYPE_DATE_TIME) &&
        gst_value_deserialize (converted, g_value_get_string (value));
  } else if (G_TYPE_IS_VALUE_TYPE (type) && type != G_TYPE_STRING && !G_TYPE_IS_BOXED (G_VALUE_TYPE (value))) {
    done = g_value_transform (value, converted);        /* of numbers */
  }
  if (!done || !gst_bips_value_is_sound (converted))
    g_value_unset (converted);
  return G_IS_VALUE (converted);
}

/* FALSE: there is no such tag here, or it has no such values. GStreamer complains aloud of that. */
static gboolean
add_tag (GstTagList * list, const gchar * tag, const GValue * value)
{
  GValue converted = G_VALUE_INIT;
  gboolean added = FALSE;
  guint i;

  if (!gst_tag_exists (tag))
    return FALSE;
  if (GST_VALUE_HOLDS_LIST (value)) {
    for (i = 0; i < gst_value_list_get_size (value); i++)
      added = add_tag (list, tag, gst_value_list_get_value (value, i)) || added;
    return added;
  }
  if (!convert (value, gst_tag_get_type (tag), &converted))
    return FALSE;
  gst_tag_list_add_value (list, gst_tag_is_fixed (tag) ? GST_TAG_MERGE_KEEP : GST_TAG_MERGE_APPEND, tag, &converted);
  g_value_unset (&converted);
  return TRUE;
}

void
gst_bips_tags_merge (GstBipsTags * tags, const GstTagList * list, const GstBipsMetaReport * report)
{
  guint scope = gst_tag_list_get_scope (list) == GST_TAG_SCOPE_GLOBAL;
  GstTagList *known = list_for (tags, scope);
  gint i, n = gst_tag_list_n_tags (list);

  for (i = 0; i < n; i++) {
    const gchar *tag = gst_tag_list_nth_tag_name (list, i);
    GValue values = G_VALUE_INIT;

    if (is_bit_rate (tag) || gst_tag_get_type (tag) == GST_TYPE_SAMPLE) {
      tell (report, tag, NULL, is_bit_rate (tag));
      continue;
    }
    values_of (list, tag, &values);
    gst_tag_list_remove_tag (known, tag);
    if (!add_tag (known, tag, &values))
      tell (report, tag, NULL, FALSE);
    g_value_unset (&values);
  }
}

/* FALSE: the tag was left out. */
static gboolean
write_tag (GstBipsMetaOut * out, const GstTagList * list, const gchar * tag, const GstBipsMetaReport * report)
{
  GValue values = G_VALUE_INIT;
  gsize begin = out->used;
  gboolean written;

  values_of (list, tag, &values);
  written = gst_bips_structure_field (out, tag, &values);
  g_value_unset (&values);
  if (written)
    return TRUE;
  tell (report, tag, out->full ? "/no-room" : NULL, FALSE);
  out->full = FALSE;
  out->used = begin;
  return FALSE;
}

static void
write_list (GstBipsMetaOut * out, const GstTagList * list, guint scope, const GstBipsMetaReport * report)
{
  gsize begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_TAGS, 0), at;
  gint i, n = gst_tag_list_n_tags (list);
  guint written = 0;

  gst_bips_out_u32 (out, scope);
  gst_bips_out_u32 (out, 0);
  at = gst_bips_structure_begin (out, STRUCTURE);
  if (!out->full) {
    for (i = 0; i < n; i++)
      written += write_tag (out, list, gst_tag_list_nth_tag_name (list, i), report);
    gst_bips_structure_end (out, at, written);
  }
  out->partial = FALSE;         /* each was told of by its name */
  gst_bips_record_end (out, begun);
  if (written == 0)
    out->used = begun;
  out->full = FALSE;
}

gsize
gst_bips_tags_write (const GstBipsTags * tags, guint8 area[GST_BIPS_TAGS_SIZE], const GstBipsMetaReport * report)
{
  GstBipsMetaOut out = { area, 0, GST_BIPS_TAGS_SIZE, FALSE, FALSE };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tags->lists); i++) {
    if (tags->lists[i])
      write_list (&out, tags->lists[i], i, report);
  }
  return out.used;
}

static void
read_list (GstBipsTags * tags, GstBipsMetaIn * in, const GstBipsMetaReport * report)
{
  guint32 scope = gst_bips_in_u32 (in);
  GstStructure *structure;
  gint i;

  gst_bips_in_u32 (in);
  structure = gst_bips_structure_read (in);
  if (!structure || scope >= G_N_ELEMENTS (tags->lists)) {
    tell (report, "tags", "/damaged", FALSE);
    g_clear_pointer (&structure, gst_structure_free);
    return;
  }
  for (i = 0; i < gst_structure_n_fields (structure); i++) {
    const gchar *tag = gst_structure_nth_field_name (structure, i);

    if (!add_tag (list_for (tags, scope), tag, gst_structure_get_value (structure, tag)))
      tell (report, tag, NULL, FALSE);
  }
  gst_structure_free (structure);
}

void
gst_bips_tags_read (GstBipsTags * tags, const guint8 * area, gsize size, const GstBipsMetaReport * report)
{
  gsize at = 0;

  while (size - at >= BIPS_LAYOUT_META_HEAD_SIZE) {
    gsize length = gst_bips_u32_at (area + at + 4), left = size - at - BIPS_LAYOUT_META_HEAD_SIZE;
    GstBipsMetaIn in = { area + at, area + at + BIPS_LAYOUT_META_HEAD_SIZE, length, FALSE, FALSE };

    if (length > left) {
      tell (report, "tags", "/damaged", FALSE);
      return;
    }
    if (gst_bips_u16_at (area + at) == BIPS_LAYOUT_META_TAGS)
      read_list (tags, &in, report);
    at += BIPS_LAYOUT_META_HEAD_SIZE + MIN (GST_ROUND_UP_8 (length), left);
  }
}
