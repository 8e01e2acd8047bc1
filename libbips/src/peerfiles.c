#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "attach.h"
#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "grant.h"
#include "permission.h"
#include "words.h"

/* GONE_TEXT: the pool is there, and its producer is not. */
#define GONE_TEXT "its producer is gone"

int files_producer_alive(struct peer_files *f, bool *alive) {
  *alive = false;
  return lock_file_is_locked(f->pool, BIPS_LAYOUT_PRODUCER_LOCK, alive);
}

/* check_alive refuses a pool whose producer is gone (A1). One that has moved, and has let go of the pool since,
 * has given the name to the next one before. */
static int check_alive(struct peer_files *f, const char *path) {
  bool alive;
  int err = files_producer_alive(f, &alive);

  if (err < 0 || alive)
    return err;
  if (!lock_file_is_at(f->pool, path))
    return fail_plain(MOVING, "no such pool: it was replaced since it was opened");
  return fail(BIPS_NO_POOL, GONE_TEXT);
}

/* map_page maps the first page of a segment, for somebody to look at. */
static int map_page(const char *path, const struct file_id *id, struct mapping *page) {
  *page = (struct mapping){0};
  if (id->size < BIPS_LAYOUT_HEADER_SIZE)
    return fail(BIPS_DAMAGED, "cut short to %llu bytes", (unsigned long long)id->size);
  return mapping_of_path(path, id, BIPS_LAYOUT_HEADER_SIZE, READ_ONLY, page);
}

int read_pool_page(const char *path, const struct file_id *id, struct geometry *g) {
  struct mapping page;
  int err = map_page(path, id, &page);

  if (err == 0)
    err = read_geometry(page.bytes, id->size, BIPS_LAYOUT_BACKEND_SHM, g);
  mapping_end(&page);
  return err;
}

/* check_allocated refuses a file in memory whose first size bytes have holes. To look at a hole takes memory,
 * which is the looker's own then, as much as whoever may write the file says. */
static int check_allocated(struct lock_file *file, const struct file_id *id, uint64_t size) {
  bool in_memory = false;
  int err;

  if (id->allocated >= size)
    return 0;
  if ((err = lock_file_in_memory(file, &in_memory)) < 0 || !in_memory)
    return err; /* on a disk a hole costs nothing, and a file may be compressed */
  return fail(BIPS_DAMAGED, "a segment of %llu bytes of which only %llu are there: somebody made holes in its file",
      (unsigned long long)size, (unsigned long long)id->allocated);
}

/* map_pool maps the pool segment, its first page alone before the others: what that says must hold before
 * memory is taken for it. */
static int map_pool(struct peer_files *f, const char *path, const struct file_id *id, struct pool_segment *pool) {
  struct geometry g;
  int err;

  if ((err = read_pool_page(path, id, &g)) != 0 || (err = check_allocated(f->pool, id, g.segment_size)) != 0 ||
      (err = mapping_of_path(path, id, g.segment_size, READ_ONLY, &f->pool_map)) != 0)
    return err;
  pool_segment_init(pool, f->pool_map.bytes, &g);
  return 0;
}

/* map_seats opens and maps the seat segment of an instance (A2). If it is not there, the instance is going. */
static int map_seats(struct peer_files *f, const char *path, const struct geometry *g, struct seat_segment *seats) {
  struct mapping page = {0};
  struct seat_table t;
  struct file_id id;
  int err;

  if ((err = lock_file_open(path, O_RDWR, &f->seats)) < 0 || (err = lock_file_stat(f->seats, &id)) < 0)
    return err;
  if ((err = map_page(path, &id, &page)) == 0)
    err = read_seat_table(page.bytes, g, id.size, &t);
  mapping_end(&page);
  if (err != 0 || (err = check_allocated(f->seats, &id, seat_table_end(&t))) != 0 ||
      (err = mapping_of_path(path, &id, seat_table_end(&t), READ_WRITE, &f->seat_map)) != 0)
    return err;
  HIT("A2");
  seat_segment_init(seats, f->seat_map.bytes, &t);
  return 0;
}

/* replaced: no move makes a pool over connections of a pool of files. */
static int replaced(void) { return fail(BIPS_NO_POOL, "a producer with another backend has its name"); }

static int try_to_open(struct peer_files *f, bool alive, struct pool_segment *pool, struct seat_segment *seats) {
  path_text path, other;
  struct file_id id;
  int err;

  pool_path(&f->paths, path);
  err = lock_file_open(path, O_RDONLY, &f->pool);
  if (err == -ENXIO)
    return replaced();
  if (err < 0 || (err = lock_file_stat(f->pool, &id)) < 0)
    return err;
  if (id.type != FILE_PLAIN)
    return fail(BIPS_DAMAGED, "%s is neither a file nor a socket: somebody else has its name", path);
  if ((err = check_owner(&id)) < 0 || (alive && (err = check_alive(f, path)) < 0) || (err = sys_check_futex()) < 0)
    return err;
  err = map_pool(f, path, &id, pool);
  if (err == -ENXIO)
    return replaced();
  if (err == -ENOENT)
    return -MOVING; /* it was replaced since it was opened */
  if (err != 0)
    return err;
  HIT("A1");
  err = map_seats(f, seats_path(&f->paths, pool->g.instance, pool->g.move, other), &pool->g, seats);
  if (err == -ENOENT && (err = check_alive(f, path)) == 0)
    err = -MOVING; /* it has just moved, or is ending; else it is dead and somebody deleted them */
  return err;
}

static const struct peer_ops files_ops;

int open_files(const struct paths *paths, bool alive, struct peer_files **files, struct pool_segment *pool, struct seat_segment *seats) {
  struct peer_files *f = calloc(1, sizeof *f);
  int err;

  *files = NULL;
  if (f == NULL)
    return fail_as(BIPS_NO_MEMORY);
  f->peer.ops = &files_ops;
  f->paths = *paths;
  if ((err = try_to_open(f, alive, pool, seats)) != 0) {
    close_files_of_peer(f);
    return err;
  }
  *files = f;
  return 0;
}

/* It drops the locks, then the mappings. */
void close_files_of_peer(struct peer_files *f) {
  lock_file_close(&f->seats);
  lock_file_close(&f->pool);
  mapping_end(&f->seat_map);
  mapping_end(&f->pool_map);
  free(f);
}

/* ---- struct peer_ops */

static struct peer_files *files_of(struct peer *peer) { return (struct peer_files *)peer; }

static int producer_alive(struct peer *peer, bool *alive) { return files_producer_alive(files_of(peer), alive); }
static void knock_at_seats(struct peer *peer) { knock((struct bips_layout_seat_header *)(void *)files_of(peer)->seat_map.bytes); }
static void leave(struct peer *peer, uint32_t seat) { lock_file_unlock(files_of(peer)->seats, BIPS_LAYOUT_SEAT_LOCK_BASE + seat); }
static void close_peer(struct peer *peer) { close_files_of_peer(files_of(peer)); }

/* slots_for_most looks at what the others asked for and were granted. */
static uint32_t slots_for_most(struct peer *peer, struct attachment *a, const bips_consumer_options *o) {
  struct request others[BIPS_LAYOUT_MAX_SEATS], own = {o->max_held, o->min_held};
  uint32_t count = 0;

  (void)peer;
  for (uint32_t i = 0; i < a->seats.count; i++) {
    struct bips_layout_seat *seat = a->seats.seats[i];
    uint64_t granted = load64(&seat_word_of(&a->pool, i)->granted);
    if (i == a->index || load32(&seat->state) == BIPS_LAYOUT_SEAT_FREE || generation_of(granted) != load32(&seat->generation) ||
        value_of(granted) == 0)
      continue;
    others[count++] = request_of(seat);
  }
  return slots_for(a->pool.g.slots + 1, others, count, own, o->max_held);
}

/* NAMELESS_LIMIT is how long nothing may have the pool's name before a reader takes a living producer that
 * moves for lost. Where the names were deleted, a producer that moves names only its next pool again (M5a). */
#define NAMELESS_LIMIT (100 * MILLISECOND)

/* may_get_name tells whether a pool without a name may still get one from its producer, which lives. */
static bool may_get_name(struct attachment *a) {
  if (a->nameless_since == 0)
    a->nameless_since = sys_now();
  return sys_now() - a->nameless_since < NAMELESS_LIMIT;
}

/* find_place looks for the reader's place in the pool that has the name. Not TAKEN: files are the caller's still. */
static int find_place(struct attachment *a, struct peer_files *files, const struct pool_segment *pool, const struct seat_segment *seats,
    bool alive, bool suspended, struct attachment **next, enum whereabouts *found) {
  struct attachment *n;
  bool kept, ours = false;
  int err;

  *found = GONE;
  if (pool->g.instance != a->pool.g.instance)
    return 0;
  if (pool->g.move == a->pool.g.move) {
    if (alive || load32(&a->pool.header->state) == BIPS_LAYOUT_STATE_RUNNING)
      *found = NOT_YET;
    return 0;
  }
  *found = NEWCOMER;
  if (pool->g.move != a->pool.g.move + 1 || a->index >= pool->g.seats || !is_reserved(pool, a->index, a->generation, &kept))
    return 0;
  *found = NOT_YET;
  if ((err = lock_file_try(files->seats, BIPS_LAYOUT_SEAT_LOCK_BASE + a->index, &ours)) < 0 || !ours)
    return err;
  HIT("V2");
  if ((n = new_attachment(a->consumer, &files->peer, pool, seats)) == NULL)
    return fail_as(BIPS_NO_MEMORY);
  sit(n, a->index, n->seats.seats[a->index], false);
  if (!take_place(n, a, suspended)) {
    n->peer = NULL; /* the caller's */
    free_attachment(n);
    *found = NEWCOMER;
    return 0;
  }
  *next = n;
  *found = TAKEN;
  return 0;
}

static int find_next(struct peer *peer, struct attachment *a, bool suspended, struct attachment **next, enum whereabouts *found) {
  struct seat_segment seats;
  struct pool_segment pool;
  struct peer_files *files;
  bool alive;
  int err = producer_alive(peer, &alive); /* V1: before the name, else its last pool could be missed */

  *next = NULL;
  *found = GONE;
  if (err < 0)
    return err;
  err = open_files(&files_of(peer)->paths, false, &files, &pool, &seats);
  HIT("V1");
  if (err == -MOVING) {
    *found = NOT_YET; /* once more just now */
    return 0;
  }
  if (err == -BIPS_NO_POOL) {
    if (alive && (load32(&a->pool.header->state) == BIPS_LAYOUT_STATE_RUNNING || may_get_name(a)))
      *found = NOT_YET; /* it could not move, or has not named its next pool yet */
    return 0;
  }
  if (err != 0)
    return err;
  err = find_place(a, files, &pool, &seats, alive, suspended, next, found);
  if (err < 0 || *found != TAKEN)
    close_files_of_peer(files);
  return err;
}

static const struct peer_ops files_ops = {
    .producer_alive = producer_alive,
    .slots_for_most = slots_for_most,
    .knock = knock_at_seats,
    .find_next = find_next,
    .leave = leave,
    .close = close_peer,
};
