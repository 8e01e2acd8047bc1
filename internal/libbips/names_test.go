package libbips

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

// same wants an answer of the library and that of package bips to say the same, and to be errors of the same kind.
func same(t *testing.T, what string, ours, theirs error) {
	t.Helper()
	if (ours == nil) != (theirs == nil) {
		t.Errorf("%s: %v, and in Go %v", what, ours, theirs)
	} else if ours != nil {
		compare(t, what, ours, theirs, "", "")
	}
}

func TestNamesAndPermissionsAreCheckedAsInPackageBips(t *testing.T) {
	for _, name := range []string{"camera", "/camera", "", "/", "a/b", "a.b", "-a", "a b", "é", strings.Repeat("x", 300)} {
		same(t, "name "+name, CheckName(name), bips.CheckName(name))
	}
	for permissions := range uint32(0o1100) {
		same(t, "permissions", CheckPermissions(permissions), bips.CheckPermissions(os.FileMode(permissions)))
	}
}

func TestWhetherFramesStandAloneIsAsInPackageBips(t *testing.T) {
	for _, caps := range []string{
		"", " ", "video/x-raw", " video/x-raw , width=1", "video/x-raw(memory:DMABuf), width=1", "video/x-rawer", "image/jpeg", "image/", "image",
		"video/x-h264, width=1", "audio/x-raw", "other/tensors", "other/tensor(x)", "tensor/strided", "video/x-bayer,format=bggr", ",", "x",
	} {
		if ours, theirs := FramesStandAlone(caps), bips.FramesStandAlone(caps); ours != theirs {
			t.Errorf("%q: %v, and in Go %v", caps, ours, theirs)
		}
	}
}

func TestWhyThereIsNoPoolIsSaidAsInPackageBips(t *testing.T) {
	dir := t.TempDir()
	look := func(what, name string) {
		t.Helper()
		same(t, what, WhyNoPool(name), bips.WhyNoPool(name))
	}
	t.Setenv("BIPS_SHM_DIR", filepath.Join(dir, "missing"))
	look("no folder", "camera")
	t.Setenv("BIPS_SHM_DIR", dir)
	look("an empty folder", "/camera")
	look("a bad name", "a/b")
	p, err := Open("other", bips.ProducerOptions{SlotSize: 16}, GiveUp{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	look("another pool", "camera")
	look("the pool", "other")
	if err := WhyNoPool("camera"); !errors.Is(err, bips.ErrNoPool) || !strings.Contains(err.Error(), `"other"`) {
		t.Errorf("got %v", err)
	}
}
