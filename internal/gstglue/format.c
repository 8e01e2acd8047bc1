#include "format.h"

#include <string.h>

#include "audio.h"

/* More than this, and the numbers in the caps are nonsense. */
#define MAX_SIZE ((guint64) 1 << 40)

/* Rows of cameras start at addresses that their hardware likes: multiples of up to so much. */
#define CAMERA_ROW_ALIGN 256

/* Raw audio comes in buffers of some hundredths of a second; half a second is plenty. */
#define MIN_AUDIO_GUESS (64 << 10)
#define MAX_AUDIO_GUESS (1 << 20)

#define MIN_ENCODED_GUESS (1 << 20)

static guint64
align_up (guint64 n, guint64 align)
{
  return (n + align - 1) / align * align;
}

static gboolean
picture_size (const GstStructure * s, guint64 * width, guint64 * height)
{
  gint w, h;

  if (!gst_structure_get_int (s, "width", &w) || !gst_structure_get_int (s, "height", &h) ||
      w <= 0 || h <= 0)
    return FALSE;
  *width = w;
  *height = h;
  return (guint64) w * h < MAX_SIZE;
}

static void
describe_video (GstBipsFormat * format)
{
  format->kind = GST_BIPS_FORMAT_VIDEO;
  format->size = format->least = format->room = GST_VIDEO_INFO_SIZE (&format->video);
}

/* A format is the order of the colours, such as "bggr", the bits of a pixel unless these are 8,
 * and how they are stored: "le" and "be" in whole bytes, "p" without gaps, and other letters for
 * the packings of camera makers, none of which has more than the next multiple of four bits.
 *
 * Rows are as long as bayer2rgb has them, a multiple of four pixels; of what cameras send, some
 * are shorter and some longer. Cameras also send packed pixels as, for instance, "bggr12le"
 * (aravissrc does): that is why the least is that of packed pixels in any case. */
static void
describe_bayer (GstBipsFormat * format, const GstStructure * s)
{
  const gchar *name = gst_structure_get_string (s, "format");
  guint64 width, height, bits = 8, row;
  gchar *suffix;

  format->kind = GST_BIPS_FORMAT_BAYER;
  format->constant = TRUE;
  if (!name || strlen (name) < 4 || !picture_size (s, &width, &height))
    return;
  suffix = (gchar *) name + 4;
  if (g_ascii_isdigit (*suffix))
    bits = g_ascii_strtoull (suffix, &suffix, 10);
  if (bits < 8 || bits > 16)
    return;
  row = align_up (width * bits, 8) / 8;
  format->least = row * height;
  if (!*suffix || g_str_equal (suffix, "le") || g_str_equal (suffix, "be")) {
    row = GST_ROUND_UP_4 (width) * (bits > 8 ? 2 : 1);
    format->size = row * height;
  } else if (!g_str_equal (suffix, "p")) {
    row = align_up (width * GST_ROUND_UP_4 (bits), 8) / 8;
  }
  format->room = align_up (row, CAMERA_ROW_ALIGN) * height;
}

/* A buffer of audio is as long as whoever made it pleased. */
static void
describe_audio (GstBipsFormat * format)
{
  guint64 half_second = (guint64) GST_AUDIO_INFO_RATE (&format->audio) *
      GST_AUDIO_INFO_BPF (&format->audio) / 2;

  format->kind = GST_BIPS_FORMAT_AUDIO;
  format->guess = CLAMP (half_second, MIN_AUDIO_GUESS, MAX_AUDIO_GUESS);
}

static void
describe_tensors (GstBipsFormat * format, const GstStructure * s)
{
  guint i;

  format->kind = GST_BIPS_FORMAT_TENSORS;
  gst_bips_tensors_parse (format, s);
  for (i = 0; i < format->n_parts; i++)
    format->size += format->part_size[i];
  format->least = format->room = format->size;
}

/* Samples of a picture by its chroma subsampling, in halves of a pixel. */
static guint64
half_samples (const GstStructure * s)
{
  const gchar *chroma = gst_structure_get_string (s, "chroma-format");
  const gchar *sampling = gst_structure_get_string (s, "sampling");

  if (!chroma)
    chroma = sampling ? sampling : "";
  if (strstr (chroma, "4:4:4"))
    return 6;
  if (strstr (chroma, "4:2:2"))
    return 4;
  /* Unless told otherwise what is encoded with loss is 4:2:0, what is not is RGB. */
  if (*chroma || g_str_has_prefix (gst_structure_get_name (s), "video/") ||
      gst_structure_has_name (s, "image/jpeg"))
    return 3;
  return 6;
}

/* No encoder makes a picture larger than it was; but for what it writes around it. */
static void
bound_encoded (GstBipsFormat * format, const GstStructure * s)
{
  guint64 width, height, raw;
  guint depth = 8;

  if (!picture_size (s, &width, &height))
    return;
  if (!gst_structure_get_uint (s, "bit-depth-luma", &depth))
    depth = 8;
  raw = width * height * half_samples (s) / 2 * (depth > 8 ? 2 : 1);
  format->guess = MAX (raw + raw / 32 + 4096, MIN_ENCODED_GUESS);
}

void
gst_bips_format_init (GstBipsFormat * format)
{
  memset (format, 0, sizeof *format);
  gst_video_info_init (&format->video);
  gst_audio_info_init (&format->audio);
}

void
gst_bips_format_from_caps (GstBipsFormat * format, GstCaps * caps)
{
  const GstStructure *s;

  gst_bips_format_init (format);
  if (!caps || !gst_caps_is_fixed (caps))
    return;
  s = gst_caps_get_structure (caps, 0);
  if (gst_bips_layout_from_caps (&format->video, caps))
    describe_video (format);
  else if (gst_structure_has_name (s, "video/x-raw"))
    format->constant = TRUE;    /* a camera maker's own format, or one of a later GStreamer */
  else if (gst_structure_has_name (s, "video/x-bayer"))
    describe_bayer (format, s);
  else if (gst_structure_has_name (s, "audio/x-raw")) {
    /* GStreamer 1.22 takes no channels for a number of channels. */
    if (gst_audio_info_from_caps (&format->audio, caps) && GST_AUDIO_INFO_BPF (&format->audio) > 0)
      describe_audio (format);
  } else if (gst_structure_has_name (s, "other/tensor") || gst_structure_has_name (s, "other/tensors"))
    describe_tensors (format, s);
  else if (g_str_has_prefix (gst_structure_get_name (s), "video/") ||
      g_str_has_prefix (gst_structure_get_name (s), "image/"))
    bound_encoded (format, s);
}

GstBipsLayout
gst_bips_format_describe (const GstBipsFormat * format, GstBuffer * buffer, GstBipsFrame * frame)
{
  frame->n_planes = 0;
  if (format->kind == GST_BIPS_FORMAT_VIDEO)
    return gst_bips_layout_describe (&format->video, buffer, frame);
  if (format->kind == GST_BIPS_FORMAT_AUDIO)
    return gst_bips_audio_describe (&format->audio, buffer, frame);
  if (format->kind == GST_BIPS_FORMAT_TENSORS)
    return gst_bips_tensors_describe (format, buffer, frame);
  return frame->size < format->least ? GST_BIPS_LAYOUT_BROKEN : GST_BIPS_LAYOUT_PLAIN;
}

gboolean
gst_bips_format_holds (const GstBipsFormat * format, const GstBipsFrame * frame)
{
  if (frame->n_planes > 0)
    return format->kind == GST_BIPS_FORMAT_VIDEO && gst_bips_layout_fits (&format->video, frame);
  return frame->size >= format->least;
}

gboolean
gst_bips_format_holds_alone (const GstBipsFormat * format, const GstBipsFrame * frame)
{
  return format->kind != GST_BIPS_FORMAT_AUDIO || gst_bips_audio_holds (&format->audio, frame->size);
}
