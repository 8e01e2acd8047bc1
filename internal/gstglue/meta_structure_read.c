#include "meta_structure.h"

#include "meta_text.h"

static GstStructure *read_fields (GstBipsMetaIn * in, guint depth);

static void
read_int (GstBipsMetaIn * in, guint8 origin, GValue * value)
{
  gint64 n = gst_bips_in_u64 (in);

  switch (origin) {
    case BIPS_LAYOUT_ORIGIN8:
      g_value_init (value, G_TYPE_CHAR);
      g_value_set_schar (value, n);
      break;
    case BIPS_LAYOUT_ORIGIN32:
      g_value_init (value, G_TYPE_INT);
      g_value_set_int (value, n);
      break;
    case BIPS_LAYOUT_ORIGIN_LONG:
      g_value_init (value, G_TYPE_LONG);
      g_value_set_long (value, n);
      break;
    default:
      g_value_init (value, G_TYPE_INT64);
      g_value_set_int64 (value, n);
  }
}

static void
read_unsigned (GstBipsMetaIn * in, guint8 origin, GValue * value)
{
  guint64 n = gst_bips_in_u64 (in);

  switch (origin) {
    case BIPS_LAYOUT_ORIGIN8:
      g_value_init (value, G_TYPE_UCHAR);
      g_value_set_uchar (value, n);
      break;
    case BIPS_LAYOUT_ORIGIN32:
      g_value_init (value, G_TYPE_UINT);
      g_value_set_uint (value, n);
      break;
    case BIPS_LAYOUT_ORIGIN_LONG:
      g_value_init (value, G_TYPE_ULONG);
      g_value_set_ulong (value, n);
      break;
    default:
      g_value_init (value, G_TYPE_UINT64);
      g_value_set_uint64 (value, n);
  }
}

static void
read_float (GstBipsMetaIn * in, guint8 origin, GValue * value)
{
  gdouble n = gst_bips_in_f64 (in);

  if (origin == BIPS_LAYOUT_ORIGIN32) {
    g_value_init (value, G_TYPE_FLOAT);
    g_value_set_float (value, n);
  } else {
    g_value_init (value, G_TYPE_DOUBLE);
    g_value_set_double (value, n);
  }
}

static void
read_text (GstBipsMetaIn * in, GValue * value)
{
  g_value_init (value, G_TYPE_STRING);
  g_value_take_string (value, gst_bips_in_chars (in, in->left));
}

static void
read_bytes (GstBipsMetaIn * in, guint8 origin, GValue * value)
{
  if (origin == BIPS_LAYOUT_ORIGIN_BYTES) {
    g_value_init (value, G_TYPE_BYTES);
    g_value_take_boxed (value, g_bytes_new (in->at, in->left));
  } else {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, in->left, NULL);

    gst_buffer_fill (buffer, 0, in->at, in->left);
    g_value_init (value, GST_TYPE_BUFFER);
    gst_value_take_buffer (value, buffer);
  }
}

static void
read_fraction (GstBipsMetaIn * in, GValue * value)
{
  gint32 numerator = gst_bips_in_u32 (in), denominator = gst_bips_in_u32 (in);

  if (in->bad || denominator <= 0 || numerator == G_MININT32) {
    in->partial = TRUE;
    return;
  }
  g_value_init (value, GST_TYPE_FRACTION);
  gst_value_set_fraction (value, numerator, denominator);
}

static void
read_structure (GstBipsMetaIn * in, GValue * value, guint depth)
{
  GstStructure *structure;

  if (depth >= BIPS_LAYOUT_META_MAX_DEPTH) {
    in->partial = TRUE;
    return;
  }
  structure = read_fields (in, depth + 1);
  if (!structure)
    return;
  g_value_init (value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (value, structure);
}

/* By GStreamer itself, which knows the type only if this process has it. */
static void
read_as_text (GstBipsMetaIn * in, GValue * value)
{
  gchar *name = gst_bips_in_text (in), *text = gst_bips_in_chars (in, in->left);
  GType type = name && gst_bips_is_meta_name (name) ? g_type_from_name (name) : G_TYPE_INVALID;
  gboolean restored = FALSE;

  if (text && *text && type == GST_TYPE_CAPS) {
    GstCaps *caps = gst_bips_simple_caps (text);

    if (caps) {
      g_value_init (value, type);
      g_value_take_boxed (value, caps);
      restored = TRUE;
    }
  } else if (text && *text && type != G_TYPE_INVALID && gst_bips_type_crosses_as_text (type)) {
    g_value_init (value, type);
    restored = gst_value_deserialize (value, text) && gst_bips_value_is_sound (value);
    if (!restored)
      g_value_unset (value);
  }
  in->partial = in->partial || !restored;
  g_free (name);
  g_free (text);
}

static gboolean read_value (GstBipsMetaIn * in, gchar * key, GValue * value, guint depth);

/* GStreamer's arrays hold values of one type, and no NULL. */
static void
read_elements (GstBipsMetaIn * in, guint8 kind, GValue * value, guint depth)
{
  guint32 i, n = gst_bips_in_u32 (in);
  GType type = G_TYPE_INVALID;

  gst_bips_in_u32 (in);
  if (depth >= BIPS_LAYOUT_META_MAX_DEPTH) {
    in->partial = TRUE;
    return;
  }
  g_value_init (value, kind == BIPS_LAYOUT_KIND_ARRAY ? GST_TYPE_ARRAY : GST_TYPE_LIST);
  for (i = 0; i < n && !in->bad; i++) {
    gchar key[BIPS_LAYOUT_META_MAX_KEY + 1];
    GValue each = G_VALUE_INIT;

    if (!read_value (in, key, &each, depth + 1))
      continue;
    if (type == G_TYPE_INVALID)
      type = G_VALUE_TYPE (&each);
    if (G_VALUE_TYPE (&each) != type || (type == G_TYPE_STRING && !g_value_get_string (&each))) {
      g_value_unset (&each);
      in->partial = TRUE;
    } else if (kind == BIPS_LAYOUT_KIND_ARRAY) {
      gst_value_array_append_and_take_value (value, &each);
    } else {
      gst_value_list_append_and_take_value (value, &each);
    }
  }
}

/* What in has, which is the value and nothing else. Of a kind that is not known value stays unset. */
static void
read_content (GstBipsMetaIn * in, guint8 kind, guint8 origin, GValue * value, guint depth)
{
  switch (kind) {
    case BIPS_LAYOUT_KIND_NONE:
      g_value_init (value, G_TYPE_STRING);
      break;
    case BIPS_LAYOUT_KIND_BOOL:
      g_value_init (value, G_TYPE_BOOLEAN);
      g_value_set_boolean (value, gst_bips_in_u8 (in) != 0);
      break;
    case BIPS_LAYOUT_KIND_INT:
      read_int (in, origin, value);
      break;
    case BIPS_LAYOUT_KIND_UINT:
      read_unsigned (in, origin, value);
      break;
    case BIPS_LAYOUT_KIND_FLOAT:
      read_float (in, origin, value);
      break;
    case BIPS_LAYOUT_KIND_TEXT:
      read_text (in, value);
      break;
    case BIPS_LAYOUT_KIND_BYTES:
      read_bytes (in, origin, value);
      break;
    case BIPS_LAYOUT_KIND_FRACTION:
      read_fraction (in, value);
      break;
    case BIPS_LAYOUT_KIND_STRUCTURE:
      read_structure (in, value, depth);
      break;
    case BIPS_LAYOUT_KIND_ARRAY:
    case BIPS_LAYOUT_KIND_LIST:
      read_elements (in, kind, value, depth);
      break;
    case BIPS_LAYOUT_KIND_OTHER:
      read_as_text (in, value);
      break;
    default:
      in->partial = TRUE;
  }
}

/* key has room for BIPS_LAYOUT_META_MAX_KEY bytes and a zero. FALSE: there is no value, since in is bad, or what
 * it has cannot be restored. */
static gboolean
read_value (GstBipsMetaIn * in, gchar * key, GValue * value, guint depth)
{
  guint8 kind = gst_bips_in_u8 (in), origin = gst_bips_in_u8 (in);
  guint16 key_length = gst_bips_in_u16 (in);
  guint32 length = gst_bips_in_u32 (in);
  const gchar *chars = (const gchar *) gst_bips_in_bytes (in, key_length);
  GstBipsMetaIn content = { in->start, in->at, length, FALSE, FALSE };

  if (!chars || !gst_bips_in_bytes (in, length) || key_length > BIPS_LAYOUT_META_MAX_KEY ||
      memchr (chars, 0, key_length) || !g_utf8_validate (chars, key_length, NULL)) {
    in->bad = TRUE;
    return FALSE;
  }
  memcpy (key, chars, key_length);
  key[key_length] = 0;
  gst_bips_in_pad (in);
  read_content (&content, kind, origin, value, depth);
  in->bad = in->bad || content.bad;
  in->partial = in->partial || content.partial;
  if (content.bad && G_IS_VALUE (value))
    g_value_unset (value);
  return G_IS_VALUE (value);
}

/* An empty structure of that name, or of another if it cannot be kept. */
static GstStructure *
named (GstBipsMetaIn * in, const gchar * name)
{
  if (gst_bips_may_keep_name (name))
    return gst_structure_new_empty (name);
  in->partial = TRUE;
  return gst_structure_new_empty ("unnamed");
}

static GstStructure *
read_fields (GstBipsMetaIn * in, guint depth)
{
  GstStructure *structure;
  guint32 i, n;
  gchar *name;

  gst_bips_in_pad (in);
  n = gst_bips_in_u32 (in);
  name = gst_bips_in_text (in);
  gst_bips_in_pad (in);
  in->bad = in->bad || !gst_bips_is_structure_name (name);
  structure = in->bad ? NULL : named (in, name);
  g_free (name);
  for (i = 0; i < n && !in->bad; i++) {
    gchar key[BIPS_LAYOUT_META_MAX_KEY + 1];
    GValue value = G_VALUE_INIT;

    if (!read_value (in, key, &value, depth))
      continue;
    if (*key && gst_bips_may_keep_name (key)) {
      gst_structure_take_value (structure, key, &value);
    } else {
      g_value_unset (&value);
      in->partial = TRUE;
    }
  }
  if (in->bad)
    g_clear_pointer (&structure, gst_structure_free);
  return structure;
}

GstStructure *
gst_bips_structure_read (GstBipsMetaIn * in)
{
  return read_fields (in, 1);
}
