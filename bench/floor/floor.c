// floor: what the kernel's futexes allow, with nothing around them.
//
//   floor latency CONSUMERS SPIN_US RATE SECONDS
//     One process stamps a word RATE times a second and wakes CONSUMERS others, each
//     of which looks for SPIN_US before it sleeps. Prints the latencies.
//   floor exchange SPIN_US SECONDS
//     Two processes hand a number to and fro. Prints round trips per second; one that
//     spins (SPIN_US > 0) never sleeps.
//
// One line of JSON on stdout each.
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "../elements/histogram.h"

#define MAX_CONSUMERS 64
#define CACHE_LINE 64

// A word that one side bumps and the other waits for.
typedef struct {
  _Alignas(CACHE_LINE) _Atomic uint32_t bell;
  _Alignas(CACHE_LINE) _Atomic uint32_t waiting; // how many sleep, or are about to
} Line;

typedef struct {
  Line forth, back;
  _Alignas(CACHE_LINE) _Atomic uint64_t stamp;
  _Atomic uint32_t ready, over;
  Histogram latency[MAX_CONSUMERS];
} Shared;

static void ring(Line *line) {
  atomic_fetch_add(&line->bell, 1);
  if (atomic_load(&line->waiting))
    syscall(SYS_futex, &line->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

// Waits until the bell is not what it was, and returns what it is.
static uint32_t await(Line *line, uint32_t was, uint64_t spin_ns) {
  uint32_t is;
  uint64_t until = spin_ns ? now_ns() + spin_ns : 0;
  while ((is = atomic_load(&line->bell)) == was) {
    if (spin_ns && now_ns() < until)
      continue;
    atomic_fetch_add(&line->waiting, 1);
    if (atomic_load(&line->bell) == was)
      syscall(SYS_futex, &line->bell, FUTEX_WAIT, was, NULL, NULL, 0);
    atomic_fetch_sub(&line->waiting, 1);
  }
  return is;
}

static Shared *share(void) {
  Shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (s == MAP_FAILED) {
    perror("floor: mmap");
    exit(1);
  }
  return s;
}

// In the child it returns 1. Children die with their parent.
static int in_child(void) {
  pid_t child = fork();
  if (child < 0) {
    perror("floor: fork");
    exit(1);
  }
  if (child == 0)
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  return child == 0;
}

static void consume(Shared *s, Histogram *latency, uint64_t spin_ns) {
  uint32_t was = 0;
  atomic_fetch_add(&s->ready, 1);
  while (!atomic_load(&s->over)) {
    was = await(&s->forth, was, spin_ns);
    uint64_t age = now_ns() - atomic_load(&s->stamp);
    if (!atomic_load(&s->over))
      histogram_record(latency, age);
  }
  _exit(0);
}

static void measure_latency(int consumers, uint64_t spin_ns, double rate, double seconds) {
  Shared *s = share();
  for (int i = 0; i < consumers; i++)
    if (in_child())
      consume(s, &s->latency[i], spin_ns);
  while (atomic_load(&s->ready) < (uint32_t)consumers)
    usleep(1000);
  uint64_t start = now_ns();
  for (uint64_t i = 1; i <= (uint64_t)(rate * seconds); i++) {
    uint64_t due = start + (uint64_t)((double)i * 1e9 / rate);
    struct timespec until = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    atomic_store(&s->stamp, now_ns());
    ring(&s->forth);
  }
  usleep(20000);
  atomic_store(&s->over, 1);
  ring(&s->forth);
  while (wait(NULL) > 0)
    ;
  for (int i = 1; i < consumers; i++)
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
      s->latency[0].counts[b] += s->latency[i].counts[b];
  printf("{\"bench\":\"floor\",");
  histogram_print(&s->latency[0], "latency", stdout);
  printf("}\n");
}

static void answer(Shared *s, uint64_t spin_ns) {
  for (uint32_t was = 0;;) {
    was = await(&s->forth, was, spin_ns);
    ring(&s->back);
    if (atomic_load(&s->over))
      _exit(0);
  }
}

static void measure_exchange(uint64_t spin_ns, double seconds) {
  Shared *s = share();
  if (spin_ns)
    spin_ns = UINT64_MAX / 2; // now_ns() + spin_ns must not wrap
  if (in_child())
    answer(s, spin_ns);
  uint64_t trips = 0, start = now_ns(), now = start;
  for (uint32_t was = 0; now < start + (uint64_t)(seconds * 1e9); now = now_ns(), trips++) {
    ring(&s->forth);
    was = await(&s->back, was, spin_ns);
  }
  atomic_store(&s->over, 1);
  ring(&s->forth);
  while (wait(NULL) > 0)
    ;
  printf("{\"bench\":\"exchange\",\"round_trips\":%" PRIu64 ",\"elapsed_s\":%.6f}\n", trips,
         (double)(now - start) / 1e9);
}

int main(int argc, char **argv) {
  if (argc == 6 && strcmp(argv[1], "latency") == 0) {
    int consumers = atoi(argv[2]);
    double rate = atof(argv[4]);
    if (consumers >= 1 && consumers <= MAX_CONSUMERS && rate > 0) {
      measure_latency(consumers, (uint64_t)atoll(argv[3]) * 1000, rate, atof(argv[5]));
      return 0;
    }
  } else if (argc == 4 && strcmp(argv[1], "exchange") == 0) {
    measure_exchange((uint64_t)atoll(argv[2]) * 1000, atof(argv[3]));
    return 0;
  }
  fprintf(stderr, "usage: floor latency CONSUMERS SPIN_US RATE SECONDS\n"
                  "       floor exchange SPIN_US SECONDS\n");
  return 1;
}
