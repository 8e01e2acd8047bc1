//go:build bipsmutant

package bips

import (
	"math/rand/v2"
	"os"
	"runtime"
	"time"
)

// With the build tag bipsmutant the Signaler takes random pauses at the steps whose
// order matters, and BIPS_MUTANT names one of them to be done wrong. The stress test
// must fail with each name, and pass without one (make mutants):
//
//	no-invalidate        P2a left out: a slot keeps its sequence while it is filled
//	sequence-early       P3b before the record is written
//	reclaim-by-probe     R1 asks whether the seat is locked, and does not lock it
//	no-second-store      J5 left out
//	validate-before-pin  C7b before C7a
//	cursor-early         C8 before C7a
//	head-before-state    C3 before C2
//	count-before-pin     C11 before C10
var chosen = os.Getenv("BIPS_MUTANT")

func mutant(name string) bool {
	pause()
	return name == chosen
}

// pause makes what others do meanwhile likely.
func pause() {
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
