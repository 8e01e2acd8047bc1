package plugin

import (
	"fmt"
	"testing"
)

// Nobody is refused who can be served: of the default number of slots six readers get some, though each asks for six. The fifth and
// the sixth may hold one, and copy every frame. For the seventh there is none left.
func TestSixReadersOfADefaultPoolPlayAndTheSeventhIsToldThatItIsFull(t *testing.T) {
	t.Parallel()
	w := launch(t, "%s ! bipssink name=sink pool=%s", endless, poolName(t))
	var readers []*pipeline
	for i := range 6 {
		r := launch(t, "bipssrc name=src pool=%s max-held=6 read-mode=every ! identity silent=false ! fakesink sync=false", poolName(t))
		r.waitFor(3, passed)
		if i >= 4 {
			// With so many slots all that are there by now hold six, and a third of what is left is six.
			enough := 4 + 6*i + 16
			r.waitFor(1, fmt.Sprintf(`^WARNING.*rames are copied: this reader may hold 1 of the 20 slots .* others may hold %d, and max-held asks for 6\..*; slots=%d `, 10+i, enough))
		}
		readers = append(readers, r)
	}
	launch(t, "bipssrc pool=%s max-held=6 ! fakesink", poolName(t)).fail("pool full", "give the producer 22 slots or more")
	for i, r := range readers {
		r.waitFor(len(r.matches(passed))+3, passed)
		r.interrupt()
		got := r.stats("src")
		if n := len(r.matches(`^WARNING`)); i >= 4 && (n != 1 || got["quota"] != got["received"]) || i < 2 && n+int(got["quota"]) != 0 {
			t.Errorf("reader %d: %d warnings, %v", i, n, got)
		}
	}
	w.interrupt()
	w.stats("sink").want(t, counts{"dropped": 0, "overdrawn": 0})
}
