/*
 * Names of users and groups, from /etc/passwd and /etc/group. Accounts from elsewhere, as of a directory
 * service, are known by their numbers only: to ask for their names may take a network, and loads modules
 * into the process.
 */
#include "sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../errors.h"

/* find looks for the line of an account with a name, or where that is NULL with a number. */
static bool find(const char *file, const char *name, uint32_t number, char found_name[64], uint32_t *found_number) {
  FILE *lines = fopen(file, "re");
  char *line = NULL;
  size_t room = 0;
  bool found = false;

  if (lines == NULL)
    return false;
  while (!found && getline(&line, &room, lines) >= 0) {
    char *rest = line, *account = strsep(&rest, ":"), *password = strsep(&rest, ":"), *digits = strsep(&rest, ":\n"), *end;
    if (password == NULL || digits == NULL)
      continue;
    unsigned long value = strtoul(digits, &end, 10);
    if (end == digits || (name != NULL ? strcmp(account, name) != 0 : value != number))
      continue;
    found = true;
    *found_number = (uint32_t)value;
    snprintf(found_name, 64, "%s", account);
  }
  free(line);
  fclose(lines);
  return found;
}

int sys_group_id(const char *group, gid_t *id) {
  char name[64], *end;
  unsigned long number = strtoul(group, &end, 10);
  uint32_t found;

  /* chown(2) reads 2^32 - 1 as "leave it" */
  if (group[0] >= '0' && group[0] <= '9' && *end == 0 && number < UINT32_MAX) {
    *id = (gid_t)number;
    return 0;
  }
  if (!find("/etc/group", group, 0, name, &found))
    return fail_plain(EINVAL, "no such group: \"%s\" is not in /etc/group", group);
  *id = found;
  return 0;
}

static const char *text_of(const char *file, uint32_t number, char text[ACCOUNT_TEXT]) {
  char name[64];
  uint32_t same;

  if (find(file, NULL, number, name, &same))
    snprintf(text, ACCOUNT_TEXT, "%u (%s)", number, name);
  else
    snprintf(text, ACCOUNT_TEXT, "%u", number);
  return text;
}

const char *sys_user_text(uint32_t uid, char text[ACCOUNT_TEXT]) { return text_of("/etc/passwd", uid, text); }
const char *sys_group_text(uint32_t gid, char text[ACCOUNT_TEXT]) { return text_of("/etc/group", gid, text); }
