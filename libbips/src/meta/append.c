#include "meta.h"

#include "../errors.h"

#include <string.h>

int bips_meta_writer_begin(bips_meta_writer *writer, void *area, size_t room, size_t used) {
  if (!writer || (!area && room > 0))
    return fail_plain(BIPS_BAD_OPTION, "write metadata: an address is NULL");
  memset(writer, 0, sizeof *writer);
  if (used > room || used % BIPS_LAYOUT_META_ALIGNMENT != 0)
    return fail_plain(BIPS_BAD_OPTION, "write metadata: the %zu bytes before the first record are no records of an area of %zu", used, room);
  *writer = (bips_meta_writer){
      .size = used, .area = area, .room = room < BIPS_MAX_META_SIZE ? room : BIPS_MAX_META_SIZE, .at = used};
  return 0;
}

/* meta_out_reset forgets a record that was begun. */
static void meta_out_reset(bips_meta_writer *w) {
  w->at = w->size;
  w->open = 0;
  w->depth = 0;
  w->wrong = 0;
}

int meta_out_begin(bips_meta_writer *w, uint32_t type, uint32_t flags) {
  if (w->open) {
    meta_out_wrong(w, "the next record is begun before this one is ended");
    return w->wrong;
  }
  meta_out_reset(w);
  w->open = 1;
  w->type = type;
  w->structures = 0;
  w->most_structures = 0;
  w->structures_at = 0;
  meta_out_u16(w, (uint16_t)type);
  meta_out_u16(w, (uint16_t)flags);
  meta_out_u32(w, 0); /* the length, which is not known yet */
  return 0;
}

int meta_out_not_begun(bips_meta_writer *w, int error) {
  if (!w)
    return error;
  if (w->open)
    return meta_out_wrong(w, "the next record is begun before this one is ended");
  meta_out_reset(w);
  w->open = 1;
  w->wrong = error;
  return error;
}

int bips_meta_end_record(bips_meta_writer *writer) {
  bips_meta_writer *w = writer;

  if (!w)
    return fail_plain(BIPS_BAD_OPTION, "write metadata: the writer is NULL");
  if (!w->open && w->wrong == 0)
    w->wrong = fail_plain(BIPS_BAD_OPTION, "write metadata: no record was begun");
  if (w->wrong == 0 && w->depth > 0)
    meta_out_wrong(w, "a structure or an array was not ended");
  /* All types with structures but regions have exactly one. */
  if (w->wrong == 0 && w->most_structures == 1 && w->structures == 0)
    meta_out_wrong(w, "its structure is missing");
  int result = w->wrong;
  size_t length = w->at - w->size - BIPS_LAYOUT_META_HEAD_SIZE;
  if (result == 0) {
    meta_out_pad(w);
    if (w->at > BIPS_MAX_META_SIZE)
      result = fail_plain(BIPS_TOO_LARGE, "record at %zu, %s: metadata too large: %zu bytes in all, at most %d", w->size,
          bips_meta_type_name(w->type), w->at, BIPS_MAX_META_SIZE);
    else if (w->at > w->room)
      result = fail_plain(BIPS_NO_SPACE, "record at %zu, %s: no room: it has %zu bytes, of %zu that are left: make the area larger",
          w->size, bips_meta_type_name(w->type), w->at - w->size, w->room - w->size);
  }
  if (result == 0) {
    meta_out_u32_at(w, w->size + 4, (uint32_t)length);
    if (w->structures_at > 0)
      meta_out_u32_at(w, w->structures_at, w->structures);
    w->size = w->at;
  }
  meta_out_reset(w);
  return result;
}

void bips_meta_cancel_record(bips_meta_writer *writer) {
  if (writer)
    meta_out_reset(writer);
}
