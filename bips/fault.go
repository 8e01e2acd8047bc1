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
// and reports such an access as [ErrDamaged] instead of dying of it. What the panic passes by on
// its way is not done: so locks are given up by deferred calls, and what is counted up for the
// length of a call is counted down by one.
func recoverFault(err *error, previous bool) {
	debug.SetPanicOnFault(previous)
	if reason := recover(); reason != nil {
		*err = faultError(reason)
	}
}

// recoverFaultOf is recoverFault for errors that go to the user as they are: they name the pool.
func recoverFaultOf(pool string, err *error, previous bool) {
	debug.SetPanicOnFault(previous)
	if reason := recover(); reason != nil {
		*err = fmt.Errorf("pool %q: %w", pool, faultError(reason))
	}
}

// faultError is the error for a panic, which goes on if it is not a fault.
func faultError(reason any) error {
	fault, ok := reason.(interface{ Addr() uintptr })
	if !ok {
		panic(reason)
	}
	return fmt.Errorf("%w: its memory is gone at %#x: somebody cut its file short", ErrDamaged, fault.Addr())
}
