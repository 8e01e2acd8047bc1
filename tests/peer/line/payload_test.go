package line

import (
	"encoding/hex"
	"testing"
)

// The bytes are those that tests/peer/README.md has as its example.
func TestAPayloadIsWhatTheDocumentSays(t *testing.T) {
	p := Payload{Token: 0x0123456789abcdef, Sequence: 5, Dropped: 2, Size: 51}
	data := make([]byte, p.Size)
	p.Write(data)
	const want = "efcdab8967452301050000000000000002000000000000003300000000000000" + "7e8e060279ff035e" + "930a518132793bfc" + "a8869b"
	if got := hex.EncodeToString(data); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if p.Key() != 0xbfcc85bf82bc1269 {
		t.Errorf("key %x", p.Key())
	}
	if got, err := Read(data); got != p || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestThePayloadsRecordsAreWhatTheDocumentSays(t *testing.T) {
	p := Payload{Token: 0x0123456789abcdef, Sequence: 5}
	for name, pair := range map[string][2]string{
		"metadata": {
			hex.EncodeToString(p.Meta()),
			"0600000024000000" + "34095ec1df42e65f" + "ffffffffffffffff" + "10000000" + hex.EncodeToString([]byte("timestamp/x-peer")) + "00000000",
		},
		"tags": {
			hex.EncodeToString(p.Tags()),
			"0c00000030000000" + "0000000000000000" + "01000000" + "07000000" + hex.EncodeToString([]byte("taglist")) + "00" +
				"0500050006000000" + hex.EncodeToString([]byte("title")) + hex.EncodeToString([]byte("part 0")) + "0000000000",
		},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s are %s, want %s", name, pair[0], pair[1])
		}
	}
	for p.Key()%2 != 0 {
		p.Sequence++
	}
	if p.Meta() != nil {
		t.Error("a frame with an even key has metadata")
	}
}

func TestAnyByteThatIsWrongIsFound(t *testing.T) {
	p := Payload{Token: 7, Sequence: 1, Size: HeaderSize + 21}
	data := make([]byte, p.Size)
	p.Write(data)
	for i := range data {
		data[i] ^= 1
		if err := Same(data, p); err == nil {
			t.Errorf("byte %d is wrong and was not found", i)
		}
		data[i] ^= 1
	}
	if _, err := Read(data[:len(data)-1]); err == nil {
		t.Error("a byte less was not found")
	}
	if _, err := Read(data[:HeaderSize-1]); err == nil {
		t.Error("half a header was not found")
	}
}
