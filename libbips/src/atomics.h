/*
 * Atomic access to words that processes or threads share. All of it is sequentially consistent, loads
 * too: "invalidate, then look at the pins" against "pin, then validate" needs that (docs/protocol.md,
 * Words). The words are plain integers, since C and C++ have no atomic type in common.
 */
#ifndef BIPS_ATOMICS_H
#define BIPS_ATOMICS_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t load32(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline void store32(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static inline uint32_t add32(uint32_t *word, uint32_t value) { return __atomic_add_fetch(word, value, __ATOMIC_SEQ_CST); }
static inline uint32_t swap32(uint32_t *word, uint32_t value) { return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST); }

static inline uint64_t load64(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline void store64(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static inline uint64_t add64(uint64_t *word, uint64_t value) { return __atomic_add_fetch(word, value, __ATOMIC_SEQ_CST); }
static inline uint64_t swap64(uint64_t *word, uint64_t value) { return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST); }
/* fetch_or64 and fetch_and64 return what the word was before. */
static inline uint64_t fetch_or64(uint64_t *word, uint64_t bits) { return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST); }
static inline uint64_t fetch_and64(uint64_t *word, uint64_t bits) { return __atomic_fetch_and(word, bits, __ATOMIC_SEQ_CST); }
/* cas64 stores value if the word is expected, and reports whether it was. */
static inline bool cas64(uint64_t *word, uint64_t expected, uint64_t value) {
  return __atomic_compare_exchange_n(word, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline bool load_flag(const bool *flag) { return __atomic_load_n(flag, __ATOMIC_SEQ_CST); }
static inline void store_flag(bool *flag, bool value) { __atomic_store_n(flag, value, __ATOMIC_SEQ_CST); }
static inline bool swap_flag(bool *flag, bool value) { return __atomic_exchange_n(flag, value, __ATOMIC_SEQ_CST); }

#endif
