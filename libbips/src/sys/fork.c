/*
 * The fork guard. A lock lives as long as any process has its descriptor: a child that was made by fork
 * without exec would keep a dead parent's locks. So the child closes them, and never unlocks. What was
 * open is a list; with thread-local errors it is all the global state of the library.
 */
#include "sys.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "../atomics.h"
#include "../errors.h"

static struct {
  pthread_mutex_t mu;
  int *fds; /* protected by mu; so are count and room */
  size_t count, room;
  uint32_t generation;
} guard = {.mu = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int begun;

static void before_fork(void) { pthread_mutex_lock(&guard.mu); }
static void after_fork_in_parent(void) { pthread_mutex_unlock(&guard.mu); }

static void after_fork_in_child(void) {
  for (size_t i = 0; i < guard.count; i++)
    close(guard.fds[i]);
  guard.count = 0;
  add32(&guard.generation, 1);
  pthread_mutex_unlock(&guard.mu);
}

static void begin_guard(void) { begun = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); }

int fork_guard_begin(void) {
  pthread_once(&once, begin_guard);
  return begun != 0 ? fail_plain(begun, "pthread_atfork: no memory for its handlers") : 0;
}

uint32_t fork_generation(void) { return load32(&guard.generation); }

void fork_guard_hold(void) { pthread_mutex_lock(&guard.mu); }
void fork_guard_let_go(void) { pthread_mutex_unlock(&guard.mu); }

int fork_guard_add(int fd) {
  if (guard.count == guard.room) {
    size_t room = guard.room == 0 ? 32 : 2 * guard.room;
    int *fds = realloc(guard.fds, room * sizeof *fds);
    if (fds == NULL)
      return fail_as(BIPS_NO_MEMORY);
    guard.fds = fds;
    guard.room = room;
  }
  guard.fds[guard.count++] = fd;
  return 0;
}

void fork_guard_remove(int fd) {
  for (size_t i = 0; i < guard.count; i++)
    if (guard.fds[i] == fd) {
      guard.fds[i] = guard.fds[--guard.count];
      break;
    }
  if (guard.count == 0) { /* nothing is left behind when nothing is open */
    free(guard.fds);
    guard.fds = NULL;
    guard.room = 0;
  }
}
