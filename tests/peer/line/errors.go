package line

import (
	"errors"

	"github.com/bips-ipc/bips/bips"
)

// names are the errors that have one. The first that fits is told.
var names = []struct {
	name string
	err  error
}{
	{"timeout", bips.ErrTimeout},
	{"flushing", bips.ErrFlushing},
	{"closed", bips.ErrClosed},
	{"dropped", bips.ErrDropped},
	{"quota", bips.ErrQuota},
	{"end-of-stream", bips.ErrEndOfStream},
	{"producer-lost", bips.ErrProducerLost},
	{"stalled", bips.ErrStalled},
	{"pool-full", bips.ErrPoolFull},
	{"names-deleted", bips.ErrNamesDeleted},
	{"pool-busy", bips.ErrPoolBusy},
	{"no-pool", bips.ErrNoPool},
	{"no-space", bips.ErrNoSpace},
	{"version", bips.ErrVersion},
	{"damaged", bips.ErrDamaged},
	{"permission", bips.ErrPermission},
	{"stale", bips.ErrStale},
	{"too-large", bips.ErrTooLarge},
	{"name", bips.ErrName},
	{"option", bips.ErrOption},
	{"backend", bips.ErrBackend},
}

// ErrorNeeded is the error of metadata without which a frame cannot be read, and which the client does not know.
const ErrorNeeded = "needed"

// ErrorName is an error's name in lines: "" for none, "other" where it has no name.
func ErrorName(err error) string {
	if err == nil {
		return ""
	}
	for _, known := range names {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	return "other"
}

// ErrorOf is the error of a name, nil for "".
func ErrorOf(name string) error {
	if name == "" {
		return nil
	}
	for _, known := range names {
		if known.name == name {
			return known.err
		}
	}
	return errors.New(name)
}
