/*
 * Errors inside the library: a function that fails returns a negative number and leaves a sentence and,
 * where a system call failed, the path that it was about, in memory of the thread.
 */
#ifndef BIPS_ERRORS_H
#define BIPS_ERRORS_H

#include <bips/bips.h>

#define PRINTF(text, first) __attribute__((format(printf, text, first)))

/* fail says what happened, and returns -code. The sentence begins with the code's own text. */
int fail(int code, const char *format, ...) PRINTF(2, 3);

/* fail_as is fail with the code's own text alone. */
int fail_as(int code);

/* fail_plain is fail without the code's own text: the format is all of the sentence. */
int fail_plain(int code, const char *format, ...) PRINTF(2, 3);

/* fail_system says that a system call about a path failed with errno, and returns -errno. */
int fail_system(const char *operation, const char *path);

/* wrap puts something before the sentence of an error, and append behind it. They return the error. */
int wrap(int error, const char *format, ...) PRINTF(2, 3);
int append(int error, const char *format, ...) PRINTF(2, 3);

/* cut_short is the error of memory that is gone (bips_handle_fault). */
int cut_short(void);

/* recode is an error with another code, which goes before the sentence that there is, and returns -code. */
int recode(int code);

/* of_pool puts the pool's name before the sentence. */
int of_pool(int error, const char *pool);

/* because notes what is behind an error: bips_error_reason. It returns the error. */
int because(int error, int reason);

/* clang-tidy looks at one file at a time, and would think that these may return 0. */
#if defined(__clang_analyzer__) && !defined(BIPS_ERRORS_THEMSELVES)
#define fail(code, ...) (fail(code, __VA_ARGS__), -(code))
#define fail_as(code) (fail_as(code), -(code))
#define fail_plain(code, ...) (fail_plain(code, __VA_ARGS__), -(code))
#define fail_system(operation, path) (fail_system(operation, path), -1)
#define recode(code) (recode(code), -(code))
#endif

/* error_text is the code's own text. */
const char *error_text(int code);

/* error_path is the path that the last system call that failed in this thread was about; "": none. */
const char *error_path(void);

#endif
