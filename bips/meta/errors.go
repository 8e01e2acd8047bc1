package meta

import (
	"errors"
	"fmt"
)

// Errors of reading and writing records. Wrapped errors say where and why; test for them with
// errors.Is, and take a [RecordError] apart with errors.As.
var (
	// ErrDamaged: the bytes are no records.
	ErrDamaged = errors.New("metadata damaged")
	// ErrNeeded: there is a record without which the frame cannot be read rightly, and this program does not
	// know its type. The frame must not be used.
	ErrNeeded = errors.New("metadata that is needed to read the frame is of an unknown type")
	// ErrInvalid: a record has a value that the format cannot carry.
	ErrInvalid = errors.New("invalid metadata")
	// ErrTooLarge: the records would be longer than [MaxSize].
	ErrTooLarge = errors.New("metadata too large")
)

// RecordError says which record an error is about.
type RecordError struct {
	// Offset is where the record begins, in bytes from the start of the records.
	Offset int
	// Type and Flags are those of the record.
	Type  Type
	Flags Flags
	// Reason says what is wrong; it may be empty.
	Reason string
	// Err is [ErrDamaged], [ErrNeeded], [ErrInvalid] or [ErrTooLarge].
	Err error
}

func (e *RecordError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("record at %d, %v: %v", e.Offset, e.Type, e.Err)
	}
	return fmt.Sprintf("record at %d, %v: %v: %s", e.Offset, e.Type, e.Err, e.Reason)
}

// Unwrap returns Err.
func (e *RecordError) Unwrap() error { return e.Err }
