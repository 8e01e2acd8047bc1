/*
 * The gate to Linux: shared files, their mappings, futexes, open file description locks, the fork guard,
 * clocks. Functions that return an int return 0, or a negative errno and leave a sentence (errors.h).
 */
#ifndef BIPS_SYS_H
#define BIPS_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- clock.c, spin.c */

int64_t sys_now(void); /* CLOCK_MONOTONIC, nanoseconds, which all processes of a machine share */
void sys_sleep(int64_t nanoseconds); /* unless a signal ends it before */
/* sys_spin looks at a word until start + limit without sleeping, and reports whether it changed. */
bool sys_spin(const uint32_t *word, uint32_t value, int64_t start, int64_t limit);
void sys_pause(void); /* tells the processor that the caller spins */

/* ---- futex.c: words that several processes map */

/* sys_futex_wait sleeps while *word is value, at most timeout, which must be above 0. A return means
 * nothing but "look again". */
void sys_futex_wait(const uint32_t *word, uint32_t value, int64_t timeout);
void sys_futex_wake_all(const uint32_t *word); /* the mapping may be read-only, or gone */
void sys_futex_wake_one(const uint32_t *word);
int sys_check_futex(void); /* an error where the kernel forbids them, as a seccomp filter may */

/* ---- file.c, open.c */

enum file_type { FILE_PLAIN, FILE_SOCKET, FILE_OTHER };

/* struct file_id tells one file from another, and whose it is. */
struct file_id {
  uint64_t device, inode;
  uint64_t size;      /* bytes that it says it has */
  uint64_t allocated; /* bytes of it that take up room: less than size where it has holes */
  uint32_t uid, gid;
  uint32_t mode;      /* its permissions */
  enum file_type type;
};

bool sys_same_file(const struct file_id *a, const struct file_id *b);
int sys_stat_path(const char *path, struct file_id *id); /* does not follow a link */
int sys_stat_fd(int fd, const char *path, struct file_id *id);
int sys_open(const char *path, int flags, mode_t mode, int *fd); /* O_NOFOLLOW, O_CLOEXEC */
int sys_remove(const char *path);
int sys_rename(const char *from, const char *to);
bool sys_exists(const char *path);

#define KEEP_GROUP ((gid_t)-1) /* leaves a file to the group that the system gives it */

/* sys_allocate gives a file, or memory without a name, all its blocks. It returns 0, or -1 with errno. */
int sys_allocate(int fd, uint64_t size);
/* sys_create_allocated makes a file of size bytes that must not exist, every block of it allocated. On
 * an error nothing is left behind. */
int sys_create_allocated(const char *path, uint64_t size, int *fd);

/* ---- filesystem.c */

/* sys_free_space tells how many bytes the file system of a folder has in all and how many are free. Some
 * have no limit of their own: 0 in all, and as much free as the system has memory to give. */
int sys_free_space(const char *folder, uint64_t *total, uint64_t *free_bytes);
int sys_in_memory(int fd, const char *path, bool *in_memory); /* not on a disk */

/* ---- cgroup.c */

/* sys_memory_room returns how many bytes of memory the process's control groups have left, and false
 * where nothing limits it or the limit is not certain. Who goes beyond is killed by the kernel. */
bool sys_memory_room(uint64_t *room);
/* sys_statistic reads the number after a name that begins a line of a file. */
bool sys_statistic(const char *file, const char *name, uint64_t *number);
/* sys_read_text reads the beginning of a small file, and ends it with a zero byte. */
bool sys_read_text(const char *path, char *text, size_t size);

/* ---- lock.c */

/* struct lock_file holds open file description locks on bytes of a file. Its descriptor is never mapped,
 * duplicated or passed on: each of these would keep the locks alive beyond their holder. NULL: not open. */
struct lock_file;

int lock_file_open(const char *path, int flags, struct lock_file **lock);
/* lock_file_create makes the file if it is not there and opens it; group and mode are of a new file. */
int lock_file_create(const char *path, gid_t group, mode_t mode, struct lock_file **lock);
void lock_file_close(struct lock_file **lock); /* drops its locks; NULL inside: nothing */
int lock_file_try(struct lock_file *lock, int64_t offset, bool *ours);
void lock_file_unlock(struct lock_file *lock, int64_t offset);
int lock_file_is_locked(struct lock_file *lock, int64_t offset, bool *locked); /* by another open file */
int lock_file_stat(struct lock_file *lock, struct file_id *id);
bool lock_file_is_at(struct lock_file *lock, const char *path);
int lock_file_set_access(struct lock_file *lock, gid_t group, mode_t mode);
int lock_file_in_memory(struct lock_file *lock, bool *in_memory);

/* ---- mapping.c */

/* struct mapping is a shared mapping of the beginning of a file. bytes NULL: none. */
struct mapping {
  uint8_t *bytes;
  size_t size;
};

enum access { READ_ONLY, READ_WRITE };

int mapping_of_fd(int fd, const char *path, uint64_t size, enum access access, struct mapping *m);
/* mapping_of_path opens the file, checks that it is the one that is meant, maps its beginning, and
 * closes it: a mapping of a lock's own descriptor would keep the lock alive. Another file: -ENOENT. */
int mapping_of_path(const char *path, const struct file_id *meant, uint64_t size, enum access access, struct mapping *m);
void mapping_end(struct mapping *m); /* may be called again */

/* ---- cut.c */

/* sys_watch_cut lets bips_handle_fault know a mapping of a file that others may cut short, and sys_forget_cut ends that. */
int sys_watch_cut(const struct mapping *m, int protection);
void sys_forget_cut(const struct mapping *m);
/* sys_is_cut reports whether the mapping that bytes lie in was cut short, and somebody noticed. It is cheap. */
bool sys_is_cut(const void *bytes);

/* ---- fork.c */

/* fork_generation is another number in each child that was made by fork since the guard began. */
uint32_t fork_generation(void);
int fork_guard_begin(void); /* before the first descriptor is guarded; may be called again */
/* While the guard is held no fork happens. A descriptor is opened and added, or removed and closed, in
 * one go, so that no child has it unguarded. */
void fork_guard_hold(void);
void fork_guard_let_go(void);
int fork_guard_add(int fd); /* the child closes it. Called with the guard held */
void fork_guard_remove(int fd); /* likewise */

/* ---- event.c */

/* An event is a descriptor that is readable from sys_event_set to sys_event_clear. A child that was made by fork closes it. */
int sys_event_open(int *fd);
void sys_event_set(int fd);
void sys_event_clear(int fd);
void sys_event_close(int fd);

/* ---- thread.c */

/* sys_start_thread starts a thread with all signals blocked but SIGBUS. */
int sys_start_thread(unsigned long *thread, void *(*run)(void *), void *argument);
void sys_join_thread(unsigned long thread);
void sys_detach_thread(unsigned long thread); /* nobody joins it */

/* ---- account.c */

int sys_group_id(const char *group, gid_t *id); /* a number, or a name of /etc/group */
/* These write a user or a group for people to read: the number, and the name if there is one. */
enum { ACCOUNT_TEXT = 96 };
const char *sys_user_text(uint32_t uid, char text[ACCOUNT_TEXT]);
const char *sys_group_text(uint32_t gid, char text[ACCOUNT_TEXT]);

/* ---- random.c, sha256.c */

int sys_random(void *bytes, size_t size);
void sha256(const void *bytes, size_t size, uint8_t hash[32]);

#endif
