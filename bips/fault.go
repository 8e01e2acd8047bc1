package bips

import (
	"fmt"
	"runtime/debug"
)

// Whoever may write a file of a pool may also shrink it, and an access beyond its
// new end is SIGBUS. A function that looks at shared memory begins with
//
//	defer recoverFault(&err, debug.SetPanicOnFault(true))
//
// and reports such an access as [ErrDamaged] instead of dying of it.
func recoverFault(err *error, previous bool) {
	debug.SetPanicOnFault(previous)
	reason := recover()
	if reason == nil {
		return
	}
	fault, ok := reason.(interface{ Addr() uintptr })
	if !ok {
		panic(reason)
	}
	*err = fmt.Errorf("%w: its memory is gone at %#x: somebody cut its file short", ErrDamaged, fault.Addr())
}
