#ifndef BIPS_ROOM_H
#define BIPS_ROOM_H

#include "names.h"

/* make_segments makes both files, S4a and S4b. Where there is no room for two pools, the pool that a dead
 * producer left under the name makes way; but not for a pool to move to. */
int make_segments(struct own_files *f, const struct geometry *g);

/* may_have_room reports whether there is room for needed bytes once so many more are free, in the file
 * system and in the control group. */
bool may_have_room(struct own_name *n, uint64_t needed, uint64_t freed);

static inline unsigned long long mebibytes(uint64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; }

/* make_room tries to make the memory of a pool (try, whose argument it gets). Where there is no room for two, the pool that a dead
 * producer left under the name makes way (S6); but not for a pool to move to. */
int make_room(struct own_name *n, const struct geometry *g, int (*try)(void *argument), void *argument);

/* check_control_group refuses what is more than the control group leaves. */
int check_control_group(uint64_t needed);

#endif
