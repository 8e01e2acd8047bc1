package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recovering are the packages in which a panic does not end the process: an access to a
// segment that was cut short is turned into an error, and a fault in an element into a
// message on the bus. A mutex that is unlocked by a plain statement stays locked then, for
// ever, since the statement is never reached.
var recovering = []string{"bips", "elements", "internal/gstglue"}

func TestMutexesAreUnlockedByDeferredCallsWherePanicsAreRecovered(t *testing.T) {
	checked := 0
	for _, p := range packages(t) {
		if !matches(recovering, p.name()) {
			continue
		}
		for _, path := range p.sources() {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			locks, bad := plainUnlocks(files, file)
			checked += locks
			for _, what := range bad {
				t.Errorf("%s/%s", p.name(), what)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d locks were looked at: this test looks in the wrong place", checked)
	}
}

func TestALockWithoutADeferredUnlockIsFound(t *testing.T) {
	for body, wanted := range map[string]int{
		"p.mu.Lock(); defer p.mu.Unlock(); work()":                 0,
		"p.mu.RLock(); defer p.mu.RUnlock(); work()":               0,
		"p.mu.Lock(); work(); p.mu.Unlock()":                       2, // the lock, and the unlock
		"p.mu.Lock(); work(); defer p.mu.Unlock()":                 1, // too late
		"p.mu.Lock(); defer q.mu.Unlock()":                         1, // another one
		"p.mu.Lock()":                                              1,
		"defer func() { p.mu.Unlock() }()":                         1,
		"if p.mu.TryLock() { defer p.mu.Unlock(); work() }":        0,
		"if p.mu.TryLock() { work(); p.mu.Unlock() }":              2,
		"for !p.mu.TryLock() { wait() }; defer p.mu.Unlock()":      0,
		"for !p.mu.TryLock() { wait() }; work()":                   1,
		"go func() { p.mu.Lock(); work(); p.mu.Unlock() }()":       2,
		"switch { case x: p.mu.Lock(); work(); p.mu.Unlock() }":    2,
		"ours, err := lock.TryLock(3); use(ours, err)":             0, // a file's lock
		"ours := p.mu.TryLock(); if ours { defer p.mu.Unlock() }":  1, // not to be followed by a reader either
		"f := func() { p.mu.Lock(); defer p.mu.Unlock() }; f()":    0,
		"p.mu.Lock(); func() { defer p.mu.Unlock(); work() }()":    1,
		"select { case <-c: p.mu.Lock(); defer p.mu.Unlock() }":    0,
		"label: p.mu.Lock(); defer p.mu.Unlock(); goto label; x()": 1,
	} {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, "x.go", "package x\nfunc f() { "+body+" }", 0)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if _, bad := plainUnlocks(files, file); len(bad) != wanted {
			t.Errorf("%s: found %q, want %d", body, bad, wanted)
		}
	}
}

// plainUnlocks counts the calls that lock a mutex, and lists those that no deferred unlock
// follows at once, and the unlocks that are not deferred.
func plainUnlocks(files *token.FileSet, file *ast.File) (locks int, bad []string) {
	followed := map[ast.Node]bool{} // calls that lock, with a deferred unlock right behind
	deferred := map[ast.Node]bool{} // calls that a defer statement makes
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.DeferStmt:
			deferred[n.Call] = true
		case *ast.BlockStmt:
			noteFollowed(files, n.List, followed)
		case *ast.CaseClause:
			noteFollowed(files, n.Body, followed)
		case *ast.CommClause:
			noteFollowed(files, n.Body, followed)
		}
		return true
	})
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		at := files.Position(call.Pos())
		where := fmt.Sprintf("%s:%d: %s", filepath.Base(at.Filename), at.Line, text(files, call))
		switch method := mutexMethod(call); {
		case slices.Contains([]string{"Lock", "RLock", "TryLock", "TryRLock"}, method):
			locks++
			if !followed[call] {
				bad = append(bad, where+": the next statement has to defer the unlocking")
			}
		case slices.Contains([]string{"Unlock", "RUnlock"}, method) && !deferred[call]:
			bad = append(bad, where+": has to be deferred, so that a panic does not pass it by")
		}
		return true
	})
	return locks, bad
}

// noteFollowed looks in a list of statements for locking calls right before a deferred unlock
// of the same mutex: as statements, as the condition of an if around it, or as what a loop waits for.
func noteFollowed(files *token.FileSet, list []ast.Stmt, followed map[ast.Node]bool) {
	for i, statement := range list {
		var call *ast.CallExpr
		next := list[i+1:]
		switch s := statement.(type) {
		case *ast.ExprStmt:
			call, _ = s.X.(*ast.CallExpr)
		case *ast.IfStmt:
			call, _ = s.Cond.(*ast.CallExpr)
			next = s.Body.List
		case *ast.ForStmt:
			if not, ok := s.Cond.(*ast.UnaryExpr); ok && not.Op == token.NOT {
				call, _ = not.X.(*ast.CallExpr)
			}
		}
		if call == nil || len(next) == 0 {
			continue
		}
		method := mutexMethod(call)
		unlock, ok := next[0].(*ast.DeferStmt)
		if ok && method != "" && text(files, unlock.Call) == unlocking(text(files, call), method) {
			followed[call] = true
		}
	}
}

// unlocking is the call that undoes one: p.mu.Unlock() of p.mu.TryLock().
func unlocking(call, method string) string {
	undo := "Unlock()"
	if strings.Contains(method, "RLock") {
		undo = "RUnlock()"
	}
	return strings.TrimSuffix(call, method+"()") + undo
}

// mutexMethod is the name of the method that is called, if it may be a mutex's: it takes nothing.
func mutexMethod(call *ast.CallExpr) string {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) > 0 {
		return ""
	}
	return selector.Sel.Name
}

func text(files *token.FileSet, node ast.Node) string {
	var b strings.Builder
	_ = printer.Fprint(&b, files, node)
	return b.String()
}
