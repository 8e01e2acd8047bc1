#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../errors.h"

#ifndef MADV_POPULATE_READ /* Linux 5.14 */
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

int mapping_of_fd(int fd, const char *path, uint64_t size, enum access access, struct mapping *m) {
  int protection = access == READ_ONLY ? PROT_READ : PROT_READ | PROT_WRITE;
  void *bytes = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

  if (bytes == MAP_FAILED)
    return fail_system("map", path);
  *m = (struct mapping){bytes, size};
  int err = sys_watch_cut(m, protection);
  if (err < 0) {
    mapping_end(m);
    return err;
  }
  /* Both are a help and no condition: core dumps leave the memory out, and the first frame is not
   * slower than the others. */
  madvise(bytes, size, MADV_DONTDUMP);
  madvise(bytes, size, access == READ_ONLY ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
  return 0;
}

int mapping_of_path(const char *path, const struct file_id *meant, uint64_t size, enum access access, struct mapping *m) {
  struct file_id found;
  int fd, err;

  /* What is there by now may be none that one may wait for, as a pipe. */
  if ((err = sys_open(path, (access == READ_ONLY ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOCTTY, 0, &fd)) < 0)
    return err;
  err = sys_stat_fd(fd, path, &found);
  if (err == 0 && !sys_same_file(&found, meant))
    err = fail_plain(ENOENT, "map %s: replaced meanwhile", path);
  if (err == 0)
    err = mapping_of_fd(fd, path, size, access, m);
  close(fd);
  return err;
}

void mapping_end(struct mapping *m) {
  if (m->bytes != NULL) {
    sys_forget_cut(m);
    munmap(m->bytes, m->size);
  }
  *m = (struct mapping){0};
}
