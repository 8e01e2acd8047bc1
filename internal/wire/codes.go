package wire

import "fmt"

// String says in a few words why a reader is refused, for texts of one's own.
func (c Code) String() string {
	if text, ok := codeTexts[c]; ok {
		return text
	}
	return fmt.Sprintf("refused for reason %d, which this program does not know", uint32(c))
}

var codeTexts = map[Code]string{
	SeatsTaken:   "all seats are taken",
	SlotsTaken:   "too few slots are left",
	OtherVersion: "another version",
	NotAllowed:   "not allowed",
	TooBusy:      "too busy",
	BadMessage:   "bad message",
	NoResources:  "out of descriptors or memory",
	Closing:      "closing",
}
