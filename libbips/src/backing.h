#ifndef BIPS_BACKING_H
#define BIPS_BACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geometry.h"

struct own_name;

/* struct backing is what a pool of this process is made of, and how readers come to it. There is one for
 * each backend: files with locks on them (struct own_files), and sealed memory that readers get over
 * connections.
 *
 * Those about the names may be called without bips_producer.mu, by whoever holds bips_producer.moving; the
 * others with it, or when nobody else knows the pool. */
struct backing {
  const struct backing_ops *ops;
  uint8_t *pool, *seats; /* the memory of both segments, while mapped */
  uint64_t seats_size;
  /* alone: each reader has a segment of its own for its seat, where it sleeps, and rings a door of its own. */
  bool alone;
};

struct backing_ops {
  /* publish gives the pool its name (S5), which replaces a dead producer's, or that of the pool before a move. */
  int (*publish)(struct backing *b);
  /* are_named reports whether the pool still has its names (N3). */
  bool (*are_named)(struct backing *b);
  /* renew gives a pool whose names were deleted new ones, where that takes no move (N3). Called without mu. */
  int (*renew)(struct backing *b, bool *done);
  /* unlink takes the names away (Q3), while the locks are still held, and unlink_seats that of the seats alone (M5b). */
  void (*unlink)(struct backing *b);
  void (*unlink_seats)(struct backing *b);
  /* seize_dead makes sure that nobody sits in a seat but a dead reader, and that nobody sits down there
   * before release is called (R1). It reports false if that cannot be. */
  bool (*seize_dead)(struct backing *b, uint32_t seat);
  /* seize_absent does the same for the place of a reader that has not come there yet (K5). */
  bool (*seize_absent)(struct backing *b, uint32_t seat);
  void (*release)(struct backing *b, uint32_t seat);
  /* dismiss ends what connects the reader of a seat whose place was taken back. */
  void (*dismiss)(struct backing *b, uint32_t seat);
  /* close lets go of the locks or the connections: the memory stays. unmap gives that back. Both may be called again. */
  void (*close)(struct backing *b);
  void (*unmap)(struct backing *b);
  /* remove undoes what was made. The name is still ours. */
  void (*remove)(struct backing *b);
  /* destroy frees the backing itself, which is closed and unmapped. */
  void (*destroy)(struct backing *b);
};

/* make_backing makes the memory of a new pool, which has no name yet (S4, B). */
int make_backing(struct own_name *n, const struct geometry *g, struct backing **b);

#endif
