#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomics.h"
#include "crashpoint.h"
#include "deadline.h"
#include "errors.h"
#include "limits.h"
#include "reception.h"
#include "room.h"

/* BUSY_GRACE is how long a name that is taken is tried again: a producer that was killed has it until the
 * kernel is done with its memory, 0.4 s at 4 GiB. */
#define BUSY_GRACE (500 * MILLISECOND)

int names_pause(const struct own_name *n) {
  if (n->give_up != NULL && __atomic_load_n(n->give_up, __ATOMIC_SEQ_CST) != 0)
    return fail_as(BIPS_INTERRUPTED);
  sys_sleep(10 * MILLISECOND);
  return 0;
}

/* try_lock_until takes a lock that may come free soon. */
static int try_lock_until(const struct own_name *n, int64_t end, struct lock_file *lock, int64_t offset, bool *ours) {
  for (;;) {
    int err = lock_file_try(lock, offset, ours);
    if (err < 0 || *ours || sys_now() > end || (err = names_pause(n)) < 0)
      return err;
  }
}

int take_lock(struct own_name *n, struct lock_file **lock) {
  int64_t end = sys_now() + BUSY_GRACE;
  path_text path;

  lock_path(&n->paths, path);
  for (;;) {
    bool ours = false;
    int err = lock_file_create(path, n->who.group, mode_of_lock(&n->who), lock);
    if (err < 0)
      return explain_access(err, &n->who);
    HIT("S1");
    err = try_lock_until(n, end, *lock, BIPS_LAYOUT_NAME_LOCK, &ours);
    if (err == 0 && ours && lock_file_is_at(*lock, path)) {
      HIT("S2");
      return 0;
    }
    lock_file_close(lock);
    if (err < 0)
      return err;
    if (!ours || sys_now() > end)
      return fail(BIPS_POOL_BUSY, "stop it, or use another name");
  }
}

/* sweep removes what dead producers of this name left (S3). None of it belongs to a living one, because
 * that would have the name's lock. The pool itself stays until the new one replaces it, or, where there is
 * no room for both, until S6. */
static int sweep(struct own_name *n) {
  DIR *folder = opendir(n->paths.folder);
  struct dirent *entry;
  path_text path;
  int err = 0;

  if (folder == NULL)
    return fail_system("open", n->paths.folder);
  while (err == 0 && (entry = readdir(folder)) != NULL) {
    if (!is_left_over(&n->paths, entry->d_name))
      continue;
    snprintf(path, sizeof path, "%s/%s", n->paths.folder, entry->d_name);
    if (unlink(path) < 0 && errno != ENOENT)
      err = fail_system("remove", path);
    HIT("S3");
  }
  closedir(folder);
  return err;
}

static int try_to_take(struct own_name *n) {
  int err;

  if ((err = sys_check_futex()) < 0 || (err = take_lock(n, &n->lock)) < 0 ||
      (err = lock_file_in_memory(n->lock, &n->in_memory)) < 0 || (err = sweep(n)) < 0 ||
      (err = sys_random(&n->instance, sizeof n->instance)) < 0)
    return err;
  n->instance |= 1; /* 0 is no instance */
  return 0;
}

int take_name(struct own_name *n) {
  int err = try_to_take(n);

  if (err < 0) {
    give_up_name(n);
    return explain_making(err, &n->paths);
  }
  return 0;
}

/* Its lock file goes with it, while the lock is still held: who locks it afterwards finds that it has no
 * name. Another user's file in a sticky folder stays. */
void give_up_name(struct own_name *n) {
  path_text path;

  if (n->lock == NULL)
    return;
  if (n->reception != NULL) {
    reception_unlink(n->reception);
    reception_close(n->reception);
  }
  if (lock_file_is_at(n->lock, lock_path(&n->paths, path))) {
    unlink(path);
    HIT("Q3c");
  }
  lock_file_close(&n->lock);
  HIT("Q4");
}

static const struct backing_ops files_ops;

static const char *own_unnamed_path(struct own_files *f, path_text path) {
  return unnamed_path(&f->name->paths, f->name->instance, f->move, path);
}
static const char *own_seats_path(struct own_files *f, path_text path) {
  return seats_path(&f->name->paths, f->name->instance, f->move, path);
}

static int try_to_create(struct own_files *f, const struct geometry *g) {
  bool ours = false;
  path_text path;
  int err;

  /* Others may open the files only when the producer's lock is taken. */
  if ((err = make_segments(f, g)) < 0 || (err = lock_file_try(f->pool, BIPS_LAYOUT_PRODUCER_LOCK, &ours)) < 0)
    return err;
  if (!ours)
    return fail_plain(EBUSY, "%s is locked by another process", own_unnamed_path(f, path));
  HIT("S4c");
  if ((err = lock_file_set_access(f->seats, f->name->who.group, mode_of_seats(&f->name->who))) < 0 ||
      (err = lock_file_set_access(f->pool, f->name->who.group, mode_of_pool(&f->name->who))) < 0)
    return explain_access(err, &f->name->who);
  HIT("S4d");
  return 0;
}

int create_files(struct own_name *n, const struct geometry *g, struct backing **b) {
  struct own_files *f = calloc(1, sizeof *f);
  int err;

  if (f == NULL)
    return fail_as(BIPS_NO_MEMORY);
  f->backing.ops = &files_ops;
  f->name = n;
  f->move = g->move;
  if ((err = try_to_create(f, g)) < 0) {
    discard_files(f);
    free(f);
    return explain_making(err, &n->paths);
  }
  f->backing.pool = f->pool_map.bytes;
  f->backing.seats = f->seat_map.bytes;
  f->backing.seats_size = f->seat_map.size;
  *b = &f->backing;
  return 0;
}

int make_segment(const char *path, uint64_t size, struct mapping *m, struct lock_file **lock) {
  int fd, err = sys_create_allocated(path, size, &fd);

  if (err == -ENOMEM) /* the file is not mapped yet: no limit of this process's */
    return fail(BIPS_NO_SPACE,
        "the system, or this process's control group, has no memory for it: use fewer or smaller slots, or raise the limit (containers: --memory)");
  if (err < 0)
    return err;
  err = mapping_of_fd(fd, path, size, READ_WRITE, m);
  close(fd);
  return err < 0 ? err : lock_file_open(path, O_RDWR, lock);
}

static struct own_files *files_of(struct backing *b) { return (struct own_files *)b; }

static int publish_files(struct backing *b) {
  struct own_files *f = files_of(b);
  path_text from, to;

  return sys_rename(own_unnamed_path(f, from), pool_path(&f->name->paths, to));
}

static bool files_are_named(struct backing *b) {
  struct own_files *f = files_of(b);
  path_text path;

  return lock_file_is_at(f->pool, pool_path(&f->name->paths, path)) && lock_file_is_at(f->seats, own_seats_path(f, path));
}

/* Nobody else could come to a pool that was open all the time: a move does it. */
static int renew_files(struct backing *b, bool *done) {
  (void)b;
  *done = false;
  return 0;
}

static void unlink_seats_file(struct backing *b) {
  struct own_files *f = files_of(b);
  path_text path;

  if (f->seats != NULL && lock_file_is_at(f->seats, own_seats_path(f, path)))
    unlink(path);
}

/* Another producer's pool is left alone. */
static void unlink_files(struct backing *b) {
  struct own_files *f = files_of(b);
  path_text path;

  if (f->pool != NULL && lock_file_is_at(f->pool, pool_path(&f->name->paths, path))) {
    unlink(path);
    HIT("Q3a");
  }
  unlink_seats_file(b);
  HIT("Q3b");
}

/* The lock of the seat is both the test and the claim. A probe would not do: between it and the cleaning a
 * new consumer could sit down, and would lose its pins. */
static bool seize_seat(struct backing *b, uint32_t seat) {
  struct own_files *f = files_of(b);
  bool ours = false;

  return f->seats != NULL && lock_file_try(f->seats, BIPS_LAYOUT_SEAT_LOCK_BASE + seat, &ours) == 0 && ours;
}

static void release_seat(struct backing *b, uint32_t seat) {
  lock_file_unlock(files_of(b)->seats, BIPS_LAYOUT_SEAT_LOCK_BASE + seat);
}

static void dismiss_nobody(struct backing *b, uint32_t seat) {
  (void)b;
  (void)seat;
}

static void close_files(struct backing *b) {
  lock_file_close(&files_of(b)->seats);
  lock_file_close(&files_of(b)->pool);
}

static void unmap_files(struct backing *b) {
  mapping_end(&files_of(b)->pool_map);
  mapping_end(&files_of(b)->seat_map);
  b->pool = b->seats = NULL;
}

void discard_files(struct own_files *f) {
  path_text path;

  unlink(own_unnamed_path(f, path));
  unlink(own_seats_path(f, path));
  unmap_files(&f->backing);
  close_files(&f->backing);
}

static void remove_files(struct backing *b) { discard_files(files_of(b)); }
static void destroy_files(struct backing *b) { free(files_of(b)); }

static const struct backing_ops files_ops = {
    .publish = publish_files,
    .are_named = files_are_named,
    .renew = renew_files,
    .unlink = unlink_files,
    .unlink_seats = unlink_seats_file,
    .seize_dead = seize_seat,
    .seize_absent = seize_seat, /* who comes takes the lock before it looks whether the place is still its own */
    .release = release_seat,
    .dismiss = dismiss_nobody,
    .close = close_files,
    .unmap = unmap_files,
    .remove = remove_files,
    .destroy = destroy_files,
};

int make_backing(struct own_name *n, const struct geometry *g, struct backing **b) {
  return n->reception != NULL ? create_memory(n, g, b) : create_files(n, g, b);
}
