/* bips/meta.h from C++17: the same as from C99. */
#include "meta_c99.c"
