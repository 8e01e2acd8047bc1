#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *check_argument = "";

static int failures;
static char skipped[256];

enum { PATIENCE = 100 }; /* seconds: a watchdog */

bool check_note(bool condition, const char *file, int line, const char *what, const char *format, ...) {
  if (condition)
    return true;
  va_list arguments;

  failures++;
  printf("# %s:%d: not so: %s: ", file, line, what);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  return false;
}

void check_give_up(void) {
  printf("Bail out! the rest of this test needs it\n");
  fflush(stdout);
  _exit(1);
}

void check_skip(const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(skipped, sizeof skipped, format, arguments);
  va_end(arguments);
}

/* check_descriptors counts the descriptors that are open. */
static int check_descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  int number = 0;

  if (!folder)
    return -1;
  while (readdir(folder))
    number++;
  closedir(folder);
  return number;
}

/* check_descriptors_again waits until as many descriptors are open as before, since some are closed by other
 * threads. The watchdog ends a wait that has no end. */
static void check_descriptors_again(int before, const char *name) {
  int now = -1;

  for (int i = 0; i < 5000 && (now = check_descriptors()) != before; i++)
    usleep(1000);
  CHECK(now == before, "%s leaves descriptors: %d before, %d now", name, before, now);
}

int check_run(const struct check_test *tests, unsigned long number, int count, char **arguments) {
  int failed = 0;

  if (count > 1)
    check_argument = arguments[1];
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("1..%lu\n", number);
  for (unsigned long i = 0; i < number; i++) {
    int before = check_descriptors();

    failures = 0;
    skipped[0] = 0;
    alarm(PATIENCE);
    tests[i].run();
    check_descriptors_again(before, tests[i].name);
    alarm(0);
    failed += failures > 0;
    printf("%s %lu - %s%s%s\n", failures ? "not ok" : "ok", i + 1, tests[i].name, skipped[0] ? " # SKIP " : "", skipped);
  }
  return failed > 0;
}
