//go:build !nostubs

// glibc 2.32 and 2.34 moved these functions from libpthread and libdl into libc
// under a new version, with the same behaviour; what is linked there would not
// load with an older glibc. The old versions are still in the new one: Go's
// runtime, libbips and stubs.c, which call these functions, get them through the
// definitions below, each a bare jump.

#include <features.h>

#if defined(__GLIBC__) && defined(__x86_64__)
#define FIRST_VERSION "GLIBC_2.2.5"
#define JUMP_TO(name) "jmp " name "@PLT\n"
#elif defined(__GLIBC__) && defined(__aarch64__)
#define FIRST_VERSION "GLIBC_2.17"
#define JUMP_TO(name) "b " name "\n"
#endif

#ifdef FIRST_VERSION

#define OLD(name)                                                     \
  __asm__(".symver bips_old_" #name ", " #name "@" FIRST_VERSION "\n" \
          ".text\n.globl " #name "\n.hidden " #name "\n"              \
          ".type " #name ", %function\n" #name ":\n"                  \
          JUMP_TO("bips_old_" #name)                                  \
          ".size " #name ", .-" #name "\n");

OLD(dlopen)
OLD(dlsym)
OLD(pthread_attr_getstack)
OLD(pthread_attr_getstacksize)
OLD(pthread_create)
OLD(pthread_detach)
OLD(pthread_getattr_np)
OLD(pthread_getspecific)
OLD(pthread_join)
OLD(pthread_key_create)
OLD(pthread_key_delete)
OLD(pthread_mutex_trylock)
OLD(pthread_once)
OLD(pthread_setspecific)
OLD(pthread_sigmask)

#endif

/* glibc 2.33 made functions of these; before, they were macros around others. The kernel's struct stat is glibc's on both processors. */
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33) && (defined(__x86_64__) || defined(__aarch64__))
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("hidden"))) int
fstat (int fd, struct stat *status)
{
  return (int) syscall (SYS_fstat, fd, status);
}

__attribute__((visibility("hidden"))) int
lstat (const char *path, struct stat *status)
{
  return (int) syscall (SYS_newfstatat, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
#endif
