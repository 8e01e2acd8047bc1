#include "sys.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool sys_read_text(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  size_t used = 0;

  if (fd < 0)
    return false;
  while (used < size - 1) {
    ssize_t n = read(fd, text + used, size - 1 - used);
    if (n <= 0)
      break;
    used += (size_t)n;
  }
  close(fd);
  text[used] = 0;
  return true;
}

bool sys_statistic(const char *file, const char *name, uint64_t *number) {
  char text[8192];
  size_t length = strlen(name);

  if (!sys_read_text(file, text, sizeof text))
    return false;
  for (char *line = text; line != NULL && *line != 0; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
    if (strncmp(line, name, length) == 0 && (line[length] == ' ' || line[length] == '\t')) {
      char *end, *begin = line + length + strspn(line + length, " \t");
      *number = strtoull(begin, &end, 10);
      return end != begin;
    }
  }
  return false;
}

/* struct group_files names what a control group says of its memory. */
struct group_files {
  const char *limit, *usage;
  const char *reclaimable[4]; /* lines of memory.stat */
};

static const struct group_files unified = {
    "memory.max", "memory.current", {"inactive_file", "active_file", "slab_reclaimable", NULL}};
static const struct group_files separate = {
    "memory.limit_in_bytes", "memory.usage_in_bytes", {"total_inactive_file", "total_active_file", NULL, NULL}};

static bool number_in(const char *folder, const char *file, uint64_t *number) {
  char path[PATH_MAX + 32], text[64], *end;

  snprintf(path, sizeof path, "%s/%s", folder, file);
  if (!sys_read_text(path, text, sizeof text))
    return false;
  *number = strtoull(text, &end, 10);
  return end != text; /* "max" is no number */
}

static bool group_room(const struct group_files *files, const char *folder, uint64_t *room) {
  uint64_t limit, usage;
  char path[PATH_MAX + 32];

  if (!number_in(folder, files->limit, &limit) || !number_in(folder, files->usage, &usage))
    return false;
  snprintf(path, sizeof path, "%s/memory.stat", folder);
  for (int i = 0; files->reclaimable[i] != NULL; i++) {
    uint64_t bytes = 0;
    if (sys_statistic(path, files->reclaimable[i], &bytes))
      usage -= bytes < usage ? bytes : usage;
  }
  *room = limit - (usage < limit ? usage : limit);
  return true;
}

/* least_room looks at a group and those above it, up to the mount, which in a container may be all that
 * is there. */
static void least_room(const struct group_files *files, const char *mount, const char *group, uint64_t *room, bool *limited) {
  char folder[PATH_MAX];
  size_t base = strlen(mount);
  uint64_t left;

  snprintf(folder, sizeof folder, "%s%s", mount, strcmp(group, "/") == 0 ? "" : group);
  for (;;) {
    if (group_room(files, folder, &left) && (!*limited || left < *room)) {
      *room = left;
      *limited = true;
    }
    char *slash = strrchr(folder + base, '/');
    if (slash == NULL)
      return;
    *slash = 0;
  }
}

bool sys_memory_room(uint64_t *room) {
  char text[8192], *next = text, *line;
  uint64_t swap = 0;
  bool limited = false;

  if (!sys_statistic("/proc/meminfo", "SwapTotal:", &swap) || swap > 0 || !sys_read_text("/proc/self/cgroup", text, sizeof text))
    return false;
  while ((line = strsep(&next, "\n")) != NULL) {
    char *hierarchy = strsep(&line, ":"), *controllers = strsep(&line, ":");
    if (line == NULL || controllers == NULL || line[0] != '/')
      continue;
    if (strcmp(hierarchy, "0") == 0)
      least_room(&unified, "/sys/fs/cgroup", line, room, &limited);
    else if (strcmp(controllers, "memory") == 0)
      least_room(&separate, "/sys/fs/cgroup/memory", line, room, &limited);
  }
  return limited;
}
