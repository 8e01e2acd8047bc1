#include "errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(BIPS_NO_POOL == ENOENT && BIPS_NO_MEMORY == ENOMEM && BIPS_PERMISSION == EACCES &&
        BIPS_POOL_BUSY == EBUSY && BIPS_NO_SPACE == ENOSPC && BIPS_TOO_LARGE == EMSGSIZE && BIPS_CLOSED == ESHUTDOWN &&
        BIPS_TIMEOUT == ETIMEDOUT && BIPS_STALE == ESTALE,
    "bips.h says that these are errno values");

enum { LONGEST = 2048 };

static _Thread_local struct {
  char message[LONGEST];
  char path[LONGEST / 4];
  int reason;
} last;

static const struct {
  int code;
  const char *name, *text;
} known[] = {
    {BIPS_TIMEOUT, "timeout", "timeout"},
    {BIPS_FLUSHING, "flushing", "flushing"},
    {BIPS_CLOSED, "closed", "closed"},
    {BIPS_DROPPED, "dropped", "frame dropped: no slot is free"},
    {BIPS_QUOTA, "quota", "as many frames held as the quota allows"},
    {BIPS_END_OF_STREAM, "end-of-stream", "end of stream"},
    {BIPS_PRODUCER_LOST, "producer-lost", "producer lost"},
    {BIPS_STALLED, "stalled", "stream stalled"},
    {BIPS_POOL_FULL, "pool-full", "pool full"},
    {BIPS_NAMES_DELETED, "names-deleted", "the pool's names were deleted"},
    {BIPS_NAME_TAKEN, "name-taken", "the pool's names were deleted, and another producer took them"},
    {BIPS_POOL_BUSY, "pool-busy", "another producer is alive on this pool"},
    {BIPS_NO_POOL, "no-pool", "no such pool"},
    {BIPS_NO_SPACE, "no-space", "not enough shared memory"},
    {BIPS_NO_MEMORY, "no-memory", "this process has no more memory"},
    {BIPS_OTHER_VERSION, "version", "pool of another version"},
    {BIPS_DAMAGED, "damaged", "pool damaged"},
    {BIPS_PERMISSION, "permission", "permission denied"},
    {BIPS_STALE, "stale", "slot or frame is not lent to the caller"},
    {BIPS_TOO_LARGE, "too-large", "too large for the pool"},
    {BIPS_BAD_NAME, "name", "bad pool name"},
    {BIPS_BAD_OPTION, "option", "bad option"},
    {BIPS_NO_BACKEND, "backend", "no such backend"},
    {BIPS_INTERRUPTED, "interrupted", "interrupted"},
    {BIPS_FORKED, "forked", "this handle was made before a fork, and is the parent's: open another one in the child"},
    {BIPS_NO_ANSWER, "no-answer", "the producer does not answer"},
    {BIPS_SUSPENDED, "suspended", "suspended"},
};

enum { KNOWN = sizeof(known) / sizeof(known[0]) };

const char *error_text(int code) {
  for (int i = 0; i < KNOWN; i++)
    if (known[i].code == code)
      return known[i].text;
  return strerror(code);
}

const char *bips_error_name(int error) {
  int code = error < 0 ? -error : error;
  for (int i = 0; i < KNOWN; i++)
    if (known[i].code == code)
      return known[i].name;
  return code == 0 ? "" : "other";
}

const char *bips_error_message(void) { return last.message; }
int bips_error_reason(void) { return last.reason; }
const char *error_path(void) { return last.path; }

/* begin starts a new error with a text. */
static void begin(const char *text) {
  last.reason = 0;
  last.path[0] = 0;
  snprintf(last.message, sizeof last.message, "%s", text);
}

static void add(const char *format, va_list arguments) {
  size_t used = strlen(last.message);
  vsnprintf(last.message + used, sizeof last.message - used, format, arguments);
}

int fail(int code, const char *format, ...) {
  va_list arguments;

  begin(error_text(code));
  strncat(last.message, ": ", sizeof last.message - strlen(last.message) - 1);
  va_start(arguments, format);
  add(format, arguments);
  va_end(arguments);
  return -code;
}

int fail_as(int code) {
  begin(error_text(code));
  return -code;
}

int fail_plain(int code, const char *format, ...) {
  va_list arguments;

  begin("");
  va_start(arguments, format);
  add(format, arguments);
  va_end(arguments);
  return -code;
}

int fail_system(const char *operation, const char *path) {
  int code = errno == EPERM ? EACCES : errno; /* whoever asks means both */

  fail_plain(code, "%s %s: %s", operation, path, strerror(errno));
  snprintf(last.path, sizeof last.path, "%s", path);
  return -code;
}

int wrap(int error, const char *format, ...) {
  char before[LONGEST];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(before, sizeof before, format, arguments);
  va_end(arguments);
  size_t length = strlen(before), rest = strlen(last.message);
  if (rest > sizeof last.message - 1 - length)
    rest = sizeof last.message - 1 - length;
  memmove(last.message + length, last.message, rest);
  memcpy(last.message, before, length);
  last.message[length + rest] = 0;
  return error;
}

int append(int error, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  add(format, arguments);
  va_end(arguments);
  return error;
}

int cut_short(void) { return fail(BIPS_DAMAGED, "its memory is gone: somebody cut its file short"); }

int recode(int code) { return wrap(-code, "%s: ", error_text(code)); }

int of_pool(int error, const char *pool) { return wrap(error, "pool \"%s\": ", pool); }

int because(int error, int reason) {
  last.reason = reason;
  return error;
}
