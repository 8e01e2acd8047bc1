// Lines that a peer writes, and orders that it reads: those of the peer in C (../peer), as C++ has them.
#pragma once

#include <bips/bips.hpp>

#include <string>
#include <utility>

extern "C" {
#include "../peer/json.h"
#include "../peer/output.h"
#include "../peer/payload.h"
}

namespace peer {

// Line is a line that grows. Fields that are 0 or empty are left out.
class Line {
 public:
  explicit Line(const char *event) { line_begin(&line_, event); }
  Line(const Line &) = delete;
  Line &operator=(const Line &) = delete;

  Line &Number(const char *name, std::uint64_t number) { return line_number(&line_, name, number), *this; }
  Line &Signed(const char *name, std::int64_t number) { return line_signed(&line_, name, number), *this; } // 0 too
  Line &Text(const char *name, const std::string &text) { return line_text(&line_, name, text.c_str()), *this; }
  Line &Hex(const char *name, std::uint64_t number) { return line_hex(&line_, name, number), *this; } // 16 digits
  Line &Bytes(const char *name, bips::Span<const std::uint8_t> bytes) { return line_bytes(&line_, name, bytes.data(), bytes.size()), *this; }
  Line &Sum(const char *name, bips::Span<const std::uint8_t> bytes) { return line_sum(&line_, name, bytes.data(), bytes.size()), *this; }
  Line &Flag(const char *name, bool flag) { return line_flag(&line_, name, flag), *this; }
  Line &Raw(const std::string &json) { return line_raw(&line_, json.c_str()), *this; } // as it is
  Line &Error(const bips::Error &error) {
    return Text("error", peer_error_name(error.code())).Text("text", error.what());
  }
  template <class Optional> Line &ErrorIf(const Optional &error) { return error ? Error(*error) : *this; }

  // Write writes the line, by one system call. It is the last use.
  void Write() { line_end(&line_); }
  // Drop gives it up.
  void Drop() { free(line_.text); }

 private:
  struct line line_;
};

// Wrong says that a property does not hold, and WrongCall that a call failed that must not.
inline void Wrong(const char *what, const std::string &text) { Line("wrong").Text("what", what).Text("text", text).Write(); }
inline void WrongCall(const std::string &call, const bips::Error &error) {
  Line("wrong").Text("what", "call").Text("error", peer_error_name(error.code())).Text("text", call + ": " + error.what()).Write();
}

// ---- Fields of an order

inline std::int64_t NumberIn(const json *fields, const char *name) { return json_number(fields, name); }
inline std::string TextIn(const json *fields, const char *name) { return json_text(fields, name); }

}  // namespace peer
