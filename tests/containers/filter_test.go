package containers

import (
	"syscall"
	"testing"
)

// The producer waits for the reader all the time, and the reader for the producer at the start: each call that
// either of them sleeps or rings with is made.
func TestFramesCrossUnderAFilterOfSystemCalls(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func() (*filter, error){
		"Podman's default": defaultFilter,
		// As older and newer filters answer calls that they do not know.
		"no futex_waitv, EPERM":  func() (*filter, error) { return forbidding(syscall.EPERM, "futex_waitv"), nil },
		"no futex_waitv, ENOSYS": func() (*filter, error) { return forbidding(syscall.ENOSYS, "futex_waitv"), nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachBackend(t, func(s *stage) {
				f, err := of()
				if err != nil {
					s.t.Skip(err)
				}
				producing := place{kind: crun, user: producers, filter: f}
				want := s.sent(producing)
				reader := s.launch(place{kind: crun, user: readers, readOnly: s.backend.readOnly, filter: f},
					"bipssrc name=src pool=camera read-mode=every ! identity sleep-time=5000 ! %s", checksumSink)
				producer := s.produce(producing, pictures+" num-buffers=40 ! "+caps, "sync=false wait-for-consumers=1 slots=8")
				reader.finish()
				producer.finish()
				same(s.t, reader.frames(), want)
				if n := producer.counts("sink"); n["dropped"]+n["demoted"] != 0 {
					s.t.Errorf("the producer counts %v", n)
				}
			})
		})
	}
}
