#include "meta.h"

int bips_meta_read_custom(const bips_meta_record *record, bips_meta_custom *custom) {
  bips_meta_custom read = BIPS_META_CUSTOM_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_CUSTOM, custom, &in, &wrong);

  if (err < 0)
    return err;
  read.tag_count = meta_in_count(&in, sizeof(uint32_t), BIPS_META_MAX_TAGS, "tags");
  meta_in_text(&in, &read.name);
  for (uint32_t i = 0; i < read.tag_count; i++)
    meta_in_text(&in, &read.tags[i]);
  meta_in_structure(&in, 1, &read.structure);
  read.partial = meta_is_partial(record, &in);
  return meta_read_end(record, &in, custom, &read, sizeof read);
}

int bips_meta_begin_custom(bips_meta_writer *writer, const bips_meta_custom *custom) {
  bips_meta_custom c = BIPS_META_CUSTOM_INIT;
  int err = meta_take_struct(writer, custom, &c, sizeof c);

  if (err < 0)
    return meta_out_not_begun(writer, err);
  if ((err = meta_out_begin(writer, BIPS_META_CUSTOM, c.partial ? BIPS_META_PARTIAL : 0)) < 0)
    return err;
  if (c.tag_count > BIPS_META_MAX_TAGS) {
    meta_out_wrong(writer, "%u tags, at most %d", (unsigned)c.tag_count, BIPS_META_MAX_TAGS);
    c.tag_count = 0;
  }
  writer->most_structures = 1;
  meta_out_u32(writer, c.tag_count);
  meta_out_text(writer, &c.name);
  for (uint32_t i = 0; i < c.tag_count; i++)
    meta_out_text(writer, &c.tags[i]);
  return writer->wrong;
}

/* The least and the most bytes of the name of a gst. */
enum { META_LEAST_GST_NAME = 3, META_MOST_GST_NAME = 100 };

int bips_meta_read_gst(const bips_meta_record *record, bips_meta_gst *gst) {
  bips_meta_gst read = BIPS_META_GST_INIT;
  struct meta_wrong wrong;
  struct meta_in in;
  int err = meta_read_begin(record, BIPS_META_GST, gst, &in, &wrong);

  if (err < 0)
    return err;
  uint32_t total = meta_in_u32(&in);
  if (total != record->length)
    meta_in_fail(&in, "%zu bytes that say they are %u", record->length, (unsigned)total);
  meta_in_text(&in, &read.name);
  if (read.name.length < META_LEAST_GST_NAME || read.name.length > META_MOST_GST_NAME)
    meta_in_fail(&in, "a name of %zu bytes", read.name.length);
  if (meta_in_u8(&in) != 0)
    meta_in_fail(&in, "the name does not end with a zero byte");
  read.version = meta_in_u8(&in);
  meta_in_rest(&in, &read.data);
  return meta_read_end(record, &in, gst, &read, sizeof read);
}

int bips_meta_add_gst(bips_meta_writer *writer, const bips_meta_gst *gst) {
  bips_meta_gst g = BIPS_META_GST_INIT;
  int err = meta_take_struct(writer, gst, &g, sizeof g);
  enum { HEAD = 4 + 4 + 1 + 1 }; /* two lengths, a zero byte, the version */

  if (err < 0 || (err = meta_out_begin(writer, BIPS_META_GST, 0)) < 0)
    return err;
  if (g.name.length < META_LEAST_GST_NAME || g.name.length > META_MOST_GST_NAME)
    meta_out_wrong(writer, "a name of %zu bytes, use %d to %d", g.name.length, META_LEAST_GST_NAME, META_MOST_GST_NAME);
  if (g.version > UINT8_MAX)
    meta_out_wrong(writer, "version %u, at most %d", (unsigned)g.version, UINT8_MAX);
  if (g.data.size > 0 && !g.data.data)
    meta_out_wrong(writer, "the address of %zu bytes is NULL", g.data.size);
  meta_out_u32(writer, (uint32_t)(HEAD + g.name.length + g.data.size)); /* what does not fit in 32 bits fits in no area */
  meta_out_text(writer, &g.name);
  meta_out_u8(writer, 0);
  meta_out_u8(writer, (uint8_t)g.version);
  meta_out_raw(writer, g.data.data, g.data.size);
  return bips_meta_end_record(writer);
}
