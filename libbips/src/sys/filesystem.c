#include "sys.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include "../errors.h"

#ifndef HUGETLBFS_MAGIC
#define HUGETLBFS_MAGIC 0x958458f6
#endif

int sys_free_space(const char *folder, uint64_t *total, uint64_t *free_bytes) {
  struct statfs st;

  if (statfs(folder, &st) < 0)
    return fail_system("statfs", folder);
  if (st.f_blocks == 0) {
    *total = 0;
    if (sys_statistic("/proc/meminfo", "MemAvailable:", free_bytes))
      *free_bytes <<= 10;
    else
      *free_bytes = UINT64_MAX;
    return 0;
  }
  *total = (uint64_t)st.f_blocks * (uint64_t)st.f_bsize;
  *free_bytes = (uint64_t)st.f_bavail * (uint64_t)st.f_bsize;
  return 0;
}

int sys_in_memory(int fd, const char *path, bool *in_memory) {
  struct statfs st;

  if (fstatfs(fd, &st) < 0)
    return fail_system("fstatfs", path);
  uint32_t type = (uint32_t)st.f_type;
  *in_memory = type == TMPFS_MAGIC || type == RAMFS_MAGIC || type == HUGETLBFS_MAGIC;
  return 0;
}
