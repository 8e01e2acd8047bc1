/* Tells what metadata records say, as tests/golden/segments/records.json does, and writes them again. */
#ifndef BIPS_TESTS_RECORDS_H
#define BIPS_TESTS_RECORDS_H

#include <bips/meta.h>

#include "told.h"

/* struct records is what was told last; all zero before the first time. */
struct records {
  struct told told; /* a list of objects */
  int unnamed;      /* damaged records whose error does not name their type */
  bips_meta_writer again; /* those that are not damaged, written again: again.size bytes at written */
  uint8_t written[BIPS_MAX_META_SIZE];
};

/* records_tell tells all records of an area, and returns what bips_meta_begin said of the whole. The bytes do not
 * change meanwhile. level is as of told_start. */
int records_tell(struct records *r, const void *bytes, size_t size, int level);

#endif
