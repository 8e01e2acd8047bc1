// Package hostile lets processes that may write to a pool's files do their worst, and
// states in the names of its tests what the others notice. All run as one user: what
// permissions prevent is not tried here.
package hostile

import (
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) {
	testmain.Roles{
		"scribble": scribble,
		"claim":    claim,
		"truncate": truncate,
		"lock":     lock,
		"consume":  consume,
		"produce":  produce,
	}.Run(m)
}
