package containers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// runInBubble runs a program by bubblewrap, which an ordinary user starts: all namespaces are
// the program's own, the user namespace too.
func (s *stage) runInBubble(p place, program []string) *process {
	s.t.Helper()
	path, err := bubblewrap()
	if err != nil {
		s.t.Skipf("bubblewrap does not run here (tools/setup containers installs it): %v", err)
	}
	folder := "--bind"
	if p.readOnly {
		folder = "--ro-bind"
	}
	args := []string{
		"--unshare-all", "--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "container",
		"--ro-bind", s.image.root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run",
		folder, s.folder, poolsInside, "--clearenv",
	}
	for _, v := range append(insideEnv[:len(insideEnv):len(insideEnv)], "GST_REGISTRY_UPDATE=no", "GST_DEBUG=bips:4", "GST_DEBUG_NO_COLOR=1", "BIPS_SHM_DIR="+poolsInside) {
		name, value, _ := strings.Cut(v, "=")
		args = append(args, "--setenv", name, value)
	}
	told := filepath.Join(s.t.TempDir(), "told")
	info, err := os.Create(told)
	if err != nil {
		s.t.Fatal(err)
	}
	defer info.Close()
	command := exec.Command(path, append(append(args, "--info-fd", "3"), program...)...)
	command.ExtraFiles = []*os.File{info}
	command.SysProcAttr = as(p.user)
	command.Dir = "/"
	q := start(s.t, strings.Join(program, " "), command)
	q.pid = func() int {
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			var is struct {
				PID int `json:"child-pid"`
			}
			if text, err := os.ReadFile(told); err == nil && json.Unmarshal(text, &is) == nil && is.PID != 0 {
				return is.PID
			}
			if time.Now().After(end) {
				s.t.Fatalf("bubblewrap does not tell of its child: %s", q.line)
			}
		}
	}
	s.t.Cleanup(func() {
		_ = command.Process.Kill()
		<-q.ended
	})
	return q
}

// bubblewrap finds it, and tries whether an ordinary user may make namespaces.
var bubblewrap = sync.OnceValues(func() (string, error) {
	path, err := exec.LookPath("bwrap")
	if err != nil {
		return "", err
	}
	try := exec.Command(path, "--unshare-all", "--ro-bind", "/", "/", "true")
	try.SysProcAttr = as(readers)
	try.Dir = "/"
	_, err = try.Output()
	return path, err
})

// as runs a command as a user of the host, with the group of the same number.
func as(user int) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
}
