#include "meta.h"

int bips_meta_read_audio_layout(const bips_meta_record *record, bips_meta_audio_layout *layout) {
  bips_meta_audio_layout read = BIPS_META_AUDIO_LAYOUT_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_AUDIO_LAYOUT, layout, &in, &wrong);

  if (err < 0)
    return err;
  read.samples = meta_in_u64(&in);
  read.planar = meta_in_u32(&in) != 0;
  uint32_t n = meta_in_count(&in, sizeof(uint64_t), BIPS_META_MAX_CHANNELS, "planes of audio");
  if (read.planar) {
    if (n == 0)
      meta_in_fail(&in, "planar audio without planes");
    read.count = n;
    for (uint32_t i = 0; i < n; i++)
      read.offsets[i] = meta_in_u64(&in);
  }
  return meta_read_end(record, &in, layout, &read, sizeof read);
}

int bips_meta_add_audio_layout(bips_meta_writer *writer, const bips_meta_audio_layout *layout) {
  bips_meta_audio_layout a = BIPS_META_AUDIO_LAYOUT_INIT;
  int err = meta_take_struct(writer, layout, &a, sizeof a);

  if (err < 0 || (err = meta_out_begin(writer, BIPS_META_AUDIO_LAYOUT, BIPS_META_NEEDED)) < 0)
    return err;
  if (a.count > BIPS_META_MAX_CHANNELS || (a.planar != 0) != (a.count > 0)) {
    meta_out_wrong(writer, "%u planes of audio: planar audio has 1 to %d, interleaved audio none", (unsigned)a.count,
        BIPS_META_MAX_CHANNELS);
    a.count = 0;
  }
  meta_out_u64(writer, a.samples);
  meta_out_u32(writer, a.planar != 0);
  meta_out_u32(writer, a.count);
  for (uint32_t i = 0; i < a.count; i++)
    meta_out_u64(writer, a.offsets[i]);
  return bips_meta_end_record(writer);
}
