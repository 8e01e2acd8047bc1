package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

// An implementation is a peer of tests/peer/README.md that stands for a language, or for the pair of elements.
type implementation struct {
	producer, consumer string // what it is called in the one role and in the other
	program            string // below the build folder; "": this test binary, which is the peer in Go
	// elements says that a GstBuffer stands between the peer and the pool: it carries less than a frame, and a pipeline is not
	// told each thing that a program is.
	elements bool
}

// implementations are those that there are. A language joins by a line.
var implementations = []implementation{
	{producer: "Go", consumer: "Go"},
	{producer: "C", consumer: "C", program: "libbips/tests/libbips-peer"},
	{producer: "C++", consumer: "C++", program: "libbips/tests/libbips-cpp-peer"},
	{producer: "Python", consumer: "Python", program: "python/peer"},
	{producer: "bipssink", consumer: "bipssrc", program: "tests/gst-peer", elements: true},
}

// needed skips the test where the program was not built.
func (i *implementation) needed(t *testing.T) {
	t.Helper()
	if i.program == "" {
		return
	}
	if _, err := os.Stat(i.path()); err != nil {
		t.Skipf("needs the peer %s: meson compile -C %s %s, of Python tools/test python", i.program, build, filepath.Base(i.program))
	}
}

func (i *implementation) path() string { return filepath.Join(build, i.program) }

// command is how a peer is started: nil is the one in Go.
func (i *implementation) command() []string {
	if i.program == "" {
		return nil
	}
	return []string{i.path()}
}

func (i *implementation) environment() []string {
	if i.elements {
		return gstreamer
	}
	return nil
}

// A pair is who produces, who consumes, and how.
type pair struct {
	producer, consumer *implementation
	mode, backend      string
}

func (p pair) String() string {
	return fmt.Sprintf("%s to %s, %s, %s", p.producer.producer, p.consumer.consumer, p.mode, p.backend)
}

// elements reports whether one of the two is the elements.
func (p pair) elements() bool { return p.producer.elements || p.consumer.elements }

var modes = []string{"every", "latest"}

// A selection is which pairs a test is about.
type selection func(pair) bool

func all(pair) bool         { return true }
func programs(p pair) bool  { return !p.elements() }
func readers(p pair) bool   { return !p.consumer.elements }
func writers(p pair) bool   { return !p.producer.elements }
func pipelines(p pair) bool { return p.consumer.elements }
func ofMode(mode string) selection {
	return func(p pair) bool { return p.mode == mode }
}
func both(a, b selection) selection { return func(p pair) bool { return a(p) && b(p) } }

// eachPair runs a test for each pair of a selection, several at once. What an implementation cannot be asked is not selected: it
// would only be a test that is always skipped.
func eachPair(t *testing.T, selected selection, test func(*session)) {
	t.Helper()
	for i := range implementations {
		for j := range implementations {
			for _, mode := range modes {
				for _, backend := range testmain.Backends {
					p := pair{&implementations[i], &implementations[j], mode, backend}
					if !selected(p) {
						continue
					}
					t.Run(strings.ReplaceAll(p.String(), ", ", "/"), func(t *testing.T) {
						t.Parallel()
						p.producer.needed(t)
						p.consumer.needed(t)
						test(&session{T: t, pair: p, pool: newPool()})
					})
				}
			}
		}
	}
}

var pools atomic.Uint32

// newPool is a name that no other test has.
func newPool() string { return fmt.Sprintf("conform%d", pools.Add(1)) }
