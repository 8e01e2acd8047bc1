#include "frame.h"

#include <string.h>

#include "atomics.h"
#include "attach.h"
#include "captext.h"
#include "errors.h"
#include "options.h"
#include "words.h"

struct frame_entry *frame_entry_take(struct frame_entry *entries, uint64_t *free_entries) {
  uint32_t i = (uint32_t)__builtin_ctzll(load64(free_entries));

  fetch_and64(free_entries, ~bit(i));
  return &entries[i];
}

#define ONE_USE (UINT64_C(1) << 32)

static uint64_t use_of(uint64_t state) { return (state >> 32) % FRAME_SPACING; }
static uint32_t holders_of(uint64_t state) { return (uint32_t)state; }

bips_frame *frame_hand_out(struct frame_entry *e) {
  uint64_t state = add64(&e->state, ONE_USE + 1);

  return (bips_frame *)((uint8_t *)e + use_of(state));
}

/* entry_of is the entry of a handle; NULL: it is none. *state is as it is now. */
static struct frame_entry *entry_of(const bips_frame *frame, uint64_t *state) {
  uintptr_t tag = (uintptr_t)frame % FRAME_SPACING;

  if (frame == NULL)
    return NULL;
  struct frame_entry *e = (struct frame_entry *)((const uint8_t *)frame - tag);
  *state = load64(&e->state);
  return holders_of(*state) > 0 && use_of(*state) == tag ? e : NULL;
}

/* held is the entry of a handle that is held; NULL: it is stale. */
static struct frame_entry *held(const bips_frame *frame) {
  uint64_t state;

  return entry_of(frame, &state);
}

BIPS_API bips_frame *bips_frame_ref(bips_frame *frame) {
  struct frame_entry *e;
  uint64_t state;

  while ((e = entry_of(frame, &state)) != NULL)
    if (cas64(&e->state, state, state + 1))
      return frame;
  return NULL;
}

BIPS_API int bips_frame_release(bips_frame *frame) {
  struct frame_entry *e;
  uint64_t state;

  while ((e = entry_of(frame, &state)) != NULL) {
    if (e->attachment->consumer->generation != fork_generation())
      return fail_as(BIPS_FORKED);
    if (!cas64(&e->state, state, state - 1))
      continue;
    if (holders_of(state) == 1)
      give_back(e);
    return 0;
  }
  return fail_as(BIPS_STALE);
}

BIPS_API const void *bips_frame_data(const bips_frame *frame) {
  struct frame_entry *e = held(frame);

  return e == NULL ? NULL : e->data;
}

BIPS_API size_t bips_frame_size(const bips_frame *frame) {
  struct frame_entry *e = held(frame);

  return e == NULL ? 0 : e->info.data_size;
}

BIPS_API const char *bips_frame_caps(const bips_frame *frame) {
  struct frame_entry *e = held(frame);

  return e == NULL ? NULL : e->caps->text;
}

BIPS_API const void *bips_frame_tags(const bips_frame *frame, size_t *size) {
  struct frame_entry *e = held(frame);

  if (size != NULL)
    *size = e == NULL ? 0 : e->caps->tags_size;
  return e == NULL ? NULL : e->caps->tags;
}

BIPS_API const void *bips_frame_meta(const bips_frame *frame, size_t *size) {
  struct frame_entry *e = held(frame);

  if (size != NULL)
    *size = e == NULL ? 0 : e->info.meta_size;
  return e == NULL ? NULL : e->info.meta;
}

BIPS_API uint64_t bips_frame_sequence(const bips_frame *frame) {
  struct frame_entry *e = held(frame);

  return e == NULL ? 0 : e->delivery.sequence;
}

BIPS_API uint64_t bips_frame_pts(const bips_frame *frame) {
  struct frame_entry *e = held(frame);

  return e == NULL ? BIPS_NO_TIME : e->info.pts;
}

BIPS_API uint64_t bips_frame_duration(const bips_frame *frame) {
  struct frame_entry *e = held(frame);

  return e == NULL ? BIPS_NO_TIME : e->info.duration;
}

BIPS_API uint32_t bips_frame_flags(const bips_frame *frame) {
  struct frame_entry *e = held(frame);

  return e == NULL ? 0 : e->info.flags;
}

BIPS_API int64_t bips_frame_age(const bips_frame *frame) {
  struct frame_entry *e = held(frame);

  return e == NULL ? 0 : (int64_t)((uint64_t)sys_now() - e->delivery.publish_time);
}

BIPS_API int bips_frame_get_info(const bips_frame *frame, bips_frame_info *info) {
  struct frame_entry *e = held(frame);

  return e == NULL ? fail_as(BIPS_STALE) : write_struct(info, &e->info, sizeof e->info, "bips_frame_info");
}

BIPS_API int bips_frame_get_delivery(const bips_frame *frame, bips_frame_delivery *delivery) {
  struct frame_entry *e = held(frame);

  return e == NULL ? fail_as(BIPS_STALE) : write_struct(delivery, &e->delivery, sizeof e->delivery, "bips_frame_delivery");
}
