#include "options.h"

#include <stdint.h>
#include <string.h>

#include "errors.h"

/* LONGEST_STRUCT is more than any of these structs will ever have: a larger size was never set. */
enum { LONGEST_STRUCT = 4096 };

static int size_of(const void *from, const char *name, size_t *size) {
  if (from == NULL)
    return fail(BIPS_BAD_OPTION, "%s is NULL", name);
  memcpy(size, from, sizeof *size);
  if (*size < sizeof *size || *size > LONGEST_STRUCT)
    return fail(BIPS_BAD_OPTION, "%s says that it has %zu bytes: begin with its ..._INIT", name, *size);
  return 0;
}

int read_struct(void *to, size_t known, const void *from, const char *name) {
  size_t size = 0;
  int err = size_of(from, name, &size);

  if (err < 0)
    return err;
  for (size_t i = known; i < size; i++)
    if (((const uint8_t *)from)[i] != 0)
      return fail(BIPS_BAD_OPTION, "%s has something in byte %zu, and libbips %s knows %zu bytes of it: use a newer library", name, i,
          bips_version(), known);
  size_t common = size < known ? size : known;
  memcpy((uint8_t *)to + sizeof size, (const uint8_t *)from + sizeof size, common - sizeof size);
  return 0;
}

int write_struct(void *to, const void *from, size_t known, const char *name) {
  size_t size = 0;
  int err = size_of(to, name, &size);

  if (err < 0)
    return err;
  size_t common = size < known ? size : known;
  memcpy((uint8_t *)to + sizeof size, (const uint8_t *)from + sizeof size, common - sizeof size);
  memset((uint8_t *)to + common, 0, size - common);
  return 0;
}

#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

BIPS_API const char *bips_version(void) {
  return TEXT(BIPS_VERSION_MAJOR) "." TEXT(BIPS_VERSION_MINOR) "." TEXT(BIPS_VERSION_PATCH);
}
