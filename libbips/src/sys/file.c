#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../errors.h"

bool sys_same_file(const struct file_id *a, const struct file_id *b) {
  return a->device == b->device && a->inode == b->inode;
}

static void identify(const struct stat *st, struct file_id *id) {
  *id = (struct file_id){
      .device = st->st_dev, .inode = st->st_ino, .size = (uint64_t)st->st_size,
      .allocated = (uint64_t)st->st_blocks * 512, /* whatever the blocks of the file system are */
      .uid = st->st_uid, .gid = st->st_gid, .mode = st->st_mode & 0777,
      .type = S_ISREG(st->st_mode) ? FILE_PLAIN : S_ISSOCK(st->st_mode) ? FILE_SOCKET : FILE_OTHER,
  };
}

int sys_stat_path(const char *path, struct file_id *id) {
  struct stat st;

  if (lstat(path, &st) < 0)
    return fail_system("lstat", path);
  identify(&st, id);
  return 0;
}

int sys_stat_fd(int fd, const char *path, struct file_id *id) {
  struct stat st;

  if (fstat(fd, &st) < 0)
    return fail_system("fstat", path);
  identify(&st, id);
  return 0;
}

bool sys_exists(const char *path) {
  struct stat st;

  return lstat(path, &st) == 0;
}

/* Kernels before 6.9 or so let a signal interrupt fallocate on tmpfs, and undo what they have of the piece: so that is
 * asked for again in halves, and whoever gets a signal every millisecond comes to an end too. */
int sys_allocate(int fd, uint64_t size) {
  uint64_t piece = 64 << 20, page = (uint64_t)sysconf(_SC_PAGESIZE);

  for (uint64_t done = 0; done < size;) {
    uint64_t step = size - done < piece ? size - done : piece;
    if (fallocate(fd, 0, (off_t)done, (off_t)step) == 0)
      done += step;
    else if (errno == EINTR)
      piece = step / 2 > page ? step / 2 : page;
    else
      return -1;
  }
  return 0;
}

int sys_create_allocated(const char *path, uint64_t size, int *fd) {
  int err = sys_open(path, O_RDWR | O_CREAT | O_EXCL, 0600, fd);

  if (err < 0)
    return err;
  if (sys_allocate(*fd, size) < 0) {
    err = fail_system("allocate", path);
    close(*fd);
    unlink(path);
    *fd = -1;
  }
  return err;
}
