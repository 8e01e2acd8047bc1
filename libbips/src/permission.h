#ifndef BIPS_PERMISSION_H
#define BIPS_PERMISSION_H

#include "poolname.h"
#include "sys/sys.h"

/* struct access_rights is who may attach to a pool. */
struct access_rights {
  uint32_t permissions;
  gid_t group; /* KEEP_GROUP: the one that the system gives new files */
};

int access_rights_of(uint32_t permissions, const char *group, struct access_rights *who);

/* The modes of a pool's files (docs/protocol.md, Names). */
mode_t mode_of_pool(const struct access_rights *who);
mode_t mode_of_seats(const struct access_rights *who);
mode_t mode_of_lock(const struct access_rights *who);

/* explain_access says why a file could not be given to the group, if that is what failed. */
int explain_access(int error, const struct access_rights *who);

/* check_owner refuses a pool that somebody else put under the name without meaning to share it. */
int check_owner(const struct file_id *id);

/* explain_refusal_to_reader adds to BIPS_PERMISSION what the file's owner, group and permissions are. */
int explain_refusal_to_reader(int error);

/* explain_making says what an error means for a pool that is to be made, and what to do. */
int explain_making(int error, const struct paths *p);

#endif
