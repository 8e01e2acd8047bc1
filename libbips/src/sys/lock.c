#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../errors.h"

struct lock_file {
  int fd;
  char path[]; /* for what is said of it */
};

/* open_guarded opens a file with the fork guard held. A file that is none, as a pipe, is not waited for. */
static int open_guarded(const char *path, int flags, mode_t mode, struct lock_file **lock) {
  size_t length = strlen(path) + 1;
  struct lock_file *l = malloc(sizeof *l + length);
  int err;

  *lock = NULL;
  if (l == NULL)
    return fail_as(BIPS_NO_MEMORY);
  memcpy(l->path, path, length);
  fork_guard_hold();
  err = sys_open(path, flags | O_NONBLOCK | O_NOCTTY, mode, &l->fd);
  if (err == 0 && (err = fork_guard_add(l->fd)) < 0)
    close(l->fd);
  fork_guard_let_go();
  if (err < 0) {
    free(l);
    return err;
  }
  *lock = l;
  return 0;
}

int lock_file_open(const char *path, int flags, struct lock_file **lock) {
  int err = fork_guard_begin();

  *lock = NULL;
  return err < 0 ? err : open_guarded(path, flags, 0, lock);
}

void lock_file_close(struct lock_file **lock) {
  struct lock_file *l = *lock;

  if (l == NULL)
    return;
  fork_guard_hold();
  fork_guard_remove(l->fd);
  close(l->fd);
  fork_guard_let_go();
  free(l);
  *lock = NULL;
}

int lock_file_create(const char *path, gid_t group, mode_t mode, struct lock_file **lock) {
  int err;

  do {
    /* Without O_CREAT first: kernels with fs.protected_regular refuse that for another user's file in a
     * sticky folder such as /dev/shm. */
    err = lock_file_open(path, O_RDWR, lock);
    if (err != -ENOENT)
      return err;
    err = open_guarded(path, O_RDWR | O_CREAT | O_EXCL, mode, lock);
  } while (err == -EEXIST);
  if (err < 0 || (err = lock_file_set_access(*lock, group, mode)) == 0)
    return err;
  /* Unless somebody opened and locked it meanwhile, it is nobody's. */
  struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
  if (fcntl((*lock)->fd, F_OFD_SETLK, &byte) == 0 && lock_file_is_at(*lock, path))
    unlink(path);
  lock_file_close(lock);
  return err;
}

static int control(struct lock_file *lock, int command, struct flock *byte) {
  int result;

  do
    result = fcntl(lock->fd, command, byte);
  while (result < 0 && errno == EINTR);
  return result;
}

int lock_file_try(struct lock_file *lock, int64_t offset, bool *ours) {
  struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};

  *ours = control(lock, F_OFD_SETLK, &byte) == 0;
  if (*ours || errno == EAGAIN || errno == EACCES)
    return 0;
  return fail_system("lock", lock->path);
}

void lock_file_unlock(struct lock_file *lock, int64_t offset) {
  struct flock byte = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};

  control(lock, F_OFD_SETLK, &byte);
}

int lock_file_is_locked(struct lock_file *lock, int64_t offset, bool *locked) {
  /* For a read lock, which only a write lock refuses: whoever may only read the file cannot fake one. */
  struct flock byte = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};

  if (control(lock, F_OFD_GETLK, &byte) < 0)
    return fail_system("probe", lock->path);
  *locked = byte.l_type == F_WRLCK;
  return 0;
}

int lock_file_stat(struct lock_file *lock, struct file_id *id) { return sys_stat_fd(lock->fd, lock->path, id); }

bool lock_file_is_at(struct lock_file *lock, const char *path) {
  struct stat own, named;

  return fstat(lock->fd, &own) == 0 && lstat(path, &named) == 0 && own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

int lock_file_set_access(struct lock_file *lock, gid_t group, mode_t mode) {
  if (group != KEEP_GROUP && fchown(lock->fd, (uid_t)-1, group) < 0)
    return fail_system("chown", lock->path);
  if (fchmod(lock->fd, mode) < 0) /* whatever the umask is */
    return fail_system("chmod", lock->path);
  return 0;
}

int lock_file_in_memory(struct lock_file *lock, bool *in_memory) { return sys_in_memory(lock->fd, lock->path, in_memory); }
