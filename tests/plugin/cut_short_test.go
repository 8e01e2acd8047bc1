package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bips-ipc/bips/bips"
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

// A process of the pool's own user may cut the pool itself short. What lies behind bipssrc reads zeros then, and lives to see
// the error.
func TestElementsBehindTheSourceOutliveAPoolThatIsCutShort(t *testing.T) {
	t.Parallel()
	testmain.OnlyOver(t, "shm", "the pool is a file, which its user can cut short; a pool of memfd has a seal against that")
	w := write(t, poolName(t), bips.ProducerOptions{})
	reader := launch(t, "bipssrc pool=%s ! identity silent=false sleep-time=1000000 ! %s", poolName(t), checksumSink)
	w.awaits(1)
	w.frame()
	reader.waitFor(1, "chain") // it sleeps now, and reads the frame after that
	if err := os.Truncate(filepath.Join(os.Getenv("BIPS_SHM_DIR"), "bips."+poolName(t)), 0); err != nil {
		t.Fatal(err)
	}
	reader.waitFor(1, checksumLine.String())
	reader.fail("damaged", poolName(t), "somebody cut its file short")
}
