/*
 * What all tests share: checks that say where they failed, and a program that runs tests and tells of each
 * (TAP, which "meson test" and tools/test read).
 */
#ifndef BIPS_TESTS_CHECK_H
#define BIPS_TESTS_CHECK_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CHECK notes a failure of the running test, with a text as of printf, and goes on. It is the condition. */
#define CHECK(condition, ...) check_note((condition), __FILE__, __LINE__, #condition, __VA_ARGS__)

/* NEED is CHECK for what the rest of a test cannot do without: the program ends. */
#define NEED(condition, ...)                                                                           \
  do {                                                                                                 \
    if (!CHECK(condition, __VA_ARGS__))                                                                \
      check_give_up();                                                                                 \
  } while (0)

struct check_test {
  const char *name; /* a sentence */
  void (*run)(void);
};

/* TESTS is the end of a test program: its main function. */
#define TESTS(...)                                                                                     \
  int main(int count, char **arguments) {                                                              \
    static const struct check_test tests[] = {__VA_ARGS__};                                            \
    return check_run(tests, sizeof tests / sizeof tests[0], count, arguments);                         \
  }

/* The argument after the program's name, such as the file with golden bytes. */
extern const char *check_argument;

bool check_note(bool condition, const char *file, int line, const char *what, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void check_give_up(void) __attribute__((noreturn));
/* check_skip notes that the running test cannot show anything on this system. The test must return then. */
void check_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* check_run runs the tests one after the other, each under a watchdog of 100 seconds. */
int check_run(const struct check_test *tests, unsigned long number, int count, char **arguments);

#ifdef __cplusplus
}
#endif

#endif
