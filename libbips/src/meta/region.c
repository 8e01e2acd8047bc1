#include "meta.h"

int bips_meta_read_region(const bips_meta_record *record, bips_meta_region *region) {
  bips_meta_region read = BIPS_META_REGION_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_REGION, region, &in, &wrong);
  enum { LEAST_STRUCTURE = 4 + 4 }; /* a number of fields, and a name's length */

  if (err < 0)
    return err;
  read.id = (int32_t)meta_in_u32(&in);
  read.parent = (int32_t)meta_in_u32(&in);
  read.x = meta_in_u32(&in);
  read.y = meta_in_u32(&in);
  read.width = meta_in_u32(&in);
  read.height = meta_in_u32(&in);
  uint32_t n = meta_in_count(&in, LEAST_STRUCTURE, BIPS_META_MAX_PARAMS, "structures");
  meta_in_text(&in, &read.kind);
  read.params = (bips_meta_structures){.record = in.record, .at = in.at, .end = in.end, .left = n};
  for (uint32_t i = 0; i < n; i++) {
    bips_meta_structure structure;
    meta_in_structure(&in, 1, &structure);
  }
  read.analytics = (record->flags & BIPS_META_ANALYTICS) != 0;
  read.partial = meta_is_partial(record, &in);
  return meta_read_end(record, &in, region, &read, sizeof read);
}

int bips_meta_begin_region(bips_meta_writer *writer, const bips_meta_region *region) {
  bips_meta_region g = BIPS_META_REGION_INIT;
  int err = meta_take_struct(writer, region, &g, sizeof g);

  if (err < 0)
    return meta_out_not_begun(writer, err);
  uint32_t flags = (g.analytics ? BIPS_META_ANALYTICS : 0) | (g.partial ? BIPS_META_PARTIAL : 0);
  if ((err = meta_out_begin(writer, BIPS_META_REGION, flags)) < 0)
    return err;
  meta_out_u32(writer, (uint32_t)g.id);
  meta_out_u32(writer, (uint32_t)g.parent);
  meta_out_u32(writer, g.x);
  meta_out_u32(writer, g.y);
  meta_out_u32(writer, g.width);
  meta_out_u32(writer, g.height);
  writer->structures_at = writer->at;
  writer->most_structures = BIPS_META_MAX_PARAMS;
  meta_out_u32(writer, 0); /* the number of structures, which is not known yet */
  meta_out_text(writer, &g.kind);
  return writer->wrong;
}
