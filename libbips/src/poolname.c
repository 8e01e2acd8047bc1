#include "poolname.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "sys/sys.h"
#include "utf8.h"

static const char *folder(void) {
  const char *dir = getenv(SHM_DIR_VARIABLE);

  return dir != NULL && dir[0] != 0 ? dir : "/dev/shm";
}

static bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int check_name(const char *name, const char **bare) {
  if (name == NULL)
    return fail(BIPS_BAD_NAME, "it is NULL: give the pool a name");
  *bare = name[0] == '/' ? name + 1 : name;
  size_t length = strlen(*bare);
  if (length == 0)
    return fail_plain(BIPS_BAD_NAME, "bad pool name \"%s\": it is empty: give the pool a name", name);
  if (length > BIPS_MAX_NAME_LENGTH)
    return fail(BIPS_BAD_NAME, "%zu bytes, at most %d are allowed", length, BIPS_MAX_NAME_LENGTH);
  for (const char *c = *bare; *c != 0; c++)
    if (!is_allowed(*c)) {
      uint32_t character;
      int width = (int)utf8_next(c, strlen(c), &character); /* of UTF-8, all of the character's bytes */
      return fail_plain(BIPS_BAD_NAME, "bad pool name \"%s\": character '%.*s': use letters, digits, _ and - only", name, width, c);
    }
  return 0;
}

BIPS_API int bips_check_name(const char *name) {
  const char *bare;

  return check_name(name, &bare);
}

int paths_of(const char *name, struct paths *p) {
  const char *bare, *dir = folder();
  int err = check_name(name, &bare);

  if (err < 0)
    return err;
  if (strlen(dir) >= sizeof p->folder)
    return fail_plain(ENAMETOOLONG, "the folder in %s has a name of %zu bytes, at most %d are allowed", SHM_DIR_VARIABLE, strlen(dir),
        FOLDER_ROOM - 1);
  snprintf(p->folder, sizeof p->folder, "%s", dir);
  snprintf(p->name, sizeof p->name, "%s", bare);
  return 0;
}

const char *pool_path(const struct paths *p, path_text path) {
  snprintf(path, PATH_ROOM, "%s/bips.%s", p->folder, p->name);
  return path;
}

const char *lock_path(const struct paths *p, path_text path) {
  snprintf(path, PATH_ROOM, "%s/bips.%s.lock", p->folder, p->name);
  return path;
}

const char *seats_path(const struct paths *p, uint64_t instance, uint32_t move, path_text path) {
  snprintf(path, PATH_ROOM, "%s/bips.%s.%016llx.%u.seats", p->folder, p->name, (unsigned long long)instance, move);
  return path;
}

const char *unnamed_path(const struct paths *p, uint64_t instance, uint32_t move, path_text path) {
  snprintf(path, PATH_ROOM, "%s/bips.%s.%016llx.%u.new", p->folder, p->name, (unsigned long long)instance, move);
  return path;
}

const char *socket_name(const struct paths *p, char name[SOCKET_NAME_ROOM]) {
  uint8_t hash[32];
  char digits[17];

  sha256(p->name, strlen(p->name), hash);
  for (size_t i = 0; i < 8; i++)
    snprintf(digits + 2 * i, 3, "%02x", hash[i]);
  snprintf(name, SOCKET_NAME_ROOM, "bips..%s.new", digits);
  return name;
}

bool is_left_over(const struct paths *p, const char *file) {
  char socket[SOCKET_NAME_ROOM];
  size_t length = strlen(p->name);

  if (strcmp(file, socket_name(p, socket)) == 0)
    return true;
  return strncmp(file, "bips.", 5) == 0 && strncmp(file + 5, p->name, length) == 0 && file[5 + length] == '.' &&
      strcmp(file + 5 + length, ".lock") != 0;
}
