package containers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// frozen is for how long containers are frozen: longer than a death takes to be noticed, and
// than block-timeout.
const (
	frozen       = 1500 * time.Millisecond
	blockTimeout = "block-timeout=300000000"
)

// A container that is frozen is as a process that is stopped: alive. A reader of every frame is waited for, and demoted after
// block-timeout; one of the latest holds nobody up. Both go on when they are thawed.
func TestAReaderInAContainerIsFrozen(t *testing.T) {
	t.Parallel()
	for mode, demoted := range map[string]uint64{"every": 1, "latest": 0} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			forEachBackend(t, func(s *stage) {
				inside := s.readerPlace()
				other := s.read(inside, "")
				reader := s.launch(inside, "bipssrc name=src pool=camera read-mode=%s ! %s", mode, checksumSink)
				producer := s.produce(place{kind: crun, user: producers}, pictures+" num-buffers=100 ! "+caps, "wait-for-consumers=2 "+blockTimeout)
				reader.waitFor(3, frameLine)
				reader.freeze()
				producer.finish()
				other.finish()
				reader.thaw()
				reader.finish()
				if n := len(other.frames()); n != 100 {
					s.t.Errorf("the other reader got %d frames, want 100", n)
				}
				if n := producer.counts("sink"); n["demoted"] != demoted || n["dropped"]+n["reclaimed"] != 0 {
					s.t.Errorf("the producer counts %v", n)
				}
			})
		})
	}
}

func TestAProducerInAContainerIsFrozen(t *testing.T) {
	t.Parallel()
	forEachBackend(t, func(s *stage) {
		inside := s.readerPlace()
		reader := s.read(inside, "on-producer-loss=error")
		producer := s.produce(place{kind: crun, user: producers}, "-e "+live, "wait-for-consumers=1")
		reader.waitFor(3, frameLine)
		producer.freeze()
		time.Sleep(frozen)
		late := s.read(inside, "on-producer-loss=error") // it has to wait
		time.Sleep(frozen)
		producer.thaw()
		reader.waitForMore(3, frameLine)
		late.waitFor(3, frameLine)
		producer.interrupt()
		for _, r := range []*process{reader, late} {
			r.finish()
			if n := r.counts("src"); n["lost"] != 0 || n["instances"] != 1 {
				s.t.Errorf("a reader counts %v", n)
			}
		}
	})
}

// As when a machine sleeps, or a pod is checkpointed: nobody is held to account for the time in which all were frozen.
func TestAllContainersAreFrozen(t *testing.T) {
	t.Parallel()
	forEachBackend(t, func(s *stage) {
		// The reader is slow, so the producer waits for it all the time.
		reader := s.launch(s.readerPlace(),
			"bipssrc name=src pool=camera read-mode=every ! identity sleep-time=5000 ! %s", checksumSink)
		producer := s.produce(place{kind: crun, user: producers}, "-e "+pictures+" ! "+caps, "sync=false wait-for-consumers=1 block-timeout=1000000000")
		for range 2 {
			reader.waitForMore(10, frameLine)
			s.freezeAll(true)
			time.Sleep(frozen) // more than block-timeout
			s.freezeAll(false)
		}
		reader.waitForMore(10, frameLine)
		producer.interrupt()
		reader.finish()
		if n := producer.counts("sink"); n["demoted"]+n["dropped"] != 0 {
			s.t.Errorf("the producer counts %v", n)
		}
		if n := reader.counts("src"); n["lost"] != 0 {
			s.t.Errorf("the reader counts %v", n)
		}
	})
}

// freezeAll freezes all containers of a stage at once, or thaws them.
func (s *stage) freezeAll(yes bool) {
	s.t.Helper()
	value := map[bool]string{true: "1", false: "0"}[yes]
	if err := os.WriteFile(filepath.Join(groups, s.group(), "cgroup.freeze"), []byte(value), 0); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		events, err := os.ReadFile(filepath.Join(groups, s.group(), "cgroup.events"))
		if err == nil && strings.Contains(string(events), "frozen "+value) {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("the containers are not frozen or thawed: %v: %s", err, events)
		}
	}
}
