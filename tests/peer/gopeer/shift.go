package gopeer

import (
	"sync"
	"time"
)

// A shift is the work that a peer does by itself, step by step, and that orders interrupt.
type shift struct {
	mu        sync.Mutex
	change    sync.Cond
	wanted    bool          // work
	working   bool          // a step is being done
	over      bool          // no more steps
	interrupt chan struct{} // closed when no more is wanted
}

func newShift(wanted bool) *shift {
	s := &shift{wanted: wanted, interrupt: make(chan struct{})}
	s.change.L = &s.mu
	return s
}

// run does steps until the shift is over.
func (s *shift) run(step func()) {
	for s.begin() {
		step()
	}
}

func (s *shift) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.working = false
	s.change.Broadcast()
	for !s.wanted && !s.over {
		s.change.Wait()
	}
	s.working = s.wanted && !s.over
	return s.working
}

// stop makes the step that is being done the last one. It does not wait.
func (s *shift) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanted {
		s.wanted = false
		close(s.interrupt)
	}
}

// pause is stop, and waits until no step is being done; wake ends what a step may wait for.
func (s *shift) pause(wake func()) {
	s.stop()
	wake()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.working {
		s.change.Wait()
	}
}

func (s *shift) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.wanted && !s.over {
		s.wanted, s.interrupt = true, make(chan struct{})
		s.change.Broadcast()
	}
}

// end is for who has paused: no step follows.
func (s *shift) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.change.Broadcast()
}

// isWanted reports whether the step may go on.
func (s *shift) isWanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wanted
}

// sleep sleeps, not longer than the work is wanted.
func (s *shift) sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	if d < time.Millisecond {
		time.Sleep(d)
		return
	}
	s.mu.Lock()
	interrupt := s.interrupt
	s.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-interrupt:
	}
}
