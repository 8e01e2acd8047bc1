/* What caps tell of the frames: their kind, how large each is, and how large it can be. */
#ifndef GST_BIPS_FORMAT_H
#define GST_BIPS_FORMAT_H

#include <gst/audio/audio.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "frame.h"
#include "layout.h"

G_BEGIN_DECLS

/* As many memories as a GstBuffer can have. */
#define GST_BIPS_MAX_PARTS 16

typedef enum
{
  GST_BIPS_FORMAT_OTHER = 0,    /* H.264, JPEG, text, and whatever else is not below */
  GST_BIPS_FORMAT_VIDEO,        /* video/x-raw, in a format that this GStreamer knows */
  GST_BIPS_FORMAT_BAYER,        /* video/x-bayer */
  GST_BIPS_FORMAT_AUDIO,        /* audio/x-raw */
  GST_BIPS_FORMAT_TENSORS       /* other/tensor and other/tensors, as NNStreamer has them */
} GstBipsFormatKind;

/* Sizes are bytes. */
typedef struct
{
  GstBipsFormatKind kind;
  GstVideoInfo video;           /* without planes unless kind is VIDEO */
  GstAudioInfo audio;           /* of kind AUDIO */

  gsize size;                   /* of each frame, laid out as the caps say; 0: they do not tell */
  gsize least;                  /* what is shorter is no whole frame; 0: any length is one */
  gsize room;                   /* what a slot needs, with rows that are padded; 0: unknown */
  gsize guess;                  /* when room is unknown: hardly any frame is larger; 0: no idea */
  gboolean constant;            /* when room is unknown: frames are as large as the first one */

  guint n_parts;                /* of kind TENSORS: the memories of a frame; 0: unknown */
  gsize part_size[GST_BIPS_MAX_PARTS];
  gsize part_align[GST_BIPS_MAX_PARTS]; /* the size of an element */
} GstBipsFormat;

/* Nothing is known. */
void gst_bips_format_init (GstBipsFormat * format);

/* caps must be fixed. */
void gst_bips_format_from_caps (GstBipsFormat * format, GstCaps * caps);

/* Both elements ask the same: whether a frame holds what its caps tell of.
 *
 * The sink, of a buffer. Notes in frame, whose size is set, how the bytes are arranged, and cuts
 * off the size what is no part of the frame. */
GstBipsLayout gst_bips_format_describe (const GstBipsFormat * format, GstBuffer * buffer,
    GstBipsFrame * frame);

/* The source, of a frame of a pool, of which all is to be doubted. */
gboolean gst_bips_format_holds (const GstBipsFormat * format, const GstBipsFrame * frame);

/* The same of a frame whose metadata do not tell how its bytes are arranged: then the caps do. */
gboolean gst_bips_format_holds_alone (const GstBipsFormat * format, const GstBipsFrame * frame);

/* Sets n_parts and the sizes of the parts from the caps of tensors, or n_parts to 0. In
 * tensors.c. */
void gst_bips_tensors_parse (GstBipsFormat * format, const GstStructure * caps);

/* Each tensor is a memory of its own in a buffer. In a pool one follows the other: the caps tell
 * where each begins, if they tell their sizes; a record does, if they do not. Also in tensors.c. */
GstBipsLayout gst_bips_tensors_describe (const GstBipsFormat * format, GstBuffer * buffer,
    GstBipsFrame * frame);

/* Gives buffer, which has the tensors in one memory, a memory for each. FALSE if some had to be
 * copied, since in the pool they lie where numbers of their size should not. */
gboolean gst_bips_tensors_split (const GstBipsFormat * format, GstBuffer * buffer);

G_END_DECLS

#endif
