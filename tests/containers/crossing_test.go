package containers

import "testing"

// Each pair of a producer and a reader: frames cross whole, in order, at their times, and the end of the stream crosses, too.
func TestFramesCrossBetweenContainers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ producer, reader place }{
		"host to crun":                  {place{kind: host, user: producers}, place{kind: crun, user: readers}},
		"crun to host":                  {place{kind: crun, user: producers}, place{kind: host, user: readers}},
		"crun to crun":                  {place{kind: crun, user: producers}, place{kind: crun, user: readers}},
		"crun to runc":                  {place{kind: crun, user: producers}, place{kind: runc, user: readers}},
		"runc to crun":                  {place{kind: runc, user: producers}, place{kind: crun, user: readers}},
		"crun to bwrap":                 {place{kind: crun, user: producers}, place{kind: bwrap, user: readers}},
		"bwrap to crun":                 {place{kind: bwrap, user: producers}, place{kind: crun, user: readers}},
		"crun to a user namespace":      {place{kind: crun, user: producers}, place{kind: crun, user: readers, shifted: true}},
		"both in user namespaces, runc": {place{kind: runc, user: 1, shifted: true}, place{kind: runc, user: 2, shifted: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachBackend(t, func(s *stage) {
				reading := c.reader
				reading.readOnly = s.backend.readOnly && reading.kind != host
				s.owned(c.producer)
				want := s.sent(c.producer)
				reader := s.read(reading, "")
				producer := s.produce(c.producer, pictures+" num-buffers=40 ! "+caps, "wait-for-consumers=1")
				reader.finish()
				producer.finish()
				same(s.t, reader.frames(), want)
				inTime(s.t, reader.frames())
				if n := producer.counts("sink"); n["in-place"] != sentFrames || n["dropped"]+n["copied"]+n["demoted"] != 0 {
					s.t.Errorf("the producer counts %v", n)
				}
				if n := reader.counts("src"); n["received"] != sentFrames || n["lost"] != 0 || n["held"] != 0 {
					s.t.Errorf("the reader counts %v", n)
				}
			})
		})
	}
}
