/* Runs a fuzz target without libFuzzer, as with gcc: golden bytes, changed at random.
 *
 *   PROGRAM SECONDS SEED FILE
 *
 * FILE has bytes to begin with, in hex ("bytes": "..."), as the golden files do. The first fault ends it, and tells the
 * seed and the number of the input: the same seed makes the same inputs. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { MOST_SEEDS = 1024, LARGEST = 8192 };

static struct {
  uint8_t *bytes;
  size_t size;
} seeds[MOST_SEEDS];
static size_t seeds_count;
static uint64_t state, inputs;
static unsigned long seed;

/* Numbers that decide something. */
static const uint32_t numbers[] = {
    0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 100, 101, 255, 256, 448, 449, 512, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};

static uint64_t rnd(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state >> 11) % below;
}

static void load(const char *path) {
  static char line[1 << 20];
  FILE *file = fopen(path, "r");

  if (!file) {
    perror(path);
    exit(1);
  }
  while (fgets(line, sizeof line, file) && seeds_count < MOST_SEEDS) {
    char *hex = strstr(line, "\"bytes\": \"");
    if (!hex)
      continue;
    hex += strlen("\"bytes\": \"");
    size_t size = strspn(hex, "0123456789abcdef") / 2;
    uint8_t *bytes = malloc(size + 1);
    for (size_t i = 0; bytes && i < size; i++) {
      unsigned byte = 0;
      sscanf(hex + 2 * i, "%2x", &byte);
      bytes[i] = (uint8_t)byte;
    }
    if (!bytes)
      exit(1);
    seeds[seeds_count].bytes = bytes;
    seeds[seeds_count++].size = size;
  }
  fclose(file);
}

/* change changes bytes in one of the ways, and returns how many there are then. */
static size_t change(uint8_t *bytes, size_t size) {
  size_t at = size ? rnd(size) : 0, n;
  uint32_t number = rnd(2) ? numbers[rnd(sizeof numbers / sizeof numbers[0])] : (uint32_t)rnd(128);

  switch (rnd(7)) {
  case 0: /* a bit */
    if (size)
      bytes[at] ^= (uint8_t)(1 << rnd(8));
    return size;
  case 1: /* a byte */
    if (size)
      bytes[at] = (uint8_t)number;
    return size;
  case 2: /* a number where numbers lie */
    at &= ~(size_t)3;
    if (at + 4 <= size)
      memcpy(bytes + at, &number, 4);
    return size;
  case 3: /* a part of another one in its place */
  case 4: { /* ... behind it */
    size_t other = rnd(seeds_count);
    n = seeds[other].size ? rnd(seeds[other].size) & ~(size_t)7 : 0;
    size_t from = seeds[other].size > n ? rnd(seeds[other].size - n) & ~(size_t)7 : 0;
    at = rnd(2) ? at & ~(size_t)7 : size;
    if (at + n > LARGEST)
      return size;
    memcpy(bytes + at, seeds[other].bytes + from, n);
    return at + n > size ? at + n : size;
  }
  case 5: /* less */ return rnd(2) ? at : at & ~(size_t)7;
  default: /* a hole */
    n = size - at < 64 ? size - at : rnd(64);
    memmove(bytes + at, bytes + at + n, size - at - n);
    return size - n;
  }
}

static void tell(int signal_number) {
  fprintf(stderr, "fuzz: seed %lu, input %llu\n", seed, (unsigned long long)inputs);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: %s SECONDS SEED FILE\n", arguments[0]);
    return 2;
  }
  long seconds = strtol(arguments[1], NULL, 10);
  seed = strtoul(arguments[2], NULL, 10);
  state = seed * 0x9e3779b97f4a7c15u + 1;
  load(arguments[3]);
  if (seeds_count == 0)
    return 1;
  signal(SIGABRT, tell);
  for (size_t i = 0; i < seeds_count; i++)
    LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].size);
  for (time_t end = time(NULL) + seconds; time(NULL) < end;) {
    for (int i = 0; i < 1000; i++, inputs++) {
      uint8_t bytes[LARGEST], *exact;
      size_t of = rnd(seeds_count), size = seeds[of].size;

      memcpy(bytes, seeds[of].bytes, size);
      for (uint64_t changes = 1 + rnd(8); changes > 0; changes--)
        size = change(bytes, size);
      exact = malloc(size ? size : 1); /* of this size: the sanitizers see who reads behind it */
      if (!exact)
        return 1;
      memcpy(exact, bytes, size);
      LLVMFuzzerTestOneInput(exact, size);
      free(exact);
    }
  }
  printf("%llu inputs\n", (unsigned long long)inputs);
  for (size_t i = 0; i < seeds_count; i++)
    free(seeds[i].bytes);
  return 0;
}
