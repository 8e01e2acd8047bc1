package layout

// Versions of the layout. A higher major is not readable by older readers; a
// higher minor only adds what they may ignore.
const (
	// VersionMajor 1: the first layout.
	VersionMajor = 1
	// VersionMinor 0: the first of major 1.
	VersionMinor = 0
)

// KnownRequired are the required feature bits that this code knows: none yet.
const KnownRequired uint64 = 0
