//go:build !nostubs

// The mechanism behind stubs.inc, which lists STUB(function) and, for functions
// that return a GType, TYPE_STUB(function). All of it is hidden: nothing
// outside the plugin sees these symbols, and dlsym finds the real ones.

#define _GNU_SOURCE // RTLD_DEFAULT
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define HIDDEN __attribute__((visibility("hidden")))

extern unsigned long g_pointer_type_register_static(const char *name);
extern unsigned long g_type_from_name(const char *name);

static void missing(const char *name) {
  fprintf(stderr, "bips: %s was called, but this GStreamer or GLib is too old to have it\n", name);
  abort();
}

// A function's arguments are not known here, so a stub must be a bare jump: to
// the real function, or to one that reports it missing.
#if defined(__x86_64__)
#define JUMP(name) "jmp *bips_real_" #name "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name)                        \
  "adrp x16, bips_real_" #name "\n"       \
  "ldr x16, [x16, :lo12:bips_real_" #name "]\n" \
  "br x16\n"
#else
#error "bips: write the jump of a stub for this processor (internal/gststubs/stubs.c)"
#endif

#define STUB(name)                                                \
  static void missing_##name(void) { missing(#name); }            \
  HIDDEN void *bips_real_##name = (void *)missing_##name;         \
  __asm__(".text\n.globl " #name "\n.hidden " #name "\n"          \
          ".type " #name ", %function\n" #name ":\n" JUMP(name)   \
          ".size " #name ", .-" #name "\n");

// go-gst registers every type when it starts, and panics on two equal ones: a
// missing type gets one of its own.
static unsigned long type_of(const char *function) {
  unsigned long (*real)(void) = (unsigned long (*)(void))dlsym(RTLD_DEFAULT, function);
  unsigned long type;
  char name[128];
  if (real != NULL)
    return real();
  snprintf(name, sizeof name, "bips-missing-%s", function);
  type = g_type_from_name(name); // of another part of the process that has these stubs
  return type != 0 ? type : g_pointer_type_register_static(name);
}

#define TYPE_STUB(name)                \
  HIDDEN unsigned long name(void) {    \
    static unsigned long type;         \
    if (type == 0)                     \
      type = type_of(#name);           \
    return type;                       \
  }

#include "stubs.inc"
#undef STUB
#undef TYPE_STUB

static const struct {
  const char *name;
  void **real;
} stubs[] = {
#define STUB(name) {#name, &bips_real_##name},
#define TYPE_STUB(name)
#include "stubs.inc"
};

// Priority 101 is the first that programs may use: before Go starts.
__attribute__((constructor(101))) static void find_real_functions(void) {
  for (size_t i = 0; i < sizeof stubs / sizeof stubs[0]; i++) {
    void *real = dlsym(RTLD_DEFAULT, stubs[i].name);
    if (real != NULL)
      *stubs[i].real = real;
  }
}
