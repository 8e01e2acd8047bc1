package elements

import (
	"errors"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// tellOfNames tells of the names of the pool's files: they were deleted and made again, cannot be made again, or are another
// producer's now, with which this one has ended. It is called from a goroutine of the producer's.
func (s *sink) tellOfNames(err error) {
	defer gstglue.Rescue(s, "tell of the pool's names")
	switch {
	case errors.Is(err, bips.ErrPoolBusy):
		s.failOnce(err)
	case errors.Is(err, bips.ErrNamesDeleted):
		warn(s, err)
	case s.told.first("names"): // it is tried again each second
		warn(s, err)
	}
}

// failOnce posts an error, of another producer that took the name only one: the producer's housekeeper and the frames both
// find that.
func (s *sink) failOnce(err error) {
	if !errors.Is(err, bips.ErrNamesDeleted) || s.told.first("name-taken") {
		fail(s, err)
	}
}
