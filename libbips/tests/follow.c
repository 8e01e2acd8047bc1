/* A reader whose producer moves, or goes, at moments that no schedule brings about for certain. It is built with the library's sources. */
#include "../src/atomics.h"
#include "../src/link.h"
#include "../src/producer.h"
#include "../src/reception.h"
#include "pools.h"

static bips_producer *producer;

/* find_a_place_that_closes is link_find_next, but that the producer closes the place (K5) when the reader has looked at it, and before it
 * sits there. */
static int find_a_place_that_closes(struct peer *peer, struct attachment *a, bool suspended, struct attachment **next, enum whereabouts *found) {
  struct link *l = (struct link *)peer;
  struct attachment *n;
  bool ended, kept;

  *next = NULL;
  *found = NOT_YET;
  CHECK(link_read_moves(l, a, &ended) == 0);
  if (l->next == NULL || !l->seated)
    return 0;
  n = l->next;
  l->next = NULL;
  CHECK(inspect_place(n, a, &kept) && !kept);
  CHECK(bips_producer_grow(producer, 192) == 0);
  CHECK(!occupy_place(n, a, kept, suspended));
  free_attachment(n);
  *found = NEWCOMER;
  return 0;
}

static void read_number(bips_consumer *consumer, uint8_t number) {
  bips_frame *frame;

  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, number));
  CHECK(bips_frame_release(frame) == 0);
}

/* open_impatient makes a pool whose producer waits for nobody who is behind. */
static bips_producer *open_impatient(uint32_t backend) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *opened;

  options.backend = backend;
  options.slots = 8;
  options.slot_size = 64;
  options.block_timeout = 1; /* ns */
  CHECK(bips_producer_open("closed", &options, &opened) == 0);
  return opened;
}

static void push_numbers(uint8_t from, uint8_t to) {
  for (uint8_t i = from; i <= to; i++)
    push_number(producer, i);
}

/* come_back lets a reader that has no place in the next pool ask for a seat there. */
static void come_back(bips_consumer *consumer) {
  bips_producer_stats stats = BIPS_PRODUCER_STATS_INIT;
  bips_frame *frame;

  while (bips_producer_get_stats(producer, &stats) == 0 && stats.consumers == 0)
    CHECK(bips_consumer_pull(consumer, BIPS_MILLISECOND, &frame) == -BIPS_TIMEOUT);
}

/* check_demotion checks that a reader gets a frame, knows of so many demotions, and that so many frames were lost before it. */
static void check_demotion(bips_consumer *consumer, uint8_t number, uint64_t demoted, uint64_t lost) {
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  bips_frame_delivery delivery = BIPS_FRAME_DELIVERY_INIT;
  bips_frame *frame;

  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, number));
  CHECK(bips_frame_get_delivery(frame, &delivery) == 0 && delivery.lost == lost && (delivery.blocking != 0) == (demoted == 0));
  CHECK(bips_frame_release(frame) == 0);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.demoted == demoted && stats.lost == lost);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* A reader of every frame was demoted on its way to the next pool, and its place there closed for the move after that, just when the
 * reader came: it has joined there by then, and sees no verdict any more. */
static void a_reader_whose_place_is_closed_when_it_has_just_come_knows_that_it_was_demoted(void) {
  bips_consumer *consumer = open_consumer("closed", BIPS_EVERY);
  struct peer_ops ops;

  producer = open_impatient(BIPS_MEMFD);
  attach_now(consumer);
  push_number(producer, 1);
  read_number(consumer, 1);
  CHECK(bips_producer_grow(producer, 128) == 0);
  push_numbers(2, 21); /* for want of slots it is demoted */
  ops = *consumer->attachment->peer->ops;
  ops.find_next = find_a_place_that_closes;
  consumer->attachment->peer->ops = &ops;
  come_back(consumer);
  push_number(producer, 22);
  check_demotion(consumer, 22, 1, 20);
}

/* A producer that is to wait for a reader again, and then moves, keeps its place. If the place is closed before the reader has had a frame
 * of those that are kept for it, it was demoted. In a pool that was moved from by then nobody keeps anything for it. */
static void a_reader_that_is_waited_for_again_around_a_move_knows_whether_it_was_demoted(uint32_t backend, bool before) {
  bips_consumer *consumer = open_consumer("closed", BIPS_EVERY);

  producer = open_impatient(backend);
  attach_now(consumer);
  CHECK(bips_consumer_set_blocking(consumer, 0) == 0);
  push_numbers(1, 5);
  if (before)
    CHECK(bips_consumer_set_blocking(consumer, 1) == 0);
  CHECK(bips_producer_grow(producer, 128) == 0);
  if (!before)
    CHECK(bips_consumer_set_blocking(consumer, 1) == 0);
  push_numbers(6, 25);
  CHECK(bips_producer_grow(producer, 192) == 0); /* which does not wait for who does not come */
  for (uint8_t i = 1; i <= 5; i++)
    read_number(consumer, i);
  come_back(consumer);
  push_number(producer, 26);
  check_demotion(consumer, 26, before ? 1 : 0, 20);
}

/* It joined in the next pool, and has read nothing there when it goes on without being waited for, and then is waited for again. What is
 * gone meanwhile is lost for it as if it had stayed where it was. */
static void a_reader_that_followed_counts_what_is_gone_before_its_first_frame_there(uint32_t backend) {
  bips_consumer *consumer = open_consumer("closed", BIPS_EVERY);
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  bips_slot *lent[2];
  bips_frame *frame;
  uint64_t got = 0;

  producer = open_impatient(backend);
  attach_now(consumer);
  push_number(producer, 1);
  read_number(consumer, 1);
  CHECK(bips_consumer_set_blocking(consumer, 0) == 0);
  CHECK(bips_producer_grow(producer, 128) == 0);
  CHECK(bips_consumer_set_blocking(consumer, 1) == 0); /* in the pool that was moved from: nothing is kept for it in the next one */
  while (bips_consumer_get_stats(consumer, &stats) == 0 && stats.moves == 0)
    CHECK(bips_consumer_pull(consumer, BIPS_MILLISECOND, &frame) == -BIPS_TIMEOUT);
  CHECK(bips_consumer_set_blocking(consumer, 0) == 0);
  push_numbers(2, 21);
  for (int i = 0; i < 2; i++) /* of the eight frames that came last two are gone */
    CHECK(bips_producer_lend(producer, PATIENCE, &lent[i]) == 0);
  CHECK(bips_consumer_set_blocking(consumer, 1) == 0);
  for (; bips_consumer_pull(consumer, 0, &frame) == 0; got++)
    CHECK(bips_frame_release(frame) == 0);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && got == 6 && stats.lost == 14);
  for (int i = 0; i < 2; i++)
    CHECK(bips_slot_return(lent[i]) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* The second move closes the place that the first one reserved, so the reader has to ask for a seat: as it resumes, or after its own thread
 * has looked after the producer. A machine that is busy may keep the grant from coming in time: then it is tried again. */
static void a_reader_that_resumes_over_two_moves_reads_what_comes_from_then_on(uint32_t backend, bool lets_go) {
  bips_consumer *consumer = open_consumer("closed", BIPS_EVERY);
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  bips_pool_info info = BIPS_POOL_INFO_INIT;
  uint32_t moves = 0;

  producer = open_impatient(backend);
  attach_now(consumer);
  push_number(producer, 1);
  read_number(consumer, 1);
  do {
    CHECK(bips_consumer_suspend(consumer) == 0);
    for (int i = 0; i < 2; i++) {
      push_number(producer, 2);
      CHECK(bips_producer_grow(producer, 64 + 64 * (size_t)++moves) == 0);
    }
    push_number(producer, 2);
    /* Its thread may have looked just between the moves: then it follows both. */
    while (lets_go && bips_consumer_get_pool(consumer, &info) == 0 && info.moves < moves)
      usleep(1000);
    CHECK(bips_consumer_resume(consumer) == 0);
  } while (bips_consumer_get_pool(consumer, &info) < 0);
  push_numbers(3, 7);
  for (uint8_t i = 3; i <= 7; i++)
    read_number(consumer, i);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.lost == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* Who reads the newest frame may have it before it is the head. A producer that is stopped there, and goes on, publishes it to a reader
 * of every frame that has resumed meanwhile. */
static void a_frame_that_was_read_before_it_was_the_head_is_not_read_again(uint32_t backend) {
  bips_consumer *consumer = open_consumer("closed", BIPS_EVERY);
  bips_frame *frame;

  producer = open_impatient(backend);
  attach_now(consumer);
  CHECK(bips_consumer_set_blocking(consumer, 0) == 0);
  push_numbers(1, 3);
  read_number(consumer, 3);
  store64(&producer->own->pool.header->head, 2);
  CHECK(bips_consumer_suspend(consumer) == 0);
  CHECK(bips_consumer_set_blocking(consumer, 1) == 0);
  CHECK(bips_consumer_resume(consumer) == 0);
  store64(&producer->own->pool.header->head, 3);
  CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT);
  push_number(producer, 4);
  read_number(consumer, 4);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* The end of the connection is known at once: there is nothing to probe now and then. */
static void a_reader_is_told_of_its_producers_death_as_soon_as_its_connection_ends(void) {
  bips_consumer *consumer = open_consumer("closed", BIPS_LATEST);
  bips_frame *frame;

  producer = open_impatient(BIPS_MEMFD);
  attach_now(consumer);
  push_number(producer, 1);
  read_number(consumer, 1);
  pthread_mutex_lock(&producer->mu);
  reception_close(producer->named.reception);
  pthread_mutex_unlock(&producer->mu);
  while (connection_is_alive(connection_of((struct link *)consumer->attachment->peer)))
    usleep(1000);
  CHECK_ERROR(bips_consumer_pull(consumer, 0, &frame), BIPS_PRODUCER_LOST, "its producer died");
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* A program that pulls again and again asks a full pool no more often than one that waits: each question is a connection, of which a
 * producer accepts so many in a second, from all readers together. */
static void who_polls_a_full_pool_asks_no_more_often_than_who_waits(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_consumer *inside = open_consumer("closed", BIPS_LATEST), *outside = open_consumer("closed", BIPS_LATEST);
  bips_frame *frame;
  int asked = 0, err;

  options.backend = BIPS_MEMFD;
  options.slot_size = 64;
  options.max_consumers = 1;
  CHECK(bips_producer_open("closed", &options, &producer) == 0);
  attach_now(inside);
  do {
    int64_t before = outside->asked_at;
    err = bips_consumer_pull(outside, BIPS_MILLISECOND, &frame);
    if (outside->asked_at != before) {
      CHECK(before == 0 || outside->asked_at - before >= SEARCH_LIMIT);
      asked++;
    }
  } while (err == -BIPS_TIMEOUT);
  CHECK(err == -BIPS_POOL_FULL && asked > 1);
  bips_consumer_close(outside);
  bips_consumer_close(inside);
  bips_producer_close(producer);
}

/* A move that comes to nothing, since its names were deleted too, is over: at the next one a reader has as much patience with a pool that
 * has no name yet. */
static void a_reader_is_as_patient_with_the_next_move_when_the_one_before_came_to_nothing(void) {
  bips_consumer *consumer = open_consumer("closed", BIPS_EVERY);
  char name[sizeof test_folder + 32], away[sizeof test_folder + 32];
  bips_frame *frame;

  producer = open_impatient(BIPS_SHM);
  attach_now(consumer);
  snprintf(name, sizeof name, "%s/bips.closed", test_folder);
  snprintf(away, sizeof away, "%s/away", test_folder);
  pthread_mutex_lock(&producer->moving); /* the housekeeper leaves the names alone */
  CHECK(rename(name, away) == 0);
  for (int i = 0; i < 2; i++) {
    store32(&producer->own->pool.header->state, BIPS_LAYOUT_STATE_MOVED);
    CHECK_ERROR(bips_consumer_pull(consumer, 0, &frame), BIPS_TIMEOUT, "no frame");
    store32(&producer->own->pool.header->state, BIPS_LAYOUT_STATE_RUNNING);
    CHECK_ERROR(bips_consumer_pull(consumer, 100 * BIPS_MILLISECOND, &frame), BIPS_TIMEOUT, "no frame");
  }
  CHECK(rename(away, name) == 0);
  pthread_mutex_unlock(&producer->moving);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

int main(void) {
  begin_test();
  a_reader_is_as_patient_with_the_next_move_when_the_one_before_came_to_nothing();
  who_polls_a_full_pool_asks_no_more_often_than_who_waits();
  a_reader_whose_place_is_closed_when_it_has_just_come_knows_that_it_was_demoted();
  a_reader_is_told_of_its_producers_death_as_soon_as_its_connection_ends();
  for (uint32_t backend = BIPS_SHM; backend <= BIPS_MEMFD; backend++) {
    a_reader_that_is_waited_for_again_around_a_move_knows_whether_it_was_demoted(backend, true);
    a_reader_that_is_waited_for_again_around_a_move_knows_whether_it_was_demoted(backend, false);
    a_reader_that_followed_counts_what_is_gone_before_its_first_frame_there(backend);
    a_reader_that_resumes_over_two_moves_reads_what_comes_from_then_on(backend, false);
    a_reader_that_resumes_over_two_moves_reads_what_comes_from_then_on(backend, true);
    a_frame_that_was_read_before_it_was_the_head_is_not_read_again(backend);
  }
  return end_test();
}
