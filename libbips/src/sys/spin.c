#include "sys.h"

#include "../atomics.h"

void sys_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#else
#error "BIPS runs on amd64 and arm64: 64-bit words of shared memory must be atomic"
#endif
}

bool sys_spin(const uint32_t *word, uint32_t value, int64_t start, int64_t limit) {
  do {
    for (int i = 0; i < 16; i++) {
      if (load32(word) != value)
        return true;
      sys_pause();
    }
  } while (sys_now() - start < limit);
  return false;
}
