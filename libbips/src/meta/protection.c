#include "meta.h"

int bips_meta_read_protection(const bips_meta_record *record, bips_meta_protection *protection) {
  bips_meta_protection read = BIPS_META_PROTECTION_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_PROTECTION, protection, &in, &wrong);

  if (err < 0)
    return err;
  meta_in_structure(&in, 1, &read.structure);
  read.partial = meta_is_partial(record, &in);
  return meta_read_end(record, &in, protection, &read, sizeof read);
}

int bips_meta_begin_protection(bips_meta_writer *writer, const bips_meta_protection *protection) {
  bips_meta_protection p = BIPS_META_PROTECTION_INIT;
  int err = meta_take_struct(writer, protection, &p, sizeof p);

  if (err < 0)
    return meta_out_not_begun(writer, err);
  if ((err = meta_out_begin(writer, BIPS_META_PROTECTION, BIPS_META_NEEDED | (p.partial ? BIPS_META_PARTIAL : 0))) < 0)
    return err;
  writer->most_structures = 1;
  return 0;
}
