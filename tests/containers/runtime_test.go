package containers

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// runInContainer runs a program in a container of its own, made by an OCI runtime.
func (s *stage) runInContainer(p place, program []string) *process {
	s.t.Helper()
	path, err := runtimePath(p.kind)
	if err != nil {
		s.t.Skip(err)
	}
	s.number++
	id := fmt.Sprintf("bips-%d-%s-%d", os.Getpid(), filepath.Base(s.folder), s.number)
	bundle := s.t.TempDir()
	config, err := json.Marshal(s.bundle(p, id, program))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), config, 0o644); err != nil {
		s.t.Fatal(err)
	}
	state, pidFile := filepath.Join(bundle, "state"), filepath.Join(bundle, "pid")
	command := exec.Command(path, "--root", state, "run", "--bundle", bundle, "--pid-file", pidFile, id)
	if p.ahead != 0 {
		// The runtimes of Debian 12 make no time namespaces: the container is made in one.
		command.Args = append([]string{"unshare", "--time", "--monotonic", strconv.Itoa(int(p.ahead.Seconds())), "--fork", path}, command.Args[1:]...)
		if command.Path, err = exec.LookPath("unshare"); err != nil {
			s.t.Skip(err)
		}
	}
	q := start(s.t, strings.Join(program, " "), command)
	q.pid = func() int { return pidIn(q, pidFile) }
	q.manage = func(verb string) {
		s.t.Helper()
		if out, err := exec.Command(path, "--root", state, verb, id).CombinedOutput(); err != nil {
			s.t.Fatalf("%s %s: %v: %s", path, verb, err, out)
		}
	}
	s.t.Cleanup(func() {
		// What is frozen cannot die.
		_ = exec.Command(path, "--root", state, "resume", id).Run()
		_ = exec.Command(path, "--root", state, "delete", "--force", id).Run()
		<-q.ended
	})
	return q
}

var runtimesOnce = map[kind]func() (string, error){
	crun: sync.OnceValues(func() (string, error) { return findRuntime("crun") }),
	runc: sync.OnceValues(func() (string, error) { return findRuntime("runc") }),
}

func runtimePath(k kind) (string, error) { return runtimesOnce[k]() }

// findRuntime also looks where root's programs are.
func findRuntime(name string) (string, error) {
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		if path := filepath.Join(folder, name); exec.Command(path, "--version").Run() == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: tools/setup containers installs it", name)
}

// pidIn waits until the runtime has written the program's process id.
func pidIn(p *process, file string) int {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(file)
		if err == nil && len(text) > 0 {
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				p.t.Fatal(err)
			}
			return pid
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) || time.Now().After(end) {
			p.t.Fatalf("no process id: %v: %s", err, p.line)
		}
	}
}

// freeze stops all processes of a container, by its control group.
func (p *process) freeze() { p.t.Helper(); p.managed("pause") }

// thaw lets them go on.
func (p *process) thaw() { p.t.Helper(); p.managed("resume") }

func (p *process) managed(verb string) {
	p.t.Helper()
	if p.manage == nil {
		p.t.Fatalf("not in a container that can be managed: %s", p.line)
	}
	_ = p.pid() // wait until it is there
	p.manage(verb)
}
