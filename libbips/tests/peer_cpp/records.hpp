// Metadata records as the objects of tests/golden/segments/records.json, and written again.
#pragma once

#include "line.hpp"

namespace peer {

// TellRecords answers with what records say, and with what becomes of them when they are written again; or with the
// error "damaged" or "needed" if none of them may be used.
void TellRecords(bips::Span<const std::uint8_t> bytes, Line &answer);

// TellOrderedRecords is TellRecords of hexadecimal digits.
void TellOrderedRecords(const std::string &digits, Line &answer);

// BytesOf reads hexadecimal digits.
std::vector<std::uint8_t> BytesOf(const std::string &digits);

}  // namespace peer
