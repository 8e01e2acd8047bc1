#ifndef BIPS_POOLNAME_H
#define BIPS_POOLNAME_H

#include <bips/bips.h>
#include <stdbool.h>

#define SHM_DIR_VARIABLE "BIPS_SHM_DIR"

enum { FOLDER_ROOM = 3072, PATH_ROOM = 4096 };

/* struct paths is the folder and the name that the paths of a pool's files are made of. */
struct paths {
  char folder[FOLDER_ROOM];
  char name[BIPS_MAX_NAME_LENGTH + 1]; /* without a slash */
};

/* paths_of checks a pool's name, takes the leading slash off, and reads the folder from the environment. */
int paths_of(const char *name, struct paths *p);

typedef char path_text[PATH_ROOM];

const char *pool_path(const struct paths *p, path_text path);
const char *lock_path(const struct paths *p, path_text path);
/* seats_path and unnamed_path are of one pool of an instance, which has one more with each move. A pool
 * is made under the unnamed path and renamed when it is whole. */
const char *seats_path(const struct paths *p, uint64_t instance, uint32_t move, path_text path);
const char *unnamed_path(const struct paths *p, uint64_t instance, uint32_t move, path_text path);

/* socket_name is the name under which a pool's socket is made, in its folder. It is short for each name. */
enum { SOCKET_NAME_ROOM = 32 };
const char *socket_name(const struct paths *p, char name[SOCKET_NAME_ROOM]);

/* is_left_over reports whether a file of the folder is one that a producer of the name leaves behind,
 * but for the pool itself and the lock file. */
bool is_left_over(const struct paths *p, const char *file);

#endif
