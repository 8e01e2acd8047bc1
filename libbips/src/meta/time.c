#include "meta.h"

int bips_meta_read_reference_time(const bips_meta_record *record, bips_meta_reference_time *time) {
  bips_meta_reference_time read = BIPS_META_REFERENCE_TIME_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_REFERENCE_TIME, time, &in, &wrong);

  if (err < 0)
    return err;
  read.timestamp = meta_in_u64(&in);
  read.duration = meta_in_u64(&in);
  meta_in_text(&in, &read.clock);
  return meta_read_end(record, &in, time, &read, sizeof read);
}

int bips_meta_add_reference_time(bips_meta_writer *writer, const bips_meta_reference_time *time) {
  bips_meta_reference_time t = BIPS_META_REFERENCE_TIME_INIT;
  int err = meta_take_struct(writer, time, &t, sizeof t);

  if (err < 0 || (err = meta_out_begin(writer, BIPS_META_REFERENCE_TIME, 0)) < 0)
    return err;
  meta_out_u64(writer, t.timestamp);
  meta_out_u64(writer, t.duration);
  meta_out_text(writer, &t.clock);
  return bips_meta_end_record(writer);
}

int bips_meta_read_time_code(const bips_meta_record *record, bips_meta_time_code *code) {
  bips_meta_time_code read = BIPS_META_TIME_CODE_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_TIME_CODE, code, &in, &wrong);

  if (err < 0)
    return err;
  read.fps_numerator = meta_in_u32(&in);
  read.fps_denominator = meta_in_u32(&in);
  read.flags = meta_in_u32(&in);
  read.field_count = meta_in_u32(&in);
  read.hours = meta_in_u32(&in);
  read.minutes = meta_in_u32(&in);
  read.seconds = meta_in_u32(&in);
  read.frames = meta_in_u32(&in);
  read.daily_jam = (int64_t)meta_in_u64(&in);
  read.daily_jam_offset = (int32_t)meta_in_u32(&in);
  meta_in_u32(&in); /* reserved */
  return meta_read_end(record, &in, code, &read, sizeof read);
}

int bips_meta_add_time_code(bips_meta_writer *writer, const bips_meta_time_code *code) {
  bips_meta_time_code t = BIPS_META_TIME_CODE_INIT;
  int err = meta_take_struct(writer, code, &t, sizeof t);

  if (err < 0 || (err = meta_out_begin(writer, BIPS_META_TIME_CODE, 0)) < 0)
    return err;
  meta_out_u32(writer, t.fps_numerator);
  meta_out_u32(writer, t.fps_denominator);
  meta_out_u32(writer, t.flags);
  meta_out_u32(writer, t.field_count);
  meta_out_u32(writer, t.hours);
  meta_out_u32(writer, t.minutes);
  meta_out_u32(writer, t.seconds);
  meta_out_u32(writer, t.frames);
  meta_out_u64(writer, (uint64_t)t.daily_jam);
  meta_out_u32(writer, (uint32_t)t.daily_jam_offset);
  meta_out_u32(writer, 0);
  return bips_meta_end_record(writer);
}
