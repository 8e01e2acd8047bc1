/*
 * What the files about a consumer have in common.
 */
#ifndef BIPS_ATTACH_H
#define BIPS_ATTACH_H

#include <pthread.h>

#include "again.h"
#include "anticipation.h"
#include "bells.h"
#include "deadline.h"
#include "frame.h"
#include "pause.h"
#include "peer.h"
#include "poolname.h"
#include "segment.h"
#include "stall.h"
#include "standing.h"
#include "sys/sys.h"

/* Errors that never leave the library. */
enum {
  MOVING = 1900, /* the pool under the name is being replaced by the next one. It is BIPS_NO_POOL for a moment */
  PASSING = 1901, /* likewise: there is a producer, or was just now, and it seats nobody. The sentence says why, struct again for how long */
  YIELDED = 1902  /* the looker gives pulling up to somebody who pulls. It leaves no sentence */
};

/* END_TOLD is the owed of a reader that was told the last end, and has not had a frame since. */
#define END_TOLD UINT64_MAX

/* struct reading is what a reader knows of the instance that it reads. It goes with it over a move. A consumer
 * has one: it belongs to the thread that pulls. */
struct reading {
  uint32_t mode;               /* BIPS_LATEST or BIPS_EVERY, also where the frames' caps decide */
  bool automatic;              /* they do */
  bool undecided;              /* none came yet */
  struct caps_text *mode_caps; /* that decided; NULL: none */
  struct caps_text *last_caps; /* those read last; text and tags that are the same again are not copied again */
  bool joined;                 /* it has joined the instance */
  bool rested;                 /* it was suspended, and has not joined since */
  bool displaced;              /* a place was kept for it over a move, and it did not find it */
  uint64_t cursor;             /* next sequence wanted; the seat's cursor is a copy */
  uint64_t last;               /* sequence delivered last; 0: none */
  uint64_t owed;               /* the stream whose end is still to be told, or END_TOLD */
  uint64_t dropped;            /* the producer's count of dropped frames, as of last */
  bool discontinuity;          /* the next frame does not follow the last one */
  struct standing standing;
  struct stall stall;
  uint64_t lost, skipped; /* frames passed by since the last one delivered */
};

/* struct known_caps is a caps record that was read before; text NULL: none. */
struct known_caps {
  uint64_t version;
  struct caps_text *text;
};

/* struct attachment is a consumer's hold on one pool: its mapping and its seat. It lives until the consumer
 * has let go of it and the last frame is given back, from whichever thread. */
struct attachment {
  struct peer *peer;
  struct pool_segment pool;
  struct seat_segment seats;
  struct door door;
  struct bell bell;

  struct bips_layout_seat *seat;
  uint32_t index, generation;
  uint32_t granted; /* pins that it may show at once */

  uint32_t references; /* atomic: the consumer, and each held frame. The last one leaves the seat */
  bips_consumer *consumer;
  /* held is the sequence of the frame held in each slot; 0: none. Giving a frame back begins with swapping it
   * out, so that it happens once. Atomic. */
  uint64_t held[BIPS_LAYOUT_MAX_SLOTS];

  /* The rest belongs to the thread that pulls. */
  struct reading *reading;
  struct known_caps *caps; /* as many as the pool has caps records */
  int64_t busy_since;      /* since when each look found a slot busy that nobody holds; 0: the last one did not */
  int64_t busy_seen;       /* the last such look */
  int64_t nameless_since;  /* since when nothing has the name of the pool that the producer moves to; 0: not looked, or the producer does not move */
};

/* struct told_later is an error that is still to be said. error 0: none. */
struct told_later {
  int error;
  char text[1024];
};

/* struct readable is a descriptor that is readable when there is something to pull, and the thread that waits for that
 * (readable.c). All 0 is one that nobody asked for. */
struct readable {
  bool on;              /* atomic, set with mu: there are a descriptor and a thread */
  bool over;            /* atomic: the thread is to end */
  int fd;               /* an eventfd; as long as on */
  unsigned long looker; /* the thread */
  bool looking;         /* protected by pulling: the looker has it */
  bool pulled;          /* atomic, changed with pulling held: a pull of the program's has it, and may keep it for as long as it likes */
  bool missed;          /* atomic: a pull's time was over while another one had pulling; that takes back what fd says */
  uint32_t set;         /* futex word, changed with pulling held: 1: fd is readable, and the looker rests */
  uint32_t claims;      /* futex word: threads that want pulling, which the looker may have */
  uint32_t starved;     /* atomic: 1: the looker waits until a frame is given back */
};

struct bips_consumer {
  /* Frames that are held, and what C0 compares with the grant. */
  struct frame_entry frames[FRAME_ENTRIES];
  uint64_t free_frames; /* atomic: a bit for each */
  uint32_t held;        /* atomic */
  uint32_t references;  /* atomic: the handle, and each attachment */

  struct paths paths;
  bips_consumer_options options; /* checked, with defaults */
  uint32_t generation;           /* fork_generation() when it was made */
  int64_t max_age;               /* atomic */
  bool ignored_wish;             /* atomic: bips_consumer_set_blocking(0) is in force */
  struct bell_waiter waiter;
  struct readable readable;

  bool closed, flushing, interrupted; /* atomic */
  bool want_suspended;                /* atomic: what suspend and resume ask for */
  bool suspended;                     /* atomic: what is so; changed with pulling held */
  bool settled;                       /* atomic: suspended once all that follows from it was done: suspend and resume wait for that */
  bool ignored;                       /* atomic: ignored_wish as whoever pulls last saw it */

  /* pulling is held by whoever uses the attachment as its reader. Lock order: pulling, mu. It protects: */
  pthread_mutex_t pulling;
  struct again again;            /* when a producer that has no time is asked again */
  int64_t asked_at;              /* when a seat was asked for last */
  struct told_later last_search; /* why there is no pool yet */
  int64_t full_since;            /* when the pool was first found full; 0: it was not */
  int64_t move_since;            /* when the pool was first found moving; 0: it was not */
  uint32_t quiet_bell;           /* value of the bell when nothing new was last waited for */
  int64_t quiet_since;           /* since when it has that value, or the producer was found alive */
  struct pace pace;              /* of the frames that came, with spin */
  struct reading reading;
  bool was_before; /* reading is of the instance that was left while its producer moved, for when it is found again */
  uint64_t before_instance;
  struct told_later owed; /* what is still to be said of an instance that was let go while suspended */
  bool watched;           /* a thread looks after the producer, or did and was not joined yet */
  unsigned long watcher;

  uint32_t watch_over; /* futex word: 1: nobody has to look after the producer any more */
  struct baton turn;   /* passed when pulling is given up, and when a suspension was applied */

  /* mu protects what follows against those who do not hold pulling. */
  pthread_mutex_t mu;
  struct attachment *attachment; /* NULL: not attached; changed with both locks held */
  struct application *asking;    /* waits for an answer; NULL: nothing is asked for; changed with both locks held */
  bool wants_key_frame;          /* of the next pool */
  bips_consumer_stats stats;
};

/* ---- attach.c */

/* ask asks the pool of files of the name for a seat (A). was_before: the consumer goes on in before_instance. */
int ask(bips_consumer *c, struct application **application);
/* new_attachment takes a peer over; NULL: no memory, and the peer is the caller's still. */
struct attachment *new_attachment(bips_consumer *c, struct peer *peer, const struct pool_segment *pool, const struct seat_segment *seats);
/* sit makes a seat the reader's own. */
void sit(struct attachment *a, uint32_t index, struct bips_layout_seat *seat, bool alone);
/* let_go ends the consumer's own hold, and unreference any hold; with the last one the attachment ends. */
void let_go(struct attachment *a);
void unreference(struct attachment *a);
/* free_attachment frees an attachment in whose seat nobody sits, and its peer. */
void free_attachment(struct attachment *a);
/* granted_to_all is the sum of what the seats' present holders were granted. */
uint32_t granted_to_all(const struct attachment *a);
void consumer_unreference(bips_consumer *c);

/* ---- connect.c, link.c, transfer.c */

/* apply asks the producer of the pool of the name for a seat, by whatever that leads to: a file (ask), or a socket (T). */
int apply(bips_consumer *c, struct application **application);
struct conn;
struct entry;
/* connect_to connects to a socket, if it is that of somebody who may have the pool's name (T2, T3). -BIPS_NO_POOL: its producer is gone. */
int connect_to(const struct entry *entry, struct conn **conn);

/* ---- join.c */

enum occasion {
  JOINING,  /* it was not in the instance before */
  RESUMING, /* it was suspended */
  FOLLOWING /* the producer has moved, and it did not keep its place in the stream */
};

void reading_begin(struct reading *r, const bips_consumer_options *o);
void reading_end(struct reading *r);
/* join begins to read, with a new seat (J1 to J7). *seen is false if the producer has gone without having seen
 * us: then there is nothing to read, and nobody will tell. */
int join(struct attachment *a, bool *seen);
/* take_part takes a place in the stream (J1 to J6). It returns the newest sequence. */
uint64_t take_part(struct attachment *a, enum occasion why);
void pass_by(struct attachment *a, uint64_t frames); /* counts frames that are not read */
void set_cursor(struct attachment *a, uint64_t sequence);
uint64_t head_of(const struct attachment *a); /* C3b */

/* ---- consume.c, record.c, automode.c */

enum outcome {
  GOT_FRAME,
  GOT_NOTHING,       /* nothing new: wait for the bell */
  GOT_END_OF_STREAM,
  POOL_CLOSED,       /* drained after a clean end, and the producer will publish no more */
  POOL_LOST,         /* drained, and the producer closed without an end */
  POOL_MOVED,        /* drained, and the producer goes on elsewhere */
  GOT_BUSY           /* another thread is just giving the slot back: again after a moment */
};

/* struct delivery is what a look brought: a frame, or what was missing before the end of the stream. */
struct delivery {
  struct frame_entry *frame;
  uint64_t lost, skipped;
};

/* struct sight is what a look at the pool's header shows. */
struct sight {
  uint32_t state;
  uint64_t ended, head;
};

struct sight look_at_header(const struct attachment *a); /* C2, C3a, C3b */
bool owes_end(const struct reading *r, uint64_t ended);
bool has_ended(const struct attachment *a); /* the producer said that it will publish no more here */
/* outcome_ahead is an outcome that next_frame might have, and takes nothing: GOT_FRAME where there is anything to deliver or to
 * fail with. */
int outcome_ahead(struct attachment *a);
/* next_frame looks for the frame wanted (C2 to C8) and pins it; an enum outcome, or an error. */
int next_frame(struct attachment *a, struct delivery *d);
int64_t interval_of(const struct attachment *a);

/* struct record_copy is a slot record in private memory: each field was read once. */
struct record_copy {
  uint64_t stream, caps_version, dropped, publish_time;
  uint32_t caps_index;
  bips_frame_info info; /* not checked yet */
};

void copy_record(const struct attachment *a, uint32_t slot, struct record_copy *c);
/* check_record refuses a record that would lead out of its slot. */
int check_record(const struct attachment *a, uint64_t sequence, const struct record_copy *r);
/* caps_of finds the caps and the tags of a record, whose slot is pinned. They are the attachment's. */
int caps_of(struct attachment *a, const struct record_copy *r, struct caps_text **caps);

uint32_t mode_at_first(const struct attachment *a);
void decide_mode(struct attachment *a, struct caps_text *caps);

/* ---- standing.c */

void block(struct attachment *a);
void unblock(struct attachment *a);
/* note_counted is called when the seat says that the producer is to wait for us. A pool that runs still will be moved
 * from by a producer that has seen it; of one that was moved from nobody knows. */
void note_counted(struct attachment *a);
bool wants_to_block(const struct attachment *a);
bool is_judged(const struct attachment *a);
void pass_over(struct attachment *a);

/* ---- release.c, leave.c, suspend.c, follow.c, keyframe of the reader */

void give_back(struct frame_entry *e);   /* C9 to C12 */
void drain(struct attachment *a);        /* L1, L2 */
void leave_seat(struct attachment *a);   /* L3 to L6 */
void suspend_reading(struct attachment *a); /* U1, U2 */
void resume_reading(struct attachment *a);  /* U3 */
bool has_moved(const struct attachment *a);
void start_watch(bips_consumer *c);      /* with pulling */
void stop_watch(bips_consumer *c);       /* with pulling */
void join_watch(bips_consumer *c);       /* without pulling, when no other call is in progress */
bool follow_if_moved(bips_consumer *c);  /* with pulling */
void catch_up(bips_consumer *c, int64_t end);   /* with pulling */
void look_again(bips_consumer *c, int64_t end); /* with pulling, by who is not suspended any more */
/* search looks for the pool, asks for a seat there, and waits a moment, or for a resume. What it asked for stays
 * asked for when it returns. With pulling. */
int search(bips_consumer *c, uint32_t poked, const struct deadline *limit);
void let_go_of_dead(bips_consumer *c);   /* with pulling */
int tell_later(struct told_later *t, int error); /* keeps the error for later, and returns it */
int tell_now(struct told_later *t);      /* says it, once */
void request_key_frame(struct attachment *a); /* F1, F2. One thread at a time */

#define FOLLOW_PAUSE MILLISECOND /* how long a reader waits before it looks again for the pool that its producer goes on in */
/* ANSWER_GRACE is how long after asking for a seat pull waits for the answer, which takes a producer that runs well below a
 * millisecond: so who only looks finds what is there. */
#define ANSWER_GRACE (20 * MILLISECOND)

/* follow goes to the pool that the producer of the present one has moved to (V). With pulling. */
int follow(bips_consumer *c);
/* is_reserved reports whether a seat is reserved for a generation, and whether frames are kept for it. */
bool is_reserved(const struct pool_segment *pool, uint32_t seat, uint32_t generation, bool *kept);
/* take_place goes on in the seat that the reader sits in now, if it is reserved for who had it in the pool
 * before (V3, V4), and reports whether it is. Nobody takes it back from now on. */
bool take_place(struct attachment *a, const struct attachment *before, bool suspended);
/* Its two halves: inspect_place looks whether the seat is the reader's place, and whether frames are kept for it, and
 * occupy_place sits down there, and reports whether it is the reader's still. */
bool inspect_place(struct attachment *a, const struct attachment *before, bool *kept);
bool occupy_place(struct attachment *a, const struct attachment *before, bool kept, bool suspended);
/* heed_closed_place does what a demoted reader has to do, if a place was kept for it and closed by a producer
 * that lives, in a pool with so many slots. */
void heed_closed_place(struct reading *r, uint32_t slots);

/* ---- consumer.c */

void detach(bips_consumer *c); /* lets go of the pool. What is held stays valid. With pulling */
int consumer_is_known(const bips_consumer *c); /* refuses NULL and those from before a fork */
/* pull_or_look pulls a frame; or with frame NULL waits until there is something to pull, takes nothing, and returns 0. What it
 * returns then, but for BIPS_CLOSED, BIPS_FLUSHING, BIPS_INTERRUPTED and YIELDED, no pull will return again. With pulling. */
int pull_or_look(bips_consumer *c, int64_t timeout, bips_frame **frame);

/* ---- readable.c */

/* readable_begin_pull takes pulling, if need be from the looker, and waits for other threads that pull until the time-out
 * is over (-BIPS_TIMEOUT). *timeout becomes what is left of it. */
int readable_begin_pull(bips_consumer *c, int64_t *timeout);
/* readable_end_pull gives pulling up after a pull that returned err. */
void readable_end_pull(bips_consumer *c, int err);
/* readable_note_missed does what a pull left to this one whose time was over before it had pulling. With pulling. */
void readable_note_missed(bips_consumer *c);
void readable_note_room(bips_consumer *c);  /* a frame was given back */
void readable_end(bips_consumer *c);        /* without pulling, after the shutdown, when no other call is in progress */

/* ---- peerfiles.c */

/* struct peer_files are the two files of a pool that another process made, or another part of this one. */
struct peer_files {
  struct peer peer;
  struct paths paths;
  struct lock_file *pool;  /* probes BIPS_LAYOUT_PRODUCER_LOCK */
  struct lock_file *seats; /* holds the seat's lock */
  struct mapping pool_map, seat_map;
};

/* open_files opens the pool of a name (A1, A2). Only one whose producer is alive, if that is asked for. */
int open_files(const struct paths *paths, bool alive, struct peer_files **files, struct pool_segment *pool, struct seat_segment *seats);
void close_files_of_peer(struct peer_files *f);
int files_producer_alive(struct peer_files *f, bool *alive);
/* read_pool_page reads the geometry from the first page of the file of a pool. */
int read_pool_page(const char *path, const struct file_id *id, struct geometry *g);

#endif
