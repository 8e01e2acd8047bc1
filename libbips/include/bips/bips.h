/*
 * libbips: frames between the processes of one machine, without a copy.
 *
 * One producer fills the slots of a pool in shared memory; any number of consumers read the frames
 * where they lie. The other side may be any BIPS program: C, Go, or the GStreamer elements bipssink
 * and bipssrc. docs/protocol.md of the project says what lies in shared memory.
 *
 *     producer                    pool                       consumers
 *     pull an empty slot  --->  [ slot | slot | slot ]  --->  pull the next frame
 *     write, push               [ slot | slot | ...  ]        read, release it
 *
 * A consumer:
 *
 *     bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
 *     bips_consumer *camera;
 *     bips_frame *frame;
 *     int err;
 *
 *     if (bips_consumer_open("camera0", &options, &camera) < 0)
 *       die(bips_error_message());
 *     while ((err = bips_consumer_pull(camera, BIPS_FOREVER, &frame)) == 0) {
 *       look(bips_frame_data(frame), bips_frame_size(frame), bips_frame_caps(frame));
 *       bips_frame_release(frame);
 *     }                                  (err is -BIPS_END_OF_STREAM, -BIPS_PRODUCER_LOST, ...)
 *     bips_consumer_close(camera);
 *
 * A producer:
 *
 *     bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
 *     bips_frame_info info = BIPS_FRAME_INFO_INIT;
 *     bips_producer *camera;
 *     bips_slot *slot;
 *
 *     options.slot_size = 640 * 480 * 3;
 *     options.caps = "video/x-raw,format=RGB,width=640,height=480,framerate=30/1";
 *     if (bips_producer_open("camera0", &options, &camera) < 0)
 *       die(bips_error_message());
 *     while (bips_producer_pull(camera, BIPS_FOREVER, &slot) == 0) {
 *       info.data_size = fill(bips_slot_data(slot), bips_slot_size(slot));
 *       bips_producer_push(camera, slot, &info);
 *     }
 *     bips_producer_close(camera);
 *
 * CONVENTIONS
 *
 * Results.  A function that can fail returns an int: 0 or more is success, less than 0 is an error:
 *   minus a value of enum bips_error, or minus any other errno value (-EMFILE). A function that fails
 *   stores nothing in its out parameters but NULL or 0. bips_error_message() says what happened, to
 *   what, and what to do.
 * Times.  All times and time-outs are in nanoseconds. A time-out of 0 does not wait, BIPS_FOREVER (and
 *   every other negative one) never ends. Points in time are of CLOCK_MONOTONIC.
 * Texts.  Texts are UTF-8, and end with a zero byte.
 * Structs.  Structs that the caller makes begin with their own size, which the macro ..._INIT stores
 *   with the defaults. A struct of an older header is shorter: what it lacks has its default. One of a
 *   newer header is longer: what this library does not know must be 0, else it is -BIPS_BAD_OPTION.
 *   Structs that the library fills are filled up to their size, and 0 beyond what it knows.
 * Handles.  Handles are opaque. A function that gets NULL for a handle returns -BIPS_STALE, or 0 or
 *   NULL where it returns no error.
 * Threads.  All functions may be called from any thread at any time, also several at once, but for one
 *   rule: bips_consumer_close and bips_producer_close are the last call for their handle. Whoever
 *   has to end a call that is in progress in another thread does that by ..._shutdown first.
 * Signals.  No function takes or blocks a signal of the caller's threads; the library's own threads
 *   block all of them but SIGBUS. bips_consumer_interrupt and bips_handle_fault may be called from a signal handler,
 *   nothing else.
 * Fork.  A child that was made by fork without exec gets nothing of a pool: its copies of the
 *   descriptors are closed at once, and every call with a handle from before the fork returns
 *   -BIPS_FORKED and touches nothing. The child may open handles of its own. What it inherited cannot
 *   be given back there; exec or exit does that.
 * SIGBUS.  With the backend shm, a process of the pool's own user can cut the pool's file short, and
 *   whoever looks at a frame after that gets SIGBUS, the library too. It takes no signals, so it does not
 *   turn that into an error by itself: bips_handle_fault does, for a program that has a handler. With the
 *   backend memfd nobody can do it.
 * exit.  The library never ends the process, and prints nothing.
 *
 * Linux on amd64 and arm64. Usable from C99, from C++, and over a foreign function interface: no
 * function is inline or variadic, none returns or takes a struct by value.
 */
#ifndef BIPS_BIPS_H
#define BIPS_BIPS_H

#if !defined(__linux__) || !defined(__LP64__) || !(defined(__x86_64__) || defined(__aarch64__))
#error "BIPS is for 64-bit Linux on amd64 and arm64: build this program for one of these"
#endif

#include <stddef.h>
#include <stdint.h>

/* Define it, empty, to compile the library into something of your own that does not export it. */
#ifndef BIPS_API
#if defined(__GNUC__)
#define BIPS_API __attribute__((visibility("default")))
#else
#define BIPS_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. bips_version() is the library's. */
#define BIPS_VERSION_MAJOR 0
#define BIPS_VERSION_MINOR 1
#define BIPS_VERSION_PATCH 0

/* bips_version returns the library's version, as "0.1.0". It is static. */
BIPS_API const char *bips_version(void);

/* ---- Errors ---------------------------------------------------------------------------------- */

/* What can go wrong. Functions return the negative of these: -BIPS_TIMEOUT.
 *
 * Those below 1000 are the errno values that mean the same, so that strerror() knows them. */
enum bips_error {
  BIPS_NO_POOL = 2,       /* ENOENT: there is no pool of the name, or its producer is gone */
  BIPS_NO_MEMORY = 12,    /* ENOMEM: this process has no more memory */
  BIPS_PERMISSION = 13,   /* EACCES: the pool belongs to somebody who did not share it */
  BIPS_POOL_BUSY = 16,    /* EBUSY: another producer is alive on the name */
  BIPS_NO_SPACE = 28,     /* ENOSPC: the shared memory has no room for the pool */
  BIPS_TOO_LARGE = 90,    /* EMSGSIZE: bytes, caps, tags or metadata are more than the pool has room for */
  BIPS_CLOSED = 108,      /* ESHUTDOWN: the producer or consumer was shut down */
  BIPS_TIMEOUT = 110,     /* ETIMEDOUT: the time given is over */
  BIPS_STALE = 116,       /* ESTALE: the slot or frame was given back already, or is no handle at all */
  BIPS_BAD_NAME = 1001,       /* the pool's name has a character or a length that is not allowed */
  BIPS_BAD_OPTION = 1002,     /* an option or argument is out of range */
  BIPS_NO_BACKEND = 1003,     /* this library, or this kernel, lacks the backend */
  BIPS_NAMES_DELETED = 1004,  /* somebody deleted the pool's files while it was in use */
  BIPS_NAME_TAKEN = 1005,     /* and another producer has the name since: this one is over */
  BIPS_POOL_FULL = 1006,      /* no seat is free, or fewer slots are left for readers than min_held */
  BIPS_OTHER_VERSION = 1007,  /* the pool is of a layout that this library does not know */
  BIPS_DAMAGED = 1008,        /* what lies in shared memory contradicts itself */
  BIPS_FLUSHING = 1009,       /* ..._set_flushing is in force */
  BIPS_INTERRUPTED = 1010,    /* bips_consumer_interrupt was called, or bips_producer_options.give_up is set */
  BIPS_DROPPED = 1011,        /* with BIPS_DROP: no slot was free, and the frame is dropped and counted */
  BIPS_QUOTA = 1012,          /* as many frames are held as may be: release one first */
  BIPS_END_OF_STREAM = 1013,  /* the producer ended its stream; another one may follow */
  BIPS_PRODUCER_LOST = 1014,  /* the producer died, or closed without ending its stream */
  BIPS_STALLED = 1015,        /* the producer lives, and no frame has come for stall_timeout */
  BIPS_FORKED = 1016,         /* the handle is from before a fork: it is the parent's */
  BIPS_NO_ANSWER = 1017,      /* only of bips_error_reason: the producer does not answer; it is most likely stopped or hangs */
  BIPS_SUSPENDED = 1018       /* only of bips_error_reason: the consumer is suspended */
};

/* bips_error_message says in a sentence what the last error of this thread was: what happened, to
 * what, and what to do. It is the calling thread's own, and valid until the next call of this library
 * there that fails. Calls that succeed leave it as it is. "" if none has failed. */
BIPS_API const char *bips_error_message(void);

/* bips_error_reason tells more of the last error of this thread, as a value above 0, or is 0. Of
 * BIPS_TIMEOUT: BIPS_NO_ANSWER or BIPS_SUSPENDED; or why no pool was there to wait at (BIPS_NO_POOL,
 * BIPS_POOL_FULL). */
BIPS_API int bips_error_reason(void);

/* bips_error_name is the name of an error, given positive or negative: "timeout", "pool-full". It is
 * static; "" for 0, "other" for those that are not in enum bips_error. */
BIPS_API const char *bips_error_name(int error);

/* ---- Limits and special values ---------------------------------------------------------------- */

#define BIPS_FOREVER INT64_C(-1)       /* a time-out that never ends */
#define BIPS_NO_TIME UINT64_MAX        /* a time that is not known */
#define BIPS_MILLISECOND INT64_C(1000000)
#define BIPS_SECOND INT64_C(1000000000)

#define BIPS_MIN_SLOTS 2
#define BIPS_MAX_SLOTS 64
#define BIPS_DEFAULT_SLOTS 20
#define BIPS_MAX_CONSUMERS 64
#define BIPS_DEFAULT_MAX_CONSUMERS 16
#define BIPS_DEFAULT_MAX_HELD 3
#define BIPS_MAX_NAME_LENGTH 200       /* bytes */
#define BIPS_MAX_CAPS_LENGTH 16368     /* bytes */
#define BIPS_MAX_TAGS_SIZE 8192        /* bytes */
#define BIPS_MAX_META_SIZE 65536       /* bytes of a frame's metadata */
#define BIPS_DEFAULT_META_SIZE 4096
#define BIPS_NO_META (-1)              /* a meta_size: no metadata at all */
#define BIPS_DEFAULT_PERMISSIONS 0600
#define BIPS_MAX_SPIN INT64_C(100000)  /* 100 us */
#define BIPS_MAX_PLANES 4

/* How a pool's memory is made and found: bips_producer_options.backend. */
enum bips_backend {
  BIPS_SHM = 0,   /* files in /dev/shm or $BIPS_SHM_DIR; readers trust each other */
  BIPS_MEMFD = 1  /* sealed memory over a socket of the pool's name; readers need not. Linux 5.1 */
};

/* What a producer does when no slot is free because a consumer of every frame is behind. */
enum bips_overflow {
  BIPS_BLOCK = 0, /* wait for it, at most block_timeout, then demote it: go on without waiting for it */
  BIPS_DROP = 1   /* never wait: the new frame is dropped. Who is behind for block_timeout is demoted */
};

/* Which frames a consumer wants. */
enum bips_mode {
  BIPS_AUTO = 0,   /* latest while frames can be understood alone, else every: bips_frames_stand_alone */
  BIPS_LATEST = 1, /* the newest frame; never holds the producer up */
  BIPS_EVERY = 2   /* each frame between its joining and its leaving */
};

/* Flags of frames that this library reads by name; they are those of a GstBuffer, and pass unread. */
#define BIPS_FLAG_DISCONT UINT32_C(0x40)      /* does not follow the frame before it */
#define BIPS_FLAG_HEADER UINT32_C(0x400)      /* codec headers */
#define BIPS_FLAG_GAP UINT32_C(0x800)         /* filler without content */
#define BIPS_FLAG_DELTA_UNIT UINT32_C(0x2000) /* not a key frame */

/* ---- Handles ---------------------------------------------------------------------------------- */

typedef struct bips_producer bips_producer; /* fills a pool: bips_producer_open */
typedef struct bips_consumer bips_consumer; /* reads from a pool: bips_consumer_open */
typedef struct bips_slot bips_slot;         /* an empty buffer, lent: bips_producer_pull */
typedef struct bips_frame bips_frame;       /* a published slot, held: bips_consumer_pull */

/* ---- What travels with a frame ---------------------------------------------------------------- */

/* bips_frame_info is what travels with a frame besides its bytes and its caps. A producer gives it to
 * bips_producer_push; bips_frame_get_info returns it to a consumer. */
typedef struct bips_frame_info {
  size_t size;           /* of this struct, in bytes */
  size_t data_size;      /* how many bytes of the slot are used */
  uint64_t pts;          /* times of the producer's stream; BIPS_NO_TIME: unknown */
  uint64_t dts;
  uint64_t duration;
  uint64_t capture_time; /* when the frame was captured, CLOCK_MONOTONIC; BIPS_NO_TIME: unknown */
  uint64_t offset;       /* as in a GstBuffer: the stream's own; UINT64_MAX: none */
  uint64_t offset_end;
  uint32_t flags;        /* as in a GstBuffer */
  uint32_t plane_count;  /* planes of raw video: 0 to BIPS_MAX_PLANES; 0: the layout that follows from the caps */
  int32_t plane_stride[BIPS_MAX_PLANES];  /* bytes from one row to the next */
  uint64_t plane_offset[BIPS_MAX_PLANES]; /* bytes from the start of the frame to the plane's first row */
  const void *meta;      /* metadata records (bips/meta.h), of meta_size bytes; NULL: none. A producer refuses what are none */
  size_t meta_size;      /* at most bips_producer_meta_size() */
} bips_frame_info;

#define BIPS_FRAME_INFO_INIT                                                                           \
  {                                                                                                    \
    sizeof(bips_frame_info), 0, BIPS_NO_TIME, BIPS_NO_TIME, BIPS_NO_TIME, BIPS_NO_TIME, UINT64_MAX,    \
        UINT64_MAX, 0, 0, {0, 0, 0, 0}, {0, 0, 0, 0}, NULL, 0                                          \
  }

/* ---- Producers -------------------------------------------------------------------------------- */

/* bips_warning is told what the user should know and no call can return: that the pool's files were
 * deleted and made again (BIPS_NAMES_DELETED), that they cannot be made again yet, each second (another
 * errno value), or that another producer took the name, with which this one ends (BIPS_NAME_TAKEN).
 *
 * error is negative, message a sentence that is valid during the call. It is called from a thread of
 * the producer's, which waits for it; it must not shut down or close the producer. */
typedef void (*bips_warning)(void *user, int error, const char *message);

/* bips_producer_options are the options of bips_producer_open. 0 in a field means its default. */
typedef struct bips_producer_options {
  size_t size;            /* of this struct, in bytes */
  uint32_t backend;       /* enum bips_backend; default BIPS_SHM */
  uint32_t slots;         /* BIPS_MIN_SLOTS to BIPS_MAX_SLOTS; default BIPS_DEFAULT_SLOTS */
  size_t slot_size;       /* bytes of each; required */
  int32_t meta_size;      /* bytes of metadata that a frame may have, at most BIPS_MAX_META_SIZE; default
                             BIPS_DEFAULT_META_SIZE; BIPS_NO_META: none */
  uint32_t max_consumers; /* seats, at most BIPS_MAX_CONSUMERS; default BIPS_DEFAULT_MAX_CONSUMERS */
  const char *caps;       /* of the first frames, as bips_producer_set_caps; NULL: none yet */
  uint32_t permissions;   /* who may attach, as of a file; default BIPS_DEFAULT_PERMISSIONS: the own user.
                             0660: the group too. 0666: everyone. Whoever may read may attach */
  uint32_t overflow;      /* enum bips_overflow; default BIPS_BLOCK */
  const char *group;      /* that permissions are about: a number or a name of /etc/group; NULL: the group
                             that the system gives new files */
  int64_t block_timeout;  /* for how long consumers of every frame may keep all slots from coming free
                             before they are demoted; 0 or BIPS_FOREVER: for ever */
  bips_warning warn;      /* NULL: nobody is told */
  void *warn_user;        /* first argument of warn */
  const int *give_up;     /* not 0 from now on, by an atomic store in another thread: bips_producer_open
                             returns -BIPS_INTERRUPTED where it waits. Not looked at after it; NULL: nobody does */
} bips_producer_options;

#define BIPS_PRODUCER_OPTIONS_INIT                                                                     \
  { sizeof(bips_producer_options), 0, 0, 0, 0, 0, NULL, 0, 0, NULL, 0, NULL, NULL, NULL }

/* bips_producer_open makes the pool of a name, all of its memory allocated, and publishes it. A pool
 * that a dead producer left under the name is replaced. There is one producer per name.
 *
 * The name has 1 to BIPS_MAX_NAME_LENGTH of A-Z a-z 0-9 _ -; one leading slash means nothing.
 * *producer is the caller's, to be given to bips_producer_close. Texts and structs are copied.
 *
 * Waits: for half a second at most, while another producer has the name, since it may just have died; and
 * for a second at most, where a dead one's readers still hold the memory that the new pool needs.
 *
 * Errors: BIPS_BAD_NAME, BIPS_BAD_OPTION, BIPS_NO_BACKEND, BIPS_POOL_BUSY, BIPS_NO_SPACE, BIPS_INTERRUPTED,
 * and those of the file system (BIPS_PERMISSION among them). */
BIPS_API int bips_producer_open(const char *name, const bips_producer_options *options, bips_producer **producer);

/* bips_producer_shutdown ends the pool: every call in progress, and all later ones, return
 * -BIPS_CLOSED; consumers read what is published and then see the producer gone; the names are taken
 * away. Slots that are lent stay valid until they are returned. It may be called again.
 *
 * Waits: for consumers that follow a move of the pool, one second at most. */
BIPS_API int bips_producer_shutdown(bips_producer *producer);

/* bips_producer_close shuts down and lets go of the handle. Memory is given back with the last slot
 * that is returned. It accepts NULL, and returns NULL. After a fork it only returns. */
BIPS_API bips_producer *bips_producer_close(bips_producer *producer);

/* bips_producer_pull returns an empty slot to write a frame into. When none is free, BIPS_BLOCK waits,
 * BIPS_DROP counts the frame as dropped and returns -BIPS_DROPPED at once.
 *
 * Every slot has to come back by bips_producer_push or bips_slot_return.
 *
 * Errors: BIPS_TIMEOUT, BIPS_DROPPED, BIPS_FLUSHING, BIPS_CLOSED, BIPS_NAME_TAKEN. */
BIPS_API int bips_producer_pull(bips_producer *producer, int64_t timeout, bips_slot **slot);

/* bips_producer_lend is bips_producer_pull for a pipeline that may hold several slots. It leaves enough
 * slots for the quota of every consumer, and one for the next pull. It neither demotes nor drops. */
BIPS_API int bips_producer_lend(bips_producer *producer, int64_t timeout, bips_slot **slot);

/* bips_producer_wait_lendable waits, with BIPS_BLOCK, until bips_producer_lend would not have to. It
 * returns at once where that is in the hands of who has all slots that may be lent, and with BIPS_DROP.
 * Errors as of bips_producer_pull. */
BIPS_API int bips_producer_wait_lendable(bips_producer *producer, int64_t timeout);

/* bips_producer_push publishes a slot and gives it back: consumers may read it from now on, and the
 * caller may not touch it any more. Never waits, but for a slot that was lent before the pool moved
 * (bips_producer_grow): that one is copied to a new slot, for which it waits as bips_producer_pull does.
 *
 * info NULL: a frame that fills the slot, without times. info is not kept; info->meta is copied.
 *
 * Errors: BIPS_STALE, BIPS_TOO_LARGE, BIPS_BAD_OPTION, BIPS_CLOSED; of a slot from before a move those of
 * bips_producer_pull. But for BIPS_STALE, the slot is still the caller's then, to be returned. */
BIPS_API int bips_producer_push(bips_producer *producer, bips_slot *slot, const bips_frame_info *info);

/* bips_producer_publish publishes a slot and keeps it lent, for a caller who still reads it. It has to
 * be returned by bips_slot_return, and is not written to before. *sequence, if not NULL, is the frame's
 * number, from 1. Errors as of bips_producer_push. */
BIPS_API int bips_producer_publish(bips_producer *producer, bips_slot *slot, const bips_frame_info *info,
    uint64_t *sequence);

/* bips_slot_data is the slot's memory, page-aligned. It holds what an older frame left there. The
 * caller may read and write it until the slot is pushed, published or returned. NULL for a stale slot. */
BIPS_API void *bips_slot_data(const bips_slot *slot);

/* bips_slot_size is how many bytes of it there are. */
BIPS_API size_t bips_slot_size(const bips_slot *slot);

/* bips_slot_index is the slot's number in its pool, from 0. */
BIPS_API uint32_t bips_slot_index(const bips_slot *slot);

/* bips_slot_has_moved is 1 if the slot was lent before the pool moved last, so that publishing it takes
 * a copy; else 0. */
BIPS_API int bips_slot_has_moved(const bips_slot *slot);

/* bips_slot_return gives a slot back, published or not. Never waits; may be called from any thread, and
 * also after bips_producer_close. Errors: BIPS_STALE, BIPS_FORKED. */
BIPS_API int bips_slot_return(bips_slot *slot);

/* bips_producer_drop counts a frame that is not published, so that consumers learn that one is missing.
 * Never waits. Errors: BIPS_CLOSED. */
BIPS_API int bips_producer_drop(bips_producer *producer);

/* bips_producer_end_of_stream tells consumers that no frame follows. Frames may follow all the same:
 * they are a new stream. Never waits. Errors: BIPS_CLOSED. */
BIPS_API int bips_producer_end_of_stream(bips_producer *producer);

/* bips_producer_set_caps says what the frames published from now on are, in GStreamer's notation. The
 * text is copied; NULL or "": none. Errors: BIPS_TOO_LARGE, BIPS_CLOSED. */
BIPS_API int bips_producer_set_caps(bips_producer *producer, const char *caps);

/* bips_producer_set_tags sets the tags of the frames published from now on: records of type 12, as
 * docs/protocol.md has them, which are copied; 0 bytes: none. Errors: BIPS_TOO_LARGE, BIPS_BAD_OPTION,
 * BIPS_CLOSED. */
BIPS_API int bips_producer_set_tags(bips_producer *producer, const void *tags, size_t tags_size);

/* bips_producer_set_latency tells consumers the latency of what comes before the producer;
 * BIPS_NO_TIME: unknown, or not live. */
BIPS_API int bips_producer_set_latency(bips_producer *producer, uint64_t latency);

/* bips_producer_set_block_timeout changes bips_producer_options.block_timeout, also for waits in
 * progress. Unlike there, 0 demotes at once who is behind. */
BIPS_API int bips_producer_set_block_timeout(bips_producer *producer, int64_t timeout);

/* bips_producer_set_flushing(producer, 1) makes every wait, also one in progress, return -BIPS_FLUSHING
 * at once, until bips_producer_set_flushing(producer, 0). */
BIPS_API int bips_producer_set_flushing(bips_producer *producer, int flushing);

/* bips_producer_grow makes the slots as large as slot_size bytes, unless they are as large already: the
 * producer goes on in a new pool under the same name, and its consumers follow. Who reads every frame
 * loses none; what is held or lent of the old pool stays valid, and keeps that pool's memory.
 *
 * Waits, as for a slot, for consumers of every frame that are still on their way from the move before.
 *
 * Errors: BIPS_BAD_OPTION, BIPS_NO_SPACE if there is no room for both pools while the old one is used,
 * BIPS_DROPPED, BIPS_FLUSHING, BIPS_CLOSED, and those of the file system. The pool stays as it was then. */
BIPS_API int bips_producer_grow(bips_producer *producer, size_t slot_size);

/* bips_producer_wait_consumers waits until so many consumers read from the pool. What is published from
 * then on, those that read every frame get. Errors: BIPS_TIMEOUT, BIPS_FLUSHING, BIPS_CLOSED. */
BIPS_API int bips_producer_wait_consumers(bips_producer *producer, uint32_t consumers, int64_t timeout);

/* bips_producer_wait_key_frame_request waits until a consumer has asked for a frame that decoding can
 * begin with. It returns once for all that have asked since it last returned 0. It is for one thread.
 * Errors: BIPS_TIMEOUT, BIPS_CLOSED. */
BIPS_API int bips_producer_wait_key_frame_request(bips_producer *producer, int64_t timeout);

/* What a pool is. name is the producer's, without a leading slash, and valid as long as the handle. */
BIPS_API const char *bips_producer_name(const bips_producer *producer);
BIPS_API uint32_t bips_producer_slots(bips_producer *producer);
BIPS_API size_t bips_producer_slot_size(bips_producer *producer); /* bytes of a slot, as of now */
BIPS_API size_t bips_producer_meta_size(bips_producer *producer); /* bytes of metadata of a frame */

/* bips_producer_folder is the folder that the pool's files are in; valid as long as the handle.
 * *in_memory, if not NULL, is 0 where frames lie on a disk, to which the system writes all of them back. */
BIPS_API const char *bips_producer_folder(const bips_producer *producer, int *in_memory);

/* bips_producer_stats counts what a producer did since it was opened. */
typedef struct bips_producer_stats {
  size_t size;           /* of this struct, in bytes */
  uint64_t published;    /* frames */
  uint64_t dropped;      /* frames not published: no slot was free (BIPS_DROP), or bips_producer_drop */
  uint64_t demoted;      /* times that a consumer was demoted after block_timeout */
  uint64_t overdrawn;    /* grants of which more pins were seen than were granted: none of them counted */
  uint64_t reclaimed;    /* seats taken back from dead consumers */
  uint64_t moves;        /* times that it went on in a new pool under its name */
  uint32_t consumers;    /* seats taken now */
  uint32_t lent;         /* slots lent now */
  uint32_t last_demoted; /* process of the consumer demoted last, in its own PID namespace: for display */
  uint32_t reserved;     /* 0 */
} bips_producer_stats;

#define BIPS_PRODUCER_STATS_INIT { sizeof(bips_producer_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* bips_producer_get_stats fills *stats. Never waits. */
BIPS_API int bips_producer_get_stats(bips_producer *producer, bips_producer_stats *stats);

/* bips_producer_demotions is how often a consumer was demoted, as in the stats, and bips_producer_waited for
 * how long bips_producer_pull and bips_producer_wait_lendable have waited, all together, for consumers to give
 * slots back: it counts when a wait ends. Both are cheap enough to be asked after each frame. */
BIPS_API uint64_t bips_producer_demotions(const bips_producer *producer);
BIPS_API uint64_t bips_producer_waited(const bips_producer *producer);

/* ---- Consumers -------------------------------------------------------------------------------- */

/* bips_consumer_options are the options of bips_consumer_open. 0 in a field means its default. */
typedef struct bips_consumer_options {
  size_t size;           /* of this struct, in bytes */
  uint32_t mode;         /* enum bips_mode; default BIPS_AUTO */
  uint32_t max_held;     /* frames that it wants to hold at once; default BIPS_DEFAULT_MAX_HELD */
  uint32_t min_held;     /* with how many it is content where the pool has not enough room for max_held;
                            default max_held. Who is content with less gets at most a third of the room that there is,
                            rounded up. bips_consumer_quota is what it was granted */
  uint32_t reserved;     /* 0 */
  int64_t max_age;       /* of the frames that were not read yet, BIPS_LATEST reads the oldest that was
                            published at most so long ago, and the newest where there is none; 0: always the newest */
  int64_t spin;          /* for how long pull looks for a frame that may come at any moment before it sleeps;
                            at most BIPS_MAX_SPIN. Lower latency for a busy core */
  int64_t stall_timeout; /* after how long without a frame pull returns -BIPS_STALLED, once for each stall,
                            while the producer lives; 0 or BIPS_FOREVER: never */
} bips_consumer_options;

#define BIPS_CONSUMER_OPTIONS_INIT { sizeof(bips_consumer_options), 0, 0, 0, 0, 0, 0, 0 }

/* bips_consumer_open makes a consumer of the pool of a name. It does not look for the pool, and never
 * waits: bips_consumer_pull does. options NULL: all defaults. *consumer is the caller's, to be given to
 * bips_consumer_close. Errors: BIPS_BAD_NAME, BIPS_BAD_OPTION, BIPS_NO_MEMORY. */
BIPS_API int bips_consumer_open(const char *name, const bips_consumer_options *options, bips_consumer **consumer);

/* bips_consumer_shutdown leaves the pool: every call in progress, and all later ones, return
 * -BIPS_CLOSED. Frames that are held stay valid. It may be called again. */
BIPS_API int bips_consumer_shutdown(bips_consumer *consumer);

/* bips_consumer_close shuts down and lets go of the handle. Memory is given back with the last frame
 * that is released. It accepts NULL, and returns NULL. After a fork it only returns. */
BIPS_API bips_consumer *bips_consumer_close(bips_consumer *consumer);

/* bips_consumer_pull returns the next frame, and waits for it at most timeout. It waits for the pool
 * too, and for the next one when the producer is gone. The frame is held, so that nobody writes to it,
 * until bips_frame_release.
 *
 * One thread pulls at a time, others wait for their turn. It allocates nothing for a frame, and makes no
 * system call where a frame is there.
 *
 * Errors that end one pull, and the next goes on: BIPS_TIMEOUT, BIPS_FLUSHING, BIPS_INTERRUPTED,
 * BIPS_QUOTA, BIPS_END_OF_STREAM, BIPS_PRODUCER_LOST, BIPS_POOL_FULL, BIPS_STALLED. Errors that stay:
 * BIPS_CLOSED, BIPS_FORKED, and until the pool is replaced BIPS_OTHER_VERSION, BIPS_PERMISSION,
 * BIPS_DAMAGED, BIPS_NO_BACKEND. */
BIPS_API int bips_consumer_pull(bips_consumer *consumer, int64_t timeout, bips_frame **frame);

/* bips_consumer_push gives a frame back: bips_frame_release, in the words of the other languages. */
BIPS_API int bips_consumer_push(bips_consumer *consumer, bips_frame *frame);

/* bips_consumer_fd returns a descriptor for event loops (poll, epoll, GLib, libuv). It is readable when a pull with the
 * time-out 0 would return a frame, or an error other than BIPS_TIMEOUT and BIPS_QUOTA: the end of the stream, a lost producer. It stays so
 * until a pull has found nothing, and has returned one of these two. So a loop may pull once each time that it is readable, or until
 * nothing is left. Now and then it may be readable for nothing. While flushing, and after a shutdown, it is readable all the time.
 *
 * The first call starts a thread of the library's, which looks for the pool, joins it and waits for frames in the program's place,
 * with the consumer's own seat. Who never makes that call has none. While there are frames to pull, the thread sleeps and nothing is
 * paid for it. When one finds none, two system calls let it wait again; a pull while the descriptor is not readable has to wake
 * it, too.
 *
 * The descriptor is the consumer's, and the same at each call: watch it, and neither read, write nor close it. It is closed by
 * bips_consumer_close; take it out of the loop before. A child that was made by fork does not have it.
 * Errors: BIPS_CLOSED, BIPS_FORKED, those of eventfd and of starting a thread (EMFILE, EAGAIN). */
BIPS_API int bips_consumer_fd(bips_consumer *consumer);

/* bips_consumer_interrupt makes a pull return -BIPS_INTERRUPTED: the one in progress, or else the next.
 * Several interrupts before a pull are one.
 *
 * Async-signal-safe: it may be called from a signal handler, also one that runs in the thread that
 * pulls; that pull ends after 100 ms then, at the latest. */
BIPS_API int bips_consumer_interrupt(bips_consumer *consumer);

/* bips_consumer_set_flushing(consumer, 1) makes pulls, also one in progress, return -BIPS_FLUSHING at
 * once, until bips_consumer_set_flushing(consumer, 0). */
BIPS_API int bips_consumer_set_flushing(bips_consumer *consumer, int flushing);

/* bips_consumer_suspend stops reading: the producer waits for this consumer no more, frames held stay
 * valid, and pull waits for bips_consumer_resume. If the producer dies meanwhile, the consumer lets go of
 * its pool. A thread of the library's looks for that while a consumer is suspended.
 *
 * bips_consumer_resume reads on, from the frames published from now on; BIPS_LATEST gets the newest one
 * if it has not had it. An end of the stream that came meanwhile is told first. If the producer has moved, it
 * follows, for which it waits for some hundredths of a second at most. */
BIPS_API int bips_consumer_suspend(bips_consumer *consumer);
BIPS_API int bips_consumer_resume(bips_consumer *consumer);

/* bips_consumer_set_blocking(consumer, 0) makes a consumer of every frame one that the producer does not
 * wait for: it gets the newest frame, and those that it is too slow for count as lost.
 * bips_consumer_set_blocking(consumer, 1), as it is from the start, makes the producer wait for it again,
 * from the frames on that it has not had yet, as far as they are still there. Nothing in BIPS_LATEST. */
BIPS_API int bips_consumer_set_blocking(bips_consumer *consumer, int blocking);

/* bips_consumer_set_max_age changes bips_consumer_options.max_age from the next pull on. */
BIPS_API int bips_consumer_set_max_age(bips_consumer *consumer, int64_t max_age);

/* bips_consumer_request_key_frame asks the producer for a frame that decoding can begin with. Never
 * waits. Without a pool it is remembered, and made when there is one. Whether and when the producer
 * follows is its own affair. Errors: BIPS_CLOSED. */
BIPS_API int bips_consumer_request_key_frame(bips_consumer *consumer);

/* bips_consumer_held is how many frames are held now, bips_consumer_quota how many may be: what the
 * producer granted, and max_held while no pool is attached. */
BIPS_API uint32_t bips_consumer_held(const bips_consumer *consumer);
BIPS_API uint32_t bips_consumer_quota(bips_consumer *consumer);

/* The pool's name, without a leading slash; valid as long as the handle. */
BIPS_API const char *bips_consumer_name(const bips_consumer *consumer);

/* bips_pool_info describes the pool that a consumer is attached to. */
typedef struct bips_pool_info {
  size_t size;            /* of this struct, in bytes */
  uint64_t instance;      /* random id of the producer's run, not 0 */
  uint64_t slot_size;     /* bytes */
  uint64_t latency;       /* of what comes before the producer; BIPS_NO_TIME: unknown */
  int64_t interval;       /* how far apart the frames in the pool were published, on average; 0: too few to tell */
  uint32_t slots;
  uint32_t room;          /* slots that readers may hold, all together */
  uint32_t granted;       /* slots that readers may hold now, as granted to them */
  uint32_t max_consumers;
  uint32_t producer_pid;  /* in the producer's PID namespace: for display */
  uint32_t moves;         /* how often the producer went on in a new pool under its name */
} bips_pool_info;

#define BIPS_POOL_INFO_INIT { sizeof(bips_pool_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* bips_consumer_get_pool fills *info. Never waits. Errors: BIPS_NO_POOL while none is attached. */
BIPS_API int bips_consumer_get_pool(bips_consumer *consumer, bips_pool_info *info);

/* bips_consumer_slots_for_max_held is how many slots the pool needs so that this consumer is granted
 * max_held beside the others that there are now; 0: it is granted, no pool has so many, or none is
 * attached. */
BIPS_API uint32_t bips_consumer_slots_for_max_held(bips_consumer *consumer);

/* bips_consumer_stats counts what a consumer saw since it was opened, over all instances of the pool. */
typedef struct bips_consumer_stats {
  size_t size;        /* of this struct, in bytes */
  uint64_t received;  /* frames delivered */
  uint64_t skipped;   /* frames passed by in BIPS_LATEST */
  uint64_t lost;      /* frames wanted and not given, in either mode also those that the producer dropped */
  uint64_t instances; /* runs of a producer attached to */
  uint64_t moves;     /* times that a producer was followed to a new pool */
  uint64_t demoted;   /* times that a producer went on without waiting for this consumer any longer */
  uint32_t held;      /* frames held now */
  uint32_t blocking;  /* 1: the producer waits for this consumer now */
} bips_consumer_stats;

#define BIPS_CONSUMER_STATS_INIT { sizeof(bips_consumer_stats), 0, 0, 0, 0, 0, 0, 0, 0 }

/* bips_consumer_get_stats fills *stats. Never waits. */
BIPS_API int bips_consumer_get_stats(bips_consumer *consumer, bips_consumer_stats *stats);

/* ---- Frames ----------------------------------------------------------------------------------- */
/*
 * A frame's bytes and metadata are the pool's own memory, mapped read-only: to write to them is
 * SIGSEGV. They are valid while the frame is held, also after bips_consumer_close and after the
 * producer's death. Frames never change. Accessors of a frame that was released return 0 or NULL for as
 * long as its consumer is open or holds others; after that the handle must not be used at all.
 */

/* bips_frame_ref takes one more hold of the frame, which has to be released too. It returns the frame;
 * NULL for one that was released. */
BIPS_API bips_frame *bips_frame_ref(bips_frame *frame);

/* bips_frame_release gives up one hold; with the last one the slot is the producer's again, and nothing
 * of the frame may be used any more. Never waits; from any thread, also after the consumer was closed.
 * Errors: BIPS_STALE, BIPS_FORKED. */
BIPS_API int bips_frame_release(bips_frame *frame);

/* The bytes, of which there are bips_frame_size(). */
BIPS_API const void *bips_frame_data(const bips_frame *frame);
BIPS_API size_t bips_frame_size(const bips_frame *frame);

/* bips_frame_caps describes the bytes in GStreamer's notation; "": no caps. The address is the same for
 * as long as the producer does not change the text or the tags; it is valid while such a frame is held. */
BIPS_API const char *bips_frame_caps(const bips_frame *frame);

/* bips_frame_tags are those of the stream: records of type 12. *size bytes; NULL: none. Private memory
 * of the consumer, valid while the frame is held. */
BIPS_API const void *bips_frame_tags(const bips_frame *frame, size_t *size);

/* bips_frame_meta is the frame's metadata: records as in docs/protocol.md. *size bytes; NULL: none. It
 * lies in shared memory: copy it before parsing it. */
BIPS_API const void *bips_frame_meta(const bips_frame *frame, size_t *size);

/* The commonest of what follows, one by one. */
BIPS_API uint64_t bips_frame_sequence(const bips_frame *frame); /* counts the frames of one instance, from 1 */
BIPS_API uint64_t bips_frame_pts(const bips_frame *frame);      /* BIPS_NO_TIME: unknown */
BIPS_API uint64_t bips_frame_duration(const bips_frame *frame);
BIPS_API uint32_t bips_frame_flags(const bips_frame *frame);
BIPS_API int64_t bips_frame_age(const bips_frame *frame);       /* since it was published */

/* bips_frame_get_info fills *info: what travelled with the frame. Errors: BIPS_STALE. */
BIPS_API int bips_frame_get_info(const bips_frame *frame, bips_frame_info *info);

/* bips_frame_delivery is how a frame came. */
typedef struct bips_frame_delivery {
  size_t size;            /* of this struct, in bytes */
  uint64_t sequence;      /* counts the frames of one instance, from 1 */
  uint64_t instance;      /* random id of the run of the producer that made the frame */
  uint64_t publish_time;  /* when it was published, CLOCK_MONOTONIC */
  uint64_t lost;          /* frames before this one that were wanted and not given */
  uint64_t skipped;       /* frames that BIPS_LATEST passed by to reach this one */
  uint64_t behind;        /* how many newer ones the pool had when this one was delivered */
  uint64_t latency;       /* of what comes before the producer; BIPS_NO_TIME: unknown */
  uint32_t discontinuity; /* 1: it does not follow the frame before: the first of a pool, the first after a
                             resume, or frames are missing before it */
  uint32_t mode;          /* how it was read: BIPS_LATEST or BIPS_EVERY */
  uint32_t blocking;      /* 1: the producer waits for this consumer */
  uint32_t reserved;      /* 0 */
} bips_frame_delivery;

#define BIPS_FRAME_DELIVERY_INIT { sizeof(bips_frame_delivery), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* bips_frame_get_delivery fills *delivery. Errors: BIPS_STALE. */
BIPS_API int bips_frame_get_delivery(const bips_frame *frame, bips_frame_delivery *delivery);

/* ---- Without a handle ------------------------------------------------------------------------- */

/* bips_check_name returns 0 if a pool can have the name, else -BIPS_BAD_NAME. */
BIPS_API int bips_check_name(const char *name);

/* bips_check_permissions returns 0, or -BIPS_BAD_OPTION for permissions that nobody means for a pool. */
BIPS_API int bips_check_permissions(uint32_t permissions);

/* bips_why_no_pool says why nobody can attach to the pool of a name now, for people who wait for it: 0 if
 * there is one, else an error with a message that says where was looked and what to do. It may look at
 * the file system; it never waits. Errors: BIPS_NO_POOL, and those of bips_consumer_pull. */
BIPS_API int bips_why_no_pool(const char *name);

/* bips_frames_stand_alone is 1 if each frame of a stream with these caps can be read without the frames
 * before it: raw pictures, pictures compressed one by one, tensors; else 0. NULL or "": 1. */
BIPS_API int bips_frames_stand_alone(const char *caps);

/* bips_handle_fault is for a handler of SIGBUS (sigaction with SA_SIGINFO), which gives it info->si_addr. If
 * that lies in a pool whose file somebody has cut short, it puts memory of zeros in the place of what is gone,
 * and returns 1: the handler returns, and the access goes on. The calls that have to do with the pool return
 * -BIPS_DAMAGED from then on. It returns 0 for every other address: the fault is somebody else's.
 *
 * Async-signal-safe. In any thread, for accesses of the library and of its caller alike. */
BIPS_API int bips_handle_fault(const void *address);

#ifdef __cplusplus
}
#endif

#endif /* BIPS_BIPS_H */
