//go:build bipscrash || bipsmutant

package crashpoint

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"
)

// Enabled reports whether this build can crash.
const Enabled = true

var (
	chosen = os.Getenv("BIPS_CRASH_POINT")
	slow   = os.Getenv("BIPS_CRASH_SLOW")
	left   atomic.Int64 // hits of the chosen point until the one that kills
)

func init() {
	hit, err := strconv.ParseInt(os.Getenv("BIPS_CRASH_HIT"), 10, 64)
	if err != nil {
		hit = 1
	}
	left.Store(hit)
}

// Hit says that the step of this id was just done. It is where the process dies if
// the step is the chosen one and its time has come.
func Hit(point string) {
	if point == slow {
		time.Sleep(10 * time.Millisecond)
	}
	if chosen != "" || rand.IntN(10) == 0 {
		Pause()
	}
	if point == chosen && left.Add(-1) == 0 {
		die()
	}
}

// die is kill -9 to oneself: no deferred call runs, nothing is flushed.
func die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // the signal is on its way
}

// Pause makes what others do meanwhile likely: one in sixteen is long enough for them
// to do something, one in three hundred for a lot.
func Pause() {
	switch n := rand.IntN(1000); {
	case n < 3:
		time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
	case n < 30:
		for end := time.Now().Add(time.Duration(rand.IntN(20)) * time.Microsecond); time.Now().Before(end); {
		}
	case n < 60:
		runtime.Gosched()
	}
}
