#include "meta_structure.h"

#include "meta_text.h"

static gboolean write_fields (GstBipsMetaOut * out, const GstStructure * structure, guint depth);

static guint
n_elements (const GValue * array)
{
  return GST_VALUE_HOLDS_ARRAY (array) ? gst_value_array_get_size (array) : gst_value_list_get_size (array);
}

static const GValue *
element (const GValue * array, guint i)
{
  return GST_VALUE_HOLDS_ARRAY (array) ? gst_value_array_get_value (array, i) :
      gst_value_list_get_value (array, i);
}

static gboolean
write_integer (GstBipsMetaOut * out, const GValue * value, guint8 * kind, guint8 * origin)
{
  *kind = BIPS_LAYOUT_KIND_INT;
  switch (G_VALUE_TYPE (value)) {
    case G_TYPE_CHAR:
      *origin = BIPS_LAYOUT_ORIGIN8;
      gst_bips_out_u64 (out, (gint64) g_value_get_schar (value));
      return TRUE;
    case G_TYPE_INT:
      *origin = BIPS_LAYOUT_ORIGIN32;
      gst_bips_out_u64 (out, (gint64) g_value_get_int (value));
      return TRUE;
    case G_TYPE_INT64:
      *origin = BIPS_LAYOUT_ORIGIN64;
      gst_bips_out_u64 (out, g_value_get_int64 (value));
      return TRUE;
    case G_TYPE_LONG:
      *origin = BIPS_LAYOUT_ORIGIN_LONG;
      gst_bips_out_u64 (out, (gint64) g_value_get_long (value));
      return TRUE;
  }
  *kind = BIPS_LAYOUT_KIND_UINT;
  switch (G_VALUE_TYPE (value)) {
    case G_TYPE_UCHAR:
      *origin = BIPS_LAYOUT_ORIGIN8;
      gst_bips_out_u64 (out, g_value_get_uchar (value));
      return TRUE;
    case G_TYPE_UINT:
      *origin = BIPS_LAYOUT_ORIGIN32;
      gst_bips_out_u64 (out, g_value_get_uint (value));
      return TRUE;
    case G_TYPE_UINT64:
      *origin = BIPS_LAYOUT_ORIGIN64;
      gst_bips_out_u64 (out, g_value_get_uint64 (value));
      return TRUE;
    case G_TYPE_ULONG:
      *origin = BIPS_LAYOUT_ORIGIN_LONG;
      gst_bips_out_u64 (out, g_value_get_ulong (value));
      return TRUE;
  }
  return FALSE;
}

static gboolean
write_scalar (GstBipsMetaOut * out, const GValue * value, guint8 * kind, guint8 * origin)
{
  const gchar *text;

  switch (G_VALUE_TYPE (value)) {
    case G_TYPE_BOOLEAN:
      *kind = BIPS_LAYOUT_KIND_BOOL;
      gst_bips_out_u8 (out, g_value_get_boolean (value) != 0);
      return TRUE;
    case G_TYPE_FLOAT:
      *kind = BIPS_LAYOUT_KIND_FLOAT;
      *origin = BIPS_LAYOUT_ORIGIN32;
      gst_bips_out_f64 (out, g_value_get_float (value));
      return TRUE;
    case G_TYPE_DOUBLE:
      *kind = BIPS_LAYOUT_KIND_FLOAT;
      *origin = BIPS_LAYOUT_ORIGIN64;
      gst_bips_out_f64 (out, g_value_get_double (value));
      return TRUE;
    case G_TYPE_STRING:
      text = g_value_get_string (value);
      if (text && !g_utf8_validate (text, -1, NULL))
        return FALSE;
      *kind = text ? BIPS_LAYOUT_KIND_TEXT : BIPS_LAYOUT_KIND_NONE;
      gst_bips_out_bytes (out, text, text ? strlen (text) : 0);
      return TRUE;
  }
  if (G_VALUE_TYPE (value) != GST_TYPE_FRACTION)
    return write_integer (out, value, kind, origin);
  *kind = BIPS_LAYOUT_KIND_FRACTION;
  gst_bips_out_u32 (out, gst_value_get_fraction_numerator (value));
  gst_bips_out_u32 (out, gst_value_get_fraction_denominator (value));
  return TRUE;
}

static gboolean
write_buffer (GstBipsMetaOut * out, GstBuffer * buffer)
{
  GstMapInfo map;

  if (!buffer || !gst_buffer_map (buffer, &map, GST_MAP_READ))
    return FALSE;
  gst_bips_out_bytes (out, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  return TRUE;
}

/* gst_value_serialize would quote it. NULL: a reader could not restore them. */
static gchar *
simple_caps (const GstCaps * caps)
{
  gchar *text = gst_caps_to_string (caps);

  if (!gst_bips_are_simple_caps (text))
    g_clear_pointer (&text, g_free);
  return text;
}

/* Text that GStreamer writes and reads. It complains aloud of flags and enums that are none. */
static gboolean
write_as_text (GstBipsMetaOut * out, const GValue * value)
{
  gchar *text;

  if (!gst_bips_type_crosses_as_text (G_VALUE_TYPE (value)) || !gst_bips_value_is_sound (value))
    return FALSE;
  text = G_VALUE_TYPE (value) == GST_TYPE_CAPS ? simple_caps (gst_value_get_caps (value)) :
      gst_value_serialize (value);
  if (!text)
    return FALSE;
  gst_bips_out_text (out, G_VALUE_TYPE_NAME (value));
  gst_bips_out_bytes (out, text, strlen (text));
  g_free (text);
  return TRUE;
}

static gboolean
write_bytes (GstBipsMetaOut * out, const GValue * value, guint8 * kind, guint8 * origin)
{
  GBytes *bytes;
  gconstpointer data;
  gsize size;

  *kind = BIPS_LAYOUT_KIND_BYTES;
  if (G_VALUE_TYPE (value) == GST_TYPE_BUFFER)
    return write_buffer (out, gst_value_get_buffer (value));
  bytes = g_value_get_boxed (value);
  if (!bytes)
    return FALSE;
  *origin = BIPS_LAYOUT_ORIGIN_BYTES;
  data = g_bytes_get_data (bytes, &size);
  gst_bips_out_bytes (out, data, size);
  return TRUE;
}

static gboolean write_value (GstBipsMetaOut * out, const gchar * key, const GValue * value, guint depth);

static void
write_elements (GstBipsMetaOut * out, const GValue * array, guint depth)
{
  gsize at = out->used;
  guint i, written = 0;

  gst_bips_out_u32 (out, 0);
  gst_bips_out_u32 (out, 0);
  for (i = 0; i < n_elements (array) && !out->full; i++) {
    const GValue *value = element (array, i);

    if (G_VALUE_TYPE (value) == G_VALUE_TYPE (element (array, 0)))
      written += write_value (out, NULL, value, depth + 1);
    else
      out->partial = TRUE;
  }
  gst_bips_out_u32_at (out, at, written);
}

/* The value behind its head; FALSE: nothing in the format is like it. */
static gboolean
write_content (GstBipsMetaOut * out, const GValue * value, guint depth, guint8 * kind, guint8 * origin)
{
  GType type = G_VALUE_TYPE (value);

  *origin = 0;
  if (type == GST_TYPE_STRUCTURE) {
    if (depth >= BIPS_LAYOUT_META_MAX_DEPTH || !gst_value_get_structure (value))
      return FALSE;
    *kind = BIPS_LAYOUT_KIND_STRUCTURE;
    return write_fields (out, gst_value_get_structure (value), depth + 1);
  }
  if (type == GST_TYPE_ARRAY || type == GST_TYPE_LIST) {
    if (depth >= BIPS_LAYOUT_META_MAX_DEPTH)
      return FALSE;
    *kind = type == GST_TYPE_ARRAY ? BIPS_LAYOUT_KIND_ARRAY : BIPS_LAYOUT_KIND_LIST;
    write_elements (out, value, depth);
    return TRUE;
  }
  if (type == GST_TYPE_BUFFER || type == G_TYPE_BYTES)
    return write_bytes (out, value, kind, origin);
  if (write_scalar (out, value, kind, origin))
    return TRUE;
  *kind = BIPS_LAYOUT_KIND_OTHER;
  *origin = 0;
  return write_as_text (out, value);
}

/* u8 kind, u8 origin, u16 length of the key, u32 length of the value, key, value, padding. FALSE: it
 * was left out. */
static gboolean
write_value (GstBipsMetaOut * out, const gchar * key, const GValue * value, guint depth)
{
  gsize begin = out->used, start, key_length = key ? strlen (key) : 0;
  guint8 kind = BIPS_LAYOUT_KIND_NONE, origin = 0;

  if (key_length > BIPS_LAYOUT_META_MAX_KEY || (key && !g_utf8_validate (key, key_length, NULL))) {
    out->partial = TRUE;
    return FALSE;
  }
  gst_bips_out_u8 (out, 0);
  gst_bips_out_u8 (out, 0);
  gst_bips_out_u16 (out, key_length);
  gst_bips_out_u32 (out, 0);
  gst_bips_out_bytes (out, key, key_length);
  start = out->used;
  if (!write_content (out, value, depth, &kind, &origin)) {
    out->used = begin;
    out->partial = TRUE;
    return FALSE;
  }
  if (out->full)
    return FALSE;
  out->bytes[begin] = kind;
  out->bytes[begin + 1] = origin;
  gst_bips_out_u32_at (out, begin + 4, out->used - start);
  gst_bips_out_pad (out);
  return !out->full;
}

typedef struct
{
  GstBipsMetaOut *out;
  guint depth, n;
} Fields;

static gboolean
write_field (GQuark key, const GValue * value, gpointer user)
{
  Fields *fields = user;

  fields->n += write_value (fields->out, g_quark_to_string (key), value, fields->depth);
  return !fields->out->full;
}

/* u32 number of fields, text: name, padding, the fields; from a multiple of 8 on. */
gsize
gst_bips_structure_begin (GstBipsMetaOut * out, const gchar * name)
{
  gsize at;

  gst_bips_out_pad (out);
  at = out->used;
  gst_bips_out_u32 (out, 0);
  gst_bips_out_text (out, name);
  gst_bips_out_pad (out);
  return at;
}

gboolean
gst_bips_structure_field (GstBipsMetaOut * out, const gchar * key, const GValue * value)
{
  return write_value (out, key, value, 1);
}

void
gst_bips_structure_end (GstBipsMetaOut * out, gsize begun, guint n)
{
  gst_bips_out_u32_at (out, begun, n);
}

static gboolean
write_fields (GstBipsMetaOut * out, const GstStructure * structure, guint depth)
{
  const gchar *name = gst_structure_get_name (structure);
  Fields fields = { out, depth, 0 };
  gsize at;

  if (!gst_bips_is_structure_name (name))
    return FALSE;
  at = gst_bips_structure_begin (out, name);
  /* What is there instead came with 1.26. */
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS;
  gst_structure_foreach (structure, write_field, &fields);
  G_GNUC_END_IGNORE_DEPRECATIONS;
  gst_bips_structure_end (out, at, fields.n);
  return TRUE;
}

gboolean
gst_bips_structure_write (GstBipsMetaOut * out, const GstStructure * structure)
{
  return write_fields (out, structure, 1);
}
