#include "limits.h"

#include <errno.h>
#include <stddef.h>

#include "errors.h"
#include "poolname.h"

static const struct {
  int reached;
  const char *advice;
} limits[] = {
    {EMFILE, "this process may open no more files: raise its limit (ulimit -n, LimitNOFILE=) or close some"},
    {ENOTDIR, "name a folder in " SHM_DIR_VARIABLE},
    {ENFILE, "the system has no more open files: raise fs.file-max"},
    {ENOMEM, "this process may map no more memory: raise its limit (ulimit -v, LimitAS=), or use fewer or smaller slots"},
    {ENOLCK, "the system has no more file locks: close other programs"},
    {EROFS, "a producer writes to the folder, and with the backend shm a reader too: mount it read-write, or name another one in "
        SHM_DIR_VARIABLE},
    {EOPNOTSUPP, "its file system cannot set memory aside in full (fallocate): name a folder in memory (tmpfs), as /dev/shm is, in "
        SHM_DIR_VARIABLE},
};

int advise_on(int error) {
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
    if (error == -limits[i].reached)
      return append(error, ": %s", limits[i].advice);
  return error;
}
