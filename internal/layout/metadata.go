package layout

// Metadata records: sizes in bytes, and limits.
const (
	MetaHeadSize    = 8   // type, flags and length of a record
	MetaAlignment   = 8   // of records in their area, and of structures and fields in their record
	MetaMaxDepth    = 4   // levels of structures, arrays and lists; a record's own structure is the first
	MetaMaxKey      = 255 // bytes of a field's key
	MetaMaxName     = 100 // bytes of a structure's name
	MetaMaxMemories = 16  // sizes of a record MetaMemories
	MetaMaxChannels = 64  // offsets of a record MetaAudioLayout
	MetaMaxParams   = 64  // structures of a record MetaRegion
	MetaMaxTags     = 8   // tags of a record MetaCustom
)

// Types of metadata records.
const (
	MetaMemories      = 1  // sizes of the memories that the frame consists of
	MetaAudioLayout   = 2  // samples, and where the planes of planar audio lie; NEEDED
	MetaCrop          = 3  // the part of the picture that should be seen; NEEDED
	MetaAffine        = 4  // how the picture is turned or mirrored, as a matrix
	MetaTimeCode      = 5  // SMPTE time code
	MetaReferenceTime = 6  // the frame's time on another clock
	MetaCaption       = 7  // closed captions
	MetaRegion        = 8  // a region of interest or a detection, with parameters
	MetaCustom        = 9  // a structure of the application's own
	MetaProtection    = 10 // how the frame is encrypted; NEEDED
	MetaGst           = 11 // what gst_meta_serialize of GStreamer 1.24 wrote
	MetaTags          = 12 // tags of the stream; only in CapsRecord.Tags
)

// Flags of metadata records.
const (
	MetaNeeded    = 1 // who does not know the record's type must not read the frame
	MetaPartial   = 2 // fields were left out that cannot cross: pointers, objects
	MetaAnalytics = 4 // MetaRegion: of a GstAnalyticsRelationMeta
)

// Kinds of values in metadata structures.
const (
	KindNone      = 0  // no value, as a text that is NULL
	KindBool      = 1  // u8: 0 false, else true
	KindInt       = 2  // i64
	KindUint      = 3  // u64
	KindFloat     = 4  // f64
	KindText      = 5  // UTF-8 without a zero byte
	KindBytes     = 6  // any bytes
	KindFraction  = 7  // i32 numerator, i32 denominator above 0
	KindStructure = 8  // a structure
	KindArray     = 9  // u32 count, u32 0, elements; their order matters
	KindList      = 10 // likewise; alternatives, as in caps, or several values of a tag
	KindOther     = 11 // text: the name of a GType; rest: the value as GStreamer writes it
)

// Origins of values: which type GStreamer had. Others need not look at them.
const (
	OriginBuffer = 0  // KindBytes: GstBuffer
	OriginBytes  = 1  // KindBytes: GBytes
	Origin8      = 8  // KindInt, KindUint: gchar, guchar
	Origin32     = 32 // KindInt, KindUint, KindFloat: gint, guint, gfloat
	Origin64     = 64 // KindInt, KindUint, KindFloat: gint64, guint64, gdouble
	OriginLong   = 65 // KindInt, KindUint: glong, gulong
)

// Flags of a time code.
const (
	TimeCodeDropFrame  = 1 // drop-frame counting, of 30000/1001 and 60000/1001 frames/s
	TimeCodeInterlaced = 2 // of interlaced video
)

// Kinds of captions.
const (
	CaptionCEA608Raw  = 1 // byte pairs of CEA-608
	CaptionCEA608S334 = 2 // triples of CEA-608 as in SMPTE S334-1 Annex A
	CaptionCEA708Raw  = 3 // cc_data triples of CEA-708
	CaptionCEA708CDP  = 4 // CEA-708 in a Caption Distribution Packet
)

// Scopes of tags.
const (
	TagsOfStream = 0 // of this stream
	TagsGlobal   = 1 // of all streams of the producer's medium
)
