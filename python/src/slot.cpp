#include "slot.h"

#include "errors.h"
#include "export.h"
#include "fork.h"
#include "plane.h"

namespace bips_python {

SlotLease::SlotLease(ProducerCore *core, bips_slot *slot) noexcept : core_(core), slot_(slot) {
  core->reference();
  begin(static_cast<uint8_t *>(bips_slot_data(slot)), bips_slot_size(slot), true);
}

void SlotLease::end() noexcept {
  if (slot_ != nullptr)
    bips_slot_return(slot_);
  core_->unreference();
  delete this;
}

SlotLease *lease_of(const Slot &slot) {
  if (slot.state != Slot::kLent)
    raise_as(BIPS_STALE, "slot " + std::to_string(slot.index) + " was " + (slot.state == Slot::kReturned ? "given back" : "pushed") +
            " already: pull another one");
  if (slot.lease->is_forked())
    raise_as(BIPS_FORKED, kForked);
  return slot.lease.get();
}

namespace {

const Layout *layout_of(Slot &slot) {
  SlotLease *lease = lease_of(slot);

  if (!slot.layout_is_known) {
    bips_frame_info info = BIPS_FRAME_INFO_INIT;
    info.data_size = lease->size();
    slot.layout = bips_python::layout_of(slot.caps.c_str(), info); // Python code runs, and another thread may push the slot meanwhile
    slot.layout_is_known = true;
    lease_of(slot);
  }
  return slot.layout.get();
}

int get_buffer(PyObject *self, Py_buffer *buffer, int flags) {
  return fill_buffer(buffer, [&] {
    Slot &slot = instance_of<Slot>(self);
    const Layout *layout = layout_of(slot);
    export_buffer(slot.lease.get(), whole_of(layout, slot.lease->size()), self, buffer, flags);
  });
}

PyType_Slot slots[] = {
    {Py_bf_getbuffer, reinterpret_cast<void *>(get_buffer)},
    {Py_bf_releasebuffer, reinterpret_cast<void *>(release_buffer)},
    {0, nullptr},
};

// give_back gives a slot back unpublished. It may be called again, also after a push.
void give_back(Slot &slot) {
  if (slot.state == Slot::kPushing)
    raise_as(BIPS_STALE, "slot " + std::to_string(slot.index) + " is being pushed");
  if (slot.state == Slot::kLent)
    slot.state = Slot::kReturned;
  slot.lease = Held<SlotLease>();
}

}  // namespace

void add_slots(nb::module_ &m) {
  nb::class_<Slot> slot(m, "Slot", nb::type_slots(slots), nb::is_weak_referenceable());

  slot.doc() =
      "An empty buffer of a pool, lent to be written to: numpy.asarray(slot) is the picture that the producer's caps describe. It "
      "holds what an older frame left there. Producer.push publishes it.\n\n"
      "What still looks at it after the push (an array, a memoryview) stays valid, and keeps the slot from being lent again; it "
      "must not be written to any more, since consumers read it.";
  slot.def_prop_ro("data", [](const Slot &s) { return data_of(lease_of(s)); },
          "All its bytes: a flat, writable memoryview of format 'B'. len(slot.data) is the slot size that was asked for.")
      .def_prop_ro("planes", [](Slot &s) { const Layout *l = layout_of(s); return planes_of(s.lease.get(), l); },
          "Where the producer's caps are raw video, a tuple with a writable Plane for each plane, as Frame.planes. Else empty.")
      .def_prop_ro("size", [](const Slot &s) { return lease_of(s)->size(); }, "How many bytes it has.")
      .def_prop_ro("index", [](const Slot &s) { return s.index; }, "Its number in the pool, from 0.")
      .def_prop_ro("caps", [](const Slot &s) { return nb::str(s.caps.c_str(), s.caps.size()); }, "The producer's caps when it was pulled.")
      .def_prop_ro("views", [](const Slot &s) { return s.lease ? s.lease->exports() : 0; },
          "How many arrays, memoryviews and capsules of it exist.")
      .def_prop_ro("pushed", [](const Slot &s) { return s.state == Slot::kPushed; }, "Whether it was published.")
      .def_prop_ro("released", [](const Slot &s) { return s.state == Slot::kReturned; }, "Whether it was given back unpublished.")
      .def("_default_size",
          [](Slot &s) {
            const Layout *l = layout_of(s);
            SlotLease *lease = lease_of(s);
            return l != nullptr && l->size > 0 && l->size <= lease->size() ? l->size : lease->size();
          })
      .def("release", &give_back, "Gives the slot back unpublished. It may be called again, and after a push does nothing.")
      .def("__enter__", [](nb::pointer_and_handle<Slot> self) { lease_of(*self.p); return nb::borrow(self.h); })
      .def("__exit__", [](Slot &s, nb::args) { give_back(s); });
  add_dlpack(slot, [](Slot &s, Shape *shape) -> Lease * {
    const Layout *layout = layout_of(s);
    *shape = whole_of(layout, s.lease->size());
    return s.lease.get();
  });
}

}  // namespace bips_python
