/* What fuzz targets that need a pool have in common: a folder of their own, which is removed at the end. */
#ifndef BIPS_FUZZ_FOLDER_H
#define BIPS_FUZZ_FOLDER_H

#include <bips/bips.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static inline void need(int condition, const char *what) {
  if (!condition) {
    fprintf(stderr, "fuzz: %s: %s\n", what, bips_error_message());
    abort();
  }
}

static inline void remove_folder(void) {
  DIR *dir = opendir(folder);
  struct dirent *entry;

  while (dir != NULL && (entry = readdir(dir)) != NULL)
    unlinkat(dirfd(dir), entry->d_name, 0);
  if (dir != NULL)
    closedir(dir);
  rmdir(folder);
}

static inline void make_folder(void) {
  snprintf(folder, sizeof folder, "/dev/shm/libbips-fuzz-XXXXXX");
  need(mkdtemp(folder) != NULL, "a folder");
  setenv("BIPS_SHM_DIR", folder, 1);
  atexit(remove_folder);
}

#endif
