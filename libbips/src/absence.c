#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "errors.h"
#include "limits.h"
#include "permission.h"
#include "sys/memfd.h"

/* NAMES_TOLD is how many pools are told of by name. */
enum { NAMES_TOLD = 8 };

#define IN_CONTAINERS "in containers, both sides have to share that folder (--ipc=, or a volume that " SHM_DIR_VARIABLE " names)"

static const char *base(const char *path) {
  const char *slash = strrchr(path, '/');

  return slash == NULL ? path : slash + 1;
}

/* no_producer says that the pool's producer is dead. Where the file is mounted by itself, the next one's is not seen. */
static int no_producer(const struct paths *p, bool mounted) {
  path_text path;

  pool_path(p, path);
  if (mounted)
    return fail_plain(BIPS_NO_POOL,
        "the producer of %s is gone, and that file is mounted by itself, so that the next producer's is not seen: mount the whole folder", path);
  return fail_plain(BIPS_NO_POOL, "the producer of %s is gone, and no other has come: start it anew", path);
}

/* no_seats says so if the file of the seats is missing, beside a pool whose producer lives. */
static int no_seats(const struct paths *p, const struct file_id *pool) {
  path_text path, seats;
  struct geometry g;
  int err = read_pool_page(pool_path(p, path), pool, &g);

  if (err < 0 || sys_exists(seats_path(p, g.instance, g.move, seats)))
    return err;
  return fail_plain(BIPS_NO_POOL, "%s is there, and %s, which belongs to it, is not: mount the whole folder into a container, not one of its files",
      path, base(seats));
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* is_mounted reports whether a file of the folder is mounted there by itself. */
static bool is_mounted(const struct paths *p, const char *file, const struct file_id *folder) {
  path_text path;
  struct file_id id;

  snprintf(path, sizeof path, "%s/%s", p->folder, file);
  return sys_stat_path(path, &id) == 0 && id.device != folder->device;
}

/* struct pools are the names of those that are there. */
struct pools {
  char **names;
  size_t count, room;
};

static void add_name(struct pools *pools, const char *name) {
  if (pools->count == pools->room) {
    size_t room = pools->room == 0 ? 16 : 2 * pools->room;
    char **names = realloc(pools->names, room * sizeof *names);
    if (names == NULL)
      return;
    pools->names = names;
    pools->room = room;
  }
  if ((pools->names[pools->count] = strdup(name)) != NULL)
    pools->count++;
}

/* none_of says that the pool is not among those that are there. */
static int none_of(const struct paths *p, struct pools *pools) {
  if (pools->count == 0)
    return fail_plain(BIPS_NO_POOL, "there is no pool in %s: start its producer; " IN_CONTAINERS, p->folder);
  qsort(pools->names, pools->count, sizeof pools->names[0], by_name);
  fail_plain(BIPS_NO_POOL, "none is in %s, where there are ", p->folder);
  for (size_t i = 0; i < pools->count && i < NAMES_TOLD; i++)
    append(-BIPS_NO_POOL, "%s\"%s\"", i > 0 ? ", " : "", pools->names[i]);
  if (pools->count > NAMES_TOLD)
    append(-BIPS_NO_POOL, " and %zu others", pools->count - NAMES_TOLD);
  return append(-BIPS_NO_POOL, ": start its producer, or check the pool's name; " IN_CONTAINERS);
}

/* no_file says that there is no pool of the name, and which there are. */
static int no_file(const struct paths *p, const struct file_id *folder) {
  struct pools pools = {NULL, 0, 0};
  struct dirent *entry;
  int err = 0;
  size_t length = strlen(p->name);
  DIR *dir = opendir(p->folder);

  if (dir == NULL)
    return fail_plain(BIPS_NO_POOL, "none is in %s: start its producer, or check the pool's name; " IN_CONTAINERS, p->folder);
  while (err == 0 && (entry = readdir(dir)) != NULL) {
    const char *name = entry->d_name;
    if (strncmp(name, "bips.", 5) != 0)
      continue;
    const char *dot = strchr(name + 5, '.'), *end = strrchr(name, '.');
    if (dot == NULL && bips_check_name(name + 5) == 0) /* others may be anything, also what a terminal would obey */
      add_name(&pools, name + 5);
    else if (dot != NULL && (size_t)(dot - name - 5) == length && strncmp(name + 5, p->name, length) == 0 && strcmp(end, ".seats") == 0 &&
        is_mounted(p, name, folder))
      err = fail_plain(BIPS_NO_POOL,
          "%s/%s is there, and bips.%s, which belongs to it, is not: mount the whole folder into a container, not one of its files", p->folder,
          name, p->name);
  }
  closedir(dir);
  if (err == 0)
    err = none_of(p, &pools);
  for (size_t i = 0; i < pools.count; i++)
    free(pools.names[i]);
  free(pools.names);
  return err;
}

/* why_not_this looks at a pool's file that is there. */
static int why_not_this(const struct paths *p, struct lock_file *pool, const struct file_id *folder) {
  struct file_id id;
  bool alive = false;
  int err;

  if ((err = lock_file_stat(pool, &id)) < 0 || (err = check_owner(&id)) < 0 ||
      (err = lock_file_is_locked(pool, BIPS_LAYOUT_PRODUCER_LOCK, &alive)) < 0)
    return err;
  return alive ? no_seats(p, &id) : no_producer(p, id.device != folder->device);
}

/* why_nobody_answers says so if nobody listens at the pool's socket. */
static int why_nobody_answers(const struct paths *p, bool mounted) {
  struct conn *conn = NULL;
  struct entry entry;
  path_text path;
  int err = entry_open(pool_path(p, path), &entry);

  if (err < 0)
    return advise_on(err);
  err = connect_to(&entry, &conn);
  conn_close_apart(&conn);
  entry_close(&entry);
  if (err == -BIPS_NO_POOL)
    return no_producer(p, mounted);
  if (err == -BIPS_PERMISSION)
    return explain_refusal_to_reader(err);
  if (err == -MOVING)
    return fail_plain(BIPS_NO_POOL, "the producer of %s does not answer: so many wait for it that no more may: is it stopped?", path);
  return err < 0 ? advise_on(err) : 0;
}

static int why_no_pool(const struct paths *p) {
  struct lock_file *pool;
  struct file_id folder, found;
  path_text path;
  int err = sys_stat_path(p->folder, &folder);

  if (err == -ENOENT)
    return fail_plain(BIPS_NO_POOL, "the folder %s does not exist: make it, or name the one that both sides share in %s", p->folder,
        SHM_DIR_VARIABLE);
  if (err < 0)
    return explain_refusal_to_reader(err);
  if (sys_stat_path(pool_path(p, path), &found) == 0 && found.type == FILE_SOCKET)
    return why_nobody_answers(p, found.device != folder.device);
  err = lock_file_open(path, O_RDONLY, &pool);
  if (err == -ENOENT)
    return no_file(p, &folder);
  if (err == -BIPS_PERMISSION)
    return explain_refusal_to_reader(err);
  if (err < 0)
    return advise_on(err);
  err = why_not_this(p, pool, &folder);
  lock_file_close(&pool);
  return err;
}

BIPS_API int bips_why_no_pool(const char *name) {
  struct paths paths;
  int err = paths_of(name, &paths);

  if (err == 0 && (err = why_no_pool(&paths)) < 0)
    of_pool(err, paths.name);
  return err;
}
