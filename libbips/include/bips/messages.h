/*
 * The messages between a reader and the producer of a BIPS pool with backend memfd.
 *
 * Generated from package internal/wire by "go generate ./internal/wire". DO NOT EDIT.
 *
 * docs/protocol.md is the normative text, with the names of package wire: HELLO's Wanted there is
 * wanted of struct bips_wire_hello here.
 *
 * The structs are the first bytes of a message, which may have more that are to be passed by. Copy
 * what was received into one (memcpy), and check it before it is used. Reserved bytes are sent as 0
 * and not looked at.
 */
#ifndef BIPS_WIRE_H
#define BIPS_WIRE_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "pools and messages are little-endian, and read in place"
#endif

#ifdef __cplusplus
#define BIPS_WIRE_ASSERT(condition, text) static_assert(condition, text)
#else
#define BIPS_WIRE_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* Versions of the messages. A peer with another major is refused; a higher minor only adds what may
 * be passed by. */
#define BIPS_WIRE_VERSION_MAJOR 1
#define BIPS_WIRE_VERSION_MINOR 0

/* Magic numbers: the first eight bytes of each message. */
#define BIPS_WIRE_HELLO_MAGIC UINT64_C(0x4f4c454853504942) /* "BIPSHELO" */
#define BIPS_WIRE_REFUSE_MAGIC UINT64_C(0x5546455253504942) /* "BIPSREFU" */
#define BIPS_WIRE_GRANT_MAGIC UINT64_C(0x544e524753504942) /* "BIPSGRNT" */
#define BIPS_WIRE_READY_MAGIC UINT64_C(0x5944455253504942) /* "BIPSREDY" */
#define BIPS_WIRE_SITS_MAGIC UINT64_C(0x5354495353504942) /* "BIPSSITS" */
#define BIPS_WIRE_MOVE_MAGIC UINT64_C(0x45564f4d53504942) /* "BIPSMOVE" */
#define BIPS_WIRE_KNOCK_MAGIC UINT64_C(0x4b4f4e4b53504942) /* "BIPSKNOK" */

/* Sizes in bytes. */
#define BIPS_WIRE_MAX_SIZE 512 /* a longer message is malformed */
#define BIPS_WIRE_HEAD_SIZE 16 /* of Head */
#define BIPS_WIRE_HELLO_SIZE 64 /* of Hello */
#define BIPS_WIRE_REFUSE_SIZE 32 /* of Refuse, its text apart */
#define BIPS_WIRE_GRANT_SIZE 96 /* of Grant */
#define BIPS_WIRE_READY_SIZE 32 /* of Ready */
#define BIPS_WIRE_SITS_SIZE 32 /* of Sits */
#define BIPS_WIRE_MOVE_SIZE 96 /* of Move */
#define BIPS_WIRE_MAX_TEXT 448 /* of Refuse's text */
#define BIPS_WIRE_PROGRAM_SIZE 16 /* of Hello.Program */

/* Descriptors is how many file descriptors come with Grant and with Move: the pool's, then the
 * seat's. The other messages have none. */
#define BIPS_WIRE_DESCRIPTORS 2

/* Modes of a reader (Hello.Mode). */
#define BIPS_WIRE_MODE_LATEST UINT32_C(1) /* it wants the newest frame */
#define BIPS_WIRE_MODE_EVERY UINT32_C(2) /* it wants every frame */

/* Reasons of a refusal (Refuse.Code). One that is not known here is handled by Refuse.Again and the
 * text. */
#define BIPS_WIRE_SEATS_TAKEN UINT32_C(1) /* all seats are taken */
#define BIPS_WIRE_SLOTS_TAKEN UINT32_C(2) /* fewer slots are left than the reader wants at least */
#define BIPS_WIRE_OTHER_VERSION UINT32_C(3) /* the reader has another version, or lacks a feature that the pool needs */
#define BIPS_WIRE_NOT_ALLOWED UINT32_C(4) /* the reader may not read this pool */
#define BIPS_WIRE_TOO_BUSY UINT32_C(5) /* too many readers come at once */
#define BIPS_WIRE_BAD_MESSAGE UINT32_C(6) /* the reader's message is malformed, or not the one that is due */
#define BIPS_WIRE_NO_RESOURCES UINT32_C(7) /* the producer is out of descriptors or of memory */
#define BIPS_WIRE_CLOSING UINT32_C(8) /* the producer ends */

/* Head is what each message begins with. */
struct bips_wire_head {
  uint64_t magic; /* which message it is */
  uint16_t version_major; /* VersionMajor; another: the rest is not readable */
  uint16_t version_minor; /* VersionMinor; a higher value: readable, with fields that are not known */
  uint32_t size; /* bytes of the whole message */
};
BIPS_WIRE_ASSERT(sizeof(struct bips_wire_head) == 16, "bips_wire_head");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_head, magic) == 0, "bips_wire_head.magic");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_head, version_major) == 8, "bips_wire_head.version_major");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_head, version_minor) == 10, "bips_wire_head.version_minor");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_head, size) == 12, "bips_wire_head.size");

/* Hello is the reader's first message. It asks for a seat. */
struct bips_wire_hello {
  struct bips_wire_head head;
  uint64_t known; /* feature bits that the reader knows: PoolHeader.Required may have these */
  uint16_t layout_major; /* version of the memory's layout that the reader knows */
  uint16_t layout_minor; /* of which it knows the fields */
  uint32_t mode; /* ModeLatest, ModeEvery */
  uint32_t wanted; /* frames it wants to hold at once: 1 to 63 */
  uint32_t least; /* frames it needs at least: 1 to Wanted */
  uint32_t reserved0; /* reserved */
  uint32_t pid; /* in the reader's PID namespace; for display only */
  uint8_t program[16]; /* name of the reader's program, UTF-8, filled up with 0; for display only */
};
BIPS_WIRE_ASSERT(sizeof(struct bips_wire_hello) == 64, "bips_wire_hello");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, head) == 0, "bips_wire_hello.head");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, known) == 16, "bips_wire_hello.known");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, layout_major) == 24, "bips_wire_hello.layout_major");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, layout_minor) == 26, "bips_wire_hello.layout_minor");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, mode) == 28, "bips_wire_hello.mode");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, wanted) == 32, "bips_wire_hello.wanted");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, least) == 36, "bips_wire_hello.least");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, reserved0) == 40, "bips_wire_hello.reserved0");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, pid) == 44, "bips_wire_hello.pid");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_hello, program) == 48, "bips_wire_hello.program");

/* Refuse is the producer's answer to a Hello that it does not grant; it closes the connection. The
 * text follows. */
struct bips_wire_refuse {
  struct bips_wire_head head;
  uint32_t code; /* why */
  uint32_t again; /* milliseconds after which it is worth to ask again; 0: only when something has changed */
  uint32_t text_length; /* bytes of the text, UTF-8, for the user: 0 to 448 */
  uint32_t reserved0; /* reserved */
};
BIPS_WIRE_ASSERT(sizeof(struct bips_wire_refuse) == 32, "bips_wire_refuse");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_refuse, head) == 0, "bips_wire_refuse.head");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_refuse, code) == 16, "bips_wire_refuse.code");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_refuse, again) == 20, "bips_wire_refuse.again");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_refuse, text_length) == 24, "bips_wire_refuse.text_length");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_refuse, reserved0) == 28, "bips_wire_refuse.reserved0");

/* Grant is the producer's answer to a Hello. Two descriptors come with it, the pool's and the
 * seat's. */
struct bips_wire_grant {
  struct bips_wire_head head;
  uint64_t instance; /* PoolHeader.Instance of the pool */
  uint64_t pool_size; /* bytes of the pool segment */
  uint64_t seat_size; /* bytes of the seat segment */
  uint32_t seat; /* index of the seat's word in the pool segment: 0 to 63 */
  uint32_t generation; /* of the seat; never 0 */
  uint32_t granted; /* frames the reader may hold at once: 1 to 63 */
  uint32_t descriptors; /* that came with the message: 2 */
  uint64_t required; /* PoolHeader.Required of the pool */
  uint32_t slots_for_most; /* slots that the pool would need to grant what Hello wanted; 0: it is granted, or no pool has so many; for display only */
  uint8_t reserved0[28]; /* reserved */
};
BIPS_WIRE_ASSERT(sizeof(struct bips_wire_grant) == 96, "bips_wire_grant");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, head) == 0, "bips_wire_grant.head");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, instance) == 16, "bips_wire_grant.instance");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, pool_size) == 24, "bips_wire_grant.pool_size");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, seat_size) == 32, "bips_wire_grant.seat_size");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, seat) == 40, "bips_wire_grant.seat");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, generation) == 44, "bips_wire_grant.generation");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, granted) == 48, "bips_wire_grant.granted");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, descriptors) == 52, "bips_wire_grant.descriptors");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, required) == 56, "bips_wire_grant.required");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, slots_for_most) == 64, "bips_wire_grant.slots_for_most");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_grant, reserved0) == 68, "bips_wire_grant.reserved0");

/* Ready is the reader's answer to Grant and to Move: it has mapped both segments. */
struct bips_wire_ready {
  struct bips_wire_head head;
  uint64_t instance; /* as granted */
  uint32_t seat; /* as granted */
  uint32_t reserved0; /* reserved */
};
BIPS_WIRE_ASSERT(sizeof(struct bips_wire_ready) == 32, "bips_wire_ready");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_ready, head) == 0, "bips_wire_ready.head");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_ready, instance) == 16, "bips_wire_ready.instance");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_ready, seat) == 24, "bips_wire_ready.seat");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_ready, reserved0) == 28, "bips_wire_ready.reserved0");

/* Sits is the producer's answer to Ready: the seat counts from now on. */
struct bips_wire_sits {
  struct bips_wire_head head;
  uint64_t instance; /* as granted */
  uint32_t seat; /* as granted */
  uint32_t reserved0; /* reserved */
};
BIPS_WIRE_ASSERT(sizeof(struct bips_wire_sits) == 32, "bips_wire_sits");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_sits, head) == 0, "bips_wire_sits.head");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_sits, instance) == 16, "bips_wire_sits.instance");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_sits, seat) == 24, "bips_wire_sits.seat");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_sits, reserved0) == 28, "bips_wire_sits.reserved0");

/* Move tells a reader that its seat is in another pool now. Two descriptors come with it, the next
 * pool's and the next seat's. */
struct bips_wire_move {
  struct bips_wire_head head;
  uint64_t instance; /* PoolHeader.Instance of the next pool */
  uint64_t pool_size; /* bytes of its pool segment */
  uint64_t seat_size; /* bytes of its seat segment */
  uint32_t seat; /* index of the seat's word in the next pool segment: 0 to 63 */
  uint32_t generation; /* of the seat; never 0 */
  uint32_t granted; /* frames the reader may hold at once: 1 to 63 */
  uint32_t descriptors; /* that came with the message: 2 */
  uint64_t required; /* PoolHeader.Required of the next pool */
  uint64_t left; /* PoolHeader.Instance of the pool that is left */
  uint64_t first; /* PoolHeader.First of the next pool */
  uint8_t reserved0[16]; /* reserved */
};
BIPS_WIRE_ASSERT(sizeof(struct bips_wire_move) == 96, "bips_wire_move");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, head) == 0, "bips_wire_move.head");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, instance) == 16, "bips_wire_move.instance");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, pool_size) == 24, "bips_wire_move.pool_size");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, seat_size) == 32, "bips_wire_move.seat_size");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, seat) == 40, "bips_wire_move.seat");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, generation) == 44, "bips_wire_move.generation");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, granted) == 48, "bips_wire_move.granted");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, descriptors) == 52, "bips_wire_move.descriptors");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, required) == 56, "bips_wire_move.required");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, left) == 64, "bips_wire_move.left");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, first) == 72, "bips_wire_move.first");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_move, reserved0) == 80, "bips_wire_move.reserved0");

/* Knock asks the producer to look at the reader's seat. */
struct bips_wire_knock {
  struct bips_wire_head head;
};
BIPS_WIRE_ASSERT(sizeof(struct bips_wire_knock) == 16, "bips_wire_knock");
BIPS_WIRE_ASSERT(offsetof(struct bips_wire_knock, head) == 0, "bips_wire_knock.head");

#endif /* BIPS_WIRE_H */
