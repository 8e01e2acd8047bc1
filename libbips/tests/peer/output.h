/* Lines that a peer writes, each by one system call: what was written survives the process. */
#ifndef PEER_OUTPUT_H
#define PEER_OUTPUT_H

#include <bips/bips.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct line is a line that grows. Fields that are 0 or empty are left out. */
struct line {
  char *text;
  size_t length, room;
};

void line_begin(struct line *l, const char *event);
void line_number(struct line *l, const char *name, uint64_t number);
void line_signed(struct line *l, const char *name, int64_t number); /* 0 too */
void line_text(struct line *l, const char *name, const char *text);
void line_hex(struct line *l, const char *name, uint64_t number);                   /* 16 digits */
void line_bytes(struct line *l, const char *name, const void *bytes, size_t size);  /* hexadecimal digits */
void line_sum(struct line *l, const char *name, const void *bytes, size_t size);    /* SHA-256 */
void line_flag(struct line *l, const char *name, bool flag);
/* line_error adds the error that a call returned, with the sentence of this thread. */
void line_error(struct line *l, int error);
/* line_raw adds a piece of JSON as it is. */
void line_raw(struct line *l, const char *text);
/* line_end writes the line and frees it. */
void line_end(struct line *l);

/* wrong says that a property does not hold, and wrong_call that a call failed that must not. */
void wrong(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
void wrong_call(const char *call, int error);

/* peer_error_name is an error's name in lines. */
const char *peer_error_name(int error);

/* die ends the peer because its arguments or orders are none. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
