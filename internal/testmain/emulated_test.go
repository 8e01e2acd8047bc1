package testmain

import (
	"os"
	"testing"
)

// So that no test is skipped without a reason.
func TestLinuxItselfHasFaultsAndHoles(t *testing.T) {
	if os.Getenv("QEMU_LD_PREFIX") != "" {
		t.Skip("under qemu (tools/test-arm64)")
	}
	if !faultsTellAddresses(t) {
		t.Error("an access beyond the end of a file is no fault that tells its address")
	}
	if !holesCanBeMade(t) {
		t.Error("no page of a file can be removed")
	}
}
