#define BIPS_ERRORS_THEMSELVES
#include "errors.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

_Static_assert(BIPS_NO_POOL == ENOENT && BIPS_NO_MEMORY == ENOMEM && BIPS_PERMISSION == EACCES &&
        BIPS_POOL_BUSY == EBUSY && BIPS_NO_SPACE == ENOSPC && BIPS_TOO_LARGE == EMSGSIZE && BIPS_CLOSED == ESHUTDOWN &&
        BIPS_TIMEOUT == ETIMEDOUT && BIPS_STALE == ESTALE,
    "bips.h says that these are errno values");

enum { LONGEST = 2048 };

/* struct last is what a thread was told last. It is memory of its own, got with the thread's first error: as thread-local
 * variables it would be more than a library may have that is loaded when the program runs, and has its thread-local
 * variables at a fixed place, as a Go program in a shared library does. */
struct last {
  char message[LONGEST];
  char path[LONGEST / 4];
  char system[64]; /* of system_text */
  int reason;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool made;

static void make_key(void) { made = pthread_key_create(&key, free) == 0; }

/* told is what this thread was told; NULL: nothing, or there was no memory for it. */
static struct last *told(void) {
  pthread_once(&once, make_key);
  return made ? pthread_getspecific(key) : NULL;
}

/* The library may be unloaded before the threads end. */
__attribute__((destructor)) static void delete_key(void) {
  free(told());
  if (made)
    pthread_key_delete(key);
  made = false;
}

/* room is where to tell this thread something; NULL: there is no memory for it. */
static struct last *room(void) {
  struct last *l = told();

  if (l != NULL || !made || (l = calloc(1, sizeof *l)) == NULL)
    return l;
  if (pthread_setspecific(key, l) == 0)
    return l;
  free(l);
  return NULL;
}

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

/* system_text is the C library's text of an errno value, which begins with a capital there: it goes on a sentence here. It is
 * the thread's own, and valid until the next call. */
static const char *system_text(int code) {
  const char *text = strerror(code);
  struct last *l = room();

  if (l == NULL || !isupper((unsigned char)text[0]) || !islower((unsigned char)text[1]))
    return text;
  snprintf(l->system, sizeof l->system, "%c%s", tolower((unsigned char)text[0]), text + 1);
  return l->system;
}

const char *error_text(int code) {
  for (int i = 0; i < KNOWN; i++)
    if (known[i].code == code)
      return known[i].text;
  return system_text(code);
}

const char *bips_error_name(int error) {
  int code = error < 0 ? -error : error;
  for (int i = 0; i < KNOWN; i++)
    if (known[i].code == code)
      return known[i].name;
  return code == 0 ? "" : "other";
}

/* What a caller gave, and names of the system, may be no UTF-8, which bips.h promises. */
static void make_utf8(char *text) {
  size_t length = strlen(text);
  uint32_t character;

  for (size_t at = 0, width; at < length; at += width) {
    width = utf8_next(text + at, length - at, &character);
    if (character == UTF8_WRONG)
      text[at] = '?';
  }
}

const char *bips_error_message(void) {
  struct last *l = told();

  if (l == NULL)
    return "";
  make_utf8(l->message);
  return l->message;
}

int bips_error_reason(void) {
  const struct last *l = told();
  return l == NULL ? 0 : l->reason;
}

const char *error_path(void) {
  const struct last *l = told();
  return l == NULL ? "" : l->path;
}

static void add(const char *format, va_list arguments) {
  struct last *l = told();

  if (l != NULL) {
    size_t used = strlen(l->message);
    vsnprintf(l->message + used, sizeof l->message - used, format, arguments);
  }
}

/* begin starts a new error with a text. */
static void begin(const char *text) {
  struct last *l = room();

  if (l == NULL)
    return;
  l->reason = 0;
  l->path[0] = 0;
  snprintf(l->message, sizeof l->message, "%s", text);
}

int fail(int code, const char *format, ...) {
  va_list arguments;

  begin(error_text(code));
  append(-code, ": ");
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

  fail_plain(code, "%s %s: %s", operation, path, system_text(errno));
  struct last *l = told();
  if (l != NULL)
    snprintf(l->path, sizeof l->path, "%s", path);
  return -code;
}

int wrap(int error, const char *format, ...) {
  struct last *l = told();
  char before[LONGEST];
  va_list arguments;

  if (l == NULL)
    return error;
  va_start(arguments, format);
  vsnprintf(before, sizeof before, format, arguments);
  va_end(arguments);
  size_t length = strlen(before), rest = strlen(l->message);
  if (rest > sizeof l->message - 1 - length)
    rest = sizeof l->message - 1 - length;
  memmove(l->message + length, l->message, rest);
  memcpy(l->message, before, length);
  l->message[length + rest] = 0;
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
  struct last *l = told();

  if (l != NULL)
    l->reason = reason;
  return error;
}
