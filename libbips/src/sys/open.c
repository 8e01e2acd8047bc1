#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../errors.h"

int sys_open(const char *path, int flags, mode_t mode, int *fd) {
  do
    *fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, mode);
  while (*fd < 0 && errno == EINTR);
  return *fd < 0 ? fail_system("open", path) : 0;
}

int sys_remove(const char *path) { return unlink(path) < 0 ? fail_system("remove", path) : 0; }

int sys_rename(const char *from, const char *to) { return rename(from, to) < 0 ? fail_system("rename", from) : 0; }
