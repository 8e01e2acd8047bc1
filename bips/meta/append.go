package meta

import (
	"encoding/binary"
	"fmt"

	"github.com/bips-ipc/bips/internal/layout"
)

// Append adds a record to others and returns them all, as the built-in append does: what was there may be
// written to a new place. A caller that has to stay within a pool's room looks at how long they are then.
//
// Errors: [ErrInvalid], [ErrTooLarge]; the records that there were are returned unchanged.
func Append(records Records, record Record) (Records, error) {
	if len(records)%layout.MetaAlignment != 0 {
		return records, fmt.Errorf("%w: the %d bytes before the record are no records", ErrInvalid, len(records))
	}
	at := len(records)
	failed := func(reason string, err error) error {
		return &RecordError{at, record.Type(), record.flags(), reason, err}
	}
	w := &writer{bytes: records, start: at}
	w.u16(uint16(record.Type()))
	w.u16(uint16(record.flags()))
	w.u32(0) // the length, which is not known yet
	record.write(w)
	if w.wrong != "" {
		return records, failed(w.wrong, ErrInvalid)
	}
	length := len(w.bytes) - at - layout.MetaHeadSize
	w.pad()
	if len(w.bytes) > MaxSize {
		return records, failed(fmt.Sprintf("%d bytes in all, at most %d", len(w.bytes), MaxSize), ErrTooLarge)
	}
	binary.LittleEndian.PutUint32(w.bytes[at+4:], uint32(length))
	return w.bytes, nil
}
