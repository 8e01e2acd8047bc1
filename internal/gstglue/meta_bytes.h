/* Bytes of metadata records: a place to write them to, and one to read them from. Numbers are
 * little-endian, a text is its length as u32 and UTF-8 without a zero byte. docs/protocol.md
 * has the format. */
#ifndef GST_BIPS_META_BYTES_H
#define GST_BIPS_META_BYTES_H

#include <bips/layout.h>
#include <gst/gst.h>
#include <string.h>

G_BEGIN_DECLS

/* Numbers at any address: not all of them are multiples of their size. */
static inline guint16
gst_bips_u16_at (const guint8 * bytes)
{
  guint16 v;

  memcpy (&v, bytes, sizeof v);
  return GUINT16_FROM_LE (v);
}

static inline guint32
gst_bips_u32_at (const guint8 * bytes)
{
  guint32 v;

  memcpy (&v, bytes, sizeof v);
  return GUINT32_FROM_LE (v);
}

static inline guint64
gst_bips_u64_at (const guint8 * bytes)
{
  guint64 v;

  memcpy (&v, bytes, sizeof v);
  return GUINT64_FROM_LE (v);
}

/* A place of size bytes that is written from its beginning. */
typedef struct
{
  guint8 *bytes;
  gsize used, size;
  gboolean full;                /* something had no room: what came from there on is worth nothing */
  gboolean partial;             /* a field was left out, since nothing in the format is like it */
} GstBipsMetaOut;

static inline void
gst_bips_out_bytes (GstBipsMetaOut * out, gconstpointer bytes, gsize n)
{
  if (out->full || n > out->size - out->used) {
    out->full = TRUE;
    return;
  }
  if (n > 0)
    memcpy (out->bytes + out->used, bytes, n);
  out->used += n;
}

static inline void
gst_bips_out_u8 (GstBipsMetaOut * out, guint8 v)
{
  gst_bips_out_bytes (out, &v, 1);
}

static inline void
gst_bips_out_u16 (GstBipsMetaOut * out, guint16 v)
{
  v = GUINT16_TO_LE (v);
  gst_bips_out_bytes (out, &v, sizeof v);
}

static inline void
gst_bips_out_u32 (GstBipsMetaOut * out, guint32 v)
{
  v = GUINT32_TO_LE (v);
  gst_bips_out_bytes (out, &v, sizeof v);
}

static inline void
gst_bips_out_u64 (GstBipsMetaOut * out, guint64 v)
{
  v = GUINT64_TO_LE (v);
  gst_bips_out_bytes (out, &v, sizeof v);
}

static inline void
gst_bips_out_f32 (GstBipsMetaOut * out, gfloat f)
{
  guint32 v;

  memcpy (&v, &f, sizeof v);
  gst_bips_out_u32 (out, v);
}

static inline void
gst_bips_out_f64 (GstBipsMetaOut * out, gdouble f)
{
  guint64 v;

  memcpy (&v, &f, sizeof v);
  gst_bips_out_u64 (out, v);
}

static inline void
gst_bips_out_text (GstBipsMetaOut * out, const gchar * text)
{
  gsize n = text ? strlen (text) : 0;

  gst_bips_out_u32 (out, n);
  gst_bips_out_bytes (out, text, n);
}

/* Zeros up to a multiple of 8. A record begins at one, so that this is one of it, too. */
static inline void
gst_bips_out_pad (GstBipsMetaOut * out)
{
  static const guint8 zeros[8];

  gst_bips_out_bytes (out, zeros, (8 - out->used % 8) % 8);
}

/* Writes over a u32 that was written before. */
static inline void
gst_bips_out_u32_at (GstBipsMetaOut * out, gsize at, guint32 v)
{
  if (out->full)
    return;
  v = GUINT32_TO_LE (v);
  memcpy (out->bytes + at, &v, sizeof v);
}

/* What is left to read of a record, or of a value in it. All of it is to be doubted: who
 * reads on after the end, or a text that is none, sets bad and gets zeros. */
typedef struct
{
  const guint8 *start;          /* the record's first byte: padding is counted from there */
  const guint8 *at;
  gsize left;
  gboolean bad;
  gboolean partial;             /* a field was passed over that cannot be restored here */
} GstBipsMetaIn;

/* The next n bytes, or NULL. */
static inline const guint8 *
gst_bips_in_bytes (GstBipsMetaIn * in, gsize n)
{
  const guint8 *bytes = in->at;

  if (in->bad || n > in->left) {
    in->bad = TRUE;
    return NULL;
  }
  in->at += n;
  in->left -= n;
  return bytes;
}

static inline guint8
gst_bips_in_u8 (GstBipsMetaIn * in)
{
  const guint8 *bytes = gst_bips_in_bytes (in, 1);

  return bytes ? *bytes : 0;
}

static inline guint16
gst_bips_in_u16 (GstBipsMetaIn * in)
{
  const guint8 *bytes = gst_bips_in_bytes (in, 2);

  return bytes ? gst_bips_u16_at (bytes) : 0;
}

static inline guint32
gst_bips_in_u32 (GstBipsMetaIn * in)
{
  const guint8 *bytes = gst_bips_in_bytes (in, 4);

  return bytes ? gst_bips_u32_at (bytes) : 0;
}

static inline guint64
gst_bips_in_u64 (GstBipsMetaIn * in)
{
  const guint8 *bytes = gst_bips_in_bytes (in, 8);

  return bytes ? gst_bips_u64_at (bytes) : 0;
}

static inline gfloat
gst_bips_in_f32 (GstBipsMetaIn * in)
{
  guint32 v = gst_bips_in_u32 (in);
  gfloat f;

  memcpy (&f, &v, sizeof f);
  return f;
}

static inline gdouble
gst_bips_in_f64 (GstBipsMetaIn * in)
{
  guint64 v = gst_bips_in_u64 (in);
  gdouble f;

  memcpy (&f, &v, sizeof f);
  return f;
}

/* Passes over the zeros up to a multiple of 8, which the last value may lack. */
static inline void
gst_bips_in_pad (GstBipsMetaIn * in)
{
  gsize n = (8 - (gsize) (in->at - in->start) % 8) % 8;

  gst_bips_in_bytes (in, MIN (n, in->left));
}

/* A text of n bytes (g_free), or NULL, which is bad. */
static inline gchar *
gst_bips_in_chars (GstBipsMetaIn * in, gsize n)
{
  const gchar *text = (const gchar *) gst_bips_in_bytes (in, n);

  if (!text)
    return NULL;
  if (memchr (text, 0, n) || !g_utf8_validate (text, n, NULL)) {
    in->bad = TRUE;
    return NULL;
  }
  return g_strndup (text, n);
}

static inline gchar *
gst_bips_in_text (GstBipsMetaIn * in)
{
  return gst_bips_in_chars (in, gst_bips_in_u32 (in));
}

G_END_DECLS

#endif
