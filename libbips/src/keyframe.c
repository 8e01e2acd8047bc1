#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "producer.h"

/* key_frames_asked reports whether the count of any seat has changed since the last look. */
static bool key_frames_asked(struct own_pool *o) {
  bool asked = false;

  for (uint32_t i = 0; i < o->seats.count; i++) {
    uint32_t count = load32(&o->seats.seats[i]->key_frames);
    if (count != o->views[i].key_frames) {
      o->views[i].key_frames = count;
      asked = true;
    }
  }
  return asked;
}

/* look_for_key_frame_requests is F3. */
void look_for_key_frame_requests(bips_producer *p) {
  bool asked = key_frames_asked(p->own);

  if (p->own->before != NULL && key_frames_asked(p->own->before))
    asked = true;
  if (!asked)
    return;
  HIT("F3");
  store_flag(&p->key_frame_asked, true);
  add32(&p->key_frames, 1);
  sys_futex_wake_all(&p->key_frames);
}

BIPS_API int bips_producer_wait_key_frame_request(bips_producer *p, int64_t timeout) {
  struct deadline limit = deadline_after(timeout);
  int err = producer_is_known(p);
  int64_t wait;

  while (err == 0) {
    uint32_t seen = load32(&p->key_frames);
    pthread_mutex_lock(&p->mu);
    err = usable(p);
    pthread_mutex_unlock(&p->mu);
    if (err < 0 || swap_flag(&p->key_frame_asked, false))
      break;
    if (!deadline_left(&limit, SECOND, &wait))
      return fail_plain(BIPS_TIMEOUT, "pool \"%s\": nobody asks for a key frame: timeout", p->named.paths.name);
    sys_futex_wait(&p->key_frames, seen, wait);
  }
  return err;
}
