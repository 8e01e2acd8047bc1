/*
 * What tests of system calls share: child processes, folders, conditions.
 */
#ifndef BIPS_TESTS_CHILD_H
#define BIPS_TESTS_CHILD_H

#include <stdbool.h>
#include <stdint.h>

/* child_run runs a role in a child process, and notes a failure unless it returns NULL. What it returns otherwise is what
 * went wrong; a text that begins with "skip: " says that this system cannot show it. */
void child_run(const char *name, const char *(*role)(void *), void *with);

/* child_other_user makes the process that of a user without rights. false: this one may not. */
bool child_other_user(void);
/* child_mounts gives the process mounts of its own. false: it may not. */
bool child_mounts(void);
/* child_answers has the kernel answer a system call with an error, if its argument of a number has these bits (0: always). */
bool child_answers(int call, unsigned argument, uint32_t bits, int error);

/* child_folder makes a folder in memory that all users may look into; child_folder_remove removes it with what is in it. */
const char *child_folder(void);
void child_folder_remove(void);

/* child_wait waits for a condition, under the watchdog of check.h. */
void child_wait(bool (*condition)(void *), void *of);

int child_threads(void); /* of this process */
int child_entries(const char *path); /* how many names are there; less than 0: there is no such folder */

#endif
