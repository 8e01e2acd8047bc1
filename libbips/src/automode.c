#include <string.h>

#include "atomics.h"
#include "attach.h"
#include "captext.h"
#include "words.h"

/* announced_stand_alone looks at the caps that the producer set last. No frame refers to them, so that they may
 * be written over while they are read: they are a hint. */
static bool announced_stand_alone(const struct attachment *a) {
  uint64_t newest = 0;
  char text[64] = ""; /* the type stands at the beginning */

  for (uint32_t i = 0; i < a->pool.g.caps; i++) {
    struct bips_layout_caps_record *r = caps_record_of(&a->pool, i);
    uint64_t version = load64(&r->version);
    if (version <= newest)
      continue;
    uint32_t length = least32(load32(&r->length), sizeof text - 1);
    newest = version;
    memcpy(text, r->text, length);
    text[length] = 0;
  }
  return bips_frames_stand_alone(text) != 0;
}

/* mode_at_first is what BIPS_AUTO begins with. Where there is a frame it is the newest one, whose caps will
 * decide; else the caps that the producer announced do for the time being. */
uint32_t mode_at_first(const struct attachment *a) {
  return head_of(a) > 0 || announced_stand_alone(a) ? BIPS_LATEST : BIPS_EVERY;
}

/* decide_mode goes on in the mode that the caps of the frame just delivered want: by the steps of who is waited
 * for no longer (U4), or now (U5). What is gone before that takes effect was not kept for a reader of every
 * frame, and counts as lost. */
void decide_mode(struct attachment *a, struct caps_text *caps) {
  struct reading *r = a->reading;
  uint32_t mode = bips_frames_stand_alone(caps->text) ? BIPS_LATEST : BIPS_EVERY;

  r->undecided = false;
  caps_text_unref(r->mode_caps);
  r->mode_caps = caps_text_ref(caps);
  if (mode == r->mode)
    return;
  r->mode = mode;
  if (load_flag(&r->standing.blocking))
    unblock(a);
  else if (wants_to_block(a))
    block(a);
}
