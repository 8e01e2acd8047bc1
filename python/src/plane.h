// Objects that show bytes of a lease.
#pragma once

#include <memory>

#include "layout.h"
#include "lease.h"
#include "native.h"

namespace bips_python {

// View shows bytes by the buffer protocol: what .data is a memoryview of.
struct View {
  Held<> lease;
  Shape shape;
};

// Plane shows one plane of a picture.
struct Plane {
  Held<> lease;
  PlaneLayout layout;
};

// data_of is a flat memoryview of the bytes of a lease.
nb::object data_of(Lease *lease);

// planes_of is a tuple with all planes; layout may be nullptr: none.
nb::object planes_of(Lease *lease, const Layout *layout);

}  // namespace bips_python
