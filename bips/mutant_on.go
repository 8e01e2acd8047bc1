//go:build bipsmutant

package bips

import (
	"os"

	"github.com/bips-ipc/bips/internal/crashpoint"
)

// With the build tag bipsmutant the Signaler takes random pauses at its crash points,
// and longer ones where the order of two steps matters; BIPS_MUTANT names a step to be
// done wrong. The stress test must fail with each name, and pass without one (make
// mutants):
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
	crashpoint.Pause()
	return name == chosen
}
