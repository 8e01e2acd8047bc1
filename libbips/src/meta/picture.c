#include "meta.h"

#include <string.h>

int bips_meta_read_crop(const bips_meta_record *record, bips_meta_crop *crop) {
  bips_meta_crop read = BIPS_META_CROP_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_CROP, crop, &in, &wrong);

  if (err < 0)
    return err;
  read.x = meta_in_u32(&in);
  read.y = meta_in_u32(&in);
  read.width = meta_in_u32(&in);
  read.height = meta_in_u32(&in);
  return meta_read_end(record, &in, crop, &read, sizeof read);
}

int bips_meta_add_crop(bips_meta_writer *writer, const bips_meta_crop *crop) {
  bips_meta_crop c = BIPS_META_CROP_INIT;
  int err = meta_take_struct(writer, crop, &c, sizeof c);

  if (err < 0 || (err = meta_out_begin(writer, BIPS_META_CROP, BIPS_META_NEEDED)) < 0)
    return err;
  meta_out_u32(writer, c.x);
  meta_out_u32(writer, c.y);
  meta_out_u32(writer, c.width);
  meta_out_u32(writer, c.height);
  return bips_meta_end_record(writer);
}

_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "f32 and f64 are IEEE 754");

int bips_meta_read_affine(const bips_meta_record *record, bips_meta_affine *affine) {
  bips_meta_affine read = BIPS_META_AFFINE_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_AFFINE, affine, &in, &wrong);

  if (err < 0)
    return err;
  for (int i = 0; i < 16; i++) {
    uint32_t bits = meta_in_u32(&in);
    memcpy(&read.matrix[i], &bits, sizeof bits);
  }
  return meta_read_end(record, &in, affine, &read, sizeof read);
}

int bips_meta_add_affine(bips_meta_writer *writer, const bips_meta_affine *affine) {
  bips_meta_affine a = BIPS_META_AFFINE_INIT;
  int err = meta_take_struct(writer, affine, &a, sizeof a);

  if (err < 0 || (err = meta_out_begin(writer, BIPS_META_AFFINE, 0)) < 0)
    return err;
  meta_out_raw(writer, a.matrix, sizeof a.matrix);
  return bips_meta_end_record(writer);
}
