/*
 * Inside of bips/meta.h: how bytes become records, and records bytes.
 */
#ifndef BIPS_META_META_H
#define BIPS_META_META_H

#include <bips/layout.h>
#include <bips/meta.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- reader.c */

/* struct meta_wrong says why a record is damaged. */
struct meta_wrong {
  bool is;
  char why[96];
};

/* struct meta_in reads a record, or a value in one. It trusts nothing: after the first read that does not fit,
 * wrong says why, and all further reads give zeros. */
struct meta_in {
  const uint8_t *record; /* the record's head: padding is counted from there */
  size_t at, end;        /* end of what may be read, from the record's head */
  struct meta_wrong *wrong;
  bool left; /* a value was passed over that is not known here */
};

void meta_in_of(struct meta_in *in, const bips_meta_record *record, struct meta_wrong *wrong);
void meta_in_fail(struct meta_in *in, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* meta_in_take passes over n bytes and returns them, or NULL if there are not so many. */
const uint8_t *meta_in_take(struct meta_in *in, size_t n);
uint8_t meta_in_u8(struct meta_in *in);
uint16_t meta_in_u16(struct meta_in *in);
uint32_t meta_in_u32(struct meta_in *in);
uint64_t meta_in_u64(struct meta_in *in);
double meta_in_f64(struct meta_in *in);
/* meta_in_pad passes over the padding, which the last value may lack. */
void meta_in_pad(struct meta_in *in);
/* meta_in_chars reads a text of n bytes, meta_in_text one that is preceded by its length. */
void meta_in_chars(struct meta_in *in, size_t n, bips_meta_text *text);
void meta_in_text(struct meta_in *in, bips_meta_text *text);
/* meta_in_rest reads all that is left. */
void meta_in_rest(struct meta_in *in, bips_meta_bytes *bytes);
/* meta_in_count reads how many things follow, of at least so many bytes each and at most so many. */
uint32_t meta_in_count(struct meta_in *in, size_t least, uint32_t most, const char *what);
/* meta_in_part is a reader of the next n bytes, which are passed over. */
void meta_in_part(struct meta_in *in, size_t n, struct meta_in *part);

/* ---- records.c */

/* meta_check finds out whether each record ends where the next one begins, the last one at the end; -BIPS_DAMAGED. */
int meta_check(const void *bytes, size_t size);
/* meta_read_begin begins to read a record that must be of a type into the caller's struct. */
int meta_read_begin(const bips_meta_record *record, uint32_t type, const void *into, struct meta_in *in, struct meta_wrong *wrong);
/* meta_read_end fills the caller's struct, from one of this version, unless the record is damaged. */
int meta_read_end(const bips_meta_record *record, const struct meta_in *in, void *into, const void *from, size_t size);
/* meta_is_partial reports whether something of the record is missing. */
uint32_t meta_is_partial(const bips_meta_record *record, const struct meta_in *in);
bool meta_is_known(uint32_t type);
size_t meta_aligned(size_t n);

/* ---- structure.c, value.c */

enum { META_MOST_FIELDS = BIPS_LAYOUT_MAX_META_SIZE / BIPS_LAYOUT_META_HEAD_SIZE }; /* more than any record has room for */

/* meta_in_structure reads a structure of a level, 1 being the record's own, and all that is in it. */
void meta_in_structure(struct meta_in *in, unsigned depth, bips_meta_structure *structure);
/* meta_in_field reads a field of a structure or an array of a level. It reports whether the value is known. */
bool meta_in_field(struct meta_in *in, unsigned depth, bips_meta_value *value);
/* meta_in_value reads a value, all of in, likewise. */
bool meta_in_value(struct meta_in *in, uint8_t kind, uint8_t origin, unsigned depth, bips_meta_value *value);
/* meta_admits reports whether a value may stand in an array beside those before it, of which it notes the kind. */
bool meta_admits(uint8_t *kind, uint8_t *origin, uint32_t next_kind, uint32_t next_origin);
bool meta_is_structure_name(const bips_meta_text *name);
uint8_t meta_origin(uint32_t kind, uint32_t origin); /* one that is not listed counts as the first one of its kind */

/* ---- writer.c, append.c */

/* meta_take_struct copies a struct of the caller's, of an older or a newer version, into one of this version that has its
 * defaults. */
int meta_take_struct(const bips_meta_writer *w, const void *given, void *known, size_t size);
/* meta_out_begin begins a record. bips_meta_end_record ends it. */
int meta_out_begin(bips_meta_writer *w, uint32_t type, uint32_t flags);
/* meta_out_not_begun notes that a record could not be begun, so that bips_meta_end_record returns the error, too. */
int meta_out_not_begun(bips_meta_writer *w, int error);
/* meta_out_wrong notes that the record cannot be written, and why. It returns the error. */
int meta_out_wrong(bips_meta_writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void meta_out_raw(bips_meta_writer *w, const void *bytes, size_t size);
void meta_out_u8(bips_meta_writer *w, uint8_t value);
void meta_out_u16(bips_meta_writer *w, uint16_t value);
void meta_out_u32(bips_meta_writer *w, uint32_t value);
void meta_out_u64(bips_meta_writer *w, uint64_t value);
void meta_out_f64(bips_meta_writer *w, double value);
void meta_out_pad(bips_meta_writer *w);
/* meta_out_u32_at writes over a u32 that was written before. */
void meta_out_u32_at(bips_meta_writer *w, size_t at, uint32_t value);
/* meta_out_chars writes a text without its length, meta_out_text one with its length before it. */
void meta_out_chars(bips_meta_writer *w, const bips_meta_text *text);
void meta_out_text(bips_meta_writer *w, const bips_meta_text *text);

#endif
