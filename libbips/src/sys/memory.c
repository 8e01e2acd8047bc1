#include "memfd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../errors.h"

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef F_SEAL_FUTURE_WRITE /* Linux 5.1 */
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef MADV_POPULATE_READ /* Linux 5.14 */
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

_Static_assert(SEAL_SEAL == F_SEAL_SEAL && SEAL_SHRINK == F_SEAL_SHRINK && SEAL_GROW == F_SEAL_GROW && SEAL_FUTURE_WRITE == F_SEAL_FUTURE_WRITE,
    "seals");

bool sys_out_of_resources(int error) {
  switch (error < 0 ? -error : error) {
  case EMFILE:
  case ENFILE:
  case ENOMEM:
  case ENOBUFS:
  case ETOOMANYREFS: return true;
  }
  return false;
}

/* memory_check keeps who asks for too much by mistake from using up the system's memory: there is no limit to a file
 * of memory as there is to a tmpfs, and the kernel would kill this process or others. */
static int memory_check(uint64_t size) {
  enum { LITTLE = 1 << 20 }; /* bytes that the system has, if it has anything */
  uint64_t available, swap = 0; /* in KiB */

  if (size <= LITTLE || !sys_statistic("/proc/meminfo", "MemAvailable:", &available))
    return 0;
  sys_statistic("/proc/meminfo", "SwapFree:", &swap);
  if (size >> 10 > available + swap)
    return fail_plain(ENOMEM, "make %" PRIu64 " bytes of memory: the system has %" PRIu64 ": make the pool smaller", size,
        (available + swap) << 10);
  return 0;
}

int memory_create(const char *name, uint64_t size, struct memory *m) {
  *m = NO_MEMORY;
  int err = memory_check(size);
  if (err < 0)
    return err;
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
    fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    return fail_plain(errno, "make %" PRIu64 " bytes of memory: memfd_create: %s", size, strerror(errno));
  if (sys_allocate(fd, size) < 0) {
    int error = errno;
    close(fd);
    return fail_plain(error, "allocate %" PRIu64 " bytes of memory: %s", size, strerror(error));
  }
  m->fd = fd;
  m->size = size;
  snprintf(m->name, sizeof m->name, "%s", name);
  return 0;
}

int memory_add_seals(const struct memory *m, int seals) {
  if (fcntl(m->fd, F_ADD_SEALS, seals) == 0)
    return 0;
  if (errno == EINVAL && seals & SEAL_FUTURE_WRITE)
    return fail_plain(SYS_OLD_KERNEL, "seal %s: the backend memfd needs Linux 5.1 or later", m->name);
  return fail_system("seal", m->name);
}

int memory_read_only(const struct memory *m, struct memory *readable) {
  char path[sizeof "/proc/self/fd/-2147483648"];

  *readable = NO_MEMORY;
  if (fchmod(m->fd, 0400) < 0)
    return fail_system("chmod", m->name);
  snprintf(path, sizeof path, "/proc/self/fd/%d", m->fd);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) /* no /proc, or none for this process */
    fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0)
    return fail_system("open once more", m->name);
  *readable = *m;
  readable->fd = fd;
  return 0;
}

int memory_map(const struct memory *m, enum access access, struct mapping *mapping) {
  int protection = access == READ_ONLY ? PROT_READ : PROT_READ | PROT_WRITE;
  void *bytes = mmap(NULL, m->size, protection, MAP_SHARED, m->fd, 0);

  *mapping = (struct mapping){0};
  if (bytes == MAP_FAILED)
    return fail_plain(errno == EPERM ? EACCES : errno, "map %" PRIu64 " bytes of %s: %s", m->size, m->name, strerror(errno));
  madvise(bytes, m->size, MADV_DONTDUMP); /* a help, not a condition */
  *mapping = (struct mapping){bytes, m->size};
  return 0;
}

void memory_close(struct memory *m) {
  if (m->fd >= 0)
    close(m->fd);
  m->fd = -1;
}

void mapping_populate(const struct mapping *mapping, enum access access) {
  /* A help, not a condition: before Linux 5.14 the answer is EINVAL, and emulators (qemu-user) say 0 and do nothing. But memory that
   * others get has to be there, and a page that was allocated and never looked at counts as a hole (received.c). To look at pages
   * that are there costs next to nothing. */
  madvise(mapping->bytes, mapping->size, access == READ_ONLY ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
  if (access == READ_ONLY)
    return;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (size_t at = 0; at < mapping->size; at += page)
    (void)*(volatile uint8_t *)(mapping->bytes + at);
}
