/* Words of shared memory that hold more than one number (docs/protocol.md, Segment). */
#ifndef BIPS_WORDS_H
#define BIPS_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* A ring word is sequence (48 bits), slot (16 bits), from the top. It is a hint, to be validated at the slot. */
static inline uint64_t pack_ring(uint64_t sequence, uint32_t slot) { return sequence << 16 | (slot & 0xffff); }
static inline uint64_t ring_sequence(uint64_t word) { return word >> 16; }
static inline uint32_t ring_slot(uint64_t word) { return word & 0xffff; }

/* Verdict and Granted: a generation in the upper half, and what is said of it in the lower one. */
static inline uint64_t pack_of(uint32_t generation, uint32_t value) { return (uint64_t)generation << 32 | value; }
static inline uint32_t generation_of(uint64_t word) { return (uint32_t)(word >> 32); }
static inline uint32_t value_of(uint64_t word) { return (uint32_t)word; }

/* Asked: at most and at least so many pins. */
static inline uint32_t pack_asked(uint32_t most, uint32_t least) { return (most & 0xff) | (least & 0xff) << 8; }
static inline uint32_t asked_most(uint32_t word) { return word & 0xff; }
static inline uint32_t asked_least(uint32_t word) { return word >> 8 & 0xff; }

/* Reserved: the generation is in the lower half here. */
static inline uint64_t pack_reserved(uint32_t generation, bool kept) { return generation | (uint64_t)kept << 32; }
static inline uint32_t reserved_generation(uint64_t word) { return (uint32_t)word; }
static inline bool reserved_kept(uint64_t word) { return (word >> 32 & 1) != 0; }

static inline uint32_t count_bits(uint64_t set) { return (uint32_t)__builtin_popcountll(set); }
static inline uint64_t bit(uint32_t i) { return UINT64_C(1) << i; }

static inline uint64_t least64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t most64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }
static inline uint32_t least32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t most32(uint32_t a, uint32_t b) { return a > b ? a : b; }

#endif
