package testmain

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// roleVariable is the environment variable that makes a test binary a child process.
const roleVariable = "BIPS_TEST_ROLE"

// Roles are what a test binary does when one of its own tests starts it as a child
// process. A role that returns an error makes the process exit with status 1.
type Roles map[string]func(args []string) error

// Run is [Run] for a test binary that also plays roles.
func (r Roles) Run(m interface{ Run() int }) {
	r.Play()
	Run(m)
}

// Play plays a role and exits, if this process is a child that is to play one.
func (r Roles) Play() {
	name := os.Getenv(roleVariable)
	if name == "" {
		return
	}
	role, ok := r[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "no role %q\n", name)
		os.Exit(1)
	}
	if err := role(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Child is a command that runs this test binary in a role.
func Child(t testing.TB, role string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self, args...)
	child.Env = append(os.Environ(), roleVariable+"="+role)
	return child
}

// Held returns the mappings and descriptors of pools that this process has now.
func Held() []string { return HeldBy(os.Getpid()) }

// HeldBy returns the mappings and descriptors of pools that a process has now.
func HeldBy(pid int) (held []string) {
	held = mappings(pid)
	for number, target := range descriptors(pid) {
		if isPools(target) {
			held = append(held, "descriptor "+number+" of "+target)
		}
	}
	return held
}
