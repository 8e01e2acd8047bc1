#include "memfd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../errors.h"

#define RECEIVED_TMPFS 0x01021994 /* TMPFS_MAGIC of linux/magic.h */

/* received_check asks for the seals first: files that have some never hang. Questions about others may go over a network, or to a
 * process of the sender's (FUSE). */
static int received_check(int fd, size_t index, uint64_t size, int seals) {
  struct statfs system;
  struct stat st;
  int has = fcntl(fd, F_GET_SEALS);

  if (has < 0)
    return fail_plain(SYS_NOT_MEMORY, "not the memory that was announced: descriptor %zu: it cannot be sealed: %s", index, strerror(errno));
  if ((has & seals) != seals)
    return fail_plain(SYS_NOT_MEMORY, "not the memory that was announced: descriptor %zu: it has the seals %#x, %#x are needed", index,
        (unsigned)has, (unsigned)seals);
  if (fstatfs(fd, &system) < 0)
    return fail_plain(SYS_NOT_MEMORY, "not the memory that was announced: descriptor %zu: fstatfs: %s", index, strerror(errno));
  if ((uint32_t)system.f_type != RECEIVED_TMPFS) /* of huge pages there may be none left, which is SIGBUS */
    return fail_plain(SYS_NOT_MEMORY, "not the memory that was announced: descriptor %zu: it lies in a file system of type %#x", index,
        (uint32_t)system.f_type);
  if (fstat(fd, &st) < 0)
    return fail_plain(SYS_NOT_MEMORY, "not the memory that was announced: descriptor %zu: fstat: %s", index, strerror(errno));
  /* Who reads a hole pays for the page that fills it. Blocks alone do not tell: there may be some behind the end (FALLOC_FL_KEEP_SIZE). */
  uint64_t allocated = (uint64_t)st.st_blocks * 512;
  off_t hole = lseek(fd, 0, SEEK_HOLE); /* less than 0: this kernel cannot tell */
  if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != size || allocated < size)
    return fail_plain(SYS_NOT_MEMORY,
        "not the memory that was announced: descriptor %zu: it has %" PRIu64 " bytes, %" PRIu64 " of them allocated, %" PRIu64 " were announced",
        index, (uint64_t)st.st_size, allocated, size);
  if (hole >= 0 && (uint64_t)hole < size)
    return fail_plain(SYS_NOT_MEMORY, "not the memory that was announced: descriptor %zu: it has a hole at %" PRIu64, index, (uint64_t)hole);
  return 0;
}

int received_memory(struct received *r, size_t index, uint64_t size, int seals, struct memory *m) {
  *m = NO_MEMORY;
  if (index >= r->count || r->fds[index] < 0)
    return fail_plain(SYS_NOT_MEMORY, "not the memory that was announced: descriptor %zu did not come", index);
  int err = received_check(r->fds[index], index, size, seals);
  if (err < 0)
    return err;
  *m = (struct memory){.fd = r->fds[index], .size = size, .name = "received memory"};
  r->fds[index] = -1;
  return 0;
}

void received_discard(struct received *r) {
  size_t count = r->count;

  r->count = 0;
  for (size_t i = 0; i < count; i++)
    if (r->fds[i] >= 0)
      close_apart(r->fds[i]);
}
