package containers

import (
	"os"
	"testing"
)

// Who has mounted a folder keeps it when it is deleted: a container does not see what is in a folder that is made in its
// place. One that starts later does.
func TestAFolderThatIsMadeAgainIsAnotherOneToContainersThatRun(t *testing.T) {
	t.Parallel()
	forEachBackend(t, func(s *stage) {
		before := s.read(s.readerPlace(), "")
		before.waitFor(1, `^Setting pipeline to PLAYING`)
		if err := os.Remove(s.folder); err != nil {
			s.t.Fatal(err)
		}
		if err := os.Mkdir(s.folder, 0o755); err != nil {
			s.t.Fatal(err)
		}
		producing := place{kind: crun, user: producers}
		s.owned(producing)
		producer := s.produce(producing, "-e "+live, "")
		after := s.read(s.readerPlace(), "")
		after.waitFor(3, frameLine)
		before.waitFor(1, `^WARNING.*(there is no pool|none is) in `+poolsInside) // after five seconds
		if n := len(before.frames()); n != 0 {
			s.t.Errorf("the reader with the old folder got %d frames", n)
		}
		producer.interrupt()
		after.finish()
		before.interrupt()
	})
}
