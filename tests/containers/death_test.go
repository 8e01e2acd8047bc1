package containers

import (
	"fmt"
	"testing"
)

const live = pictures + " is-live=true ! " + caps

// A reader's container dies with frames in its hands: there is one seat beside that of the survivor, so
// each that follows gets in only when the one before is known to be dead. The survivor misses nothing.
func TestReadersInContainersAreKilled(t *testing.T) {
	t.Parallel()
	forEachBackend(t, func(s *stage) {
		survivor := s.read(s.readerPlace(), "")
		producer := s.produce(place{kind: crun, user: producers}, "-e "+live, "max-consumers=2 wait-for-consumers=1")
		survivor.waitFor(1, frameLine)
		victims := []place{
			{kind: crun, user: readers}, {kind: bwrap, user: readers + 1}, {kind: crun, user: readers, shifted: true}, {kind: runc, user: readers}, {kind: host, user: readers},
		}
		killed := uint64(0)
		for _, p := range victims {
			if _, err := p.missing(); err != nil {
				s.t.Logf("%s: %v", p, err)
				continue
			}
			p.readOnly = s.backend.readOnly
			victim := s.launch(p, "bipssrc pool=camera read-mode=every ! identity silent=false ! queue max-size-buffers=200 min-threshold-buffers=190 ! fakesink")
			victim.waitFor(3, `last-message = chain `)
			victim.kill()
			killed++
		}
		last := s.read(s.readerPlace(), "")
		last.waitFor(3, frameLine)
		producer.interrupt() // with -e, the end of the stream
		survivor.finish()
		last.finish()
		inTime(s.t, survivor.frames())
		if n := survivor.counts("src"); n["lost"] != 0 {
			s.t.Errorf("the survivor counts %v", n)
		}
		if n := producer.counts("sink"); n["reclaimed"] != killed || n["dropped"]+n["demoted"]+n["overdrawn"] != 0 {
			s.t.Errorf("%d readers were killed, the producer counts %v", killed, n)
		}
	})
}

// A producer's container dies and comes back, also with another user namespace; readers are told, or go on by themselves.
func TestAProducerInAContainerIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	forEachBackend(t, func(s *stage) {
		var waiting []*process
		for _, p := range []place{
			{kind: crun, user: readers}, {kind: bwrap, user: readers}, {kind: crun, user: readers, shifted: true}, {kind: host, user: readers},
		} {
			if _, err := p.missing(); err != nil {
				s.t.Logf("%s: %v", p, err)
				continue
			}
			p.readOnly = s.backend.readOnly && p.kind != host
			waiting = append(waiting, s.read(p, ""))
		}
		ending := s.read(s.readerPlace(), "on-producer-loss=eos")
		const times = 3
		var producer *process
		for n := 1; n <= times; n++ {
			// Each has other caps than the one before, so that its frames can be told.
			producer = s.produce(place{kind: crun, user: producers}, fmt.Sprintf("-e videotestsrc is-live=true ! video/x-raw,format=I420,height=240,framerate=50/1,width=%d", 320+2*n), "")
			for _, r := range waiting {
				r.waitFor(n, `GstBipsSrc:src\.GstPad:src: caps = `)
				r.waitForMore(3, frameLine)
			}
			if n == 1 {
				ending.waitFor(3, frameLine)
			}
			if n < times {
				producer.kill()
			}
			if n == 1 {
				ending.finish()
			}
		}
		producer.interrupt()
		for _, r := range waiting {
			r.finish()
			if n := r.counts("src"); n["instances"] != times || n["held"] != 0 {
				s.t.Errorf("%d producers, and a reader counts %v", times, n)
			}
		}
	})
}
