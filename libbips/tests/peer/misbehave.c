/* A villain: a peer that does to the files of a pool what it must not (tests/peer/README.md). */
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/sys/sys.h"
#include "bips/layout.h"
#include "peer.h"

#define PATIENCE (10 * BIPS_SECOND)

enum { MOST_HELD = BIPS_MAX_SLOTS, PATH_ROOM = 4096 };

struct villain {
  const char *name, *deed, *file; /* file: pool, seats or name */
  int64_t first, count;           /* bytes to lock */
  int64_t size;                   /* to cut a file to */
  int64_t held;                   /* frames that it holds meanwhile */
  int64_t seed;

  bips_consumer *consumer; /* NULL: it did not join */
  bips_frame *frames[MOST_HELD];
  struct lock_file *lock;
  uint8_t *seats; /* mapped */
  size_t seats_size;
  struct bips_layout_seat *own;
  char last[PATH_ROOM]; /* seats of the pool that there was last */
};

static struct draw draw_of(const struct villain *v) { return draw_from((uint64_t)v->seed); }

static const char *folder(void) {
  const char *set = getenv("BIPS_SHM_DIR");

  return set != NULL && set[0] != 0 ? set : "/dev/shm";
}

/* find_seats finds the seat segment of the pool that there is. */
static bool find_seats(const struct villain *v, char path[PATH_ROOM]) {
  char prefix[PATH_ROOM];
  DIR *dir = opendir(folder());
  struct dirent *entry;
  bool found = false;

  snprintf(prefix, sizeof prefix, "bips.%s.", v->name);
  while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
    size_t length = strlen(entry->d_name);
    found = strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && length > 6 && strcmp(entry->d_name + length - 6, ".seats") == 0;
    if (found)
      snprintf(path, PATH_ROOM, "%s/%s", folder(), entry->d_name);
  }
  if (dir != NULL)
    closedir(dir);
  return found;
}

/* find_file finds the file that --file names. */
static void find_file(const struct villain *v, char path[PATH_ROOM]) {
  if (strcmp(v->file, "pool") == 0)
    snprintf(path, PATH_ROOM, "%s/bips.%s", folder(), v->name);
  else if (strcmp(v->file, "name") == 0)
    snprintf(path, PATH_ROOM, "%s/bips.%s.lock", folder(), v->name);
  else if (strcmp(v->file, "seats") != 0)
    die("--file=%s: use pool, seats or name", v->file);
  else if (!find_seats(v, path))
    die("pool \"%s\" has no seats in %s", v->name, folder());
}

static void need(int result, const char *what) {
  if (result < 0)
    die("%s: %s", what, bips_error_message());
}

/* ---- Deeds to files */

static void cut_short(struct villain *v) {
  char path[PATH_ROOM];

  find_file(v, path);
  if (truncate(path, (off_t)v->size) < 0)
    die("cannot cut %s", path);
}

/* take_locks takes write locks on bytes of a file; false: it is not there. */
static bool take_locks(struct villain *v, const char *path) {
  bool ours;

  if (lock_file_open(path, O_RDWR, &v->lock) < 0)
    return false;
  for (int64_t i = 0; i < v->count; i++)
    if (lock_file_try(v->lock, v->first + i, &ours) < 0)
      return false;
  return true;
}

static void lock(struct villain *v) {
  char path[PATH_ROOM];
  int fd;

  find_file(v, path);
  if (strcmp(v->file, "name") == 0) { /* it is there only while a producer is */
    need(sys_open(path, O_RDWR | O_CREAT, 0600, &fd), "open");
    close(fd);
  }
  if (!take_locks(v, path))
    die("%s", bips_error_message());
}

/* ---- Deeds of who has a seat */

/* map_seats maps a seat segment for writing, for as long as the process lives. */
static bool map_seats(struct villain *v, const char *path) {
  struct stat st;
  int fd;

  if (sys_open(path, O_RDWR, 0, &fd) < 0)
    return false;
  void *bytes = fstat(fd, &st) == 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  close(fd);
  if (bytes == MAP_FAILED)
    return false;
  v->seats = bytes;
  v->seats_size = (size_t)st.st_size;
  return true;
}

static struct bips_layout_seat *seat_at(const struct villain *v, size_t at) { return (struct bips_layout_seat *)(void *)(v->seats + at); }
static bool is_seat(const struct villain *v, size_t at) { return at + BIPS_LAYOUT_SEAT_SIZE <= v->seats_size; }

/* join joins the pool, holds as many frames as it may, and maps the seats for writing. */
static void join(struct villain *v) {
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  char path[PATH_ROOM];

  options.mode = BIPS_LATEST;
  options.max_held = (uint32_t)v->held;
  need(bips_consumer_open(v->name, &options, &v->consumer), "joining");
  for (int64_t i = 0; i < v->held; i++)
    need(bips_consumer_pull(v->consumer, PATIENCE, &v->frames[i]), "pulling");
  if (!find_seats(v, path) || !map_seats(v, path))
    die("the seats of pool \"%s\" cannot be mapped", v->name);
  for (size_t at = BIPS_LAYOUT_HEADER_SIZE; is_seat(v, at) && v->own == NULL; at += BIPS_LAYOUT_SEAT_SIZE)
    if (seat_at(v, at)->pid == (uint32_t)getpid())
      v->own = seat_at(v, at);
  if (v->own == NULL)
    die("the own seat was not found");
}

/* claim joins, and reads a little, so that the producer knows what it granted. */
static void claim(struct villain *v) {
  join(v);
  bips_frame **last = &v->frames[v->held - 1];
  for (int i = 0; i < 10; i++) {
    need(bips_frame_release(*last), "giving back");
    need(bips_consumer_pull(v->consumer, PATIENCE, last), "pulling");
  }
}

static void set32(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static void set64(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static uint32_t asked(uint32_t most, uint32_t least) { return most | least << 8; }

static void begin(void *(*work)(void *), struct villain *v) {
  pthread_t thread;

  if (pthread_create(&thread, NULL, work, v) != 0)
    die("there is no thread to be had");
  pthread_detach(thread);
}

static void *change_asked_on(void *villain) {
  struct villain *v = villain;

  for (struct draw d = draw_of(v);;) {
    const uint32_t values[] = {asked(BIPS_MAX_SLOTS - 1, BIPS_MAX_SLOTS - 1), 0, (uint32_t)draw_number(&d)};
    set32(&v->own->asked, values[draw_below(&d, 3)]);
  }
  return NULL;
}

static void change_asked(struct villain *v) {
  claim(v);
  begin(change_asked_on, v);
}

static void *ask_on(void *villain) {
  struct villain *v = villain;

  for (struct draw d = draw_of(v);;) {
    const uint32_t values[] = {asked(BIPS_MAX_SLOTS - 1, 1), asked(1, 1), 0, (uint32_t)draw_number(&d)};
    set32(&v->own->asked, values[draw_below(&d, 4)]);
    set32(&v->own->generation, v->own->generation + 1);
    set32(&v->own->state, BIPS_LAYOUT_SEAT_ASKING);
    bips_consumer_request_key_frame(v->consumer); /* which knocks */
    if (draw_one_in(&d, 4)) {
      sleep_for(BIPS_MILLISECOND); /* so that it is granted something now and then */
      set64(&v->own->pins, UINT64_MAX);
    }
  }
  return NULL;
}

static void ask(struct villain *v) {
  claim(v);
  begin(ask_on, v);
}

static void *knock_on(void *villain) {
  for (;;)
    bips_consumer_request_key_frame(((struct villain *)villain)->consumer);
  return NULL;
}

static void knock_again(struct villain *v) {
  claim(v);
  begin(knock_on, v);
  begin(knock_on, v);
}

static void claim_pins(struct villain *v) {
  claim(v);
  set32(&v->own->asked, asked(BIPS_MAX_SLOTS - 1, BIPS_MAX_SLOTS - 1));
  set64(&v->own->pins, UINT64_MAX);
}

static void scribble(struct villain *v, uint8_t *memory, size_t size) {
  for (struct draw d = draw_of(v);;) {
    uint64_t value = draw_number(&d);
    if (draw_one_in(&d, 2)) /* small numbers are states and generations */
      value = draw_below(&d, 8) | draw_below(&d, 8) << 32;
    set64((uint64_t *)(void *)memory + draw_below(&d, size / 8), value);
  }
}

static void *scribble_own(void *villain) {
  struct villain *v = villain;

  scribble(v, (uint8_t *)v->own, BIPS_LAYOUT_SEAT_SIZE);
  return NULL;
}

static void *scribble_all(void *villain) {
  struct villain *v = villain;

  scribble(v, v->seats, v->seats_size);
  return NULL;
}

static void scribble_seat(struct villain *v) {
  join(v);
  begin(scribble_own, v);
}

static void scribble_seats(struct villain *v) {
  join(v);
  begin(scribble_all, v);
}

/* ---- Deeds to each pool that the producer moves to */

/* each_pool does something to each pool that there is from now on. It does not return. */
static void each_pool(struct villain *v, void (*deed)(struct villain *v, const char *path)) {
  char path[PATH_ROOM];

  for (;;) {
    if (!find_seats(v, path) || strcmp(path, v->last) == 0)
      continue;
    snprintf(v->last, sizeof v->last, "%s", path);
    deed(v, path);
  }
}

/* lock_places_in takes the locks of all seats. */
static void lock_places_in(struct villain *v, const char *path) {
  v->first = BIPS_LAYOUT_SEAT_LOCK_BASE;
  v->count = BIPS_LAYOUT_MAX_SEATS;
  lock_file_close(&v->lock);
  take_locks(v, path); /* or the pool is gone again */
}

/* claim_places_in writes to all seats that their holders have come and read each frame from the first on, with every pin. */
static void claim_places_in(struct villain *v, const char *path) {
  if (!map_seats(v, path))
    return;
  for (size_t at = BIPS_LAYOUT_HEADER_SIZE; is_seat(v, at); at += BIPS_LAYOUT_SEAT_SIZE) {
    set64(&seat_at(v, at)->pins, UINT64_MAX);
    set64(&seat_at(v, at)->cursor, 1);
    set32(&seat_at(v, at)->state, BIPS_LAYOUT_SEAT_EVERY);
  }
}

static void *lock_each(void *villain) {
  each_pool(villain, lock_places_in);
  return NULL;
}

static void *claim_each(void *villain) {
  each_pool(villain, claim_places_in);
  return NULL;
}

static void lie_in_wait(struct villain *v, void *(*work)(void *)) {
  if (!find_seats(v, v->last))
    die("pool \"%s\" has no seats in %s", v->name, folder());
  begin(work, v);
}

static void lock_places(struct villain *v) { lie_in_wait(v, lock_each); }
static void claim_places(struct villain *v) { lie_in_wait(v, claim_each); }

/* ---- The role */

static const struct {
  const char *name;
  void (*doing)(struct villain *v);
} deeds[] = {
    {"lock", lock}, {"truncate", cut_short}, {"scribble-seat", scribble_seat}, {"scribble-seats", scribble_seats}, {"claim-pins", claim_pins},
    {"change-asked", change_asked}, {"ask", ask}, {"knock", knock_again}, {"lock-places", lock_places}, {"claim-places", claim_places},
};

static void carry_out_order(void *villain, const char *order, const struct json *fields, struct line *answer) {
  (void)villain;
  (void)fields;
  if (strcmp(order, "close") == 0)
    _exit(0); /* as it is: nothing that it has to do with the pool is in order any more */
  unknown_order(order, answer);
}

int misbehave(const char *pool, int count, char **arguments) {
  static struct villain v = {.deed = "", .file = "seats", .count = 1, .held = 1};
  const struct option options[] = {
      {"deed", NULL, &v.deed, NULL, 0}, {"file", NULL, &v.file, NULL, 0}, {"first", &v.first, NULL, NULL, 0},
      {"count", &v.count, NULL, NULL, 0}, {"size", &v.size, NULL, NULL, 0}, {"max-held", &v.held, NULL, NULL, 0},
      {"seed", &v.seed, NULL, NULL, 0}, {NULL, NULL, NULL, NULL, 0},
  };
  struct shift idle;
  struct line l;

  parse_options(count, arguments, options);
  v.name = pool;
  if (v.held < 1 || v.held > MOST_HELD)
    die("--max-held=%lld: use 1 to %d", (long long)v.held, MOST_HELD);
  for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
    if (strcmp(deeds[i].name, v.deed) != 0)
      continue;
    deeds[i].doing(&v);
    line_begin(&l, "ready");
    line_end(&l);
    shift_init(&idle, false);
    obey(carry_out_order, &v, &idle);
    return 0;
  }
  die("--deed=%s: there is no such deed", v.deed);
}
