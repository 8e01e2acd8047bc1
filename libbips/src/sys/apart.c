/*
 * Closing a descriptor may take as long as its sender likes: a TCP socket with SO_LINGER is one example, a
 * file of a FUSE file system another. So it is done here, in no caller's way. What hangs keeps a thread: so
 * there are at most MOST_CLOSERS, and the others wait for their turn.
 *
 * A closer ends when nothing is left to close: a process that has nothing to do with others has no thread of
 * this library's. In a child that was made by fork the closers are gone, and what waited is closed by exec or
 * exit alone: connections were shut down before, so nobody waits for their end.
 */
#include "memfd.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
  MOST_CLOSERS = 4,
  MOST_CLOSING = 64 /* descriptors that may wait to be closed, before no more are taken */
};

static struct {
  pthread_mutex_t mu;
  int *queue; /* protected by mu, as all that follows */
  size_t first, count, room;
  int closers;
} apart = {.mu = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t apart_once = PTHREAD_ONCE_INIT;

static void apart_before_fork(void) { pthread_mutex_lock(&apart.mu); }
static void apart_in_parent(void) { pthread_mutex_unlock(&apart.mu); }

static void apart_in_child(void) {
  apart.first = apart.count = 0; /* the queue's memory is used again */
  apart.closers = 0;
  pthread_mutex_unlock(&apart.mu);
}

static void apart_begin(void) { pthread_atfork(apart_before_fork, apart_in_parent, apart_in_child); }

/* apart_next takes the next descriptor from the queue. When nothing is left it returns -1, and the closer that asked must
 * end. Called with mu held. */
static int apart_next(void) {
  if (apart.count == 0) {
    free(apart.queue);
    apart.queue = NULL;
    apart.first = apart.room = 0;
    apart.closers--;
    return -1;
  }
  int fd = apart.queue[apart.first];
  apart.first = (apart.first + 1) % apart.room;
  apart.count--;
  return fd;
}

static void *apart_close_queued(void *unused) {
  (void)unused;
  for (;;) {
    pthread_mutex_lock(&apart.mu);
    int fd = apart_next();
    pthread_mutex_unlock(&apart.mu);
    if (fd < 0)
      return NULL;
    close(fd);
  }
}

/* apart_start starts a closer if there may be one more, with all signals blocked. It says nothing of errors: that is no error
 * of whoever called. Without a thread (ulimit -u) it is tried again with the next descriptor; meanwhile, what waits counts.
 * Called with mu held. */
static void apart_start(void) {
  sigset_t all, before;
  pthread_t thread;

  if (apart.count == 0 || apart.closers >= MOST_CLOSERS)
    return;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&thread, NULL, apart_close_queued, NULL) == 0) {
    pthread_detach(thread);
    apart.closers++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* apart_grow makes room for one more. Called with mu held. */
static bool apart_grow(void) {
  if (apart.count < apart.room)
    return true;
  size_t room = apart.room == 0 ? MOST_CLOSING : 2 * apart.room;
  int *queue = malloc(room * sizeof *queue);
  if (queue == NULL)
    return false;
  for (size_t i = 0, at = apart.first; i < apart.count; i++, at = at + 1 < apart.room ? at + 1 : 0)
    queue[i] = apart.queue[at];
  free(apart.queue);
  apart.queue = queue;
  apart.first = 0;
  apart.room = room;
  return true;
}

void close_apart(int fd) {
  pthread_once(&apart_once, apart_begin);
  pthread_mutex_lock(&apart.mu);
  bool queued = apart_grow() && apart.room > 0;
  if (queued) {
    apart.queue[(apart.first + apart.count) % apart.room] = fd;
    apart.count++;
    apart_start();
  }
  pthread_mutex_unlock(&apart.mu);
  if (!queued) /* no memory for a list of numbers: it may hang here, which is better than to lose it */
    close(fd);
}

bool closing_hangs(void) {
  pthread_mutex_lock(&apart.mu);
  apart_start();
  bool hangs = apart.count >= MOST_CLOSING;
  pthread_mutex_unlock(&apart.mu);
  return hangs;
}
