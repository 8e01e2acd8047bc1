// Handles from before a fork are the parent's: whoever has one in the child is told so.
#pragma once

#include <cstdint>

namespace bips_python {

// watch_forks begins to count. Once, before anything is opened.
void watch_forks();

// forks is how many forks lie between this process and the one that loaded the module.
uint32_t forks();

// kForked is what is said then.
extern const char kForked[];

}  // namespace bips_python
