#include "meta.h"

int bips_meta_read_tags(const bips_meta_record *record, bips_meta_tags *tags) {
  bips_meta_tags read = BIPS_META_TAGS_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_TAGS, tags, &in, &wrong);

  if (err < 0)
    return err;
  read.scope = meta_in_u32(&in);
  meta_in_u32(&in); /* reserved */
  meta_in_structure(&in, 1, &read.list);
  read.partial = meta_is_partial(record, &in);
  return meta_read_end(record, &in, tags, &read, sizeof read);
}

int bips_meta_begin_tags(bips_meta_writer *writer, const bips_meta_tags *tags) {
  bips_meta_tags t = BIPS_META_TAGS_INIT;
  int err = meta_take_struct(writer, tags, &t, sizeof t);

  if (err < 0)
    return meta_out_not_begun(writer, err);
  if ((err = meta_out_begin(writer, BIPS_META_TAGS, t.partial ? BIPS_META_PARTIAL : 0)) < 0)
    return err;
  writer->most_structures = 1;
  meta_out_u32(writer, t.scope);
  meta_out_u32(writer, 0);
  return writer->wrong;
}
