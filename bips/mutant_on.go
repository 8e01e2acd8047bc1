//go:build bipsmutant

package bips

import (
	"os"

	"github.com/bips-ipc/bips/internal/crashpoint"
)

// With the build tag bipsmutant the Signaler takes random pauses at its crash points,
// and longer ones where the order of two steps matters; BIPS_MUTANT names a step to be
// done wrong. The stress test must fail with each name, or where it says so the deaths
// at each step, and both pass without one (make mutants):
//
//	no-invalidate        P2a left out: a slot keeps its sequence while it is filled
//	sequence-early       P3b before the record is written
//	reclaim-by-probe     R1 asks whether the seat is locked, and does not lock it
//	no-second-look       J5 left out
//	validate-before-pin  C7b before C7a
//	cursor-early         C8 before C7a
//	head-before-state    C3 before C2
//	count-before-pin     C11 before C10
//	take-newest          P2 takes the newest entry's slot too
//	unlend-early         P5a when a slot is published, not when it is given back (tests/crash)
//	head-early           P3d before P3b
//	release-any          C9 gives back whatever is held in the slot
//	pin-before-claim     C10 before C9
//	plain-unpin          C10 stores what it loaded a moment before
//	leave-early          L3 while frames are held
//	no-drain             C4e does not read on when the producer is dead (tests/crash)
//	no-clean             A4 leaves the predecessor's pins
//	keep-pins            R3 left out
//	quota-late           A7 after J6
//	grant-cut            P1f cuts a quota without a second look
var chosen = os.Getenv("BIPS_MUTANT")

func mutant(name string) bool {
	crashpoint.Pause()
	return name == chosen
}
