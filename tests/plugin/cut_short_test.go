package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

// Whoever may read a pool may cut its seats short. Both elements say so and end, Ctrl-C with
// -e, which waits for the end of the stream, included.
func TestElementsEndWhenTheSeatsOfTheirPoolAreCutShort(t *testing.T) {
	testmain.OnlyOver(t, "shm", "the seats are a file, which whoever may write to it can cut short; a seat of memfd has a seal against that")
	for name, change := range map[string]func(*exec.Cmd){
		"without -e": func(*exec.Cmd) {},
		"with -e":    func(c *exec.Cmd) { c.Args = append(c.Args, "-e") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			writer := launchWith(t, func(c *exec.Cmd) { dir.use(c); change(c) }, "%s ! bipssink pool=p", endless)
			reader := launchWith(t, dir.use, "bipssrc pool=p ! %s", checksumSink)
			reader.waitFor(3, checksumLine.String())
			seats, err := filepath.Glob(filepath.Join(string(dir), "*.seats"))
			if err != nil || len(seats) != 1 {
				t.Fatalf("seats: %q, %v", seats, err)
			}
			if err := os.Truncate(seats[0], 0); err != nil {
				t.Fatal(err)
			}
			writer.fail("damaged", `"p"`, "somebody cut its file short")
			reader.fail("damaged", `"p"`, "somebody cut its file short")
			dir.isClean(t, "after the seats were cut short")
		})
	}
}
