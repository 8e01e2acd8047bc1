#include "room.h"

#include <errno.h>
#include <fcntl.h>

#include "crashpoint.h"
#include "deadline.h"
#include "errors.h"

/* ROOM_GRACE is how long a pool is tried to be made again once the dead one that was in its way has lost
 * its name: its readers notice within BELL_LIMIT, and give back what they hold. */
#define ROOM_GRACE SECOND

int check_control_group(uint64_t needed) {
  uint64_t room;

  if (sys_memory_room(&room) && needed > room)
    return fail(BIPS_NO_SPACE,
        "it needs %llu MiB, the memory limit of this process's control group leaves %llu MiB: use fewer or smaller slots, or raise the limit (containers: --memory)",
        mebibytes(needed), mebibytes(room));
  return 0;
}

/* check_space says no before a byte is written. The allocation that follows is what makes sure; it is slow
 * to fail on a full file system. */
static int check_space(struct own_name *n, const struct geometry *g) {
  uint64_t needed = geometry_bytes(g), total, available;
  int err;

  if (needed > BIPS_LAYOUT_MAX_SEGMENT_SIZE)
    return fail(BIPS_BAD_OPTION, "the pool would need %llu MiB", mebibytes(needed));
  if ((err = sys_free_space(n->paths.folder, &total, &available)) < 0)
    return err;
  if (needed > available) {
    errno = ENOSPC;
    return fail_system("allocate in", n->paths.folder);
  }
  return check_control_group(needed);
}

/* explain_no_room turns the system's "no space left" into a sentence that says where, how much, and what
 * to do. Other errors stay what they are. */
static int explain_no_room(int error, struct own_name *n, const struct geometry *g) {
  const char *folder = n->paths.folder;
  uint64_t needed = geometry_bytes(g), total, available;

  if (error != -ENOSPC || error_path()[0] == 0) /* or it is explained */
    return error;
  if (sys_free_space(folder, &total, &available) < 0 || (total > 0 && needed <= available))
    return fail(BIPS_NO_SPACE, "%s has no room for a file, though %llu MiB are free: remove files there (df -i)", folder,
        mebibytes(available));
  if (total == 0)
    return fail(BIPS_NO_SPACE,
        "it needs %llu MiB, %s has no limit of its own, and the system has %llu MiB of memory to give: use fewer or smaller slots",
        mebibytes(needed), folder, mebibytes(available));
  return fail(BIPS_NO_SPACE,
      "it needs %llu MiB, %s has %llu MiB of which %llu MiB are free: use fewer or smaller slots, or give it more (containers: --shm-size)",
      mebibytes(needed), folder, mebibytes(total), mebibytes(available));
}

/* try_to_make is one try. It leaves nothing behind when it fails. */
static int try_to_make(struct own_files *f, const struct geometry *g) {
  path_text path;
  int err = check_space(f->name, g);

  if (err == 0)
    err = make_segment(seats_path(&f->name->paths, f->name->instance, f->move, path), seat_segment_size(g), &f->seat_map, &f->seats);
  if (err == 0) {
    HIT("S4a");
    err = make_segment(unnamed_path(&f->name->paths, f->name->instance, f->move, path), g->segment_size, &f->pool_map, &f->pool);
  }
  if (err < 0) {
    discard_files(f);
    return explain_no_room(err, f->name, g);
  }
  HIT("S4b");
  return 0;
}

bool may_have_room(struct own_name *n, uint64_t needed, uint64_t freed) {
  uint64_t total, available, room;

  if (n->reception == NULL &&
      (sys_free_space(n->paths.folder, &total, &available) < 0 || (needed > freed && needed - freed > available)))
    return false;
  return !sys_memory_room(&room) || needed <= room + freed;
}

/* unlink_dead takes the name from the pool that a dead producer left (S6), and reports whether there was
 * one that may make enough room for needed bytes by that. Its producer is dead, since we have the name's
 * lock, and so nobody can attach to it any more; those who are attached read on. Its memory is free when
 * the last of them lets go. */
static bool unlink_dead(struct own_name *n, uint64_t needed) {
  struct lock_file *dead;
  struct file_id id;
  path_text path;
  bool alive = true, made_room;

  if (lock_file_open(pool_path(&n->paths, path), O_RDONLY, &dead) < 0)
    return false;
  made_room = lock_file_is_locked(dead, BIPS_LAYOUT_PRODUCER_LOCK, &alive) == 0 && !alive && lock_file_stat(dead, &id) == 0 &&
      may_have_room(n, needed, id.allocated) && sys_remove(path) == 0;
  lock_file_close(&dead);
  if (made_room)
    HIT("S6");
  return made_room;
}

/* dead_makes_way reports whether what a dead producer left may give enough room for needed bytes. Its readers let go of memory that
 * they got over a socket when their connections end, which they have by now; of how much there was nobody knows. */
static bool dead_makes_way(struct own_name *n, uint64_t needed) {
  struct file_id id;
  path_text path;

  if (sys_stat_path(pool_path(&n->paths, path), &id) == 0 && id.type == FILE_SOCKET)
    return true;
  return unlink_dead(n, needed);
}

int make_room(struct own_name *n, const struct geometry *g, int (*try)(void *argument), void *argument) {
  int err = try(argument);
  int64_t end;

  if (g->move > 0 || err != -BIPS_NO_SPACE)
    return err;
  if (!dead_makes_way(n, geometry_bytes(g)))
    return try(argument); /* for the sentence, which looking for a dead one has written over */
  for (end = sys_now() + ROOM_GRACE; (err = try(argument)) == -BIPS_NO_SPACE;) {
    if (sys_now() > end)
      return append(err, "; the pool of the producer before, which died, still takes room: readers hold frames of it");
    if ((err = names_pause(n)) < 0)
      break;
  }
  return err;
}

/* struct making is what make_segments tries. */
struct making {
  struct own_files *files;
  const struct geometry *g;
};

static int try_making(void *making) {
  struct making *m = making;

  return try_to_make(m->files, m->g);
}

int make_segments(struct own_files *f, const struct geometry *g) {
  struct making m = {f, g};

  return make_room(f->name, g, try_making, &m);
}
