#include "atomics.h"
#include "attach.h"
#include "crashpoint.h"

/* drain makes the seat need nothing any more; its last pin leaves. */
void drain(struct attachment *a) {
  store32(&a->seat->state, BIPS_LAYOUT_SEAT_DRAINING); /* L1 */
  HIT("L1");
  ring_door(&a->door); /* L2 */
  HIT("L2");
}

/* leave_seat gives up the seat. Nothing is pinned. */
void leave_seat(struct attachment *a) {
  store64(&a->seat->pins, 0); /* L3 */
  HIT("L3");
  store32(&a->seat->state, BIPS_LAYOUT_SEAT_FREE); /* L4a */
  HIT("L4a");
  store32(&a->seat->waiting, 0); /* L4b */
  HIT("L4b");
  ring_door(&a->door); /* L5 */
  HIT("L5");
  a->peer->ops->leave(a->peer, a->index); /* L6 */
  HIT("L6");
}
