package bips

import (
	"errors"
	"time"

	"github.com/bips-ipc/bips/internal/sys"
)

// againLimit is how long a producer that has no time is left alone at most, whatever it says.
const againLimit = time.Second

// again is when a producer that has no time for a reader, or no seat, is asked again (T6). It counts for all calls to come: a program that calls Pull
// again and again for a millisecond each asks no more often than one that waits. The zero value: at once.
type again struct {
	at     time.Time
	socket sys.FileID // of the producer that is left alone: another one under the same name is not
}

// after notes what an application came to. socket is where it was made.
func (a *again) after(err error, socket sys.FileID) {
	var later passing
	if errors.As(err, &later) || errors.Is(err, ErrPoolFull) {
		*a = again{time.Now().Add(max(searchLimit, min(later.again, againLimit))), socket}
	}
}

// left is how long not to ask at the pool's name. 0: ask.
func (a *again) left(name string) time.Duration {
	if a.at.IsZero() {
		return 0
	}
	left := time.Until(a.at)
	if left > 0 {
		if named, err := sys.StatPath(paths{shmDir(), name}.pool()); err == nil && named.Same(a.socket) {
			return left
		}
	}
	*a = again{}
	return 0
}
