#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "producer.h"
#include "reception.h"

#define HOUSE_LIMIT (50 * MILLISECOND) /* how often the housekeeper looks around when nobody knocks */
#define KNOCK_PAUSE MILLISECOND        /* how long it does not when somebody knocks again and again */
#define NAMES_LIMIT SECOND             /* how often it looks whether the names are still its own */

/* clean_up is one look around. *word is where to wait for a knock, and *knocks what was there before the
 * look. It reports false when the producer is closed, or has no pool any more. */
static bool clean_up(bips_producer *p, const uint32_t **word, uint32_t *knocks) {
  pthread_mutex_lock(&p->mu);
  bool there = is_usable(p);
  if (there) {
    *word = &p->own->seats.header->knock;
    *knocks = load32(*word);
    blockade_look(&p->dropping, HOUSE_LIMIT);
    reclaim_dead(p);
    HIT("H1");
    read_seats(p); /* H2, and H3 */
    HIT("H2");
    look_for_key_frame_requests(p);
    HIT("H5");
  }
  pthread_mutex_unlock(&p->mu);
  return there;
}

/* check_names looks whether the names are still the producer's own, and takes them again if not (N1 to
 * N3). During a move it does nothing: that looks itself. */
static void check_names(bips_producer *p) {
  bool renamed = false;
  int err;

  if (pthread_mutex_trylock(&p->moving) != 0)
    return;
  err = keep_names(p, &renamed);
  pthread_mutex_unlock(&p->moving);
  if (renamed)
    err = fail_plain(BIPS_NAMES_DELETED,
        "pool \"%s\": the pool's names were deleted in %s while it was in use, and were made again (systemd does so at a logout: RemoveIPC=no in logind.conf, or run the producer as a system user)",
        p->named.paths.name, p->named.paths.folder);
  if (err < 0 && err != -BIPS_CLOSED && p->warn != NULL)
    p->warn(p->warn_user, err, bips_error_message()); /* with no lock held */
}

/* keep_house does what has to be done beside the frames' path, now and then and when a consumer knocks: it
 * takes back the seats of the dead, answers those who ask, and looks after the names (H1 to H5). In a pool
 * of `latest` readers nothing ever runs out; yet a dead one's pins must come back, and its announced wait
 * must not cost a system call per frame. */
void *keep_house(void *producer) {
  bips_producer *p = producer;
  const uint32_t *word;
  uint32_t knocks;

  for (int64_t named = sys_now();;) {
    int64_t start = sys_now();
    if (!clean_up(p, &word, &knocks))
      return NULL;
    if (sys_now() - named >= NAMES_LIMIT) {
      check_names(p); /* H4 */
      HIT("H4");
      named = sys_now();
    }
    /* Its pool may have been moved from and be unmapped meanwhile. The kernel reads the word where it is
     * mapped, and says so at once where it is not. */
    sys_futex_wait(word, knocks, HOUSE_LIMIT);
    reception_reap(p->named.reception);
    if (sys_now() - start < KNOCK_PAUSE)
      sys_sleep(KNOCK_PAUSE);
  }
}

/* wake_housekeeper ends its sleep. */
void wake_housekeeper(bips_producer *p) {
  pthread_mutex_lock(&p->mu);
  if (!p->own->unmapped)
    knock(p->own->seats.header);
  pthread_mutex_unlock(&p->mu);
}
