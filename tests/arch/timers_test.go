package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"testing"
)

// noTimers are the packages that wait for other processes, or run in GStreamer's threads. A timer of
// the Go runtime fires on another thread, which has to wake up, to find a processor, and to run the
// one that waits: what takes a moment in a Go program takes long where the runtime is a guest.
// internal/sys sleeps on the caller's own thread, and can be told to stop.
var noTimers = []string{"bips", "elements", "internal/gstglue", "internal/sys", "plugin"}

// timers are what starts one.
var timers = map[string][]string{
	"time":    {"Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
	"context": {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
}

// deadlines are methods that start one, of files and connections.
var deadlines = []string{"SetDeadline", "SetReadDeadline", "SetWriteDeadline"}

// timersAllowed are uses that nobody waits for, and why.
var timersAllowed = map[string]string{
	"bips/suspend.go: time.NewTicker":          "it would keep a thread for each consumer",
	"elements/sink_keyframe.go: time.NewTimer": "it keeps requests for key frames apart, which may be a moment late",
	"internal/sys/receive.go: SetReadDeadline": "it ends the wait for a peer that does not answer; each would keep a thread instead",
	"internal/sys/open.go: time.AfterFunc":     "it makes the runtime open the descriptors of its own timers",
}

func TestNobodyWaitsForATimerOfTheGoRuntime(t *testing.T) {
	unused := map[string]bool{}
	for use := range timersAllowed {
		unused[use] = true
	}
	for _, p := range packages(t) {
		if !slices.Contains(noTimers, p.name()) {
			continue
		}
		for _, file := range p.sources() {
			for _, timer := range timersIn(t, file) {
				use := fmt.Sprintf("%s: %s", path.Join(p.name(), filepath.Base(file)), timer)
				if timersAllowed[use] == "" {
					t.Errorf("%s: use sys.Sleep, or sys.FutexWait on a word that ends the wait", use)
				}
				delete(unused, use)
			}
		}
	}
	for use := range unused {
		t.Errorf("allowed and not used: %s", use)
	}
}

// timersIn finds what starts timers in a file, as "package.Function" or "Method".
func timersIn(t *testing.T, file string) (found []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if slices.Contains(deadlines, selector.Sel.Name) {
				found = append(found, selector.Sel.Name)
			}
			if pkg, ok := selector.X.(*ast.Ident); ok && slices.Contains(timers[pkg.Name], selector.Sel.Name) {
				found = append(found, pkg.Name+"."+selector.Sel.Name)
			}
		}
		return true
	})
	return found
}
