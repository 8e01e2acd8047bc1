package libbips

// #include <bips/bips.h>
import "C"

import (
	"errors"
	"runtime"
	"syscall"

	"github.com/bips-ipc/bips/bips"
)

// meanings are the errors of package bips that an error of the library is. Others are errno values.
var meanings = map[C.int][]error{
	C.BIPS_NO_POOL:       {bips.ErrNoPool},
	C.BIPS_PERMISSION:    {bips.ErrPermission},
	C.BIPS_POOL_BUSY:     {bips.ErrPoolBusy},
	C.BIPS_NO_SPACE:      {bips.ErrNoSpace},
	C.BIPS_TOO_LARGE:     {bips.ErrTooLarge},
	C.BIPS_CLOSED:        {bips.ErrClosed},
	C.BIPS_TIMEOUT:       {bips.ErrTimeout},
	C.BIPS_STALE:         {bips.ErrStale},
	C.BIPS_BAD_NAME:      {bips.ErrName},
	C.BIPS_BAD_OPTION:    {bips.ErrOption},
	C.BIPS_NO_BACKEND:    {bips.ErrBackend},
	C.BIPS_NAMES_DELETED: {bips.ErrNamesDeleted},
	C.BIPS_NAME_TAKEN:    {bips.ErrNamesDeleted, bips.ErrPoolBusy},
	C.BIPS_POOL_FULL:     {bips.ErrPoolFull},
	C.BIPS_OTHER_VERSION: {bips.ErrVersion},
	C.BIPS_DAMAGED:       {bips.ErrDamaged},
	C.BIPS_FLUSHING:      {bips.ErrFlushing},
	C.BIPS_INTERRUPTED:   {ErrInterrupted},
	C.BIPS_DROPPED:       {bips.ErrDropped},
	C.BIPS_QUOTA:         {bips.ErrQuota},
	C.BIPS_END_OF_STREAM: {bips.ErrEndOfStream},
	C.BIPS_PRODUCER_LOST: {bips.ErrProducerLost},
	C.BIPS_STALLED:       {bips.ErrStalled},
	C.BIPS_FORKED:        {ErrForked},
	C.BIPS_NO_ANSWER:     {bips.ErrNoAnswer},
	C.BIPS_SUSPENDED:     {bips.ErrSuspended},
}

// Errors that package bips does not have.
var (
	// ErrInterrupted: another thread ended the call.
	ErrInterrupted = errors.New("interrupted")
	// ErrForked: what the call is about was made before a fork, and is the parent's.
	ErrForked = errors.New("made before a fork")
)

// libraryError is an error of the library: its sentence, and what it is.
type libraryError struct {
	text string
	is   []error
}

func (e *libraryError) Error() string   { return e.text }
func (e *libraryError) Unwrap() []error { return e.is }

// ErrorOf is the error that a call of the library returned in this thread, as the last one that failed there; nil for 0
// and more. So it is for functions that C calls, with what C passes on.
func ErrorOf(result int) error {
	if result >= 0 {
		return nil
	}
	return newError(result, C.GoString(C.bips_error_message()), int(C.bips_error_reason()))
}

func newError(result int, text string, reason int) error {
	e := &libraryError{text: text}
	for _, code := range []int{-result, reason} {
		if is, ok := meanings[C.int(code)]; ok {
			e.is = append(e.is, is...)
		} else if code != 0 {
			e.is = append(e.is, syscall.Errno(code))
		}
	}
	return e
}

// call makes a call of the library, in one thread with the look at its error.
func call(f func() C.int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return ErrorOf(int(f()))
}
