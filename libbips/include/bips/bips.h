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
 * Handles.  Handles are opaque. A function that gets NULL for a handle returns -BIPS_STALE. One that returns
 *   a value and no error returns 0 then, NULL for an address, "" for a name, BIPS_NO_TIME for a time. A pointer
 *   to something else than a live handle is undefined behaviour, as with free(). A pointer where a result is to
 *   be stored must not be NULL (-BIPS_BAD_OPTION), unless its function says that it may.
 * Threads.  All functions may be called from any thread at any time, also several at once, with one
 *   exception: bips_consumer_close and bips_producer_close are the last call for their handle, and no other
 *   call with it may be in progress. To end those in other threads, call ..._shutdown, and join the threads.
 * Waiting.  A function waits only if its comment says so, or if it has a time-out. All others return at once.
 *   They may wait for a mutex that another thread of this process holds for a short time.
 * Errors.  Comments list the errors to be expected. Besides these, every function that has a handle may
 *   return BIPS_STALE (NULL) and BIPS_FORKED, and every function that looks at the pool BIPS_DAMAGED. A producer that has
 *   no pool any more, since another one has its name (BIPS_NAME_TAKEN) or a move failed half-way, returns the error
 *   of that wherever it would return BIPS_CLOSED after a shutdown.
 * Signals.  No function takes or blocks a signal of the caller's threads; the library's own threads
 *   block all of them but SIGBUS. bips_consumer_interrupt and bips_handle_fault may be called from a signal handler,
 *   nothing else.
 * Fork.  A child that was made by fork without exec gets nothing of a pool: its copies of the
 *   descriptors are closed at once, and every call with a handle from before the fork returns -BIPS_FORKED
 *   and touches nothing. Do not use the address of a frame or a slot there: it is held for the parent alone, who
 *   may give it back at any moment. The child may open handles of its own. The memory of the inherited
 *   handles is given back by exec or exit.
 * SIGBUS.  With the backend shm, a process of the pool's own user can cut the pool's file short. After that,
 *   any access to a frame raises SIGBUS, also an access by the library. The library installs no signal handler,
 *   so the program ends, unless it has a handler that calls bips_handle_fault: then the calls return
 *   -BIPS_DAMAGED. With the backend memfd nobody can cut a pool short.
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
  BIPS_STALE = 116,       /* ESTALE: the slot or frame was given back already, or the handle is NULL */
  BIPS_BAD_NAME = 1001,       /* the pool's name has a character or a length that is not allowed */
  BIPS_BAD_OPTION = 1002,     /* an option or argument is out of range */
  BIPS_NO_BACKEND = 1003,     /* this library, or this kernel, lacks the backend */
  BIPS_NAMES_DELETED = 1004,  /* somebody deleted the pool's files while it was in use */
  BIPS_NAME_TAKEN = 1005,     /* somebody did, and another producer has the name since: this one is over */
  BIPS_POOL_FULL = 1006,      /* no seat is free, or fewer slots are left for readers than min_held */
  BIPS_OTHER_VERSION = 1007,  /* the pool is of a layout that this library does not know */
  BIPS_DAMAGED = 1008,        /* what lies in shared memory contradicts itself */
  BIPS_FLUSHING = 1009,       /* ..._set_flushing(handle, 1) was called, and no ..._set_flushing(handle, 0) since */
  BIPS_INTERRUPTED = 1010,    /* bips_consumer_interrupt was called, or *bips_producer_options.give_up is not 0 */
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
 * what, and what to do. Each thread has its own. The text is the library's, and valid until the next call of
 * this library in the same thread that fails. Calls that succeed leave it as it is. "" if none has failed. */
BIPS_API const char *bips_error_message(void);

/* bips_error_reason tells more of the last error of this thread. It is a value of enum bips_error (above 0), or
 * 0 where there is nothing more to say. After a BIPS_TIMEOUT of bips_consumer_pull it is 0 if the consumer is
 * attached and no frame came, or if another thread was pulling. Otherwise it says why there was no frame to wait
 * for: BIPS_NO_POOL, BIPS_POOL_FULL, BIPS_NO_ANSWER or BIPS_SUSPENDED. */
BIPS_API int bips_error_reason(void);

/* bips_error_name is the name of an error, given positive or negative: "timeout", "pool-full". It is
 * static; "" for 0, "other" for those that are not in enum bips_error. */
BIPS_API const char *bips_error_name(int error);

/* ---- Limits and special values ---------------------------------------------------------------- */

#define BIPS_FOREVER INT64_C(-1)       /* a time-out that never ends */
#define BIPS_NO_TIME UINT64_MAX        /* a time that is not known */
#define BIPS_WHOLE_SLOT SIZE_MAX       /* a frame's data_size: as many bytes as its slot has */
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

/* What a producer does when no slot is free because a consumer of every frame is behind. To demote a consumer is
 * to wait for it no longer: it misses frames from then on, until it has caught up. */
enum bips_overflow {
  BIPS_BLOCK = 0, /* wait for it, for block_timeout at most, then demote it */
  BIPS_DROP = 1   /* do not wait: drop the new frame. A consumer that is behind for block_timeout is demoted */
};

/* Which frames a consumer wants. */
enum bips_mode {
  BIPS_AUTO = 0,   /* latest while frames can be understood alone, else every: bips_frames_stand_alone */
  BIPS_LATEST = 1, /* the newest frame; never holds the producer up */
  BIPS_EVERY = 2   /* each frame that is published while it is attached; the producer waits for it (BIPS_BLOCK) */
};

/* Flags of frames: those of a GstBuffer. The library passes all 32 bits on, and reads none of them. */
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
  size_t data_size;      /* how many bytes of the slot are used, from its first; BIPS_WHOLE_SLOT: all of them */
  uint64_t pts;          /* times of the producer's stream, ns from a start of its own; BIPS_NO_TIME: unknown */
  uint64_t dts;
  uint64_t duration;
  uint64_t capture_time; /* when the frame was captured, CLOCK_MONOTONIC; BIPS_NO_TIME: unknown */
  uint64_t offset;       /* as in a GstBuffer: the stream's own; UINT64_MAX: none */
  uint64_t offset_end;
  uint32_t flags;        /* as in a GstBuffer */
  uint32_t plane_count;  /* planes of raw video: 0 to BIPS_MAX_PLANES; 0: the layout that follows from the caps */
  int32_t plane_stride[BIPS_MAX_PLANES];  /* bytes from one row to the next */
  uint64_t plane_offset[BIPS_MAX_PLANES]; /* bytes from the start of the frame to the plane's first row */
  const void *meta;      /* metadata records (bips/meta.h), of meta_size bytes; NULL: none. A producer refuses bytes that
                            are no records; of a frame that was pulled they lie in the pool, valid while it is held */
  size_t meta_size;      /* at most bips_producer_meta_size() */
} bips_frame_info;

#define BIPS_FRAME_INFO_INIT                                                                           \
  {                                                                                                    \
    sizeof(bips_frame_info), BIPS_WHOLE_SLOT, BIPS_NO_TIME, BIPS_NO_TIME, BIPS_NO_TIME, BIPS_NO_TIME,  \
        UINT64_MAX, UINT64_MAX, 0, 0, {0, 0, 0, 0}, {0, 0, 0, 0}, NULL, 0                              \
  }

/* ---- Producers -------------------------------------------------------------------------------- */

/* bips_warning is a function of the program's, which is told what no call can return: that the pool's files
 * were deleted, and are made again (-BIPS_NAMES_DELETED); that they cannot be made again yet, once a second
 * (minus another errno value); that another producer took the name, which ends this one (-BIPS_NAME_TAKEN).
 *
 * error is negative; message is a sentence, valid during the call; user is bips_producer_options.warn_user. It
 * is called from a thread of the library's, which waits for it to return. It must not shut down or close the
 * producer. */
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
  const char *caps;       /* what the frames are, as in bips_producer_set_caps; NULL: not known yet */
  uint32_t permissions;   /* who may attach, as of a file; default BIPS_DEFAULT_PERMISSIONS: the own user.
                             0660: the group too. 0666: everyone. Whoever may read may attach */
  uint32_t overflow;      /* enum bips_overflow; default BIPS_BLOCK */
  const char *group;      /* the group that the permissions are about: a number, or a name of /etc/group; NULL:
                             the group that the system gives new files */
  int64_t block_timeout;  /* ns; for how long consumers of every frame may keep all slots from coming free, while
                             one call or several wait for one, before they are demoted; 0 or BIPS_FOREVER: for ever */
  bips_warning warn;      /* is told what no call can return; NULL: nobody is */
  void *warn_user;        /* first argument of warn */
  const int *give_up;     /* lets another thread end bips_producer_open: once it has stored a value other than 0
                             here (atomically), the call returns -BIPS_INTERRUPTED instead of waiting. Not read after
                             the call; NULL: it cannot be ended */
} bips_producer_options;

#define BIPS_PRODUCER_OPTIONS_INIT                                                                     \
  { sizeof(bips_producer_options), 0, 0, 0, 0, 0, NULL, 0, 0, NULL, 0, NULL, NULL, NULL }

/* bips_producer_open makes the pool of a name, all of its memory allocated, and publishes it. A pool
 * that a dead producer left under the name is replaced. There is one producer per name.
 *
 * The name has 1 to BIPS_MAX_NAME_LENGTH of the characters A-Z a-z 0-9 _ -. One slash before it is allowed, and
 * ignored. *producer is the caller's, who gives it to bips_producer_close. options is needed, for slot_size.
 * Texts and structs are copied.
 *
 * Waits: half a second at most while another producer has the name, since that may just have died; and
 * a second at most where the readers of a dead one still hold the memory that the new pool needs.
 *
 * Errors: BIPS_BAD_NAME, BIPS_BAD_OPTION, BIPS_NO_BACKEND, BIPS_POOL_BUSY, BIPS_NO_SPACE, BIPS_INTERRUPTED,
 * and those of the file system (BIPS_PERMISSION among them). */
BIPS_API int bips_producer_open(const char *name, const bips_producer_options *options, bips_producer **producer);

/* bips_producer_shutdown ends the pool. Every call in progress, and all later ones, return -BIPS_CLOSED.
 * Consumers read the frames that are published, and then get -BIPS_PRODUCER_LOST, unless the stream was ended
 * before (bips_producer_end_of_stream). The pool's files are removed. Slots that are lent stay valid until
 * they are returned. It may be called again.
 *
 * Waits: one second at most, for consumers that still follow a move of the pool (bips_producer_grow). */
BIPS_API int bips_producer_shutdown(bips_producer *producer);

/* bips_producer_close shuts down (and waits as bips_producer_shutdown does), and frees the handle. The memory
 * goes with the last slot that is returned. NULL is allowed. It returns NULL, so that
 * "p = bips_producer_close(p)" leaves no dangling handle. In a child made by fork it does nothing. */
BIPS_API bips_producer *bips_producer_close(bips_producer *producer);

/* bips_producer_pull lends an empty slot to write a frame into. When none is free, BIPS_BLOCK waits, for
 * timeout at most; BIPS_DROP counts the frame as dropped and returns -BIPS_DROPPED at once.
 *
 * Every slot has to come back by bips_producer_push or bips_slot_return. A caller that holds all slots itself
 * waits for itself.
 *
 * Errors: BIPS_TIMEOUT, BIPS_DROPPED, BIPS_FLUSHING, BIPS_CLOSED, BIPS_NAME_TAKEN. */
BIPS_API int bips_producer_pull(bips_producer *producer, int64_t timeout, bips_slot **slot);

/* bips_producer_lend is bips_producer_pull for a program that fills several slots at a time, as a decoder does.
 * It lends only as many as leave enough for what every consumer may hold, and one more for the next pull; for
 * the others it waits. It demotes no consumer, and drops no frame. Errors as of bips_producer_pull, without
 * BIPS_DROPPED. */
BIPS_API int bips_producer_lend(bips_producer *producer, int64_t timeout, bips_slot **slot);

/* bips_producer_wait_lendable waits, with BIPS_BLOCK, until bips_producer_lend would not have to wait for
 * consumers. It returns 0 at once with BIPS_DROP, and where all slots that may be lent are lent already: then
 * only their holder can change that, and that may be the caller. Errors as of bips_producer_pull. */
BIPS_API int bips_producer_wait_lendable(bips_producer *producer, int64_t timeout);

/* bips_producer_push publishes a slot and gives it back: consumers may read it from now on, and the
 * caller may not touch it any more. Never waits, with one exception: a slot that was lent before the pool moved
 * (bips_producer_grow) is copied to a new slot, for which it waits as bips_producer_pull does, without a limit.
 *
 * info NULL is the same as BIPS_FRAME_INFO_INIT: the frame fills the slot, and has no times. Nothing of info is kept;
 * info->meta is copied.
 *
 * Errors: BIPS_STALE (also for a slot of another producer), BIPS_TOO_LARGE, BIPS_BAD_OPTION, BIPS_CLOSED; for a
 * slot from before a move those of bips_producer_pull, too. After all of them but BIPS_STALE the slot is still
 * the caller's, who has to return it. */
BIPS_API int bips_producer_push(bips_producer *producer, bips_slot *slot, const bips_frame_info *info);

/* bips_producer_publish is bips_producer_push for a caller who goes on reading the frame: the slot stays
 * lent. The caller must not write to it any more, and gives it back by bips_slot_return. *sequence, if not NULL,
 * is the frame's number, from 1. Errors as of bips_producer_push; BIPS_STALE for a slot that was published. */
BIPS_API int bips_producer_publish(bips_producer *producer, bips_slot *slot, const bips_frame_info *info,
    uint64_t *sequence);

/* bips_slot_data is the slot's memory, page-aligned. It holds what an older frame left there. The caller may
 * read and write it until the slot is pushed, published or returned, also after the producer was closed.
 *
 * It is NULL, as bips_slot_size is 0, for a slot that was given back. A handle that was given back may be asked
 * that only while its producer is open. */
BIPS_API void *bips_slot_data(const bips_slot *slot);

/* bips_slot_size is how many bytes the slot has: bips_producer_slot_size when it was lent. */
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

/* bips_producer_end_of_stream tells consumers that no frame follows: behind the last one, bips_consumer_pull
 * returns -BIPS_END_OF_STREAM once. Frames that are published later all the same are a new stream. Never waits.
 * Errors: BIPS_CLOSED. */
BIPS_API int bips_producer_end_of_stream(bips_producer *producer);

/* bips_producer_set_caps says what the frames published from now on are, in GStreamer's notation
 * ("video/x-raw,format=NV12,width=640,height=480,framerate=30/1"). The library passes the text on, and does not
 * check it. It is copied; NULL or "": none. Errors: BIPS_TOO_LARGE: more than BIPS_MAX_CAPS_LENGTH bytes;
 * BIPS_CLOSED. */
BIPS_API int bips_producer_set_caps(bips_producer *producer, const char *caps);

/* bips_producer_set_tags sets the tags (title, language, ...) of the frames published from now on: records of the
 * type BIPS_META_TAGS, which bips_meta_begin_tags writes. They are copied; 0 bytes: none. Errors: BIPS_TOO_LARGE:
 * more than BIPS_MAX_TAGS_SIZE bytes; BIPS_BAD_OPTION: they are no such records; BIPS_CLOSED. */
BIPS_API int bips_producer_set_tags(bips_producer *producer, const void *tags, size_t tags_size);

/* bips_producer_set_latency tells consumers how long a frame takes from its capture to its publication, in ns, so
 * that a pipeline behind them can allow for it; BIPS_NO_TIME, as it is from the start: unknown, or the source is
 * not live. Errors: BIPS_CLOSED. */
BIPS_API int bips_producer_set_latency(bips_producer *producer, uint64_t latency);

/* bips_producer_set_block_timeout changes bips_producer_options.block_timeout (ns), also for waits in progress.
 * 0 is not the default here: it demotes at once a consumer that is behind. BIPS_FOREVER demotes none. */
BIPS_API int bips_producer_set_block_timeout(bips_producer *producer, int64_t timeout);

/* bips_producer_set_flushing(producer, 1) makes pulls, loans, growing and waits for consumers return
 * -BIPS_FLUSHING at once, also those in progress, until bips_producer_set_flushing(producer, 0). What needs no
 * wait works meanwhile. */
BIPS_API int bips_producer_set_flushing(bips_producer *producer, int flushing);

/* bips_producer_grow makes the slots slot_size bytes large; slots that are as large already stay as they are. The
 * pool moves: the producer goes on in a new pool under the same name, and its consumers follow by themselves. A
 * consumer of every frame loses none. Slots and frames of the old pool stay valid; its memory is given back with
 * the last of them.
 *
 * Waits, as bips_producer_pull does and without a limit, for consumers of every frame that are still on their way
 * from the move before.
 *
 * Errors: BIPS_BAD_OPTION; BIPS_NO_SPACE: there is no room for both pools at a time; BIPS_DROPPED, BIPS_FLUSHING,
 * BIPS_CLOSED, and those of the file system. After an error the pool is as it was. But where another producer has the
 * name (BIPS_NAME_TAKEN), and where the old pool had to go first and the new one could not be made even so, the producer
 * has none any more. */
BIPS_API int bips_producer_grow(bips_producer *producer, size_t slot_size);

/* bips_producer_wait_consumers waits until so many consumers, or more, read from the pool. Those that read every
 * frame get all that is published from then on. Errors: BIPS_TIMEOUT, BIPS_FLUSHING, BIPS_CLOSED; BIPS_BAD_OPTION: more
 * than max_consumers. */
BIPS_API int bips_producer_wait_consumers(bips_producer *producer, uint32_t consumers, int64_t timeout);

/* bips_producer_wait_key_frame_request waits until a consumer asks for a frame that decoding can begin with
 * (bips_consumer_request_key_frame), or returns 0 at once if one has asked since it last returned 0. Requests that
 * come together are one. Call it in one thread: of several that wait, only one is told. Errors: BIPS_TIMEOUT,
 * BIPS_CLOSED. */
BIPS_API int bips_producer_wait_key_frame_request(bips_producer *producer, int64_t timeout);

/* What the pool is. The name is without a leading slash, and valid until bips_producer_close. */
BIPS_API const char *bips_producer_name(const bips_producer *producer);
BIPS_API uint32_t bips_producer_slots(bips_producer *producer);
BIPS_API size_t bips_producer_slot_size(bips_producer *producer); /* bytes of a slot, as of now */
BIPS_API size_t bips_producer_meta_size(bips_producer *producer); /* bytes of metadata of a frame */

/* bips_producer_folder is the folder that the pool's files are in (with BIPS_MEMFD, its socket); valid until
 * bips_producer_close. *in_memory, if not NULL, is 1 if frames lie in memory only. It is 0 if they lie on a disk,
 * to which the system writes all of them: that is slow, and happens where BIPS_SHM_DIR names such a folder. */
BIPS_API const char *bips_producer_folder(const bips_producer *producer, int *in_memory);

/* bips_producer_stats counts what a producer did since it was opened. */
typedef struct bips_producer_stats {
  size_t size;           /* of this struct, in bytes */
  uint64_t published;    /* frames */
  uint64_t dropped;      /* frames not published: no slot was free (BIPS_DROP), or bips_producer_drop */
  uint64_t demoted;      /* times that a consumer was demoted after block_timeout */
  uint64_t overdrawn;    /* times that a consumer seemed to hold more frames than it was granted. What it holds is
                            not kept for it then: it is damaged or hostile */
  uint64_t reclaimed;    /* seats taken back from dead consumers */
  uint64_t moves;        /* times that it went on in a new pool under its name */
  uint32_t consumers;    /* seats taken now */
  uint32_t lent;         /* slots lent now */
  uint32_t last_demoted; /* process of the consumer demoted last, in its own PID namespace: for display */
  uint32_t reserved;     /* 0 */
} bips_producer_stats;

#define BIPS_PRODUCER_STATS_INIT { sizeof(bips_producer_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* bips_producer_get_stats fills *stats. Never waits; also after bips_producer_shutdown. */
BIPS_API int bips_producer_get_stats(bips_producer *producer, bips_producer_stats *stats);

/* bips_producer_demotions is how often a consumer was demoted, as in the stats. bips_producer_waited is for how many
 * nanoseconds bips_producer_pull and bips_producer_wait_lendable have waited for consumers to give slots back, all
 * together; a wait counts when it ends. Both are one load, so that a program can ask after each frame. */
BIPS_API uint64_t bips_producer_demotions(const bips_producer *producer);
BIPS_API uint64_t bips_producer_waited(const bips_producer *producer);

/* ---- Consumers -------------------------------------------------------------------------------- */

/* bips_consumer_options are the options of bips_consumer_open. 0 in a field means its default. */
typedef struct bips_consumer_options {
  size_t size;           /* of this struct, in bytes */
  uint32_t mode;         /* enum bips_mode; default BIPS_AUTO */
  uint32_t max_held;     /* frames that it wants to hold at once; default BIPS_DEFAULT_MAX_HELD */
  uint32_t min_held;     /* the least that it can work with: where the pool has no room for max_held, it is granted
                            fewer, down to this many, and below that pull returns -BIPS_POOL_FULL. Default max_held. A
                            consumer whose min_held is below its max_held gets at most a third of the room that is left,
                            rounded up. bips_consumer_quota is what it was granted */
  uint32_t reserved;     /* 0 */
  int64_t max_age;       /* ns; only for BIPS_LATEST. 0: pull returns the newest frame. Otherwise it returns the
                            oldest frame that was not read yet and was published at most so long ago; if there is none,
                            the newest. So a reader that is late for a moment loses no frame */
  int64_t spin;          /* ns, at most BIPS_MAX_SPIN; for how long pull looks again and again for a frame that is due
                            before it sleeps. Lowers the latency, and keeps a processor busy. 0: not at all */
  int64_t stall_timeout; /* ns; after how long without a frame, while the producer lives, pull returns -BIPS_STALLED,
                            once for each stall; 0 or BIPS_FOREVER: never */
} bips_consumer_options;

#define BIPS_CONSUMER_OPTIONS_INIT { sizeof(bips_consumer_options), 0, 0, 0, 0, 0, 0, 0 }

/* bips_consumer_open makes a consumer of the pool of a name, as bips_producer_open has it. It does not look for
 * the pool, and never waits: bips_consumer_pull does both. options NULL: all defaults. They are copied. *consumer
 * is the caller's, who gives it to bips_consumer_close. Errors: BIPS_BAD_NAME, BIPS_BAD_OPTION, BIPS_NO_MEMORY. */
BIPS_API int bips_consumer_open(const char *name, const bips_consumer_options *options, bips_consumer **consumer);

/* bips_consumer_shutdown leaves the pool: every call in progress, and all later ones, return -BIPS_CLOSED. Frames
 * that are held stay valid. It may be called again. Waits until the calls in progress have noticed. */
BIPS_API int bips_consumer_shutdown(bips_consumer *consumer);

/* bips_consumer_close shuts down and frees the handle. The memory goes with the last frame that is released. NULL
 * is allowed. It returns NULL, so that "c = bips_consumer_close(c)" leaves no dangling handle. In a child made by
 * fork it does nothing. */
BIPS_API bips_consumer *bips_consumer_close(bips_consumer *consumer);

/* bips_consumer_pull returns the next frame, and waits for it, for timeout at most. It waits for the pool, too,
 * and for the next pool of the name when the producer is gone. *frame is the caller's, who gives it back by
 * bips_frame_release; until then nobody writes to it.
 *
 * Several threads may pull: one at a time, while the others wait for their turn, for their time-outs at most. Each frame
 * goes to one of them. For a frame it allocates nothing, and if one is there it makes no system call.
 *
 * After these errors the next pull goes on: BIPS_TIMEOUT, BIPS_FLUSHING, BIPS_INTERRUPTED, BIPS_QUOTA (as many frames
 * are held as may be), BIPS_END_OF_STREAM, BIPS_PRODUCER_LOST, BIPS_POOL_FULL, BIPS_STALLED. These come again at each
 * pull: BIPS_CLOSED, BIPS_FORKED; and BIPS_OTHER_VERSION, BIPS_PERMISSION, BIPS_DAMAGED, BIPS_NO_BACKEND until
 * another pool has the name. */
BIPS_API int bips_consumer_pull(bips_consumer *consumer, int64_t timeout, bips_frame **frame);

/* bips_consumer_push is bips_frame_release by the name that RidgeRun's BIPS and the other languages have for it. The
 * handle only serves to name the pool in errors. */
BIPS_API int bips_consumer_push(bips_consumer *consumer, bips_frame *frame);

/* bips_consumer_fd returns a descriptor for event loops (poll, epoll, GLib, libuv), 0 or more. It is readable when a
 * pull with the time-out 0 would return a frame, or an error that says something new: the end of the stream, a lost
 * producer. It stays readable until a pull returns -BIPS_TIMEOUT or -BIPS_QUOTA. So a loop that is told of levels (poll,
 * epoll without EPOLLET) may pull once each time that it is told, or until nothing is left. One that is told of edges
 * (EPOLLET) has to pull until nothing is left. Now and then it is readable for nothing: a pull then returns
 * -BIPS_TIMEOUT. While flushing, and after a shutdown, it is readable all the time.
 *
 * After -BIPS_QUOTA it is readable again when a frame was released, and there is another one to pull.
 *
 * The first call starts a thread of the library's, which looks for the pool, joins it and waits for frames in the
 * program's place. A program that never calls this has no such thread. While there are frames to pull, the thread sleeps
 * and costs nothing. A pull that finds nothing makes two system calls, with which the thread waits again. A pull while
 * the descriptor is not readable has to wake the thread, and costs about as much.
 *
 * The descriptor belongs to the consumer, and is the same at each call. Watch it; do not read, write or close it.
 * bips_consumer_close closes it: take it out of the loop before that. A child made by fork does not have it.
 * Errors: BIPS_CLOSED, BIPS_FORKED, those of eventfd and of starting a thread (EMFILE, EAGAIN). */
BIPS_API int bips_consumer_fd(bips_consumer *consumer);

/* bips_consumer_interrupt makes a pull return -BIPS_INTERRUPTED: the one in progress, or else the next.
 * Several interrupts before a pull are one.
 *
 * Async-signal-safe: it may be called from a signal handler, also from one that runs in the thread that pulls. The
 * pull then ends within 100 ms. It leaves bips_error_message as it is. Errors: BIPS_STALE, BIPS_FORKED. */
BIPS_API int bips_consumer_interrupt(bips_consumer *consumer);

/* bips_consumer_set_flushing(consumer, 1) makes pulls, also one in progress, return -BIPS_FLUSHING at
 * once, until bips_consumer_set_flushing(consumer, 0). */
BIPS_API int bips_consumer_set_flushing(bips_consumer *consumer, int flushing);

/* bips_consumer_suspend stops reading: the producer no longer waits for this consumer, and a pull waits until
 * bips_consumer_resume is called, or for its time-out. Frames that are held stay valid. If the producer dies
 * meanwhile, the consumer lets go of its pool; a thread of the library's looks for that while it is suspended.
 *
 * bips_consumer_resume reads on, from the frames that are published from now on; BIPS_LATEST also gets the newest one
 * that is there, if it has not had it. If the stream ended meanwhile, the first pull says so.
 *
 * Both may be called again. They wait for a moment at most, until a pull in progress has noticed; bips_consumer_resume
 * also until it has followed a producer that has moved, some hundredths of a second at most. */
BIPS_API int bips_consumer_suspend(bips_consumer *consumer);
BIPS_API int bips_consumer_resume(bips_consumer *consumer);

/* bips_consumer_set_blocking(consumer, 0) says that the producer need not wait for this consumer of every frame. From
 * then on it gets the newest frame, and frames that it misses count as lost. bips_consumer_set_blocking(consumer, 1),
 * as it is from the start, makes the producer wait for it again; it then gets what it has not had yet, as far as that
 * is still in the pool. Without effect on a consumer of the latest frame. Waits for a moment at most. */
BIPS_API int bips_consumer_set_blocking(bips_consumer *consumer, int blocking);

/* bips_consumer_set_max_age changes bips_consumer_options.max_age (ns) from the next pull on. Less than 0 is 0. */
BIPS_API int bips_consumer_set_max_age(bips_consumer *consumer, int64_t max_age);

/* bips_consumer_request_key_frame asks the producer for a frame that decoding can begin with. Never waits. While the
 * consumer is not attached, the request is kept, and made when it attaches. Whether the producer sends such a frame, and
 * when, is up to it: bips_producer_wait_key_frame_request tells it. Errors: BIPS_CLOSED. */
BIPS_API int bips_consumer_request_key_frame(bips_consumer *consumer);

/* bips_consumer_held is how many frames are held now, in all threads. bips_consumer_quota is how many may be held at
 * once: what the producer granted, or max_held while the consumer is not attached. */
BIPS_API uint32_t bips_consumer_held(const bips_consumer *consumer);
BIPS_API uint32_t bips_consumer_quota(bips_consumer *consumer);

/* The pool's name, without a leading slash; valid until bips_consumer_close. */
BIPS_API const char *bips_consumer_name(const bips_consumer *consumer);

/* bips_pool_info describes the pool that a consumer is attached to. */
typedef struct bips_pool_info {
  size_t size;            /* of this struct, in bytes */
  uint64_t instance;      /* random id of the producer's run, not 0 */
  uint64_t slot_size;     /* bytes */
  uint64_t latency;       /* ns; what bips_producer_set_latency was told; BIPS_NO_TIME: unknown */
  int64_t interval;       /* ns; how far apart the frames in the pool were published, on average; 0: too few to tell */
  uint32_t slots;
  uint32_t room;          /* slots that readers may hold, all together */
  uint32_t granted;       /* slots that readers may hold now, as granted to them */
  uint32_t max_consumers; /* seats */
  uint32_t producer_pid;  /* in the producer's PID namespace: for display */
  uint32_t moves;         /* how often the producer went on in a new pool under its name */
} bips_pool_info;

#define BIPS_POOL_INFO_INIT { sizeof(bips_pool_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* bips_consumer_get_pool fills *info. Never waits. Errors: BIPS_NO_POOL while none is attached. */
BIPS_API int bips_consumer_get_pool(bips_consumer *consumer, bips_pool_info *info);

/* bips_consumer_slots_for_max_held is advice for a consumer that was granted less than max_held: how many slots the
 * producer should give the pool so that this consumer is granted max_held beside the others that are there now. 0: it
 * was granted max_held, not even BIPS_MAX_SLOTS would do, or no pool is attached. */
BIPS_API uint32_t bips_consumer_slots_for_max_held(bips_consumer *consumer);

/* bips_consumer_stats counts what a consumer saw since it was opened, over all instances of the pool. */
typedef struct bips_consumer_stats {
  size_t size;        /* of this struct, in bytes */
  uint64_t received;  /* frames delivered */
  uint64_t skipped;   /* frames passed by in BIPS_LATEST */
  uint64_t lost;      /* frames that it should have had and did not get; in either mode also those that the producer
                         dropped */
  uint64_t instances; /* runs of a producer attached to */
  uint64_t moves;     /* times that a producer was followed to a new pool */
  uint64_t demoted;   /* times that a producer went on without waiting for this consumer any longer */
  uint32_t held;      /* frames held now */
  uint32_t blocking;  /* 1: the producer waits for this consumer now */
} bips_consumer_stats;

#define BIPS_CONSUMER_STATS_INIT { sizeof(bips_consumer_stats), 0, 0, 0, 0, 0, 0, 0, 0 }

/* bips_consumer_get_stats fills *stats. Never waits; also after bips_consumer_shutdown. */
BIPS_API int bips_consumer_get_stats(bips_consumer *consumer, bips_consumer_stats *stats);

/* ---- Frames ----------------------------------------------------------------------------------- */
/*
 * A frame's bytes and metadata are the pool's own memory, mapped read-only: writing to them raises SIGSEGV. They are
 * valid while the frame is held, also after bips_consumer_close and after the producer's death, and an honest producer
 * does not change them. Threads may read the same frame at the same time.
 *
 * Using a frame after its release is a mistake that the library notices for as long as the consumer is open, or other
 * frames of it are held: functions return -BIPS_STALE, 0, NULL or BIPS_NO_TIME. After that the handle points to memory
 * that was freed, and must not be used.
 */

/* bips_frame_ref adds a reference: the frame stays held until bips_frame_release was called once more. It returns the
 * frame, or NULL if that was released. References count as one held frame (BIPS_QUOTA). Never waits; from any thread. */
BIPS_API bips_frame *bips_frame_ref(bips_frame *frame);

/* bips_frame_release gives up one reference. With the last one the slot is the producer's again, and nothing of the frame
 * may be used any more. Never waits; from any thread, also after the consumer was closed, and after the producer's death.
 * Errors: BIPS_STALE, BIPS_FORKED. */
BIPS_API int bips_frame_release(bips_frame *frame);

/* The frame's bytes, page-aligned, and how many there are. */
BIPS_API const void *bips_frame_data(const bips_frame *frame);
BIPS_API size_t bips_frame_size(const bips_frame *frame);

/* bips_frame_caps says what the bytes are, in GStreamer's notation; "": no caps. It is private memory of the consumer,
 * valid while the frame is held. While the producer changes neither caps nor tags, each frame returns the same address, so
 * that a program can compare addresses to see whether it has to parse the text again, as long as it holds a frame of
 * them. */
BIPS_API const char *bips_frame_caps(const bips_frame *frame);

/* bips_frame_tags are the tags of the stream that the frame is of: records (bips/meta.h) of the type BIPS_META_TAGS, *size
 * bytes; NULL: none. size may be NULL. It is private memory of the consumer, valid while the frame is held. */
BIPS_API const void *bips_frame_tags(const bips_frame *frame, size_t *size);

/* bips_frame_meta is the frame's metadata: records (bips/meta.h), *size bytes; NULL: none. size may be NULL. They lie in
 * shared memory: copy them before you parse them (bips_meta_copy). Valid while the frame is held. */
BIPS_API const void *bips_frame_meta(const bips_frame *frame, size_t *size);

/* The values of bips_frame_info and bips_frame_delivery that programs need most often, one by one. */
BIPS_API uint64_t bips_frame_sequence(const bips_frame *frame); /* counts the frames of one run of a producer, from 1 */
BIPS_API uint64_t bips_frame_pts(const bips_frame *frame);      /* ns; BIPS_NO_TIME: unknown */
BIPS_API uint64_t bips_frame_duration(const bips_frame *frame); /* ns; BIPS_NO_TIME: unknown */
BIPS_API uint32_t bips_frame_flags(const bips_frame *frame);    /* BIPS_FLAG_..., as in a GstBuffer */
BIPS_API int64_t bips_frame_age(const bips_frame *frame);       /* ns since it was published, as of now */

/* bips_frame_get_info fills *info: what travelled with the frame. Errors: BIPS_STALE. */
BIPS_API int bips_frame_get_info(const bips_frame *frame, bips_frame_info *info);

/* bips_frame_delivery is how a frame came. */
typedef struct bips_frame_delivery {
  size_t size;            /* of this struct, in bytes */
  uint64_t sequence;      /* counts the frames of one run of a producer, from 1 */
  uint64_t instance;      /* random id of the run of the producer that made the frame */
  uint64_t publish_time;  /* when it was published, CLOCK_MONOTONIC */
  uint64_t lost;          /* frames just before this one that the consumer should have had and did not get */
  uint64_t skipped;       /* frames that BIPS_LATEST passed by to reach this one */
  uint64_t behind;        /* how many newer ones the pool had when this one was delivered */
  uint64_t latency;       /* ns; what bips_producer_set_latency was told; BIPS_NO_TIME: unknown */
  uint32_t discontinuity; /* 1: it does not follow the frame that was delivered before: it is the first of a producer's
                             run, the first after a resume, or frames are missing between them */
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

/* bips_check_permissions returns 0 for permissions that a pool can have (0600, 0660, 0666, ...), else
 * -BIPS_BAD_OPTION. */
BIPS_API int bips_check_permissions(uint32_t permissions);

/* bips_why_no_pool is for a program that waits for a pool and wants to tell its user why. It returns 0 if there is a pool
 * of the name, else an error, with a message that says where it looked and what to do. It looks at the file system, and
 * never waits. Errors: BIPS_NO_POOL, and those of bips_consumer_pull. */
BIPS_API int bips_why_no_pool(const char *name);

/* bips_frames_stand_alone is 1 if each frame of a stream with these caps can be read without the frames
 * before it: raw pictures, pictures compressed one by one, tensors; else 0. NULL or "": 1. */
BIPS_API int bips_frames_stand_alone(const char *caps);

/* bips_handle_fault is for a handler of SIGBUS (sigaction with SA_SIGINFO), which gives it info->si_addr. If
 * that lies in a pool whose file somebody has cut short, it puts memory of zeros in the place of what is gone,
 * and returns 1: the handler returns, and the access goes on. Calls that use the pool return -BIPS_DAMAGED from
 * then on. It returns 0 for every other address: that fault has another cause.
 *
 * Async-signal-safe, and for any thread. It serves accesses by the library and by the program alike. */
BIPS_API int bips_handle_fault(const void *address);

#ifdef __cplusplus
}
#endif

#endif /* BIPS_BIPS_H */
