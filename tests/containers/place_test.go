package containers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

// A kind of place: how programs are put into it.
type kind string

const (
	host  kind = "host"
	crun  kind = "crun"
	runc  kind = "runc"
	bwrap kind = "bwrap"
)

// A place is where a program runs: on the host, or in a container, which then has nothing
// but the image, read-only, and the folder of the pools.
type place struct {
	kind kind
	user int // of the program, also its group. Not for bwrap: there it is who runs bwrap

	shifted  bool          // a user namespace: users are not the host's
	readOnly bool          // it sees the folder of the pools read-only
	filter   *filter       // of system calls; nil: all may be made
	ahead    time.Duration // its clock is ahead of the host's, by a time namespace
	system   []mount       // what a systemd needs, for which this is no hardened container; nil for all others
}

func (p place) String() string {
	name := string(p.kind)
	if p.shifted {
		name += " with a user namespace"
	}
	if p.readOnly {
		name += " read-only"
	}
	if p.filter != nil {
		name += " filtered"
	}
	return name
}

// missing is an error where programs cannot be put into such a place.
func (p place) missing() (path string, err error) {
	switch p.kind {
	case host:
		return "", nil
	case bwrap:
		return bubblewrap()
	default:
		return runtimePath(p.kind)
	}
}

// A stage is a folder for pools, and the processes of one test around it.
type stage struct {
	t       *testing.T
	backend backend
	folder  string
	image   image
	number  int // of containers
}

// A backend is a row of each test.
type backend struct {
	name string
	sink string // the property of bipssink
	// readOnly says that readers need not be able to write to the folder.
	readOnly bool
}

var backends = []backend{
	{name: "shm"},
	{name: "memfd", sink: "backend=memfd", readOnly: true},
}

// forEachBackend runs a test with each backend, at once with all others.
func forEachBackend(t *testing.T, test func(*stage)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(newStage(t, b))
		})
	}
}

// producers and readers are the users of most tests: neither is root, and they are not the same.
const (
	producers = 1001
	readers   = 1002
)

// newStage makes the folder, which belongs to the producers: nobody else may make or delete files there.
func newStage(t *testing.T, b backend) *stage {
	t.Helper()
	if unusable != "" {
		t.Skip(unusable)
	}
	s := &stage{t: t, backend: b, image: theDebianImage(t)}
	var err error
	if s.folder, err = os.MkdirTemp(os.Getenv("BIPS_SHM_DIR"), "stage-"); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Chmod(filepath.Dir(s.folder), 0o755), os.Chmod(s.folder, 0o755), os.Chown(s.folder, producers, producers),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if !t.Failed() {
			for _, leak := range testmain.Names(s.folder) {
				t.Errorf("left behind: %s", leak)
			}
		}
		os.RemoveAll(s.folder)
		os.Remove(filepath.Join(groups, s.group()))
	})
	return s
}

// group is the control group that the containers' own are in.
func (s *stage) group() string { return fmt.Sprintf("bips-%s", filepath.Base(s.folder)) }

// readerPlace is a container for a reader, which sees the folder read-only where the backend allows that.
func (s *stage) readerPlace() place {
	return place{kind: crun, user: readers, readOnly: s.backend.readOnly}
}

// owned gives the folder to the producer, if it is not its own already.
func (s *stage) owned(p place) {
	s.t.Helper()
	owner := p.user
	if p.shifted {
		owner += shift
	}
	if err := os.Chown(s.folder, owner, owner); err != nil {
		s.t.Fatal(err)
	}
}

// launch starts gst-launch-1.0 in a place.
func (s *stage) launch(p place, format string, args ...any) *process {
	s.t.Helper()
	return s.run(p, append([]string{"gst-launch-1.0", "-v", "--no-fault"}, strings.Fields(fmt.Sprintf(format, args...))...)...)
}

// produce starts a producer. flow is what comes before bipssink, options its properties. A reader of another user may read the pool.
func (s *stage) produce(p place, flow, options string) *process {
	s.t.Helper()
	return s.launch(p, "%s ! bipssink name=sink pool=camera perms=0666 %s %s", flow, s.backend.sink, options)
}

// read starts a reader of every frame, which prints each one's time and checksum.
func (s *stage) read(p place, options string) *process {
	s.t.Helper()
	return s.launch(p, "bipssrc name=src pool=camera read-mode=every %s ! %s", options, checksumSink)
}

// run starts a program in a place.
func (s *stage) run(p place, program ...string) *process {
	s.t.Helper()
	switch p.kind {
	case host:
		return s.runOnHost(p, program)
	case bwrap:
		return s.runInBubble(p, program)
	default:
		return s.runInContainer(p, program)
	}
}

// runOnHost runs the host's own programs, as a user of the host.
func (s *stage) runOnHost(p place, program []string) *process {
	s.t.Helper()
	path, err := exec.LookPath(program[0])
	if err != nil {
		s.t.Fatal(err)
	}
	command := exec.Command(path, program[1:]...)
	command.Env = append(hostEnv(s.t), "BIPS_SHM_DIR="+s.folder)
	command.SysProcAttr = as(p.user)
	q := start(s.t, strings.Join(program, " "), command)
	s.t.Cleanup(func() {
		_ = command.Process.Kill()
		<-q.ended
	})
	return q
}
