// Package hostile lets processes that may write to a pool's files do their worst, and
// states in the names of its tests what the others notice. All run as one user: what
// permissions prevent is not tried here. The hostile ones are peers (tests/peer/README.md), and with the backend memfd this
// test binary in the roles of deeds_test.go and storm_test.go; the honest producer and readers, whose errors are looked at, are in the test's own
// process.
package hostile

import (
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/tests/peer/drive"
)

func TestMain(m *testing.M) {
	drive.Role(testmain.Roles{deedRole: doDeed, stormRole: storm}).Run(m)
}
