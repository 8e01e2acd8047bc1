#include <stdio.h>
#include <stdlib.h>

#include "crashpoint.h"
#include "errors.h"
#include "limits.h"
#include "reception.h"
#include "room.h"

/* POOL_SEALS: nobody makes the memory that readers get shorter, which would be SIGBUS for the others, or longer, and only mappings that
 * were made before can write to it. */
enum { POOL_SEALS = SEAL_SHRINK | SEAL_GROW | SEAL_FUTURE_WRITE | SEAL_SEAL };

/* struct own_memory is the memory of a pool whose readers get it over connections. It has no name: the socket has that by which they
 * connect. Readers cannot write to it, nor to each other's seats. */
struct own_memory {
  struct backing backing; /* its seats are private: they show who sits nowhere, and those who were not seated yet */
  struct reception *reception;
  struct memory shared; /* what readers get: it cannot be written to by this descriptor */
  struct mapping pool_map;
};

static struct own_memory *memory_of(struct backing *b) { return (struct own_memory *)b; }

int shared_memory(const struct own_pool *o) { return o->unmapped ? -1 : ((const struct own_memory *)o->backing)->shared.fd; }

/* ---- The socket */

/* exchange makes another listener the present one. */
static void exchange(struct reception *r, struct listener *listener) {
  struct listener *before;

  pthread_mutex_lock(&r->producer->mu);
  before = r->listener;
  r->listener = listener;
  pthread_mutex_unlock(&r->producer->mu);
  listener_close_apart(&before);
}

int reception_open(struct reception *r) {
  const struct own_name *n = r->name;
  struct listener *listener;
  char name[SOCKET_NAME_ROOM];
  path_text path, pool;
  int err = listener_open(n->paths.folder, socket_name(&n->paths, name), n->who.group, n->who.permissions, &listener);

  if (err < 0)
    return explain_access(err, &n->who);
  HIT("B5");
  snprintf(path, sizeof path, "%s/%s", n->paths.folder, name);
  if ((err = sys_rename(path, pool_path(&n->paths, pool))) < 0) {
    remove(path);
    listener_close_apart(&listener);
    return err;
  }
  struct listener *present = listener_hold(listener);
  if ((err = reception_accept_at(r, listener)) < 0) {
    if (listener_is_at(present, pool)) /* where there was a pool, the next look at the names finds that it has none */
      remove(pool);
    listener_close_apart(&present);
    return err;
  }
  exchange(r, present);
  return 0;
}

/* is_named reports whether the socket has the pool's name. */
static bool is_named(const struct reception *r) {
  path_text path;

  return r->listener != NULL && listener_is_at(r->listener, pool_path(&r->name->paths, path));
}

void reception_unlink(struct reception *r) {
  path_text path;

  if (!is_named(r))
    return;
  remove(pool_path(&r->name->paths, path));
  HIT("Q3a");
}

/* ---- struct backing_ops */

/* Where the socket has the name already, a move needs no other. */
static int publish_memory(struct backing *b) {
  struct reception *r = memory_of(b)->reception;

  return r->listener != NULL ? 0 : reception_open(r);
}

/* Who is connected does not notice. */
static int renew_memory(struct backing *b, bool *done) {
  *done = true;
  return reception_open(memory_of(b)->reception);
}

static bool memory_is_named(struct backing *b) { return is_named(memory_of(b)->reception); }

/* The name is the socket's, and stays for the next pool. Seats have none. */
static void unlink_nothing(struct backing *b) { (void)b; }

/* Whoever dies is disconnected, which gives its seat up (O10): there is nothing to seize. */
static bool seize_nobody(struct backing *b, uint32_t seat) {
  (void)b;
  (void)seat;
  return false;
}

/* Who comes just now notices itself. */
static bool seize_absent(struct backing *b, uint32_t seat) {
  (void)b;
  (void)seat;
  return true;
}

static void release_nothing(struct backing *b, uint32_t seat) {
  (void)b;
  (void)seat;
}

static void dismiss(struct backing *b, uint32_t seat) { reception_dismiss(memory_of(b)->reception, seat); }

/* Nobody gets the memory any more. */
static void close_memory(struct backing *b) {
  struct memory *shared = &memory_of(b)->shared;

  if (shared->fd < 0)
    return;
  fork_guard_hold();
  fork_guard_remove(shared->fd);
  memory_close(shared);
  fork_guard_let_go();
}

static void unmap_memory(struct backing *b) {
  mapping_end(&memory_of(b)->pool_map);
  free(b->seats);
  b->pool = b->seats = NULL;
}

static void remove_memory(struct backing *b) {
  unmap_memory(b);
  close_memory(b);
}

static void destroy_memory(struct backing *b) { free(memory_of(b)); }

static const struct backing_ops memory_ops = {
    .publish = publish_memory,
    .are_named = memory_is_named,
    .renew = renew_memory,
    .unlink = unlink_nothing,
    .unlink_seats = unlink_nothing,
    .seize_dead = seize_nobody,
    .seize_absent = seize_absent,
    .release = release_nothing,
    .dismiss = dismiss,
    .close = close_memory,
    .unmap = unmap_memory,
    .remove = remove_memory,
    .destroy = destroy_memory,
};

/* ---- The memory */

/* check_memory says no before memory is taken (B1): the kernel kills who goes beyond the limit of its control group. */
static int check_memory(const struct geometry *g) {
  uint64_t needed = g->segment_size + (uint64_t)g->seats * SEAT_MEMORY_SIZE;

  if (needed > BIPS_LAYOUT_MAX_SEGMENT_SIZE)
    return fail(BIPS_BAD_OPTION, "the pool would need %llu MiB", mebibytes(needed));
  HIT("B1");
  return check_control_group(needed);
}

/* share_memory maps the memory, and seals it for readers (B3, B4). */
static int share_memory(struct own_memory *m, const struct memory *memory) {
  int err;

  if ((err = memory_add_seals(memory, SEAL_SHRINK)) < 0)
    return err;
  HIT("B2");
  if ((err = memory_map(memory, READ_WRITE, &m->pool_map)) < 0) /* B3 */
    return err;
  mapping_populate(&m->pool_map, READ_WRITE);
  HIT("B3");
  fork_guard_hold(); /* a child that does not exec is not to keep the memory */
  if ((err = memory_read_only(memory, &m->shared)) == 0 && (err = fork_guard_add(m->shared.fd)) < 0) /* B4 */
    memory_close(&m->shared);
  fork_guard_let_go();
  if (err == 0)
    err = memory_add_seals(memory, POOL_SEALS);
  HIT("B4");
  return err;
}

static int make(struct own_memory *m, struct own_name *n, const struct geometry *g) {
  char name[sizeof "bips." + BIPS_MAX_NAME_LENGTH];
  struct memory memory;
  int err = check_memory(g); /* B1 */

  if (err < 0)
    return err;
  snprintf(name, sizeof name, "bips.%s", n->paths.name);
  if ((err = memory_create(name, g->segment_size, &memory)) == -ENOMEM) { /* B2 */
    recode(BIPS_NO_SPACE);
    return append(-BIPS_NO_SPACE, ": use fewer or smaller slots");
  }
  if (err == 0)
    err = share_memory(m, &memory);
  memory_close(&memory);
  return err;
}

/* struct making is what make_room tries. */
struct making {
  struct own_name *name;
  const struct geometry *g;
  struct own_memory *made;
};

/* try_to_create is one try. It leaves nothing behind when it fails. */
static int try_to_create(void *making) {
  struct making *t = making;
  struct own_memory *m = calloc(1, sizeof *m);
  int err;

  if (m == NULL)
    return fail_as(BIPS_NO_MEMORY);
  m->backing.ops = &memory_ops;
  m->backing.alone = true;
  m->reception = t->name->reception;
  m->shared = NO_MEMORY;
  m->backing.seats_size = seat_segment_size(t->g);
  m->backing.seats = calloc(1, m->backing.seats_size);
  err = m->backing.seats == NULL ? fail_as(BIPS_NO_MEMORY) : make(m, t->name, t->g);
  if (err < 0) {
    remove_memory(&m->backing);
    free(m);
    return err;
  }
  m->backing.pool = m->pool_map.bytes;
  t->made = m;
  return 0;
}

int create_memory(struct own_name *n, const struct geometry *g, struct backing **b) {
  struct making t = {n, g, NULL};
  int err = make_room(n, g, try_to_create, &t);

  if (err == -SYS_OLD_KERNEL) {
    recode(BIPS_NO_BACKEND);
    err = append(-BIPS_NO_BACKEND, ": use the backend shm (bipssink: backend=shm)");
  }
  if (err < 0)
    return explain_making(err, &n->paths);
  *b = &t.made->backing;
  return 0;
}
