package plugin

import (
	"strings"
	"testing"
)

// A producer and two readers start in any order: the reader of every frame gets all of
// them, that of the latest the last one, and the end of the stream reaches both.
func TestAnyOrderOfStarting(t *testing.T) {
	const beginning = "videotestsrc num-buffers=20 pattern=ball ! " + small
	for _, order := range []string{"sink every latest", "sink latest every", "every sink latest", "latest sink every", "every latest sink", "latest every sink"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			want := reference(t, beginning)
			started := map[string]*pipeline{}
			for _, what := range strings.Fields(order) {
				if what == "sink" {
					started[what] = launch(t, "%s ! bipssink pool=%s sync=false wait-for-consumers=2", beginning, poolName(t))
				} else {
					started[what] = launch(t, "bipssrc pool=%s read-mode=%s ! %s", poolName(t), what, checksumSink)
				}
				started[what].waitFor(1, `^Setting pipeline to PAUSED`)
			}
			for _, p := range started {
				p.finish()
			}
			same(t, "every frame", started["every"].checksums(), want)
			latest := started["latest"].checksums()
			same(t, "the last frame", latest[max(0, len(latest)-1):], want[len(want)-1:])
		})
	}
}
