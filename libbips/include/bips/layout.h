/*
 * The shared memory of BIPS: each record of a pool segment and of a seat segment.
 *
 * Generated from package internal/layout by "go generate ./internal/layout". DO NOT EDIT.
 *
 * docs/protocol.md is the normative text, with the names of package layout: PoolHeader.Head there
 * is head of struct bips_layout_pool_header here, and SeatEvery is BIPS_LAYOUT_SEAT_EVERY.
 *
 * The structs describe memory that other processes change meanwhile. Fields marked "atomic" are
 * loaded and stored with __atomic_load_n, __atomic_store_n and their like, never as plain fields:
 * C and C++ have no one atomic type that both could use here. Records of tables may be larger than
 * these structs: step by the sizes in the header. Whatever is read must be checked before it is used.
 */
#ifndef BIPS_LAYOUT_H
#define BIPS_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "pools and messages are little-endian, and read in place"
#endif

#ifdef __cplusplus
#define BIPS_LAYOUT_ASSERT(condition, text) static_assert(condition, text)
#else
#define BIPS_LAYOUT_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* Versions of the layout. A higher major is not readable by older readers; a higher minor only adds
 * what they may ignore. */
/* VersionMajor 1: the first layout. VersionMajor 2: fewer cache lines for each frame. Bell, State
 * and Head share one, and so do a slot record's sequence and first fields, a seat's words, and Door
 * with ProducerWaiting. VersionMajor 3: the end of a stream is a place and no entry, the producer
 * grants pins, pools move. VersionMajor 4: metadata areas hold records, tags lie in a caps record
 * behind its text, and there is a backend memfd. */
#define BIPS_LAYOUT_VERSION_MAJOR 4
/* VersionMinor 0: the first of major 4. */
#define BIPS_LAYOUT_VERSION_MINOR 0

/* KnownRequired are the required feature bits that this code knows: none yet. */
#define BIPS_LAYOUT_KNOWN_REQUIRED UINT64_C(0)

/* Magic numbers: the first eight bytes of each segment. */
#define BIPS_LAYOUT_POOL_MAGIC UINT64_C(0x4c4f4f5053504942) /* "BIPSPOOL" */
#define BIPS_LAYOUT_SEAT_MAGIC UINT64_C(0x5441455353504942) /* "BIPSSEAT" */

/* Sizes in bytes. */
#define BIPS_LAYOUT_PAGE_SIZE 4096 /* alignment of tables and slots, whatever the machine's pages are */
#define BIPS_LAYOUT_HEADER_SIZE 4096 /* of PoolHeader and of SeatHeader */
#define BIPS_LAYOUT_RING_WORD_SIZE 8 /* sequence 48 bits, slot 16, from the top */
#define BIPS_LAYOUT_SLOT_RECORD_SIZE 192 /* this version's; readers step by the header's */
#define BIPS_LAYOUT_SEAT_WORD_SIZE 64 /* likewise */
#define BIPS_LAYOUT_SEAT_SIZE 128 /* likewise */
#define BIPS_LAYOUT_CAPS_RECORD_SIZE 24576 /* likewise */
#define BIPS_LAYOUT_CAPS_TEXT_OFFSET 16 /* from the start of a caps record */
#define BIPS_LAYOUT_CAPS_TEXT_SIZE 16368 /* most bytes of caps */
#define BIPS_LAYOUT_TAGS_OFFSET 16384 /* from the start of a caps record */
#define BIPS_LAYOUT_TAGS_SIZE 8192 /* most bytes of tags */
#define BIPS_LAYOUT_MAX_META_SIZE 65536 /* most bytes of a metadata area; readers step by the header's */
#define BIPS_LAYOUT_MAX_SEGMENT_SIZE UINT64_C(0x0000400000000000) /* a geometry that says more is damaged */
#define BIPS_LAYOUT_MAX_RECORD_SIZE 1048576 /* likewise, for one record of a table */

/* Counts. */
#define BIPS_LAYOUT_MAX_SLOTS 64 /* bits of Seat.Pins */
#define BIPS_LAYOUT_MAX_SEATS 64 /* of a pool */

/* NoTime is an unknown time, as GST_CLOCK_TIME_NONE. */
#define BIPS_LAYOUT_NO_TIME UINT64_C(0xffffffffffffffff)

/* States of a pool (PoolHeader.State). */
#define BIPS_LAYOUT_STATE_RUNNING UINT32_C(1) /* the producer publishes */
#define BIPS_LAYOUT_STATE_CLOSED UINT32_C(2) /* it will publish no more */
#define BIPS_LAYOUT_STATE_MOVED UINT32_C(3) /* it goes on under the same name in another segment */

/* States of a seat (Seat.State). */
#define BIPS_LAYOUT_SEAT_FREE UINT32_C(0) /* nobody reads */
#define BIPS_LAYOUT_SEAT_LATEST UINT32_C(1) /* wants the newest frame */
#define BIPS_LAYOUT_SEAT_EVERY UINT32_C(2) /* wants every frame from Cursor on */
#define BIPS_LAYOUT_SEAT_SUSPENDED UINT32_C(3) /* wants nothing, keeps its pins, will be back */
#define BIPS_LAYOUT_SEAT_DRAINING UINT32_C(4) /* wants nothing, keeps its pins, is leaving */
#define BIPS_LAYOUT_SEAT_ASKING UINT32_C(5) /* wants nothing, has no pins, waits for a grant */
#define BIPS_LAYOUT_SEAT_JOINING UINT32_C(6) /* wants every frame from Cursor on, and does not count as a reader yet */

/* Verdicts of the producer on a seat (SeatWord.Verdict). */
#define BIPS_LAYOUT_VERDICT_DEMOTED UINT32_C(1) /* `every` is no longer honoured: the seat counts as `latest` */

/* Backends (PoolHeader.Backend). */
#define BIPS_LAYOUT_BACKEND_SHM UINT32_C(0) /* POSIX shared memory, found by name */
#define BIPS_LAYOUT_BACKEND_MEMFD UINT32_C(1) /* memory without a name, which the producer hands over through a socket of the pool's name */

/* Bytes that are locked, as open file description locks. They need not exist. */
#define BIPS_LAYOUT_PRODUCER_LOCK INT64_C(0) /* pool segment: its producer, for life */
#define BIPS_LAYOUT_NAME_LOCK INT64_C(0) /* lock file: the producer of the name, for life */
#define BIPS_LAYOUT_SEAT_LOCK_BASE INT64_C(64) /* seat segment: SeatLockBase + i is seat i's holder */

/* Metadata records: sizes in bytes, and limits. */
#define BIPS_LAYOUT_META_HEAD_SIZE 8 /* type, flags and length of a record */
#define BIPS_LAYOUT_META_ALIGNMENT 8 /* of records in their area, and of structures and fields in their record */
#define BIPS_LAYOUT_META_MAX_DEPTH 4 /* levels of structures, arrays and lists; a record's own structure is the first */
#define BIPS_LAYOUT_META_MAX_KEY 255 /* bytes of a field's key */
#define BIPS_LAYOUT_META_MAX_NAME 100 /* bytes of a structure's name */
#define BIPS_LAYOUT_META_MAX_MEMORIES 16 /* sizes of a record MetaMemories */
#define BIPS_LAYOUT_META_MAX_CHANNELS 64 /* offsets of a record MetaAudioLayout */
#define BIPS_LAYOUT_META_MAX_PARAMS 64 /* structures of a record MetaRegion */
#define BIPS_LAYOUT_META_MAX_TAGS 8 /* tags of a record MetaCustom */

/* Types of metadata records. */
#define BIPS_LAYOUT_META_MEMORIES 1 /* sizes of the memories that the frame consists of */
#define BIPS_LAYOUT_META_AUDIO_LAYOUT 2 /* samples, and where the planes of planar audio lie; NEEDED */
#define BIPS_LAYOUT_META_CROP 3 /* the part of the picture that should be seen; NEEDED */
#define BIPS_LAYOUT_META_AFFINE 4 /* how the picture is turned or mirrored, as a matrix */
#define BIPS_LAYOUT_META_TIME_CODE 5 /* SMPTE time code */
#define BIPS_LAYOUT_META_REFERENCE_TIME 6 /* the frame's time on another clock */
#define BIPS_LAYOUT_META_CAPTION 7 /* closed captions */
#define BIPS_LAYOUT_META_REGION 8 /* a region of interest or a detection, with parameters */
#define BIPS_LAYOUT_META_CUSTOM 9 /* a structure of the application's own */
#define BIPS_LAYOUT_META_PROTECTION 10 /* how the frame is encrypted; NEEDED */
#define BIPS_LAYOUT_META_GST 11 /* what gst_meta_serialize of GStreamer 1.24 wrote */
#define BIPS_LAYOUT_META_TAGS 12 /* tags of the stream; only in CapsRecord.Tags */

/* Flags of metadata records. */
#define BIPS_LAYOUT_META_NEEDED 1 /* who does not know the record's type must not read the frame */
#define BIPS_LAYOUT_META_PARTIAL 2 /* fields were left out that cannot cross: pointers, objects */
#define BIPS_LAYOUT_META_ANALYTICS 4 /* MetaRegion: of a GstAnalyticsRelationMeta */

/* Kinds of values in metadata structures. */
#define BIPS_LAYOUT_KIND_NONE 0 /* no value, as a text that is NULL */
#define BIPS_LAYOUT_KIND_BOOL 1 /* u8: 0 false, else true */
#define BIPS_LAYOUT_KIND_INT 2 /* i64 */
#define BIPS_LAYOUT_KIND_UINT 3 /* u64 */
#define BIPS_LAYOUT_KIND_FLOAT 4 /* f64 */
#define BIPS_LAYOUT_KIND_TEXT 5 /* UTF-8 without a zero byte */
#define BIPS_LAYOUT_KIND_BYTES 6 /* any bytes */
#define BIPS_LAYOUT_KIND_FRACTION 7 /* i32 numerator, i32 denominator above 0 */
#define BIPS_LAYOUT_KIND_STRUCTURE 8 /* a structure */
#define BIPS_LAYOUT_KIND_ARRAY 9 /* u32 count, u32 0, elements; their order matters */
#define BIPS_LAYOUT_KIND_LIST 10 /* likewise; alternatives, as in caps, or several values of a tag */
#define BIPS_LAYOUT_KIND_OTHER 11 /* text: the name of a GType; rest: the value as GStreamer writes it */

/* Origins of values: which type GStreamer had. Others need not look at them. */
#define BIPS_LAYOUT_ORIGIN_BUFFER 0 /* KindBytes: GstBuffer */
#define BIPS_LAYOUT_ORIGIN_BYTES 1 /* KindBytes: GBytes */
#define BIPS_LAYOUT_ORIGIN8 8 /* KindInt, KindUint: gchar, guchar */
#define BIPS_LAYOUT_ORIGIN32 32 /* KindInt, KindUint, KindFloat: gint, guint, gfloat */
#define BIPS_LAYOUT_ORIGIN64 64 /* KindInt, KindUint, KindFloat: gint64, guint64, gdouble */
#define BIPS_LAYOUT_ORIGIN_LONG 65 /* KindInt, KindUint: glong, gulong */

/* Flags of a time code. */
#define BIPS_LAYOUT_TIME_CODE_DROP_FRAME 1 /* drop-frame counting, of 30000/1001 and 60000/1001 frames/s */
#define BIPS_LAYOUT_TIME_CODE_INTERLACED 2 /* of interlaced video */

/* Kinds of captions. */
#define BIPS_LAYOUT_CAPTION_CEA608_RAW 1 /* byte pairs of CEA-608 */
#define BIPS_LAYOUT_CAPTION_CEA608_S334 2 /* triples of CEA-608 as in SMPTE S334-1 Annex A */
#define BIPS_LAYOUT_CAPTION_CEA708_RAW 3 /* cc_data triples of CEA-708 */
#define BIPS_LAYOUT_CAPTION_CEA708_CDP 4 /* CEA-708 in a Caption Distribution Packet */

/* Scopes of tags. */
#define BIPS_LAYOUT_TAGS_OF_STREAM 0 /* of this stream */
#define BIPS_LAYOUT_TAGS_GLOBAL 1 /* of all streams of the producer's medium */

/* MaxSequence is the largest sequence a ring word holds. */
#define BIPS_LAYOUT_MAX_SEQUENCE UINT64_C(0x0000ffffffffffff)

/* PoolHeader is the first page of a pool segment. Fields up to First are written before Magic and
 * immutable from then on; the others are written by the producer only. */
struct bips_layout_pool_header {
  uint64_t magic; /* atomic; PoolMagic; stored last, when all else is in place */
  uint16_t version_major; /* another value: not readable */
  uint16_t version_minor; /* a higher value: readable, with fields that are not known */
  uint32_t header_size; /* bytes of this record */
  uint64_t required; /* feature bits a reader must know */
  uint64_t optional; /* feature bits a reader may ignore */
  uint64_t instance; /* random id of this run of the producer, never 0; a move keeps it */
  uint64_t segment_size; /* bytes of the pool segment */
  uint64_t slot_size; /* bytes of a slot that may be used */
  uint64_t slot_stride; /* bytes from one slot to the next, a multiple of the page size */
  uint64_t slots_offset; /* bytes from the start of the segment, page-aligned */
  uint32_t slot_count; /* 2 to 64 */
  uint32_t ring_length; /* entries; a power of two, at least SlotCount */
  uint64_t ring_offset; /* of RingLength words */
  uint64_t records_offset; /* of SlotCount slot records */
  uint64_t seat_words_offset; /* of SeatCount seat words */
  uint64_t caps_offset; /* of CapsCount caps records */
  uint64_t meta_offset; /* of SlotCount metadata areas */
  uint32_t record_size; /* bytes from one slot record to the next */
  uint32_t seat_word_size; /* bytes from one seat word to the next */
  uint32_t caps_size; /* bytes from one caps record to the next */
  uint32_t meta_size; /* bytes from one metadata area to the next; 0 to MaxMetaSize */
  uint32_t caps_count; /* SlotCount + 1 */
  uint32_t seat_count; /* 1 to 64 */
  uint32_t backend; /* which backend made the segment: BackendShm, BackendMemfd */
  uint32_t producer_pid; /* in the producer's PID namespace; for display only */
  uint32_t move; /* how often the instance has moved: 0, 1, 2, ... */
  uint32_t reserved0;
  uint64_t first; /* the first sequence that may be in this pool: what is older is in the pool before the move */
  uint8_t reserved1[344];
  uint32_t bell; /* atomic; futex word: bumped at each publication, end of stream, grant and change of state */
  uint32_t state; /* atomic; StateRunning, StateClosed, StateMoved */
  uint64_t head; /* atomic; sequence of the newest frame; 0: none yet */
  uint64_t ended; /* atomic; Head + 1 at the last end of a stream: the sequence that the next stream begins with; 0: none yet */
  uint8_t reserved2[40];
  uint64_t latency; /* atomic; upstream latency of the producer's pipeline, nanoseconds; NoTime: unknown */
  uint64_t dropped; /* atomic; frames dropped so far: no slot was free, or they did not fit */
  uint8_t reserved3[48];
  uint32_t producer_waiting; /* atomic; 1: the producer sleeps on SeatHeader.Door, or is about to */
  uint8_t reserved4[3452];
};
BIPS_LAYOUT_ASSERT(sizeof(struct bips_layout_pool_header) == 4096, "bips_layout_pool_header");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, magic) == 0, "bips_layout_pool_header.magic");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, version_major) == 8, "bips_layout_pool_header.version_major");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, version_minor) == 10, "bips_layout_pool_header.version_minor");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, header_size) == 12, "bips_layout_pool_header.header_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, required) == 16, "bips_layout_pool_header.required");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, optional) == 24, "bips_layout_pool_header.optional");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, instance) == 32, "bips_layout_pool_header.instance");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, segment_size) == 40, "bips_layout_pool_header.segment_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, slot_size) == 48, "bips_layout_pool_header.slot_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, slot_stride) == 56, "bips_layout_pool_header.slot_stride");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, slots_offset) == 64, "bips_layout_pool_header.slots_offset");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, slot_count) == 72, "bips_layout_pool_header.slot_count");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, ring_length) == 76, "bips_layout_pool_header.ring_length");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, ring_offset) == 80, "bips_layout_pool_header.ring_offset");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, records_offset) == 88, "bips_layout_pool_header.records_offset");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, seat_words_offset) == 96, "bips_layout_pool_header.seat_words_offset");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, caps_offset) == 104, "bips_layout_pool_header.caps_offset");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, meta_offset) == 112, "bips_layout_pool_header.meta_offset");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, record_size) == 120, "bips_layout_pool_header.record_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, seat_word_size) == 124, "bips_layout_pool_header.seat_word_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, caps_size) == 128, "bips_layout_pool_header.caps_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, meta_size) == 132, "bips_layout_pool_header.meta_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, caps_count) == 136, "bips_layout_pool_header.caps_count");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, seat_count) == 140, "bips_layout_pool_header.seat_count");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, backend) == 144, "bips_layout_pool_header.backend");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, producer_pid) == 148, "bips_layout_pool_header.producer_pid");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, move) == 152, "bips_layout_pool_header.move");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, reserved0) == 156, "bips_layout_pool_header.reserved0");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, first) == 160, "bips_layout_pool_header.first");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, reserved1) == 168, "bips_layout_pool_header.reserved1");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, bell) == 512, "bips_layout_pool_header.bell");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, state) == 516, "bips_layout_pool_header.state");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, head) == 520, "bips_layout_pool_header.head");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, ended) == 528, "bips_layout_pool_header.ended");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, reserved2) == 536, "bips_layout_pool_header.reserved2");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, latency) == 576, "bips_layout_pool_header.latency");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, dropped) == 584, "bips_layout_pool_header.dropped");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, reserved3) == 592, "bips_layout_pool_header.reserved3");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, producer_waiting) == 640, "bips_layout_pool_header.producer_waiting");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_pool_header, reserved4) == 644, "bips_layout_pool_header.reserved4");

/* SlotRecord describes a slot and the frame in it. Written by the producer only; a consumer reads
 * the fields after Sequence while it holds a validated pin, but for PublishTime, which it may also
 * look at to choose a slot. */
struct bips_layout_slot_record {
  uint64_t sequence; /* atomic; of the frame in the slot; 0: none, or being written */
  uint64_t stream; /* PoolHeader.Ended at publication: tells one stream from the next */
  uint64_t caps_version; /* version which that record must have */
  uint64_t size; /* bytes used */
  uint64_t pts; /* nanoseconds; NoTime: unknown */
  uint64_t dts; /* nanoseconds; NoTime: unknown */
  uint64_t duration; /* nanoseconds; NoTime: unknown */
  uint64_t capture_time; /* CLOCK_MONOTONIC nanoseconds; NoTime: unknown */
  uint64_t publish_time; /* atomic; CLOCK_MONOTONIC nanoseconds; a hint without a pin */
  uint64_t offset; /* the stream's own */
  uint64_t offset_end; /* the stream's own */
  uint64_t dropped; /* PoolHeader.Dropped at publication */
  uint32_t flags; /* of the GstBuffer */
  uint32_t meta_length; /* bytes used of the slot's metadata area */
  uint32_t plane_count; /* 0: default layout */
  uint32_t caps_index; /* caps record of the frame */
  int32_t plane_stride[4]; /* bytes from row to row */
  uint64_t plane_offset[4]; /* bytes from the start of the slot */
  uint8_t reserved0[32];
};
BIPS_LAYOUT_ASSERT(sizeof(struct bips_layout_slot_record) == 192, "bips_layout_slot_record");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, sequence) == 0, "bips_layout_slot_record.sequence");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, stream) == 8, "bips_layout_slot_record.stream");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, caps_version) == 16, "bips_layout_slot_record.caps_version");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, size) == 24, "bips_layout_slot_record.size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, pts) == 32, "bips_layout_slot_record.pts");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, dts) == 40, "bips_layout_slot_record.dts");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, duration) == 48, "bips_layout_slot_record.duration");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, capture_time) == 56, "bips_layout_slot_record.capture_time");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, publish_time) == 64, "bips_layout_slot_record.publish_time");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, offset) == 72, "bips_layout_slot_record.offset");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, offset_end) == 80, "bips_layout_slot_record.offset_end");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, dropped) == 88, "bips_layout_slot_record.dropped");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, flags) == 96, "bips_layout_slot_record.flags");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, meta_length) == 100, "bips_layout_slot_record.meta_length");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, plane_count) == 104, "bips_layout_slot_record.plane_count");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, caps_index) == 108, "bips_layout_slot_record.caps_index");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, plane_stride) == 112, "bips_layout_slot_record.plane_stride");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, plane_offset) == 128, "bips_layout_slot_record.plane_offset");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_slot_record, reserved0) == 160, "bips_layout_slot_record.reserved0");

/* SeatWord is what the producer says of a seat. Written by the producer only. */
struct bips_layout_seat_word {
  uint64_t verdict; /* atomic; PackVerdict: the generation judged, and VerdictDemoted; 0: none */
  uint64_t granted; /* atomic; PackGrant: the generation that asked, and the pins it may have, 0: refused; 0 in all: no grant */
  uint64_t reserved; /* atomic; PackReserved: whose place this is after a move, and whether its frames are kept; 0: the seat is open to all */
  uint8_t reserved0[40];
};
BIPS_LAYOUT_ASSERT(sizeof(struct bips_layout_seat_word) == 64, "bips_layout_seat_word");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_word, verdict) == 0, "bips_layout_seat_word.verdict");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_word, granted) == 8, "bips_layout_seat_word.granted");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_word, reserved) == 16, "bips_layout_seat_word.reserved");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_word, reserved0) == 24, "bips_layout_seat_word.reserved0");

/* CapsRecord holds caps and the tags that go with them. */
struct bips_layout_caps_record {
  uint64_t version; /* atomic; 0: empty; changes with the text and with the tags */
  uint32_t length; /* bytes of text */
  uint32_t tags_length; /* bytes of Tags that are used; 0: no tags */
  uint8_t text[16368]; /* UTF-8, not terminated */
  uint8_t tags[8192]; /* metadata records of type MetaTags */
};
BIPS_LAYOUT_ASSERT(sizeof(struct bips_layout_caps_record) == 24576, "bips_layout_caps_record");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_caps_record, version) == 0, "bips_layout_caps_record.version");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_caps_record, length) == 8, "bips_layout_caps_record.length");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_caps_record, tags_length) == 12, "bips_layout_caps_record.tags_length");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_caps_record, text) == 16, "bips_layout_caps_record.text");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_caps_record, tags) == 16384, "bips_layout_caps_record.tags");

/* SeatHeader is the first page of a seat segment. Fields up to Move are written by the producer
 * before Magic and immutable from then on. */
struct bips_layout_seat_header {
  uint64_t magic; /* atomic; SeatMagic; stored last */
  uint16_t version_major; /* as in PoolHeader */
  uint16_t version_minor; /* as in PoolHeader */
  uint32_t header_size; /* bytes of this record */
  uint64_t instance; /* the pool segment's */
  uint64_t segment_size; /* bytes of the seat segment */
  uint64_t seats_offset; /* of SeatCount seats */
  uint32_t seat_size; /* bytes from one seat to the next */
  uint32_t seat_count; /* the pool segment's */
  uint32_t move; /* the pool segment's */
  uint8_t reserved0[460];
  uint32_t door; /* atomic; futex word: bumped when something that could free a slot changed */
  uint32_t knock; /* atomic; futex word: bumped when a consumer asks for something; the producer's housekeeper sleeps on it */
  uint8_t reserved1[3576];
};
BIPS_LAYOUT_ASSERT(sizeof(struct bips_layout_seat_header) == 4096, "bips_layout_seat_header");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, magic) == 0, "bips_layout_seat_header.magic");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, version_major) == 8, "bips_layout_seat_header.version_major");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, version_minor) == 10, "bips_layout_seat_header.version_minor");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, header_size) == 12, "bips_layout_seat_header.header_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, instance) == 16, "bips_layout_seat_header.instance");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, segment_size) == 24, "bips_layout_seat_header.segment_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, seats_offset) == 32, "bips_layout_seat_header.seats_offset");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, seat_size) == 40, "bips_layout_seat_header.seat_size");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, seat_count) == 44, "bips_layout_seat_header.seat_count");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, move) == 48, "bips_layout_seat_header.move");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, reserved0) == 52, "bips_layout_seat_header.reserved0");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, door) == 512, "bips_layout_seat_header.door");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, knock) == 516, "bips_layout_seat_header.knock");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat_header, reserved1) == 520, "bips_layout_seat_header.reserved1");

/* Seat is a consumer's place in a pool. It is written by the consumer that holds the seat's lock,
 * and cleared by the producer under that lock. */
struct bips_layout_seat {
  uint32_t generation; /* atomic; counts the seat's holders */
  uint32_t state; /* atomic; SeatFree, SeatLatest, SeatEvery, SeatSuspended, SeatDraining, SeatAsking, SeatJoining */
  uint64_t cursor; /* atomic; next sequence wanted */
  uint32_t asked; /* atomic; PackAsked: how many pins the holder asks for, at most and at least */
  uint32_t pid; /* atomic; in the consumer's PID namespace; for display only */
  uint64_t pins; /* atomic; bit i: slot i is being read */
  uint32_t waiting; /* atomic; 1: the consumer sleeps on Bell, or is about to */
  uint32_t key_frames; /* atomic; counts the holder's requests for a key frame */
  uint8_t reserved0[24];
  uint64_t received; /* atomic; frames delivered */
  uint64_t skipped; /* atomic; frames passed by in mode latest */
  uint64_t lost; /* atomic; frames wanted and not given */
  uint8_t reserved1[40];
};
BIPS_LAYOUT_ASSERT(sizeof(struct bips_layout_seat) == 128, "bips_layout_seat");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, generation) == 0, "bips_layout_seat.generation");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, state) == 4, "bips_layout_seat.state");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, cursor) == 8, "bips_layout_seat.cursor");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, asked) == 16, "bips_layout_seat.asked");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, pid) == 20, "bips_layout_seat.pid");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, pins) == 24, "bips_layout_seat.pins");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, waiting) == 32, "bips_layout_seat.waiting");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, key_frames) == 36, "bips_layout_seat.key_frames");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, reserved0) == 40, "bips_layout_seat.reserved0");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, received) == 64, "bips_layout_seat.received");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, skipped) == 72, "bips_layout_seat.skipped");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, lost) == 80, "bips_layout_seat.lost");
BIPS_LAYOUT_ASSERT(offsetof(struct bips_layout_seat, reserved1) == 88, "bips_layout_seat.reserved1");

#endif /* BIPS_LAYOUT_H */
