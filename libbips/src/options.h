#ifndef BIPS_OPTIONS_H
#define BIPS_OPTIONS_H

#include <stddef.h>

/* read_struct copies a caller's struct, which begins with its size, over one of the known size that has
 * the defaults. A shorter one leaves the defaults behind it; what a longer one has beyond must be 0. */
int read_struct(void *to, size_t known, const void *from, const char *name);

/* write_struct fills a caller's struct, which begins with its size, from one of the known size. */
int write_struct(void *to, const void *from, size_t known, const char *name);

#endif
