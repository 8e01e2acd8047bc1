#include "format.h"

#include "memories.h"

/* NNStreamer's notation. other/tensors has lists: dimensions=3:64:48:1,10:1:1:1 and
 * types=uint8,float32, separated by commas or, since these are hard to write in a pipeline, by
 * dots; other/tensor has dimension= and type=. The first dimension is the innermost. */

#define MAX_TENSOR_SIZE ((guint64) 1 << 40)

static gsize
element_size (const gchar * type)
{
  static const struct
  {
    const gchar *name;
    gsize size;
  } types[] = {
    {"int8", 1}, {"uint8", 1}, {"int16", 2}, {"uint16", 2}, {"float16", 2},
    {"int32", 4}, {"uint32", 4}, {"float32", 4}, {"int64", 8}, {"uint64", 8}, {"float64", 8},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_ascii_strcasecmp (type, types[i].name) == 0)
      return types[i].size;
  }
  return 0;
}

/* The product of dimensions such as 3:64:48:1, of which those after the last that counts may
 * be 0. 0: not understood, or not fixed. */
static guint64
element_count (const gchar * dimensions)
{
  gchar **each = g_strsplit (dimensions, ":", -1);
  guint64 n = 0;
  guint i;

  for (i = 0; each[i]; i++) {
    guint64 d;
    gchar *end;

    g_strstrip (each[i]);
    d = g_ascii_strtoull (each[i], &end, 10);
    if (end == each[i] || *end || d > MAX_TENSOR_SIZE) {
      n = 0;
      break;
    }
    if (d == 0)
      break;
    n = i == 0 ? d : n * d;
    if (n > MAX_TENSOR_SIZE) {
      n = 0;
      break;
    }
  }
  g_strfreev (each);
  return n;
}

/* A tensor more; FALSE if it is not understood. */
static gboolean
add_tensor (GstBipsFormat * format, const gchar * dimensions, gchar * type)
{
  gsize size = element_size (g_strstrip (type));
  guint64 n = element_count (dimensions);

  if (size == 0 || n == 0 || n > MAX_TENSOR_SIZE / size || format->n_parts == GST_BIPS_MAX_PARTS)
    return FALSE;
  format->part_align[format->n_parts] = size;
  format->part_size[format->n_parts++] = n * size;
  return TRUE;
}

static gboolean
add_tensors (GstBipsFormat * format, const gchar * dimensions, const gchar * types, gint count)
{
  gchar **d = g_strsplit_set (dimensions, ",.", -1), **t = g_strsplit_set (types, ",.", -1);
  gboolean good = count > 0 && g_strv_length (d) == (guint) count && g_strv_length (t) == (guint) count;
  gint i;

  for (i = 0; good && i < count; i++)
    good = add_tensor (format, d[i], t[i]);
  g_strfreev (d);
  g_strfreev (t);
  return good;
}

void
gst_bips_tensors_parse (GstBipsFormat * format, const GstStructure * caps)
{
  gboolean several = gst_structure_has_name (caps, "other/tensors");
  const gchar *dimensions = gst_structure_get_string (caps, several ? "dimensions" : "dimension");
  const gchar *types = gst_structure_get_string (caps, several ? "types" : "type");
  const gchar *layout = gst_structure_get_string (caps, "format");
  gint count = 1;

  /* Flexible and sparse tensors carry their sizes themselves. */
  if (!dimensions || !types || (layout && !g_str_equal (layout, "static")))
    return;
  if (several && !gst_structure_get_int (caps, "num_tensors", &count))
    return;
  if (!add_tensors (format, dimensions, types, count))
    format->n_parts = 0;
}

GstBipsLayout
gst_bips_tensors_describe (const GstBipsFormat * format, GstBuffer * buffer, GstBipsFrame * frame)
{
  guint n = gst_buffer_n_memory (buffer);

  if (frame->size < format->least)
    return GST_BIPS_LAYOUT_BROKEN;
  if (format->size > 0 && (n == 1 || format->n_parts == 1)) {
    frame->size = format->size;
    return GST_BIPS_LAYOUT_PLAIN;
  }
  return GST_BIPS_LAYOUT_PLAIN;
}

gboolean
gst_bips_tensors_split (const GstBipsFormat * format, GstBuffer * buffer)
{
  return gst_bips_memories_split (buffer, format->part_size, format->part_align, format->n_parts);
}
