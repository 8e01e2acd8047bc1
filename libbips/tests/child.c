#include "child.h"

#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void child_run(const char *name, const char *(*role)(void *), void *with) {
  int ends[2], status = 0;
  char said[512] = "";
  ssize_t n;

  NEED(pipe(ends) == 0, "a pipe");
  fflush(stdout);
  pid_t child = fork();
  NEED(child >= 0, "a child");
  if (child == 0) {
    close(ends[0]);
    const char *wrong = role(with);
    if (wrong && write(ends[1], wrong, strlen(wrong)) < 0)
      _exit(1);
    _exit(0);
  }
  close(ends[1]);
  n = read(ends[0], said, sizeof said - 1);
  close(ends[0]);
  waitpid(child, &status, 0);
  if (n > 0 && strncmp(said, "skip: ", 6) == 0) {
    check_skip("%s: %s", name, said + 6);
    return;
  }
  CHECK(n == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %s (status %#x)", name, said, (unsigned)status);
}

bool child_other_user(void) { return setgid(12345) == 0 && setuid(12345) == 0; }

bool child_mounts(void) { return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0; }

bool child_answers(int call, unsigned argument, uint32_t bits, int error) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * argument)),
      bits ? (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1) : (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static char folder[64];

const char *child_folder(void) {
  strcpy(folder, "/dev/shm/bipstest-XXXXXX");
  NEED(mkdtemp(folder), "a folder in /dev/shm");
  NEED(chmod(folder, 0755) == 0, "chmod %s", folder);
  return folder;
}

static void remove_all(const char *path) {
  DIR *all = opendir(path);
  struct dirent *entry;
  char inside[512];

  while (all && (entry = readdir(all))) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
    if (unlink(inside) < 0)
      remove_all(inside);
  }
  if (all)
    closedir(all);
  rmdir(path);
}

void child_folder_remove(void) { remove_all(folder); }

void child_wait(bool (*condition)(void *), void *of) {
  while (!condition(of))
    usleep(1000);
}

int child_threads(void) { return child_entries("/proc/self/task"); }

int child_entries(const char *path) {
  DIR *all = opendir(path);
  int number = -2; /* "." and ".." */

  while (all && readdir(all))
    number++;
  if (all)
    closedir(all);
  return number;
}
