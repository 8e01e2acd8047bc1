/*
 * Metadata that travels with a frame: detections and other regions, times on other clocks, crop, time
 * codes, captions, structures of an application's own; and the tags of a stream.
 *
 * Metadata are a row of records, as bytes: docs/protocol.md of the project, section Metadata, has the
 * format. Most are metas of GStreamer, of which nothing here depends. To read them:
 *
 *     bips_meta_records records;
 *     bips_meta_record record;
 *     bips_meta_region region = BIPS_META_REGION_INIT;
 *     char area[BIPS_MAX_META_SIZE];
 *     size_t size;
 *     const void *shared = bips_frame_meta(frame, &size);
 *
 *     if (bips_meta_copy(shared, size, area, sizeof area) < 0 || bips_meta_begin(area, size, &records) < 0)
 *       die(bips_error_message());
 *     while (bips_meta_next(&records, &record) > 0)
 *       if (record.type == BIPS_META_REGION && bips_meta_read_region(&record, &region) == 0)
 *         draw(region.kind.chars, region.kind.length, region.x, region.y, region.width, region.height);
 *
 * To write them:
 *
 *     bips_meta_writer writer;
 *     bips_meta_region region = BIPS_META_REGION_INIT;
 *
 *     region.x = 10, region.y = 20, region.width = 30, region.height = 40;
 *     bips_meta_set_text(&region.kind, "face");
 *     bips_meta_writer_begin(&writer, area, sizeof area, 0);
 *     bips_meta_begin_region(&writer, &region);
 *     bips_meta_begin_structure(&writer, "detection");
 *     bips_meta_put_float(&writer, "confidence", 0.875, BIPS_META_ORIGIN_64);
 *     bips_meta_end(&writer);
 *     if (bips_meta_end_record(&writer) < 0)
 *       warn(bips_error_message());
 *     info.meta = area, info.meta_size = writer.size;
 *
 * CONVENTIONS
 *
 * They are those of bips.h: results, errors, structs that begin with their size. And:
 *
 * Lifetime.  Nothing is allocated, and no system call is made. What a reading function returns points
 *   into the bytes that bips_meta_begin was given, and is valid as long as these are. What a writing
 *   function is given may go when it returns.
 * Texts.  A bips_meta_text that was read is UTF-8 without a zero byte, and is NOT terminated: it has
 *   length bytes. One that is to be written likewise. Texts that are given as const char * are
 *   terminated.
 * Shared memory.  A process that can write to a pool can change a frame's metadata while they are read.
 *   These functions rely on bytes that do not change: copy them first (bips_meta_copy), and read the copy.
 * Threads.  Functions may be called from several threads at once, as long as nobody changes what they
 *   are given. A bips_meta_records, a bips_meta_fields, a bips_meta_structures and a bips_meta_writer are
 *   changed by those that go on in them.
 * Private.  Fields that are marked so are the library's; do not read or write them. All structs may be
 *   copied.
 * NULL.  A pointer that must not be NULL and is: -BIPS_BAD_OPTION.
 */
#ifndef BIPS_META_H
#define BIPS_META_H

#include <bips/bips.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Records ---------------------------------------------------------------------------------- */

/* Types of records. Others may come from a later version: they are passed over, or passed on as they are
 * (bips_meta_add_unknown). */
enum bips_meta_type {
  BIPS_META_MEMORIES = 1,       /* bips_meta_memories */
  BIPS_META_AUDIO_LAYOUT = 2,   /* bips_meta_audio_layout; BIPS_META_NEEDED */
  BIPS_META_CROP = 3,           /* bips_meta_crop; BIPS_META_NEEDED */
  BIPS_META_AFFINE = 4,         /* bips_meta_affine */
  BIPS_META_TIME_CODE = 5,      /* bips_meta_time_code */
  BIPS_META_REFERENCE_TIME = 6, /* bips_meta_reference_time */
  BIPS_META_CAPTION = 7,        /* bips_meta_caption */
  BIPS_META_REGION = 8,         /* bips_meta_region */
  BIPS_META_CUSTOM = 9,         /* bips_meta_custom */
  BIPS_META_PROTECTION = 10,    /* bips_meta_protection; BIPS_META_NEEDED */
  BIPS_META_GST = 11,           /* bips_meta_gst */
  BIPS_META_TAGS = 12           /* bips_meta_tags; only in the tags of a stream */
};

/* Flags of records. The others are to be ignored. */
#define BIPS_META_NEEDED 1    /* a reader that does not know the record's type must not use the frame */
#define BIPS_META_PARTIAL 2   /* values were left out, since nothing in the format is like them */
#define BIPS_META_ANALYTICS 4 /* a region came from a GstAnalyticsRelationMeta */

typedef struct bips_meta_text {
  const char *chars; /* UTF-8, not terminated; "" if length is 0 */
  size_t length;     /* bytes */
} bips_meta_text;

typedef struct bips_meta_bytes {
  const void *data;
  size_t size;
} bips_meta_bytes;

/* BIPS_META_TEXT initialises a bips_meta_text with a literal. */
#define BIPS_META_TEXT(literal) { literal, sizeof(literal) - 1 }

/* bips_meta_set_text makes a view of a text that ends with a zero byte; NULL: "". */
BIPS_API void bips_meta_set_text(bips_meta_text *view, const char *text);

/* bips_meta_text_is reports whether a view is the same as a text that ends with a zero byte. */
BIPS_API int bips_meta_text_is(const bips_meta_text *view, const char *text);

/* bips_meta_copy copies metadata out of shared memory, into room bytes of the caller's. Errors:
 * BIPS_NO_SPACE; BIPS_DAMAGED: more than BIPS_MAX_META_SIZE. */
BIPS_API int bips_meta_copy(const void *bytes, size_t size, void *area, size_t room);

/* bips_meta_records is a place in a row of records. */
typedef struct bips_meta_records {
  const void *bytes; /* private, as all of it */
  size_t size, at;
} bips_meta_records;

/* bips_meta_record is one record. */
typedef struct bips_meta_record {
  uint32_t type;       /* enum bips_meta_type, or another number */
  uint32_t flags;      /* BIPS_META_NEEDED and the like */
  size_t offset;       /* where it begins, bytes from the start of the records */
  const void *payload; /* what it says, as bytes of the format */
  size_t length;       /* of the payload */
} bips_meta_record;

/* bips_meta_begin begins to read a row of records, and looks at the head of each. bytes may be NULL if
 * size is 0, as of a frame without metadata.
 *
 * Errors: BIPS_DAMAGED: the bytes are no records; use nothing of them. BIPS_OTHER_VERSION: there is a
 * record without which the frame cannot be read rightly, and this library does not know its type; do not use
 * the frame. */
BIPS_API int bips_meta_begin(const void *bytes, size_t size, bips_meta_records *records);

/* bips_meta_next reads the head of the next record. 1: *record is one; 0: there is none left. */
BIPS_API int bips_meta_next(bips_meta_records *records, bips_meta_record *record);

/* bips_meta_type_name is a type's name as docs/protocol.md has it: "region", "time code". It is static; "unknown"
 * for others. */
BIPS_API const char *bips_meta_type_name(uint32_t type);

/* ---- Values in structures --------------------------------------------------------------------- */

/* Kinds of values. */
enum bips_meta_kind {
  BIPS_META_KIND_NONE = 0,      /* no value, as a text that is NULL */
  BIPS_META_KIND_BOOL = 1,      /* as.boolean */
  BIPS_META_KIND_INT = 2,       /* as.integer */
  BIPS_META_KIND_UINT = 3,      /* as.whole */
  BIPS_META_KIND_FLOAT = 4,     /* as.real */
  BIPS_META_KIND_TEXT = 5,      /* as.text */
  BIPS_META_KIND_BYTES = 6,     /* as.bytes */
  BIPS_META_KIND_FRACTION = 7,  /* as.fraction */
  BIPS_META_KIND_STRUCTURE = 8, /* as.structure */
  BIPS_META_KIND_ARRAY = 9,     /* as.elements; their order matters */
  BIPS_META_KIND_LIST = 10,     /* as.elements; alternatives, or several values of one tag */
  BIPS_META_KIND_OTHER = 11     /* as.other */
};

/* Which of GStreamer's types a value had, so that a GStreamer reader gets the same. Readers without GStreamer ignore
 * it. Elements of GStreamer often look for one type only: a number that gst_structure_get_int is to find needs
 * BIPS_META_ORIGIN_32. An origin that is not listed for a kind counts as the first one that is. */
enum bips_meta_origin {
  BIPS_META_ORIGIN_BUFFER = 0, /* of bytes: GstBuffer */
  BIPS_META_ORIGIN_BYTES = 1,  /* of bytes: GBytes */
  BIPS_META_ORIGIN_64 = 64,    /* of numbers: gint64, guint64, gdouble */
  BIPS_META_ORIGIN_8 = 8,      /* of whole numbers: gchar, guchar */
  BIPS_META_ORIGIN_32 = 32,    /* of numbers: gint, guint, gfloat */
  BIPS_META_ORIGIN_LONG = 65   /* of whole numbers: glong, gulong */
};

/* bips_meta_fields is a place in the fields of a structure, or in the elements of an array or a list. A
 * copy of it goes on from the same place. */
typedef struct bips_meta_fields {
  const void *record; /* private, as all of it */
  size_t at, end;
  uint32_t left;
  uint8_t depth, elements, kind, origin;
} bips_meta_fields;

/* bips_meta_structure is fields of a name, as a GstStructure. */
typedef struct bips_meta_structure {
  bips_meta_text name; /* a letter, then letters, digits and "-_+/.:", 100 bytes at most */
  bips_meta_fields fields;
} bips_meta_structure;

/* bips_meta_structures is a place in a row of structures. A copy of it goes on from the same place. */
typedef struct bips_meta_structures {
  const void *record; /* private, as all of it */
  size_t at, end;
  uint32_t left, reserved;
} bips_meta_structures;

typedef struct bips_meta_fraction {
  int32_t numerator, denominator; /* the denominator is above 0 */
} bips_meta_fraction;

typedef struct bips_meta_other {
  bips_meta_text type; /* name of a GType */
  bips_meta_text text; /* the value, as gst_value_serialize writes it */
} bips_meta_other;

/* bips_meta_value is a value, with its key. */
typedef struct bips_meta_value {
  bips_meta_text key; /* 1 to 255 bytes; "" of an element of an array or list */
  uint32_t kind;      /* enum bips_meta_kind: which field of the union it is */
  uint32_t origin;    /* enum bips_meta_origin */
  union {
    uint32_t boolean; /* 0 or 1 */
    int64_t integer;
    uint64_t whole;
    double real;
    bips_meta_text text;
    bips_meta_bytes bytes;
    bips_meta_fraction fraction;
    bips_meta_structure structure;
    bips_meta_fields elements;
    bips_meta_other other;
  } as;
} bips_meta_value;

/* bips_meta_next_value reads the next field of a structure, or the next element. 1: *value is one; 0: there
 * is none left. Values that this library does not know, or that the format forbids, are passed over. */
BIPS_API int bips_meta_next_value(bips_meta_fields *fields, bips_meta_value *value);

/* bips_meta_next_structure reads the next structure. 1: *structure is one; 0: there is none left. */
BIPS_API int bips_meta_next_structure(bips_meta_structures *structures, bips_meta_structure *structure);

/* bips_meta_find finds the first structure of a name. 1: *structure is it; 0: there is none. */
BIPS_API int bips_meta_find(const bips_meta_structures *structures, const char *name, bips_meta_structure *structure);

/* These find the first field that has a key. 1: found; 0: there is none, or it is of another kind, and *value is left as it
 * is. get_int takes all whole numbers that fit, get_float all numbers and fractions. The search begins at the place of
 * structure->fields: to go through the fields by bips_meta_next_value as well, do that with a copy of structure->fields. */
BIPS_API int bips_meta_get(const bips_meta_structure *structure, const char *key, bips_meta_value *value);
BIPS_API int bips_meta_get_bool(const bips_meta_structure *structure, const char *key, int *value);
BIPS_API int bips_meta_get_int(const bips_meta_structure *structure, const char *key, int64_t *value);
BIPS_API int bips_meta_get_float(const bips_meta_structure *structure, const char *key, double *value);
BIPS_API int bips_meta_get_text(const bips_meta_structure *structure, const char *key, bips_meta_text *value);

/* ---- What records say ------------------------------------------------------------------------- */
/*
 * bips_meta_read_X reads a record of a type into its struct, whose size must be set (BIPS_META_X_INIT).
 *
 * Errors of all of them: BIPS_DAMAGED: the record is damaged, and nothing of it should be used; if it is
 * BIPS_META_NEEDED, neither should the frame. The other records can be used. BIPS_BAD_OPTION: it is of another
 * type, or size is not set.
 *
 * The values are as the producer wrote them. It is not checked here that sizes add up to the frame's, that planes, regions
 * and crop lie in the picture, and that a time code can exist: check what you rely on.
 */

#define BIPS_META_MAX_MEMORIES 16
#define BIPS_META_MAX_CHANNELS 64
#define BIPS_META_MAX_PARAMS 64
#define BIPS_META_MAX_TAGS 8
#define BIPS_META_MAX_DEPTH 4 /* levels of structures, arrays and lists in one another; the first is the record's own */

/* bips_meta_memories: the frame consists of several memories, one after the other, as a GstBuffer may. */
typedef struct bips_meta_memories {
  size_t size;     /* of this struct, in bytes */
  uint32_t count;  /* 2 to BIPS_META_MAX_MEMORIES */
  uint32_t reserved;
  uint64_t sizes[BIPS_META_MAX_MEMORIES]; /* bytes; their sum should be the frame's size */
} bips_meta_memories;
#define BIPS_META_MEMORIES_INIT { sizeof(bips_meta_memories), 0, 0, {0} }
BIPS_API int bips_meta_read_memories(const bips_meta_record *record, bips_meta_memories *memories);

/* bips_meta_audio_layout: how raw audio lies in the frame. Format, rate and channels are in the caps. */
typedef struct bips_meta_audio_layout {
  size_t size;      /* of this struct, in bytes */
  uint64_t samples; /* of each channel */
  uint32_t planar;  /* 1: each channel has a plane of its own; 0: they are interleaved */
  uint32_t count;   /* of planes: 1 to BIPS_META_MAX_CHANNELS of planar audio, else 0 */
  uint64_t offsets[BIPS_META_MAX_CHANNELS]; /* where they begin, bytes from the start of the frame */
} bips_meta_audio_layout;
#define BIPS_META_AUDIO_LAYOUT_INIT { sizeof(bips_meta_audio_layout), 0, 0, 0, {0} }
BIPS_API int bips_meta_read_audio_layout(const bips_meta_record *record, bips_meta_audio_layout *layout);

/* bips_meta_crop: the part of the picture that should be seen, in pixels from its left upper corner. It may reach
 * beyond the picture. */
typedef struct bips_meta_crop {
  size_t size; /* of this struct, in bytes */
  uint32_t x, y, width, height;
} bips_meta_crop;
#define BIPS_META_CROP_INIT { sizeof(bips_meta_crop), 0, 0, 0, 0 }
BIPS_API int bips_meta_read_crop(const bips_meta_record *record, bips_meta_crop *crop);

/* bips_meta_affine: how the picture should be turned, mirrored or scaled to be seen: 4 rows of 4, row by row, as in a
 * GstVideoAffineTransformationMeta. */
typedef struct bips_meta_affine {
  size_t size; /* of this struct, in bytes */
  float matrix[16];
} bips_meta_affine;
#define BIPS_META_AFFINE_INIT { sizeof(bips_meta_affine), {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1} }
BIPS_API int bips_meta_read_affine(const bips_meta_record *record, bips_meta_affine *affine);

#define BIPS_META_DROP_FRAME 1           /* numbers are left out, as 30000/1001 frames/s need */
#define BIPS_META_INTERLACED 2           /* the video is interlaced */
#define BIPS_META_NO_DAILY_JAM INT64_MIN /* there is none */

/* bips_meta_time_code: an SMPTE time code. */
typedef struct bips_meta_time_code {
  size_t size;              /* of this struct, in bytes */
  uint32_t fps_numerator;   /* the frame rate that it counts by, in frames per second */
  uint32_t fps_denominator;
  uint32_t flags;           /* BIPS_META_DROP_FRAME, BIPS_META_INTERLACED */
  uint32_t field_count;     /* 0 of progressive video, else 1 or 2: the field */
  uint32_t hours, minutes, seconds;
  uint32_t frames;          /* from 0 in each second */
  int64_t daily_jam;        /* when it was 0, microseconds of Unix time; BIPS_META_NO_DAILY_JAM */
  int32_t daily_jam_offset; /* the jam's time zone, seconds east of UTC */
  uint32_t reserved;
} bips_meta_time_code;
#define BIPS_META_TIME_CODE_INIT { sizeof(bips_meta_time_code), 0, 1, 0, 0, 0, 0, 0, 0, BIPS_META_NO_DAILY_JAM, 0, 0 }
BIPS_API int bips_meta_read_time_code(const bips_meta_record *record, bips_meta_time_code *code);

/* bips_meta_reference_time: the frame's time on a clock other than the stream's. */
typedef struct bips_meta_reference_time {
  size_t size;          /* of this struct, in bytes */
  uint64_t timestamp;   /* nanoseconds; BIPS_NO_TIME: unknown */
  uint64_t duration;    /* nanoseconds; BIPS_NO_TIME: unknown */
  bips_meta_text clock; /* which one, as caps in GStreamer's notation: "timestamp/x-ntp" */
} bips_meta_reference_time;
#define BIPS_META_REFERENCE_TIME_INIT { sizeof(bips_meta_reference_time), BIPS_NO_TIME, BIPS_NO_TIME, {"", 0} }
BIPS_API int bips_meta_read_reference_time(const bips_meta_record *record, bips_meta_reference_time *time);

/* How captions are written. One of another number is to be ignored. */
enum bips_meta_caption_kind {
  BIPS_META_CEA608_RAW = 1,   /* byte pairs of CEA-608 */
  BIPS_META_CEA608_S334 = 2,  /* triples of CEA-608 as in SMPTE S334-1 Annex A */
  BIPS_META_CEA708_RAW = 3,   /* cc_data triples of CEA-708 */
  BIPS_META_CEA708_CDP = 4    /* CEA-708 in a Caption Distribution Packet */
};

/* bips_meta_caption: closed captions that belong to the frame. */
typedef struct bips_meta_caption {
  size_t size;   /* of this struct, in bytes */
  uint32_t kind; /* enum bips_meta_caption_kind, or another number */
  uint32_t reserved;
  bips_meta_bytes data;
} bips_meta_caption;
#define BIPS_META_CAPTION_INIT { sizeof(bips_meta_caption), 0, 0, {NULL, 0} }
BIPS_API int bips_meta_read_caption(const bips_meta_record *record, bips_meta_caption *caption);

/* bips_meta_region: a part of the picture that somebody should look at, or what a detector found there. */
typedef struct bips_meta_region {
  size_t size;          /* of this struct, in bytes */
  int32_t id;           /* its number in the frame, which others name as their parent */
  int32_t parent;       /* the id of the region that this one is a part of; -1: none */
  uint32_t x, y, width, height; /* pixels, from the frame's left upper corner; may reach beyond the frame */
  bips_meta_text kind;  /* what was found, or what the region is for: "face" */
  uint32_t analytics;   /* 1: it came from a GstAnalyticsRelationMeta */
  uint32_t partial;     /* 1: values were left out, or are not known here */
  bips_meta_structures params; /* say more. A detector's have the name "detection", with a field "confidence" of 0
                           to 1. Not looked at by bips_meta_begin_region */
} bips_meta_region;
#define BIPS_META_REGION_INIT { sizeof(bips_meta_region), 0, -1, 0, 0, 0, 0, {"", 0}, 0, 0, {NULL, 0, 0, 0, 0} }
BIPS_API int bips_meta_read_region(const bips_meta_record *record, bips_meta_region *region);

/* bips_meta_custom: a structure of an application's own, a GstCustomMeta. */
typedef struct bips_meta_custom {
  size_t size;         /* of this struct, in bytes */
  bips_meta_text name; /* the meta's. A GStreamer reader takes letters, digits, "-", "_" and "+", 3 to 100 of them,
                          of which a letter is the first */
  bips_meta_text tags[BIPS_META_MAX_TAGS]; /* what may not be done to the frame without losing the meta's sense */
  uint32_t tag_count;
  uint32_t partial;    /* 1: values were left out, or are not known here */
  bips_meta_structure structure; /* what it says. Not looked at by bips_meta_begin_custom */
} bips_meta_custom;
#define BIPS_META_CUSTOM_INIT { sizeof(bips_meta_custom), {"", 0}, {{"", 0}}, 0, 0, {{"", 0}, {NULL, 0, 0, 0, 0, 0, 0, 0}} }
BIPS_API int bips_meta_read_custom(const bips_meta_record *record, bips_meta_custom *custom);

/* bips_meta_protection: how the frame is encrypted, as in a GstProtectionMeta: the initialisation vector (iv), which
 * key (kid), and which parts are (subsamples), in fields of kind bytes. */
typedef struct bips_meta_protection {
  size_t size;      /* of this struct, in bytes */
  uint32_t partial; /* 1: values were left out, or are not known here */
  uint32_t reserved;
  bips_meta_structure structure; /* Not looked at by bips_meta_begin_protection */
} bips_meta_protection;
#define BIPS_META_PROTECTION_INIT { sizeof(bips_meta_protection), 0, 0, {{"", 0}, {NULL, 0, 0, 0, 0, 0, 0, 0}} }
BIPS_API int bips_meta_read_protection(const bips_meta_record *record, bips_meta_protection *protection);

/* bips_meta_gst: a meta that GStreamer 1.24 or later wrote itself. Only a program that knows the meta of that name can read
 * the data. */
typedef struct bips_meta_gst {
  size_t size;          /* of this struct, in bytes */
  bips_meta_text name;  /* the meta's, 3 to 100 bytes */
  uint32_t version;     /* of the data, the meta's own: 0 to 255 */
  uint32_t reserved;
  bips_meta_bytes data; /* what the meta's serialize function wrote */
} bips_meta_gst;
#define BIPS_META_GST_INIT { sizeof(bips_meta_gst), {"", 0}, 0, 0, {NULL, 0} }
BIPS_API int bips_meta_read_gst(const bips_meta_record *record, bips_meta_gst *gst);

/* What tags are about. */
enum bips_meta_scope {
  BIPS_META_STREAM_SCOPE = 0, /* this stream: its language, its codec, how its pictures are turned */
  BIPS_META_GLOBAL_SCOPE = 1  /* the whole medium: its title, its artist */
};

/* bips_meta_tags: tags of a stream. They do not travel with each frame but beside its caps: bips_frame_tags. */
typedef struct bips_meta_tags {
  size_t size;      /* of this struct, in bytes */
  uint32_t scope;   /* enum bips_meta_scope */
  uint32_t partial; /* 1: tags were left out, or are not known here */
  bips_meta_structure list; /* named "taglist": a field for each tag, of its name in GStreamer ("title"); of a tag that
                       has several values it is a list. Not looked at by bips_meta_begin_tags */
} bips_meta_tags;
#define BIPS_META_TAGS_INIT { sizeof(bips_meta_tags), 0, 0, {{"", 0}, {NULL, 0, 0, 0, 0, 0, 0, 0}} }
BIPS_API int bips_meta_read_tags(const bips_meta_record *record, bips_meta_tags *tags);

/* ---- Writing ---------------------------------------------------------------------------------- */

/* bips_meta_writer writes records into memory of the caller's. */
typedef struct bips_meta_writer {
  size_t size;    /* bytes of the records that are complete: what to publish. Only to be read */
  uint8_t *area;  /* private, as all that follows */
  size_t room, at, structures_at;
  uint32_t type, structures, most_structures, depth;
  int32_t wrong;
  uint32_t open;
  struct {
    size_t count_at, length_at, begin;
    uint32_t count;
    uint8_t elements, kind, origin, reserved;
  } levels[BIPS_META_MAX_DEPTH];
} bips_meta_writer;

/* bips_meta_writer_begin begins to write at area, which has room for so many bytes, behind used bytes of records that
 * are there already; 0: none. The area need not be aligned.
 *
 * A BIPS_META_MEMORIES record has to be the first one; then come the others, in any order. Of BIPS_META_MEMORIES,
 * BIPS_META_AUDIO_LAYOUT, BIPS_META_CROP and BIPS_META_PROTECTION a frame has one record at most: readers use the first, and
 * the writer does not check it. Errors: BIPS_BAD_OPTION. */
BIPS_API int bips_meta_writer_begin(bips_meta_writer *writer, void *area, size_t room, size_t used);

/* These write a record whole, or not at all; the records before it stay as they are, and smaller ones may still find
 * room.
 *
 * Errors of all that end a record: BIPS_BAD_OPTION: a value that the format cannot carry. BIPS_NO_SPACE: the record does
 * not fit; the message says how many bytes are needed. BIPS_TOO_LARGE: the records would have more than
 * BIPS_MAX_META_SIZE bytes. A frame whose record of BIPS_META_NEEDED did not fit must not be published. */
BIPS_API int bips_meta_add_memories(bips_meta_writer *writer, const bips_meta_memories *memories);
BIPS_API int bips_meta_add_audio_layout(bips_meta_writer *writer, const bips_meta_audio_layout *layout);
BIPS_API int bips_meta_add_crop(bips_meta_writer *writer, const bips_meta_crop *crop);
BIPS_API int bips_meta_add_affine(bips_meta_writer *writer, const bips_meta_affine *affine);
BIPS_API int bips_meta_add_time_code(bips_meta_writer *writer, const bips_meta_time_code *code);
BIPS_API int bips_meta_add_reference_time(bips_meta_writer *writer, const bips_meta_reference_time *time);
BIPS_API int bips_meta_add_caption(bips_meta_writer *writer, const bips_meta_caption *caption);
BIPS_API int bips_meta_add_gst(bips_meta_writer *writer, const bips_meta_gst *gst);
/* bips_meta_add_unknown passes on a record of a type that this library does not know. */
BIPS_API int bips_meta_add_unknown(bips_meta_writer *writer, const bips_meta_record *record);

/* Records with structures are begun, filled and ended:
 *
 *   begin_region      begin_structure, its fields, end: 0 to BIPS_META_MAX_PARAMS times    end_record
 *   begin_custom, begin_protection, begin_tags      begin_structure, its fields, end: once   end_record
 *
 * It is enough to look at the result of bips_meta_end_record: the first error is remembered, calls after it do nothing, and
 * bips_meta_end_record returns it. */
BIPS_API int bips_meta_begin_region(bips_meta_writer *writer, const bips_meta_region *region);
BIPS_API int bips_meta_begin_custom(bips_meta_writer *writer, const bips_meta_custom *custom);
BIPS_API int bips_meta_begin_protection(bips_meta_writer *writer, const bips_meta_protection *protection);
BIPS_API int bips_meta_begin_tags(bips_meta_writer *writer, const bips_meta_tags *tags);
BIPS_API int bips_meta_end_record(bips_meta_writer *writer);
/* bips_meta_cancel_record gives up a record that was begun. The records before it stay. */
BIPS_API void bips_meta_cancel_record(bips_meta_writer *writer);

/* bips_meta_begin_structure begins a structure of the record's own. */
BIPS_API int bips_meta_begin_structure(bips_meta_writer *writer, const char *name);
/* These put a field into the structure that was begun last, or an element, whose key is NULL, into the array or list.
 * Elements are all of one kind and origin, but for none. */
BIPS_API int bips_meta_put_none(bips_meta_writer *writer, const char *key);
BIPS_API int bips_meta_put_bool(bips_meta_writer *writer, const char *key, int value);
BIPS_API int bips_meta_put_int(bips_meta_writer *writer, const char *key, int64_t value, uint32_t origin);
BIPS_API int bips_meta_put_uint(bips_meta_writer *writer, const char *key, uint64_t value, uint32_t origin);
BIPS_API int bips_meta_put_float(bips_meta_writer *writer, const char *key, double value, uint32_t origin);
BIPS_API int bips_meta_put_text(bips_meta_writer *writer, const char *key, const char *text);
BIPS_API int bips_meta_put_bytes(bips_meta_writer *writer, const char *key, const void *data, size_t size, uint32_t origin);
BIPS_API int bips_meta_put_fraction(bips_meta_writer *writer, const char *key, int32_t numerator, int32_t denominator);
BIPS_API int bips_meta_put_other(bips_meta_writer *writer, const char *key, const char *type, const char *text);
/* These begin a value that consists of others. bips_meta_end ends what was begun last. */
BIPS_API int bips_meta_put_structure(bips_meta_writer *writer, const char *key, const char *name);
BIPS_API int bips_meta_put_array(bips_meta_writer *writer, const char *key);
BIPS_API int bips_meta_put_list(bips_meta_writer *writer, const char *key);
BIPS_API int bips_meta_end(bips_meta_writer *writer);
/* These write what was read: a value with its key and all that is in it; a structure of the record's own, whole. */
BIPS_API int bips_meta_put_value(bips_meta_writer *writer, const bips_meta_value *value);
BIPS_API int bips_meta_add_structure(bips_meta_writer *writer, const bips_meta_structure *structure);

#ifdef __cplusplus
}
#endif

#endif
