package gopeer

import (
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/bips/meta"
	"github.com/bips-ipc/bips/tests/golden/recordjson"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// readRecords reads the metadata that were ordered.
func readRecords(order line.Order) line.Line {
	records, err := hex.DecodeString(order.Meta)
	if err != nil {
		return failed(err)
	}
	return tellRecords(records)
}

// tellRecords answers with what metadata say, and with what becomes of them when they are written again.
func tellRecords(records meta.Records) line.Line {
	said, err := recordjson.All(records)
	if err != nil {
		return line.Line{Error: recordsError(err), Text: err.Error()}
	}
	again, err := recordjson.Rewritten(records)
	if err != nil {
		return line.Line{Error: recordsError(err), Text: err.Error()}
	}
	text, err := json.Marshal(said)
	if err != nil {
		return failed(err)
	}
	return line.Line{Records: (*json.RawMessage)(&text), Meta: hex.EncodeToString(again)}
}

// recordsError is the name of an error of package meta, whose errors are its own.
func recordsError(err error) string {
	switch {
	case errors.Is(err, meta.ErrNeeded):
		return line.ErrorNeeded
	case errors.Is(err, meta.ErrDamaged):
		err = bips.ErrDamaged
	case errors.Is(err, meta.ErrInvalid):
		err = bips.ErrOption
	case errors.Is(err, meta.ErrTooLarge):
		err = bips.ErrTooLarge
	}
	return line.ErrorName(err)
}
