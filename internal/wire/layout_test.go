package wire

import (
	"encoding/binary"
	"reflect"
	"testing"
)

// The offsets are written by hand, apart from the structs, as for the memory in package layout.
func TestLayoutIsTheOneThatWasReleased(t *testing.T) {
	type field struct {
		name         string
		offset, size uintptr
	}
	granted := []field{
		{"Head", 0, 16}, {"Instance", 16, 8}, {"PoolSize", 24, 8}, {"SeatSize", 32, 8}, {"Seat", 40, 4},
		{"Generation", 44, 4}, {"Granted", 48, 4}, {"Descriptors", 52, 4}, {"Required", 56, 8},
	}
	for _, message := range []struct {
		value  any
		size   uintptr
		fields []field
	}{
		{Head{}, 16, []field{{"Magic", 0, 8}, {"VersionMajor", 8, 2}, {"VersionMinor", 10, 2}, {"Size", 12, 4}}},
		{Hello{}, 64, []field{
			{"Head", 0, 16}, {"Known", 16, 8}, {"LayoutMajor", 24, 2}, {"LayoutMinor", 26, 2}, {"Mode", 28, 4}, {"Wanted", 32, 4},
			{"Least", 36, 4}, {"PID", 44, 4}, {"Program", 48, 16},
		}},
		{Refuse{}, 32, []field{{"Head", 0, 16}, {"Code", 16, 4}, {"Again", 20, 4}, {"TextLength", 24, 4}}},
		{Grant{}, 96, append(granted[:len(granted):len(granted)], field{"SlotsForMost", 64, 4})},
		{Ready{}, 32, []field{{"Head", 0, 16}, {"Instance", 16, 8}, {"Seat", 24, 4}}},
		{Sits{}, 32, []field{{"Head", 0, 16}, {"Instance", 16, 8}, {"Seat", 24, 4}}},
		{Move{}, 96, append(granted[:len(granted):len(granted)], field{"Left", 64, 8}, field{"First", 72, 8})},
		{Knock{}, 16, []field{{"Head", 0, 16}}},
	} {
		typ := reflect.TypeOf(message.value)
		if typ.Size() != message.size || binary.Size(message.value) != int(message.size) {
			t.Errorf("%s has %d bytes in memory and %d in a message, want %d", typ.Name(), typ.Size(), binary.Size(message.value), message.size)
		}
		named := 0
		for i := range typ.NumField() {
			if typ.Field(i).Name != "_" {
				named++
			}
		}
		if named != len(message.fields) {
			t.Errorf("%s has %d fields, this test knows %d", typ.Name(), named, len(message.fields))
		}
		for _, want := range message.fields {
			got, ok := typ.FieldByName(want.name)
			if !ok || got.Offset != want.offset || got.Type.Size() != want.size {
				t.Errorf("%s.%s lies at %d with %d bytes, want %d with %d", typ.Name(), want.name, got.Offset, got.Type.Size(), want.offset, want.size)
			}
		}
	}
}

func TestConstantsAreTheOnesThatWereReleased(t *testing.T) {
	for name, pair := range map[string][2]uint64{
		"VersionMajor": {VersionMajor, 1}, "VersionMinor": {VersionMinor, 0},
		"MaxSize": {MaxSize, 512}, "HeadSize": {HeadSize, 16}, "HelloSize": {HelloSize, 64}, "RefuseSize": {RefuseSize, 32},
		"GrantSize": {GrantSize, 96}, "ReadySize": {ReadySize, 32}, "SitsSize": {SitsSize, 32}, "MoveSize": {MoveSize, 96},
		"MaxText": {MaxText, 448}, "ProgramSize": {ProgramSize, 16}, "Descriptors": {Descriptors, 2},
		"ModeLatest": {uint64(ModeLatest), 1}, "ModeEvery": {uint64(ModeEvery), 2},
		"SeatsTaken": {uint64(SeatsTaken), 1}, "SlotsTaken": {uint64(SlotsTaken), 2}, "OtherVersion": {uint64(OtherVersion), 3},
		"NotAllowed": {uint64(NotAllowed), 4}, "TooBusy": {uint64(TooBusy), 5}, "BadMessage": {uint64(BadMessage), 6},
		"NoResources": {uint64(NoResources), 7}, "Closing": {uint64(Closing), 8},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %d, want %d", name, pair[0], pair[1])
		}
	}
}
