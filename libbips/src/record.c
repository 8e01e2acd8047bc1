#include <string.h>

#include "atomics.h"
#include "attach.h"
#include "captext.h"
#include "errors.h"
#include "words.h"

void copy_record(const struct attachment *a, uint32_t slot, struct record_copy *c) {
  struct bips_layout_slot_record *shared = record_of(&a->pool, slot);
  const volatile struct bips_layout_slot_record *r = shared; /* volatile: each field is read once */

  *c = (struct record_copy){
      .stream = r->stream, .caps_version = r->caps_version, .dropped = r->dropped, .publish_time = load64(&shared->publish_time),
      .caps_index = r->caps_index,
      .info = {
          .size = sizeof c->info, .data_size = r->size, .pts = r->pts, .dts = r->dts, .duration = r->duration,
          .capture_time = r->capture_time, .offset = r->offset, .offset_end = r->offset_end, .flags = r->flags,
          .plane_count = r->plane_count, .meta_size = r->meta_length,
      },
  };
  if (c->info.plane_count > 0)
    for (int i = 0; i < BIPS_MAX_PLANES; i++) {
      c->info.plane_stride[i] = r->plane_stride[i];
      c->info.plane_offset[i] = r->plane_offset[i];
    }
}

int check_record(const struct attachment *a, uint64_t sequence, const struct record_copy *r) {
  const bips_frame_info *i = &r->info;

  if (r->stream > sequence)
    return fail(BIPS_DAMAGED, "of a stream that begins with %llu", (unsigned long long)r->stream);
  if (i->data_size > a->pool.g.slot_size)
    return fail(BIPS_DAMAGED, "%zu bytes in a slot of %llu", i->data_size, (unsigned long long)a->pool.g.slot_size);
  if (i->meta_size > a->pool.g.meta_size)
    return fail(BIPS_DAMAGED, "%zu bytes of metadata in %llu", i->meta_size, (unsigned long long)a->pool.g.meta_size);
  if (r->caps_index >= a->pool.g.caps)
    return fail(BIPS_DAMAGED, "caps %u of %u", r->caps_index, a->pool.g.caps);
  if (i->plane_count > BIPS_MAX_PLANES)
    return fail(BIPS_DAMAGED, "%u planes", i->plane_count);
  for (uint32_t p = 0; p < i->plane_count; p++)
    if (i->plane_offset[p] > i->data_size)
      return fail(BIPS_DAMAGED, "a plane at %llu of %zu bytes", (unsigned long long)i->plane_offset[p], i->data_size);
  return 0;
}

/* is_same reports whether caps and tags are those that were read last. */
static bool is_same(const struct caps_text *last, const uint8_t *text, size_t length, const uint8_t *tags, size_t tags_size) {
  return last != NULL && last->length == length && last->tags_size == tags_size && memcmp(last->text, text, length) == 0 &&
      (tags_size == 0 || memcmp(last->tags, tags, tags_size) == 0);
}

/* The slot's pin keeps the record from being reused. It is copied only when it is new. */
int caps_of(struct attachment *a, const struct record_copy *r, struct caps_text **caps) {
  struct known_caps *known = &a->caps[r->caps_index];
  struct reading *reading = a->reading;
  struct caps_text *fresh;

  if (known->version == r->caps_version && known->text != NULL) {
    *caps = known->text;
    return 0;
  }
  struct bips_layout_caps_record *record = caps_record_of(&a->pool, r->caps_index);
  uint64_t version = load64(&record->version);
  uint32_t length = load32(&record->length), tags_size = load32(&record->tags_length);
  if (version != r->caps_version)
    return fail(BIPS_DAMAGED, "caps of version %llu, want %llu", (unsigned long long)version, (unsigned long long)r->caps_version);
  if (length > sizeof record->text)
    return fail(BIPS_DAMAGED, "caps of %u bytes in %zu", length, sizeof record->text);
  if (tags_size > sizeof record->tags)
    return fail(BIPS_DAMAGED, "tags of %u bytes in %zu", tags_size, sizeof record->tags);
  if (is_same(reading->last_caps, record->text, length, record->tags, tags_size))
    fresh = caps_text_ref(reading->last_caps);
  else if ((fresh = caps_text_of(record->text, length, record->tags, tags_size)) == NULL)
    return fail_as(BIPS_NO_MEMORY);
  caps_text_unref(known->text);
  *known = (struct known_caps){r->caps_version, fresh};
  caps_text_unref(reading->last_caps);
  reading->last_caps = caps_text_ref(fresh);
  *caps = fresh;
  return 0;
}
