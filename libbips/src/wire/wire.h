/*
 * The messages that a reader and the producer of a memfd pool send each other over their connection: how
 * they are written, and how what a peer sent is checked. messages.h has their layout, docs/protocol.md the
 * rules. This has no input, no output and no state, and may be used by any thread at any time.
 *
 *   reader                        producer
 *   HELLO      ------------------>
 *              <------------------  REFUSE: it ends here
 *              <------------------  GRANT, with the descriptors of pool and seat
 *   READY      ------------------>
 *              <------------------  SITS: the seat counts
 *   KNOCK      ------------------>  at any time from now on: "look at my seat"
 *              <------------------  MOVE, with the descriptors of the next pool and seat
 *   READY      ------------------>
 *              <------------------  SITS
 *
 * A message may be longer than its struct, up to BIPS_WIRE_MAX_SIZE: a later minor version adds fields at
 * the end, and who does not know them passes them by.
 */
#ifndef BIPS_WIRE_WIRE_H
#define BIPS_WIRE_WIRE_H

#include <bips/messages.h>

#include <stddef.h>
#include <stdint.h>

/* ---- append.c
 *
 * These write a message at dst, which has room for BIPS_WIRE_MAX_SIZE bytes, and return how many it has.
 * The message's head need not be filled in, nor its reserved bytes, its descriptors and its text_length. */

size_t wire_append_hello(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_hello *m);
/* wire_append_refuse writes a text for the reader's user too. Of a text that is too long the end is left out,
 * and what must not be shown is replaced, as wire_clean does. NULL: none. */
size_t wire_append_refuse(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_refuse *m, const char *text);
size_t wire_append_grant(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_grant *m);
size_t wire_append_ready(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_ready *m);
size_t wire_append_sits(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_sits *m);
size_t wire_append_move(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_move *m);
size_t wire_append_knock(uint8_t dst[static BIPS_WIRE_MAX_SIZE]);

/* ---- parse.c
 *
 * These read a message that must be a certain one, all of what was received at once, and check it. In the
 * struct each field is as it was sent, the head too; reserved bytes are not looked at. If it is not WIRE_OK
 * the struct is all zeros, and why says in a few words what is wrong, for the sentence of who called. */

enum wire_result {
  WIRE_OK = 0,
  /* It is not what it should be. Its sender is broken, hostile, or something else than BIPS. */
  WIRE_MALFORMED,
  /* It has another major version. Nothing after its head can be read. */
  WIRE_VERSION
};

/* struct wire_why is what is wrong with a message, ended by a zero byte. */
struct wire_why {
  char text[128];
};

/* wire_parse_head reads a message's head, so that its magic tells which message it is. */
enum wire_result wire_parse_head(const uint8_t *message, size_t size, struct bips_wire_head *head, struct wire_why *why);
enum wire_result wire_parse_hello(const uint8_t *message, size_t size, struct bips_wire_hello *m, struct wire_why *why);
/* wire_parse_refuse reads the text too, fit to be shown, and ends it with a zero byte. */
enum wire_result wire_parse_refuse(const uint8_t *message, size_t size, struct bips_wire_refuse *m,
    char text[static BIPS_WIRE_MAX_TEXT + 1], struct wire_why *why);
/* Whether the descriptors and the memory are what GRANT and MOVE say is for the caller to see. */
enum wire_result wire_parse_grant(const uint8_t *message, size_t size, struct bips_wire_grant *m, struct wire_why *why);
/* Whether READY and SITS belong to what was granted is for the caller to see. */
enum wire_result wire_parse_ready(const uint8_t *message, size_t size, struct bips_wire_ready *m, struct wire_why *why);
enum wire_result wire_parse_sits(const uint8_t *message, size_t size, struct bips_wire_sits *m, struct wire_why *why);
enum wire_result wire_parse_move(const uint8_t *message, size_t size, struct bips_wire_move *m, struct wire_why *why);
enum wire_result wire_parse_knock(const uint8_t *message, size_t size, struct bips_wire_knock *m, struct wire_why *why);

/* wire_grant_of_move is what a MOVE grants in the next pool. */
void wire_grant_of_move(const struct bips_wire_move *m, struct bips_wire_grant *grant);

/* ---- codes.c */

/* wire_code_text says in a few words why a reader is refused, for texts of one's own. It is static; a code
 * that is not known here has words, too. */
const char *wire_code_text(uint32_t code);

/* ---- text.c */

/* wire_clean makes a text of a peer fit to be shown: what is no UTF-8, and what no reader of a terminal or of a
 * log would see or expect (control characters, line ends, marks that change the direction of writing, characters
 * of private use), becomes a question mark, any other white space a space. It never becomes longer. clean gets at
 * most so many bytes of it, whole characters, and a zero byte behind them; it may be the same memory as text. The
 * result is the number of bytes before the zero byte. */
size_t wire_clean(const char *text, size_t length, char *clean, size_t most);

/* wire_set_program fills in the program's name, of which the first 16 bytes are told. */
void wire_set_program(struct bips_wire_hello *m, const char *name);

/* wire_program_name is the program's name, fit to be shown. It is what the reader says, true or not. */
void wire_program_name(const struct bips_wire_hello *m, char name[static BIPS_WIRE_PROGRAM_SIZE + 1]);

#endif
