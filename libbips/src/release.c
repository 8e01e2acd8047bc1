#include "atomics.h"
#include "attach.h"
#include "captext.h"
#include "crashpoint.h"
#include "words.h"

/* give_back gives a frame back whose last hold was given up (C9 to C12). From any thread. */
void give_back(struct frame_entry *e) {
  struct attachment *a = e->attachment;
  bips_consumer *c = a->consumer;
  struct caps_text *caps = e->caps;
  uint32_t slot = e->slot;

  swap64(&a->held[slot], 0); /* C9: the claim, of which there is one, since the last hold is given up once */
  HIT("C9");
  fetch_and64(&a->seat->pins, ~bit(slot)); /* C10 */
  HIT("C10");
  fetch_or64(&c->free_frames, bit((uint32_t)(e - c->frames))); /* before C11: whoever pulls after that finds an entry */
  add32(&c->held, (uint32_t)-1);                              /* C11: after the pin is gone */
  HIT("C11");
  readable_note_room(c);
  ring_door(&a->door); /* C12 */
  HIT("C12");
  caps_text_unref(caps);
  unreference(a);
}
