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
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../atomics.h"
#include "../errors.h"

/* struct place is a mapping of a file that others may cut short. A signal handler looks at it at any time. */
struct place {
  uint64_t start; /* atomic; 0: the place is free */
  uint64_t size;
  int protection;
  bool cut; /* atomic */
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
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

static struct block *next_of(struct block *const *next) { return __atomic_load_n(next, __ATOMIC_SEQ_CST); }

/* place_of is where an address lies; NULL: in no such mapping. Address 0: a place that is free, if any. */
static struct place *place_of(uint64_t address) {
  for (struct block *b = &first; b != NULL; b = next_of(&b->next))
    for (int i = 0; i < PLACES; i++) {
      uint64_t start = load64(&b->places[i].start);
      if (address == start || (start != 0 && address > start && address - start < b->places[i].size))
        return &b->places[i];
    }
  return NULL;
}

/* add_block adds places that are free, in front of all but the first block. With changing. */
static struct place *add_block(void) {
  struct block *b = calloc(1, sizeof *b);

  if (b == NULL)
    return NULL;
  b->next = first.next;
  __atomic_store_n(&first.next, b, __ATOMIC_SEQ_CST);
  return &b->places[0];
}

int sys_watch_cut(const struct mapping *m, int protection) {
  struct place *p;

  pthread_mutex_lock(&changing);
  if ((p = place_of(0)) == NULL)
    p = add_block();
  if (p != NULL) {
    page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    p->size = m->size;
    p->protection = protection;
    store_flag(&p->cut, false);
    store64(&p->start, (uint64_t)(uintptr_t)m->bytes);
  }
  pthread_mutex_unlock(&changing);
  return p == NULL ? fail_as(BIPS_NO_MEMORY) : 0;
}

void sys_forget_cut(const struct mapping *m) {
  pthread_mutex_lock(&changing);
  struct place *p = place_of((uint64_t)(uintptr_t)m->bytes);
  if (p != NULL)
    store64(&p->start, 0);
  pthread_mutex_unlock(&changing);
}

bool sys_is_cut(const void *bytes) {
  struct place *p;

  return load_flag(&any_cut) && bytes != NULL && (p = place_of((uint64_t)(uintptr_t)bytes)) != NULL && load_flag(&p->cut);
}

/* From the page of the access on all of the mapping is replaced: a file is cut at its end. */
BIPS_API int bips_handle_fault(const void *address) {
  struct place *p;
  uint64_t page, size;
  int saved = errno;

  if (address == NULL || (p = place_of((uint64_t)(uintptr_t)address)) == NULL)
    return 0;
  page = (uint64_t)(uintptr_t)address / page_size * page_size;
  size = load64(&p->start) + p->size - page;
  store_flag(&p->cut, true);
  store_flag(&any_cut, true);
  void *filled = mmap((void *)((const uint8_t *)address - (uint64_t)(uintptr_t)address % page_size), size, p->protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  errno = saved;
  return filled != MAP_FAILED;
}
