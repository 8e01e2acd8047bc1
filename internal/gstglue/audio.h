/* Where the channels of raw audio lie. */
#ifndef GST_BIPS_AUDIO_H
#define GST_BIPS_AUDIO_H

#include <gst/audio/audio.h>

#include "frame.h"
#include "layout.h"

G_BEGIN_DECLS

/* Planar audio has a plane for each channel. In a pool one follows the other without a gap, so
 * that the caps and the size of a frame tell where they are. */

/* Looks where the GstAudioMeta of buffer says that the samples are, and sets the size of frame to
 * that of the samples. */
GstBipsLayout gst_bips_audio_describe (const GstAudioInfo * info, GstBuffer * buffer,
    GstBipsFrame * frame);

/* Copies the samples of a buffer that was described to a place of size bytes, plane after plane.
 * Returns the bytes used; 0: they do not fit, -1: the CPU cannot map them. */
gssize gst_bips_audio_repack (const GstAudioInfo * info, GstBuffer * buffer,
    const GstBipsFrame * frame, guint8 * to, gsize size);

/* Whether a frame of so many bytes can be audio of that kind. */
gboolean gst_bips_audio_holds (const GstAudioInfo * info, guint64 size);

/* Gives a buffer whose planes follow one another the GstAudioMeta that planar audio has to have, unless it has one. */
void gst_bips_audio_add_meta (const GstAudioInfo * info, GstBuffer * buffer);

G_END_DECLS

#endif
