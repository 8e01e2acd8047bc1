package testmain

import (
	"fmt"
	"os"
	"testing"
)

// backendVariable is the environment variable that says with which backend tests make their pools, where they can use
// either. Child processes inherit it, and programs in C read it, too.
const backendVariable = "BIPS_TEST_BACKEND"

// Backends are those that there are.
var Backends = []string{"shm", "memfd"}

// Backend is the backend of the pools that tests make, and their children: "shm" or "memfd". Unless
// the environment says otherwise, it is shm.
func Backend() string {
	switch backend := os.Getenv(backendVariable); backend {
	case "":
		return "shm"
	case "shm", "memfd":
		return backend
	default:
		panic(fmt.Sprintf("%s=%s: use shm or memfd", backendVariable, backend))
	}
}

// WithBackend is the setting of the environment for a backend.
func WithBackend(backend string) string { return backendVariable + "=" + backend }

// EachBackend runs a test once over each backend, one after the other.
func EachBackend(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	for _, backend := range Backends {
		t.Run(backend, func(t *testing.T) {
			t.Setenv(backendVariable, backend)
			test(t)
		})
	}
}

// OnlyOver skips a test that makes sense over one backend alone, and says why.
func OnlyOver(t testing.TB, backend, why string) {
	t.Helper()
	if Backend() != backend {
		t.Skipf("backend=%s only: %s", backend, why)
	}
}

// NamesOfAPool is how many names a pool has in its folder: the pool itself, its lock file and, with shm, its seats.
func NamesOfAPool() int {
	if Backend() == "memfd" {
		return 2
	}
	return 3
}
