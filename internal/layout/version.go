package layout

// Versions of the layout. A higher major is not readable by older readers; a
// higher minor only adds what they may ignore.
const (
	// VersionMajor 1: the first layout.
	//
	// VersionMajor 2: fewer cache lines for each frame. Bell, State and Head share one, and
	// so do a slot record's sequence and first fields, a seat's words, and Door with
	// ProducerWaiting.
	//
	// VersionMajor 3: the end of a stream is a place and no entry, the producer grants pins,
	// pools move.
	//
	// VersionMajor 4: metadata areas hold records, tags lie in a caps record behind its text, and
	// there is a backend memfd.
	VersionMajor = 4
	// VersionMinor 0: the first of major 4.
	VersionMinor = 0
)

// KnownRequired are the required feature bits that this code knows: none yet.
const KnownRequired uint64 = 0
