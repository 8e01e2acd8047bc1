package containers

import "testing"

// What a container lacks is told at once, in one sentence.
func TestAReaderInAContainerIsToldWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reader  place
		options string // of the producer
		told    string
		not     func(backend) bool // those that it does not concern
	}{
		"its folder is read-only":       {place{kind: crun, user: readers, readOnly: true}, "", `(?s)read-only.*read-write`, func(b backend) bool { return b.readOnly }},
		"the pool is not for its user":  {place{kind: crun, user: readers}, "perms=0600", `user 1001`, nil},
		"the pool's user is not mapped": {place{kind: crun, user: 0, shifted: true}, "perms=0600", `user 65534`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachBackend(t, func(s *stage) {
				if c.not != nil && c.not(s.backend) {
					return
				}
				producer := s.launch(place{kind: crun, user: producers}, "-e %s ! bipssink name=sink pool=camera perms=0666 %s %s", live, c.options, s.backend.sink)
				producer.waitFor(1, `pool "camera"`)
				reader := s.read(c.reader, "connect-timeout=30000000000")
				if err := reader.wait(); err == nil {
					s.t.Error("the reader ended without an error")
				}
				if len(reader.matches(`^ERROR.*`+c.told)) == 0 && len(reader.matches(c.told)) == 0 {
					s.t.Errorf("the reader does not say %q", c.told)
				}
				producer.interrupt()
			})
		})
	}
}
