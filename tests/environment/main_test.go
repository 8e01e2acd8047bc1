// Package environment takes away what programs take for granted: room in shared memory,
// descriptors, memory, the right to write, undisturbed system calls, time to run. Each
// time there is a clear error that says what to do, nothing is left behind, and
// it works once there is enough; or nobody notices.
//
// What a test takes away from itself it takes away in a child process. A role that
// comes back without an error has seen what it should.
package environment

import (
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) {
	testmain.Roles{
		"produce": produce,
		"consume": consume,

		"on an old kernel":    onAnOldKernel,
		"without futex_waitv": withoutFutexWaitv,
		"without proc":        withoutProc,

		"full at start":         fullAtStart,
		"full later":            fullLater,
		"filtered":              filtered,
		"no fallocate":          noFallocate,
		"no limit":              noLimit,
		"one file":              oneFile,
		"die with a pool":       dieWithAPool,
		"restart":               restart,
		"restart held":          restartHeld,
		"restart larger":        restartLarger,
		"restart in a group":    restartInAGroup,
		"names only":            namesOnly,
		"no more files":         noMoreFiles,
		"read-only":             readOnly,
		"descriptors to start":  descriptorsToStart,
		"descriptors to attach": descriptorsToAttach,
		"address space":         addressSpace,
		"memory of the group":   memoryOfTheGroup,
	}.Run(m)
}
