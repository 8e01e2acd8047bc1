#include "permission.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "limits.h"

/* Whoever may read the pool may attach to it, and needs to write the seats for that. */
enum { READABLE = 0444, WRITABLE = 0222, EXECUTABLE = 0111, OWNER_ONLY = 0600 };

BIPS_API int bips_check_permissions(uint32_t permissions) {
  const char *wrong;

  if ((permissions & ~0777u) != 0)
    wrong = "they are more than 0777";
  else if ((permissions & OWNER_ONLY) != OWNER_ONLY)
    wrong = "its own user could not read and write it";
  else if ((permissions & EXECUTABLE) != 0)
    wrong = "nobody executes a pool";
  else if ((permissions & WRITABLE & ~((permissions & READABLE) >> 1)) != 0)
    wrong = "some could write and not read";
  else
    return 0;
  return fail(BIPS_BAD_OPTION, "permissions %#o: %s: use 0600 (the same user only), 0660 (the group too) or 0666 (everyone)", permissions,
      wrong);
}

int access_rights_of(uint32_t permissions, const char *group, struct access_rights *who) {
  int err = bips_check_permissions(permissions);

  *who = (struct access_rights){permissions, KEEP_GROUP};
  if (err < 0 || group == NULL || group[0] == 0)
    return err;
  if ((permissions & 040) == 0)
    return fail(BIPS_BAD_OPTION, "group \"%s\" has no right to a pool with permissions %#o: use 0660", group, permissions);
  if (sys_group_id(group, &who->group) < 0)
    return append(recode(BIPS_BAD_OPTION), ": use one that is there, or a number");
  return 0;
}

mode_t mode_of_pool(const struct access_rights *who) { return (who->permissions & READABLE) | OWNER_ONLY; }

mode_t mode_of_seats(const struct access_rights *who) {
  mode_t readers = who->permissions & READABLE;

  return readers | readers >> 1 | OWNER_ONLY;
}

mode_t mode_of_lock(const struct access_rights *who) { return (who->permissions & (READABLE | WRITABLE)) | OWNER_ONLY; }

/* These describe a file's owner, group and permissions, and this process likewise. */
static int append_whose(int error, const struct file_id *id) {
  char user[ACCOUNT_TEXT], group[ACCOUNT_TEXT];

  return append(error, "of user %s and group %s, with permissions %#o", sys_user_text(id->uid, user), sys_group_text(id->gid, group),
      id->mode);
}

static int append_self(int error) {
  char user[ACCOUNT_TEXT], group[ACCOUNT_TEXT];

  return append(error, "user %s and group %s", sys_user_text(geteuid(), user), sys_group_text(getegid(), group));
}

int explain_access(int error, const struct access_rights *who) {
  char group[ACCOUNT_TEXT];

  if (who->group == KEEP_GROUP || strstr(bips_error_message(), "chown ") == NULL)
    return error;
  sys_group_text(who->group, group);
  if (error != -BIPS_PERMISSION)
    return append(error, ": group %s cannot be used here", group);
  fail(BIPS_PERMISSION, "only members may give files to a group: group %s, and this is ", group); /* no path: it is explained */
  return append(append_self(error), ": make the user a member of it and log in anew, or use another group");
}

#define ADVICE_TO_READER                                                                                                            \
  "give its producer permissions 0666 (bipssink: perms=0666), or 0660 and a group that both are in (perms=0660 group=...)"
#define ADVICE_TO_PRODUCER                                                                                                          \
  "the name is another user's: use another one, or another folder (" SHM_DIR_VARIABLE                                               \
  "); if that user's program is dead, have it remove the file"
#define FORBIDDEN "a seccomp filter or a security module forbids the call (containers: --security-opt seccomp=...)"

int check_owner(const struct file_id *id) {
  uint32_t shared = id->type == FILE_SOCKET ? 022 : 044; /* to connect takes the right to write */

  if (id->uid == getuid() || id->uid == 0 || (id->mode & shared) != 0)
    return 0;
  fail(BIPS_PERMISSION, "its user did not share the pool: it is "); /* no path: it is explained */
  return append(append_whose(-BIPS_PERMISSION, id), ": %s", ADVICE_TO_READER);
}

static int explain_refusal(int error, const char *advice) {
  path_text path;
  struct file_id id;
  char message[2048];

  if (error_path()[0] == 0)
    return error; /* explained, or of no file */
  snprintf(path, sizeof path, "%s", error_path());
  strncpy(message, bips_error_message(), sizeof message - 1);
  message[sizeof message - 1] = 0;
  if (sys_stat_path(path, &id) < 0) {
    char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path)
      *slash = 0;
    if (sys_stat_path(path, &id) < 0) {
      fail_plain(-error, "%s: this is ", message);
      return append_self(error);
    }
    fail_plain(-error, "%s: the folder %s is ", message, path);
    append_whose(error, &id);
    append(error, ", and this is ");
    return append(append_self(error), ": use another folder (%s)", SHM_DIR_VARIABLE);
  }
  if (id.uid == geteuid())
    return fail_plain(-error, "%s: it is this user's own, with permissions %#o: %s", message, id.mode, FORBIDDEN);
  fail_plain(-error, "%s: it is ", message);
  append_whose(error, &id);
  append(error, ", and this is ");
  return append(append_self(error), ": %s", advice);
}

int explain_refusal_to_reader(int error) { return explain_refusal(error, ADVICE_TO_READER); }

int explain_making(int error, const struct paths *p) {
  if (error == -BIPS_PERMISSION)
    error = explain_refusal(error, ADVICE_TO_PRODUCER);
  else if (error == -ENOENT && access(p->folder, F_OK) == 0)
    error = append(error, ": somebody deletes the pool's files while they are made: see who does it, or start again");
  else if (error == -ENOENT)
    error = append(error, ": the folder %s does not exist: make it, or name the one that both sides share in %s", p->folder,
        SHM_DIR_VARIABLE);
  else
    error = advise_on(error);
  return of_pool(error, p->name);
}
