#include <errno.h>
#include <stdlib.h>

#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "limits.h"
#include "reception.h"

/* What readers can cost a producer by connecting has limits: a handshake takes half a millisecond of a processor. */
enum {
  ACCEPTS_PER_SECOND = 200,
  ACCEPTS_AT_ONCE = 64,
  MORE_THAN_SEATS = 40 /* connections that there may be beside those of all seats, until no more are accepted */
};

#define ACCEPT_PAUSE (5 * MILLISECOND)    /* how long no connection is accepted when one of these limits is reached */
#define RESOURCE_PAUSE (50 * MILLISECOND) /* the same when the process or the system has no descriptor, memory or thread for it */
#define CLOSE_LIMIT SECOND                /* how long a shutdown waits for connections whose close hangs */

/* struct acceptor is a thread that accepts connections. */
struct acceptor {
  struct task task;
  struct reception *reception;
  struct listener *listener;
};

struct reception *reception_new(bips_producer *p, uint32_t seats) {
  struct reception *r = calloc(1, sizeof *r);

  if (r == NULL)
    return NULL;
  r->producer = p;
  r->name = &p->named;
  r->most = seats + MORE_THAN_SEATS;
  pthread_mutex_init(&r->inside, NULL);
  return r;
}

void reception_free(struct reception *r) {
  if (r == NULL)
    return;
  pthread_mutex_destroy(&r->inside);
  free(r);
}

/* ---- Threads */

/* done leaves a thread to whoever joins it. With inside. */
static void done(struct reception *r, struct task *t) {
  t->next = r->done;
  r->done = t;
}

void reception_reap(struct reception *r) {
  struct task *t, *next;

  if (r == NULL)
    return;
  pthread_mutex_lock(&r->inside);
  t = r->done;
  r->done = NULL;
  pthread_mutex_unlock(&r->inside);
  for (; t != NULL; t = next) {
    next = t->next;
    sys_join_thread(t->thread);
    free(t); /* the first member of what it is */
  }
}

/* ---- Connections */

/* remove_greeter takes a connection from those that greet. With inside. */
static void remove_greeter(struct reception *r, uint32_t i) {
  for (r->greeters--; i < r->greeters; i++)
    r->greeting[i] = r->greeting[i + 1];
}

bool has_greeted(struct guest *g) {
  struct reception *r = g->reception;
  bool was = false;

  pthread_mutex_lock(&r->inside);
  for (uint32_t i = 0; i < r->greeters && !was; i++)
    if (r->greeting[i] == g) {
      remove_greeter(r, i);
      was = true;
    }
  pthread_mutex_unlock(&r->inside);
  return was;
}

/* forget takes a connection from the list. With inside. */
static void forget(struct reception *r, struct guest *g) {
  if (g->before != NULL)
    g->before->after = g->after;
  else
    r->connections = g->after;
  if (g->after != NULL)
    g->after->before = g->before;
  r->count--;
}

void depart(struct guest *g) {
  struct reception *r = g->reception;
  bips_producer *p = r->producer;
  bool abandoned;

  pthread_mutex_lock(&r->inside);
  g->closing = true;
  pthread_mutex_unlock(&r->inside);
  conn_close(&g->conn); /* what hangs here hangs nobody else, and still counts as a connection */
  pthread_mutex_lock(&r->inside);
  forget(r, g);
  abandoned = r->abandoned;
  if (!abandoned)
    done(r, &g->task);
  pthread_mutex_unlock(&r->inside);
  if (abandoned) {
    free(g);
    producer_unreference(p);
  }
}

/* list keeps a connection among those that are open, and lets the oldest go that has not said what it wants, if there are too many.
 * With inside. */
static void list(struct reception *r, struct guest *g) {
  g->after = r->connections;
  if (g->after != NULL)
    g->after->before = g;
  r->connections = g;
  r->count++;
  r->greeting[r->greeters++] = g;
  if (r->greeters > MOST_GREETING) {
    conn_shutdown(r->greeting[0]->conn);
    remove_greeter(r, 0);
  }
}

/* admit begins to serve a connection, which is the guest's from then on, or closed. */
static int admit(struct reception *r, struct conn *conn) {
  struct guest *g = calloc(1, sizeof *g);
  int err = g == NULL ? fail_as(BIPS_NO_MEMORY) : 0;

  if (err == 0) {
    g->reception = r;
    g->conn = conn;
    g->seat = -1;
    pthread_mutex_lock(&r->inside);
    if (r->closed)
      err = fail_as(BIPS_CLOSED);
    else if ((err = sys_start_thread(&g->task.thread, serve_guest, g)) == 0) /* it gets no further than inside before it is listed */
      list(r, g);
    pthread_mutex_unlock(&r->inside);
  }
  if (err < 0) {
    free(g);
    conn_close_apart(&conn);
  }
  return err;
}

/* is_crowded reports whether there are as many connections as there may be for a listener that is in use. */
static bool is_crowded(struct reception *r) {
  pthread_mutex_lock(&r->inside);
  bool crowded = !r->closed && r->count >= r->most;
  pthread_mutex_unlock(&r->inside);
  return crowded;
}

/* ---- Accepting */

/* struct tokens lets so much through in a second, on average. */
struct tokens {
  double left;
  int64_t last;
};

/* take takes one token, if there is one. */
static bool take(struct tokens *t) {
  int64_t now = sys_now();

  t->left += (double)(now - t->last) / (double)SECOND * ACCEPTS_PER_SECOND;
  t->last = now;
  if (t->left > ACCEPTS_AT_ONCE)
    t->left = ACCEPTS_AT_ONCE;
  if (t->left < 1)
    return false;
  t->left--;
  return true;
}

/* warn_of_wait tells that a reader has to wait. The sentence is that of the last error. */
static void warn_of_wait(struct reception *r, int err) {
  bips_producer *p = r->producer;

  err = wrap(advise_on(err), "a reader has to wait: ");
  of_pool(err, p->named.paths.name);
  p->warn(p->warn_user, err, bips_error_message());
}

/* accept_connections is Y1 to Y3, until the listener is shut down. */
static void *accept_connections(void *acceptor) {
  struct acceptor *a = acceptor;
  struct reception *r = a->reception;
  struct tokens bucket = {ACCEPTS_AT_ONCE, sys_now()};
  bool warned = false;

  for (;;) {
    struct conn *conn;
    int err = listener_accept(a->listener, &conn); /* Y1 */
    if (err == -SYS_SHUT)
      break;
    if (err == 0) {
      HIT("Y1");
      err = admit(r, conn);
    }
    if (err < 0 && err != -BIPS_CLOSED) { /* Y3: the connection goes on waiting */
      if (!warned && r->producer->warn != NULL) {
        warned = true;
        warn_of_wait(r, err);
      }
      HIT("Y3");
      sys_sleep(RESOURCE_PAUSE);
    }
    while ((is_crowded(r) || !take(&bucket)) && !listener_is_shut(a->listener)) { /* Y2 */
      HIT("Y2");
      sys_sleep(ACCEPT_PAUSE);
    }
  }
  listener_close_apart(&a->listener); /* who waits to be accepted may have sent what hangs */
  pthread_mutex_lock(&r->inside);
  r->acceptors--;
  done(r, &a->task);
  pthread_mutex_unlock(&r->inside);
  return NULL;
}

int reception_accept_at(struct reception *r, struct listener *listener) {
  struct acceptor *a = calloc(1, sizeof *a);
  int err = a == NULL ? fail_as(BIPS_NO_MEMORY) : 0;

  if (err == 0) {
    a->reception = r;
    a->listener = listener;
    pthread_mutex_lock(&r->inside);
    if ((err = sys_start_thread(&a->task.thread, accept_connections, a)) == 0)
      r->acceptors++;
    pthread_mutex_unlock(&r->inside);
  }
  if (err < 0) {
    free(a);
    listener_close_apart(&listener);
  }
  return err;
}

/* ---- The end */

void reception_close(struct reception *r) {
  if (r->listener != NULL)
    listener_close_apart(&r->listener);
  pthread_mutex_lock(&r->inside);
  r->closed = true;
  for (struct guest *g = r->connections; g != NULL; g = g->after)
    if (!g->closing)
      conn_shutdown(g->conn);
  pthread_mutex_unlock(&r->inside);
}

/* is_empty reports whether no thread is left but those to be joined. Those that hang are left alone if there is no more patience. */
static bool is_empty(struct reception *r, bool patient) {
  pthread_mutex_lock(&r->inside);
  bool empty = r->connections == NULL && r->acceptors == 0;
  if (!empty && !patient && r->acceptors == 0) {
    for (struct guest *g = r->connections; g != NULL; g = g->after) {
      sys_detach_thread(g->task.thread);
      add32(&r->producer->references, 1); /* depart gives it up */
    }
    r->abandoned = empty = true;
  }
  pthread_mutex_unlock(&r->inside);
  return empty;
}

void reception_await(struct reception *r) {
  int64_t end = sys_now() + CLOSE_LIMIT;

  if (r == NULL)
    return;
  while (!is_empty(r, sys_now() < end))
    sys_sleep(MILLISECOND);
  reception_reap(r);
}
