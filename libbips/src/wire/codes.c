#include "wire.h"

const char *wire_code_text(uint32_t code) {
  switch (code) {
  case BIPS_WIRE_SEATS_TAKEN: return "all seats are taken";
  case BIPS_WIRE_SLOTS_TAKEN: return "too few slots are left";
  case BIPS_WIRE_OTHER_VERSION: return "another version";
  case BIPS_WIRE_NOT_ALLOWED: return "not allowed";
  case BIPS_WIRE_TOO_BUSY: return "too busy";
  case BIPS_WIRE_BAD_MESSAGE: return "bad message";
  case BIPS_WIRE_NO_RESOURCES: return "out of descriptors or memory";
  case BIPS_WIRE_CLOSING: return "closing";
  }
  return "refused for a reason that this program does not know";
}
