/*
 * The path of a frame: while nobody sleeps, producer and consumer make no system call and allocate nothing. A thread counts both, frame
 * after frame: each of its system calls is a SIGSYS first, by a seccomp filter of its own, and the allocator's functions are wrapped
 * (-Wl,--wrap).
 *
 * Now and then a thread of the library looks around and holds a mutex just when a frame wants it: then that waits, as it must. So frames
 * are counted in rounds, and what a frame needs shows in each of them.
 */
#include "pools.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

enum { ROUNDS = 40, FRAMES = 200, SKIPPED = 77 };

static _Thread_local bool counting;
static _Thread_local unsigned allocations, calls;
static _Thread_local int last_call;

/* ---- Allocations */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *bytes, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *bytes);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *bytes, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *bytes);

static void count_allocation(void) { allocations += counting; }

void *__wrap_malloc(size_t size) {
  count_allocation();
  return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  count_allocation();
  return __real_calloc(count, size);
}

void *__wrap_realloc(void *bytes, size_t size) {
  count_allocation();
  return __real_realloc(bytes, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  count_allocation();
  return __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text) {
  count_allocation();
  return __real_strdup(text);
}

void __wrap_free(void *bytes) {
  count_allocation();
  __real_free(bytes);
}

/* ---- System calls */

/* call_system makes a system call, of its first argument, that the filter lets pass: it looks where a call comes from. */
long call_system(long number, long a, long b, long c, long d, long e, long f);
extern const char call_system_made[]; /* behind the instruction */

#if defined(__x86_64__)
__asm__(".text\n.globl call_system\n.type call_system, @function\ncall_system:\n"
        "mov %rdi, %rax\nmov %rsi, %rdi\nmov %rdx, %rsi\nmov %rcx, %rdx\nmov %r8, %r10\nmov %r9, %r8\nmov 8(%rsp), %r9\nsyscall\n"
        ".globl call_system_made\ncall_system_made:\nret\n");
#define RESULT(thread) (thread)->uc_mcontext.gregs[REG_RAX]
static long call_again(const ucontext_t *thread, long number) {
  const greg_t *r = thread->uc_mcontext.gregs;
  return call_system(number, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]);
}
#elif defined(__aarch64__)
__asm__(".text\n.globl call_system\n.type call_system, @function\ncall_system:\n"
        "mov x8, x0\nmov x0, x1\nmov x1, x2\nmov x2, x3\nmov x3, x4\nmov x4, x5\nmov x5, x6\nsvc #0\n"
        ".globl call_system_made\ncall_system_made:\nret\n");
#define RESULT(thread) (thread)->uc_mcontext.regs[0]
static long call_again(const ucontext_t *thread, long number) {
  const unsigned long long *r = thread->uc_mcontext.regs;
  return call_system(number, (long)r[0], (long)r[1], (long)r[2], (long)r[3], (long)r[4], (long)r[5]);
}
#endif

/* on_call counts a system call, and makes it. */
static void on_call(int signal_number, siginfo_t *info, void *context) {
  ucontext_t *thread = context;

  (void)signal_number;
  calls++;
  last_call = info->si_syscall;
  RESULT(thread) = (__typeof__(RESULT(thread)))call_again(thread, info->si_syscall);
}

/* see_calls lets each system call of this thread be a SIGSYS first, for as long as it lives, but for the return from a signal; false: this
 * system has no filters. */
static bool see_calls(void) {
  uint64_t made = (uint64_t)(uintptr_t)call_system_made;
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 4, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)made, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(made >> 32), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
  };
  struct sock_fprog program = {sizeof code / sizeof code[0], code};
  struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO};

  CHECK(sigaction(SIGSYS, &action, NULL) == 0);
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* ---- Frames */

struct path {
  bips_producer *producer;
  bips_consumer *consumer;
  unsigned quiet; /* rounds in which nothing was counted */
  unsigned allocations, calls; /* of the last other one */
  int last_call;
  int done; /* atomic. 1: it is over, -1: nothing could be counted */
};

/* cross lets a frame cross. What fails is counted by who looks at the end: a check that fails would speak. */
static int cross(struct path *p, uint8_t number) {
  bips_frame_info info = BIPS_FRAME_INFO_INIT, got = BIPS_FRAME_INFO_INIT;
  bips_frame_delivery delivery = BIPS_FRAME_DELIVERY_INIT;
  bips_frame *frame;
  bips_slot *slot;
  int err;

  if ((err = bips_producer_pull(p->producer, PATIENCE, &slot)) < 0)
    return err;
  memset(bips_slot_data(slot), number, 64);
  info.data_size = 64;
  info.pts = number;
  if ((err = bips_producer_push(p->producer, slot, &info)) < 0 || (err = bips_consumer_pull(p->consumer, PATIENCE, &frame)) < 0)
    return err;
  if (!is_number(frame, number) || bips_frame_get_info(frame, &got) < 0 || bips_frame_get_delivery(frame, &delivery) < 0)
    return -1;
  return bips_frame_release(frame);
}

static void *count_frames(void *path) {
  struct path *p = path;
  struct timespec now;
  int err = 0, done = 1;

  for (int i = 0; i < FRAMES && err == 0; i++) /* what the first frames need, each side needs once */
    err = cross(p, (uint8_t)i);
  if (!see_calls())
    done = -1;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (calls > 0) /* here even the clock is one */
    done = -1;
  for (int round = 0; done > 0 && round < ROUNDS && err == 0; round++) {
    allocations = calls = 0;
    counting = true;
    for (int i = 0; i < FRAMES && err == 0; i++)
      err = cross(p, (uint8_t)i);
    counting = false;
    if (allocations + calls == 0) {
      p->quiet++;
    } else {
      p->allocations = allocations;
      p->calls = calls;
      p->last_call = last_call;
    }
  }
  if (err < 0)
    done = err - 1;
  __atomic_store_n(&p->done, done, __ATOMIC_SEQ_CST);
  for (;;) /* a thread ends with its signals blocked, and SIGSYS must not be: this one ends with the process */
    pause();
  return NULL;
}

/* a_frame_makes_no_system_call_and_allocates_nothing ends the process. */
static void a_frame_makes_no_system_call_and_allocates_nothing(uint32_t mode) {
  static struct path p;
  pthread_t thread;

  begin_test();
  p = (struct path){.producer = open_producer("quiet", 8), .consumer = open_consumer("quiet", mode)};
  attach_now(p.consumer);
  CHECK(pthread_create(&thread, NULL, count_frames, &p) == 0);
  while (__atomic_load_n(&p.done, __ATOMIC_SEQ_CST) == 0)
    usleep(1000);
  bips_consumer_close(p.consumer);
  bips_producer_close(p.producer);
  end_test();
  if (p.done == -1) {
    fprintf(stderr, "skipped: this system has no seccomp filters, or reads its clock by system calls\n");
    _exit(SKIPPED);
  }
  if (p.done != 1 || p.quiet < ROUNDS / 2) {
    fprintf(stderr, "mode %u: %u of %d rounds of %d frames were quiet; in the last other one were %u system calls, the last one %d, and %u allocations; it ended with %d\n",
        mode, p.quiet, ROUNDS, FRAMES, p.calls, p.last_call, p.allocations, p.done);
    _exit(1);
  }
  _exit(0);
}

int main(void) {
#ifdef __SANITIZE_THREAD__
  fprintf(stderr, "skipped: the thread sanitizer makes system calls of its own\n");
  return SKIPPED;
#endif
  for (uint32_t mode = BIPS_LATEST; mode <= BIPS_EVERY; mode++) {
    pid_t child = fork();
    int status;
    CHECK(child >= 0);
    if (child == 0)
      a_frame_makes_no_system_call_and_allocates_nothing(mode);
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status))
      fprintf(stderr, "mode %u: ended by signal %d\n", mode, WTERMSIG(status));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }
  return 0;
}
