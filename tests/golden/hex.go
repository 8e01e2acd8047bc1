package golden

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

const rowLength = 16

// Dump writes memory as "xxd -r" reads it: an offset and 16 bytes in a row, in hex. Rows of
// zeros are left out, but for the last, which says how long the memory is.
func Dump(memory []byte) string {
	var out strings.Builder
	for offset := 0; offset < len(memory); offset += rowLength {
		row := memory[offset:][:rowLength]
		if string(row) == zeros && offset+rowLength < len(memory) {
			continue
		}
		fmt.Fprintf(&out, "%08x:", offset)
		for i := 0; i < rowLength; i += 2 {
			fmt.Fprintf(&out, " %x", row[i:i+2])
		}
		out.WriteByte('\n')
	}
	return out.String()
}

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// Undump reads what Dump wrote.
func Undump(text string) ([]byte, error) {
	type row struct {
		offset uint64
		bytes  []byte
	}
	var rows []row
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		offset, digits, _ := strings.Cut(lines.Text(), ":")
		at, err := strconv.ParseUint(offset, 16, 32)
		if err != nil {
			return nil, fmt.Errorf("row %q: %w", lines.Text(), err)
		}
		bytes, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil || len(bytes) != rowLength {
			return nil, fmt.Errorf("row %q has not 16 bytes", lines.Text())
		}
		rows = append(rows, row{at, bytes})
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("a dump without rows")
	}
	memory := segmentOf(rows[len(rows)-1].offset + rowLength)
	for _, r := range rows {
		if r.offset+rowLength > uint64(len(memory)) {
			return nil, fmt.Errorf("the row at %#x is not in order", r.offset)
		}
		copy(memory[r.offset:], r.bytes)
	}
	return memory, nil
}
