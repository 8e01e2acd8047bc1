package elements

import (
	"fmt"
	"os"
	"testing"

	"github.com/go-gst/go-gst/pkg/gst"

	_ "github.com/bips-ipc/bips/internal/gststubs"
)

// The elements are registered in this process without a plugin, which would bring a Go
// runtime of its own.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("/dev/shm", "bips-elements-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	os.Setenv("BIPS_SHM_DIR", dir)
	gst.Init()
	if !Register(nil) {
		fmt.Fprintln(os.Stderr, "the elements cannot be registered")
		return 1
	}
	return m.Run()
}
