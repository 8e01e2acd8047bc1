/*
 * Memory that was cut short. Whoever may write to a file may also make it shorter, and an access beyond its
 * new end is SIGBUS. The library takes no signals; a program that does asks bips_handle_fault, which puts
 * memory of zeros in the place of what is gone, so that the access goes on. What follows from zeros is of no use,
 * but does no harm: all that is read there is checked anyway, and no wait is without a limit. The next look at
 * sys_is_cut ends it.
 */
#include "sys.h"

#include <bips/bips.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../atomics.h"
#include "../errors.h"

/* struct place is a mapping of a file that others may cut short. A signal handler looks at it at any time. All of it is atomic, and is
 * changed with the fork guard held: a child that opens a pool changes places, too. */
struct place {
  uint64_t changes; /* odd while it is changed */
  uint64_t start;   /* 0: the place is free */
  uint64_t size;
  uint64_t protection;
  bool cut;
};

enum { PLACES = 64 };

/* struct block is some places. Blocks are never freed: a handler may be looking. */
struct block {
  struct place places[PLACES];
  struct block *next; /* atomic */
};

static struct block first;
static uint64_t page_size;
static bool any_cut; /* atomic: since the process began */

static struct block *next_of(struct block *const *next) { return __atomic_load_n(next, __ATOMIC_SEQ_CST); }

/* copy_of copies a place, and reports whether it did not change meanwhile: the start of one mapping and the size of the next one would
 * lead the handler to memory of others. */
static bool copy_of(const struct place *p, struct place *copy) {
  uint64_t changes = load64(&p->changes);

  copy->start = load64(&p->start);
  copy->size = load64(&p->size);
  copy->protection = load64(&p->protection);
  return changes % 2 == 0 && load64(&p->changes) == changes;
}

/* place_of is where an address lies, and what the place says; NULL: in no such mapping. Whoever accesses a mapping keeps its place from
 * changing. Address 0: a place that is free, if any. */
static struct place *place_of(uint64_t address, struct place *seen) {
  for (struct block *b = &first; b != NULL; b = next_of(&b->next))
    for (int i = 0; i < PLACES; i++) {
      if (!copy_of(&b->places[i], seen))
        continue;
      if (address == seen->start || (seen->start != 0 && address > seen->start && address - seen->start < seen->size))
        return &b->places[i];
    }
  return NULL;
}

/* add_block adds places that are free, in front of all but the first block. With the guard. */
static struct place *add_block(void) {
  struct block *b = calloc(1, sizeof *b);

  if (b == NULL)
    return NULL;
  b->next = first.next;
  __atomic_store_n(&first.next, b, __ATOMIC_SEQ_CST);
  return &b->places[0];
}

/* change is with the guard. */
static void change(struct place *p, uint64_t start, uint64_t size, int protection) {
  add64(&p->changes, 1);
  store64(&p->start, start);
  store64(&p->size, size);
  store64(&p->protection, (uint64_t)protection);
  store_flag(&p->cut, false);
  add64(&p->changes, 1);
}

int sys_watch_cut(const struct mapping *m, int protection) {
  struct place seen, *p;

  fork_guard_hold();
  if ((p = place_of(0, &seen)) == NULL)
    p = add_block();
  if (p != NULL) {
    page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    change(p, (uint64_t)(uintptr_t)m->bytes, m->size, protection);
  }
  fork_guard_let_go();
  return p == NULL ? fail_as(BIPS_NO_MEMORY) : 0;
}

void sys_forget_cut(const struct mapping *m) {
  struct place seen, *p;

  fork_guard_hold();
  if ((p = place_of((uint64_t)(uintptr_t)m->bytes, &seen)) != NULL)
    change(p, 0, 0, 0);
  fork_guard_let_go();
}

bool sys_is_cut(const void *bytes) {
  struct place seen, *p;

  return load_flag(&any_cut) && bytes != NULL && (p = place_of((uint64_t)(uintptr_t)bytes, &seen)) != NULL && load_flag(&p->cut);
}

/* From the page of the access on all of the mapping is replaced: a file is cut at its end. */
BIPS_API int bips_handle_fault(const void *address) {
  struct place seen, *p;
  uint64_t page, size;
  int saved = errno;

  if (address == NULL || (p = place_of((uint64_t)(uintptr_t)address, &seen)) == NULL)
    return 0;
  page = (uint64_t)(uintptr_t)address / page_size * page_size;
  size = seen.start + seen.size - page;
  store_flag(&p->cut, true);
  store_flag(&any_cut, true);
  void *filled = mmap((void *)((const uint8_t *)address - (uint64_t)(uintptr_t)address % page_size), size, (int)seen.protection,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  errno = saved;
  return filled != MAP_FAILED;
}
