package bips_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// nobody is a user that owns nothing here.
const nobody = 65534

// stranger runs one of the roles below as another user and returns what it prints.
func stranger(t *testing.T, dir, role string, groups ...uint32) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil { // as /dev/shm is
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "stranger")
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(binary)
	command := exec.Command(binary, "-test.run=^TestStranger$", "-test.v")
	command.Dir = dir
	command.Env = append(os.Environ(), "BIPS_TEST_STRANGER="+role, "BIPS_TEST_STRANGER_DIR="+dir)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, Groups: groups}}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// TestStranger is not a test of its own: it is what [stranger] runs.
func TestStranger(t *testing.T) {
	t.Setenv("BIPS_SHM_DIR", os.Getenv("BIPS_TEST_STRANGER_DIR"))
	switch os.Getenv("BIPS_TEST_STRANGER") {
	case "":
		t.Skip("runs as a child of other tests")
	case "consume":
		c, err := bips.NewConsumer("camera", bips.ConsumerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f, err := c.Pull(5 * time.Second)
		if err != nil {
			fmt.Println("refused:", errors.Is(err, bips.ErrPermission), err)
			return
		}
		fmt.Println("value:", f.Data[0])
		_ = c.Push(f)
	case "produce for a group":
		p, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 1, Permissions: 0o660, Group: fmt.Sprint(group), Backend: theBackend()})
		if err != nil {
			fmt.Println("refused:", errors.Is(err, bips.ErrPermission), err)
			return
		}
		fmt.Println("made")
		_ = p.Close()
	case "produce":
		_, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 1, Backend: theBackend()})
		fmt.Println("refused:", errors.Is(err, bips.ErrPermission), err)
	}
}

func TestAPoolIsForItsUserUnlessItsPermissionsSayOtherwise(t *testing.T) {
	for permissions, want := range map[os.FileMode]string{0: "refused: true", 0o600: "refused: true", 0o640: "refused: true", 0o644: "value: 9", 0o666: "value: 9"} {
		t.Run(fmt.Sprintf("%04o", permissions), func(t *testing.T) {
			dir := testmain.Dir(t)
			p := newProducer(t, bips.ProducerOptions{Permissions: permissions})
			push(t, p, 9)
			if out := stranger(t, dir, "consume"); !strings.Contains(out, want) {
				t.Errorf("got %s, want %q", out, want)
			}
			push(t, p, 10) // a stranger who came and went changes nothing
		})
	}
}

func TestAStrangerCannotTakeOverAName(t *testing.T) {
	dir := testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Permissions: 0o644})
	if out := stranger(t, dir, "produce"); !strings.Contains(out, "refused: true") {
		t.Error(out)
	}
	_ = p.Close()
	// What a killed producer leaves.
	left := filepath.Join(dir, "bips.camera.lock")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(left)
	out := stranger(t, dir, "produce")
	for _, says := range []string{"refused: true", "bips.camera.lock", "of user 0 (root)", "remove the file"} {
		if !strings.Contains(out, says) {
			t.Errorf("got %s, want %q", out, says)
		}
	}
}

// A group that no process of the machine is in, but for those that these tests start.
const group = 3141592

func TestAPoolForAGroupIsReadByItsMembersOnly(t *testing.T) {
	told := "permissions 0640" // readers do not write to the pool's file
	if theBackend() == bips.Memfd {
		told = "permissions 0660" // who connects to a socket writes to it
	}
	for permissions, want := range map[os.FileMode]string{0o640: "value: 9", 0o660: "value: 9"} {
		t.Run(fmt.Sprintf("%04o", permissions), func(t *testing.T) {
			dir := testmain.Dir(t)
			if os.Getuid() != 0 {
				t.Skip("only root can give files to any group")
			}
			p := newProducer(t, bips.ProducerOptions{Permissions: permissions, Group: fmt.Sprint(group)})
			push(t, p, 9)
			if out := stranger(t, dir, "consume", group); !strings.Contains(out, want) {
				t.Errorf("a member got %s, want %q", out, want)
			}
			out := stranger(t, dir, "consume")
			for _, says := range []string{"refused: true", `pool "camera"`, "of user 0 (root)", fmt.Sprintf("group %d,", group), told, "this is user 65534", "group="} {
				if !strings.Contains(out, says) {
					t.Errorf("who is no member got %s, want %q", out, says)
				}
			}
			files, _ := filepath.Glob(filepath.Join(dir, "bips.camera*"))
			for _, file := range files {
				if info, err := os.Stat(file); err != nil || info.Sys().(*syscall.Stat_t).Gid != group {
					t.Errorf("%s is of another group: %v", file, err)
				}
			}
			if len(files) != testmain.NamesOfAPool() {
				t.Errorf("files %q", files)
			}
		})
	}
}

func TestAGroupThatTheUserIsNotInIsRefusedAndLeavesNoPool(t *testing.T) {
	dir := testmain.Dir(t)
	out := stranger(t, dir, "produce for a group")
	for _, says := range []string{"refused: true", `pool "camera"`, fmt.Sprintf("group %d,", group), "member"} {
		if !strings.Contains(out, says) {
			t.Errorf("got %s, want %q", out, says)
		}
	}
	if out := stranger(t, dir, "produce for a group", group); !strings.Contains(out, "made") {
		t.Errorf("a member got %s", out)
	}
}
