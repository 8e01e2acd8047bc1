#ifndef BIPS_NAMES_H
#define BIPS_NAMES_H

#include "backing.h"
#include "permission.h"
#include "poolname.h"
#include "sys/sys.h"

struct reception;

/* struct own_name is a pool's name while a producer has it: its lock, and what all pools that the
 * producer makes under it have in common. */
struct own_name {
  struct paths paths;
  struct access_rights who;
  uint64_t instance;
  bool in_memory;         /* the folder lies in memory, and not on a disk */
  struct lock_file *lock; /* holds BIPS_LAYOUT_NAME_LOCK */
  struct reception *reception; /* where readers come to; NULL: to files in the folder */
  const int *give_up;     /* atomic: not 0, the waits while the first pool is made end; NULL: nobody ends them */
};

/* names_pause waits for a moment while the first pool is made, for what others have; -BIPS_INTERRUPTED: it is given up. */
int names_pause(const struct own_name *n);

/* take_name takes the name, and removes what dead producers left of it (S1 to S3). n has paths and who. */
int take_name(struct own_name *n);
/* take_lock is S1 and S2. Whoever takes the lock of a file that has no name any more begins again. */
int take_lock(struct own_name *n, struct lock_file **lock);
/* give_up_name lets go of the name (Q3c, Q4). It may be called again. */
void give_up_name(struct own_name *n);

/* struct own_files are the two files of a pool that this process makes. They have their own locks, and mappings. */
struct own_files {
  struct backing backing;
  struct own_name *name;
  uint32_t move;
  struct lock_file *pool;  /* holds BIPS_LAYOUT_PRODUCER_LOCK */
  struct lock_file *seats; /* takes seats' locks to reclaim them */
  struct mapping pool_map, seat_map;
};

/* create_files makes the files of a new pool (S4a to S4d). They have no name yet: the caller fills the
 * segments and calls publish. */
int create_files(struct own_name *n, const struct geometry *g, struct backing **b);

/* make_segment makes a file for the own user, maps it, and opens it once more for its locks. */
int make_segment(const char *path, uint64_t size, struct mapping *m, struct lock_file **lock);

/* discard_files removes what there is of the files, which have no name yet. */
void discard_files(struct own_files *f);

#endif
