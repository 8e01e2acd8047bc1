#include "meta.h"

#include "../errors.h"

int bips_meta_add_unknown(bips_meta_writer *writer, const bips_meta_record *record) {
  if (!writer || !record)
    return fail_plain(BIPS_BAD_OPTION, "write metadata: an address is NULL");
  int err = meta_out_begin(writer, record->type, record->flags);

  if (err < 0)
    return err;
  if (meta_is_known(record->type) || record->type > UINT16_MAX || record->flags > UINT16_MAX)
    meta_out_wrong(writer, "an unknown record of type %u: use the function of its type", (unsigned)record->type);
  if (record->length > 0 && !record->payload)
    meta_out_wrong(writer, "the address of %zu bytes is NULL", record->length);
  meta_out_raw(writer, record->payload, record->length);
  return bips_meta_end_record(writer);
}
