package sys

import (
	"errors"
	"sync"
)

// ErrCloseHangs: too many descriptors that others have sent cannot be closed. No more are taken.
var ErrCloseHangs = errors.New("descriptors that came with messages cannot be closed")

// Closing a descriptor may take as long as its sender likes: a TCP socket with SO_LINGER is one
// example, a file of a FUSE file system another. So it is done here, in no caller's way. What hangs keeps a
// thread: so there are at most mostClosers, and the others wait for their turn.
var apart struct {
	mu      sync.Mutex
	queue   []func() // protected by mu
	closers int      // goroutines that close; protected by mu
}

const (
	mostClosers = 4
	mostClosing = 64 // descriptors that may wait to be closed, before no more are taken
)

// closeApart calls a function that may hang, soon, in another goroutine.
func closeApart(closing func()) {
	apart.mu.Lock()
	defer apart.mu.Unlock()
	apart.queue = append(apart.queue, closing)
	if apart.closers < mostClosers {
		apart.closers++
		go closeQueued()
	}
}

func closeQueued() {
	for closing := nextToClose(); closing != nil; closing = nextToClose() {
		closing()
	}
}

// nextToClose returns nil when nothing is left to close. The closer that asked must end then.
func nextToClose() func() {
	apart.mu.Lock()
	defer apart.mu.Unlock()
	if len(apart.queue) == 0 {
		apart.queue = nil
		apart.closers--
		return nil
	}
	closing := apart.queue[0]
	apart.queue[0] = nil
	apart.queue = apart.queue[1:]
	return closing
}

// closingHangs reports whether so much waits to be closed that no more should be taken.
func closingHangs() bool {
	apart.mu.Lock()
	defer apart.mu.Unlock()
	return len(apart.queue) >= mostClosing
}
