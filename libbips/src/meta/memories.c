#include "meta.h"

int bips_meta_read_memories(const bips_meta_record *record, bips_meta_memories *memories) {
  bips_meta_memories read = BIPS_META_MEMORIES_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_MEMORIES, memories, &in, &wrong);

  if (err < 0)
    return err;
  size_t n = record->length / sizeof(uint64_t);
  if (record->length % sizeof(uint64_t) != 0 || n < 2 || n > BIPS_META_MAX_MEMORIES)
    meta_in_fail(&in, "sizes of memories in %zu bytes", record->length);
  else
    read.count = (uint32_t)n;
  for (uint32_t i = 0; i < read.count; i++)
    read.sizes[i] = meta_in_u64(&in);
  return meta_read_end(record, &in, memories, &read, sizeof read);
}

int bips_meta_add_memories(bips_meta_writer *writer, const bips_meta_memories *memories) {
  bips_meta_memories m = BIPS_META_MEMORIES_INIT;
  int err = meta_take_struct(writer, memories, &m, sizeof m);

  if (err < 0 || (err = meta_out_begin(writer, BIPS_META_MEMORIES, 0)) < 0)
    return err;
  if (m.count < 2 || m.count > BIPS_META_MAX_MEMORIES) {
    meta_out_wrong(writer, "%u memories, use 2 to %d", (unsigned)m.count, BIPS_META_MAX_MEMORIES);
    m.count = 0;
  }
  for (uint32_t i = 0; i < m.count; i++)
    meta_out_u64(writer, m.sizes[i]);
  return bips_meta_end_record(writer);
}
