// Results of libbips become Python exceptions, with the library's sentences.
#pragma once

#include <string>

#include "native.h"

namespace bips_python {

// raise throws the exception for the error that the last call of this thread returned (negative), with the
// library's message, and more behind it.
[[noreturn]] void raise(int err, const std::string &more = "");

// raise_no_pool throws the exception for a wait (error, negative, as the last call of this thread returned it) that ended where there was no pool of a
// name, with the sentence of bips_why_no_pool.
[[noreturn]] void raise_no_pool(int err, const std::string &name);

// raise_as throws the exception for an error (positive) with a sentence of our own.
[[noreturn]] void raise_as(int error, const std::string &sentence);

// text_of is a text of libbips' as a str. What is no UTF-8 in it, as a byte of a name that is told, becomes U+FFFD.
nb::object text_of(const char *text);

// whole is a text as libbips takes them, which end at a zero byte. Throws the exception for an error (positive) where such a byte is in it; what
// says what the text is.
const char *whole(const std::string &text, int error, const char *what);

// check throws unless a result is 0 or more.
inline int check(int result) {
  if (result < 0)
    raise(result);
  return result;
}

// raise_type, raise_value and raise_buffer throw Python's own exceptions.
[[noreturn]] void raise_type(const std::string &sentence);
[[noreturn]] void raise_value(const std::string &sentence);
[[noreturn]] void raise_buffer(const std::string &sentence);

}  // namespace bips_python
