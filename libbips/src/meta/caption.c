#include "meta.h"

int bips_meta_read_caption(const bips_meta_record *record, bips_meta_caption *caption) {
  bips_meta_caption read = BIPS_META_CAPTION_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_CAPTION, caption, &in, &wrong);

  if (err < 0)
    return err;
  read.kind = meta_in_u32(&in);
  read.data.size = meta_in_u32(&in);
  read.data.data = meta_in_take(&in, read.data.size);
  return meta_read_end(record, &in, caption, &read, sizeof read);
}

int bips_meta_add_caption(bips_meta_writer *writer, const bips_meta_caption *caption) {
  bips_meta_caption c = BIPS_META_CAPTION_INIT;
  int err = meta_take_struct(writer, caption, &c, sizeof c);

  if (err < 0 || (err = meta_out_begin(writer, BIPS_META_CAPTION, 0)) < 0)
    return err;
  if (c.data.size > 0 && !c.data.data)
    meta_out_wrong(writer, "the address of %zu bytes is NULL", c.data.size);
  meta_out_u32(writer, c.kind);
  meta_out_u32(writer, (uint32_t)c.data.size); /* what does not fit in 32 bits does not fit in the area either */
  meta_out_raw(writer, c.data.data, c.data.size);
  return bips_meta_end_record(writer);
}
