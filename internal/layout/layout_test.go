package layout

import (
	"reflect"
	"testing"
)

// The offsets are written by hand, apart from the structs: a change of the layout
// needs three deliberate edits, here, in the struct and in version.go.
func TestLayoutIsTheOneThatWasReleased(t *testing.T) {
	type field struct {
		name         string
		offset, size uintptr
	}
	for _, record := range []struct {
		value  any
		size   uintptr
		fields []field
	}{
		{PoolHeader{}, 4096, []field{
			{"Magic", 0, 8}, {"VersionMajor", 8, 2}, {"VersionMinor", 10, 2}, {"HeaderSize", 12, 4},
			{"Required", 16, 8}, {"Optional", 24, 8}, {"Instance", 32, 8}, {"SegmentSize", 40, 8},
			{"SlotSize", 48, 8}, {"SlotStride", 56, 8}, {"SlotsOffset", 64, 8},
			{"SlotCount", 72, 4}, {"RingLength", 76, 4}, {"RingOffset", 80, 8},
			{"RecordsOffset", 88, 8}, {"SeatWordsOffset", 96, 8}, {"CapsOffset", 104, 8}, {"MetaOffset", 112, 8},
			{"RecordSize", 120, 4}, {"SeatWordSize", 124, 4}, {"CapsSize", 128, 4}, {"MetaSize", 132, 4},
			{"CapsCount", 136, 4}, {"SeatCount", 140, 4}, {"Backend", 144, 4}, {"ProducerPID", 148, 4},
			{"Move", 152, 4}, {"First", 160, 8},
			{"Bell", 512, 4}, {"State", 516, 4}, {"Head", 520, 8}, {"Ended", 528, 8}, {"Latency", 576, 8}, {"Dropped", 584, 8},
			{"ProducerWaiting", 640, 4},
		}},
		{SlotRecord{}, 192, []field{
			{"Sequence", 0, 8}, {"Stream", 8, 8}, {"CapsVersion", 16, 8}, {"Size", 24, 8},
			{"PTS", 32, 8}, {"DTS", 40, 8}, {"Duration", 48, 8}, {"CaptureTime", 56, 8}, {"PublishTime", 64, 8},
			{"Offset", 72, 8}, {"OffsetEnd", 80, 8}, {"Dropped", 88, 8}, {"Flags", 96, 4}, {"MetaLength", 100, 4},
			{"PlaneCount", 104, 4}, {"CapsIndex", 108, 4}, {"PlaneStride", 112, 16}, {"PlaneOffset", 128, 32},
		}},
		{SeatWord{}, 64, []field{{"Verdict", 0, 8}, {"Granted", 8, 8}, {"Reserved", 16, 8}}},
		{CapsRecord{}, 24576, []field{{"Version", 0, 8}, {"Length", 8, 4}, {"TagsLength", 12, 4}, {"Text", 16, 16368}, {"Tags", 16384, 8192}}},
		{SeatHeader{}, 4096, []field{
			{"Magic", 0, 8}, {"VersionMajor", 8, 2}, {"VersionMinor", 10, 2}, {"HeaderSize", 12, 4},
			{"Instance", 16, 8}, {"SegmentSize", 24, 8}, {"SeatsOffset", 32, 8}, {"SeatSize", 40, 4}, {"SeatCount", 44, 4},
			{"Move", 48, 4}, {"Door", 512, 4}, {"Knock", 516, 4},
		}},
		{Seat{}, 128, []field{
			{"Generation", 0, 4}, {"State", 4, 4}, {"Cursor", 8, 8}, {"Asked", 16, 4}, {"PID", 20, 4},
			{"Pins", 24, 8}, {"Waiting", 32, 4}, {"KeyFrames", 36, 4}, {"Received", 64, 8}, {"Skipped", 72, 8}, {"Lost", 80, 8},
		}},
	} {
		typ := reflect.TypeOf(record.value)
		if typ.Size() != record.size {
			t.Errorf("%s has %d bytes, want %d", typ.Name(), typ.Size(), record.size)
		}
		named := 0
		for i := range typ.NumField() {
			if typ.Field(i).Name != "_" {
				named++
			}
		}
		if named != len(record.fields) {
			t.Errorf("%s has %d fields, this test knows %d", typ.Name(), named, len(record.fields))
		}
		for _, want := range record.fields {
			got, ok := typ.FieldByName(want.name)
			if !ok {
				t.Errorf("%s.%s is missing", typ.Name(), want.name)
				continue
			}
			if got.Offset != want.offset || got.Type.Size() != want.size {
				t.Errorf("%s.%s lies at %d with %d bytes, want %d with %d", typ.Name(), want.name, got.Offset, got.Type.Size(), want.offset, want.size)
			}
		}
	}
}

func TestConstantsAreTheOnesThatWereReleased(t *testing.T) {
	for name, pair := range map[string][2]uint64{
		"PoolMagic":      {PoolMagic, 0x4c4f4f5053504942},
		"SeatMagic":      {SeatMagic, 0x5441455353504942},
		"HeaderSize":     {HeaderSize, 4096},
		"SlotRecordSize": {SlotRecordSize, 192}, "SeatWordSize": {SeatWordSize, 64}, "SeatSize": {SeatSize, 128},
		"CapsRecordSize": {CapsRecordSize, 24576}, "CapsTextOffset": {CapsTextOffset, 16}, "CapsTextSize": {CapsTextSize, 16368},
		"TagsOffset": {TagsOffset, 16384}, "TagsSize": {TagsSize, 8192}, "MaxMetaSize": {MaxMetaSize, 65536},
		"BackendShm": {uint64(BackendShm), 0}, "BackendMemfd": {uint64(BackendMemfd), 1},
		"MetaHeadSize": {MetaHeadSize, 8}, "MetaAlignment": {MetaAlignment, 8}, "MetaMaxDepth": {MetaMaxDepth, 4},
		"MetaMaxKey": {MetaMaxKey, 255}, "MetaMaxName": {MetaMaxName, 100}, "MetaMaxMemories": {MetaMaxMemories, 16},
		"MetaMaxChannels": {MetaMaxChannels, 64}, "MetaMaxParams": {MetaMaxParams, 64}, "MetaMaxTags": {MetaMaxTags, 8},
		"MetaMemories": {MetaMemories, 1}, "MetaAudioLayout": {MetaAudioLayout, 2}, "MetaCrop": {MetaCrop, 3},
		"MetaAffine": {MetaAffine, 4}, "MetaTimeCode": {MetaTimeCode, 5}, "MetaReferenceTime": {MetaReferenceTime, 6},
		"MetaCaption": {MetaCaption, 7}, "MetaRegion": {MetaRegion, 8}, "MetaCustom": {MetaCustom, 9},
		"MetaProtection": {MetaProtection, 10}, "MetaGst": {MetaGst, 11}, "MetaTags": {MetaTags, 12},
		"MetaNeeded": {MetaNeeded, 1}, "MetaPartial": {MetaPartial, 2}, "MetaAnalytics": {MetaAnalytics, 4},
		"KindNone": {KindNone, 0}, "KindBool": {KindBool, 1}, "KindInt": {KindInt, 2}, "KindUint": {KindUint, 3},
		"KindFloat": {KindFloat, 4}, "KindText": {KindText, 5}, "KindBytes": {KindBytes, 6}, "KindFraction": {KindFraction, 7},
		"KindStructure": {KindStructure, 8}, "KindArray": {KindArray, 9}, "KindList": {KindList, 10}, "KindOther": {KindOther, 11},
		"OriginBuffer": {OriginBuffer, 0}, "OriginBytes": {OriginBytes, 1}, "Origin8": {Origin8, 8}, "Origin32": {Origin32, 32},
		"Origin64": {Origin64, 64}, "OriginLong": {OriginLong, 65},
		"TimeCodeDropFrame": {TimeCodeDropFrame, 1}, "TimeCodeInterlaced": {TimeCodeInterlaced, 2},
		"CaptionCEA608Raw": {CaptionCEA608Raw, 1}, "CaptionCEA608S334": {CaptionCEA608S334, 2},
		"CaptionCEA708Raw": {CaptionCEA708Raw, 3}, "CaptionCEA708CDP": {CaptionCEA708CDP, 4},
		"TagsOfStream": {TagsOfStream, 0}, "TagsGlobal": {TagsGlobal, 1},
		"StateRunning": {uint64(StateRunning), 1}, "StateClosed": {uint64(StateClosed), 2}, "StateMoved": {uint64(StateMoved), 3},
		"SeatFree": {uint64(SeatFree), 0}, "SeatLatest": {uint64(SeatLatest), 1}, "SeatEvery": {uint64(SeatEvery), 2},
		"SeatSuspended": {uint64(SeatSuspended), 3}, "SeatDraining": {uint64(SeatDraining), 4},
		"SeatAsking": {uint64(SeatAsking), 5}, "SeatJoining": {uint64(SeatJoining), 6},
		"VerdictDemoted": {uint64(VerdictDemoted), 1},
		"ProducerLock":   {uint64(ProducerLock), 0}, "NameLock": {uint64(NameLock), 0},
		"SeatLockBase": {uint64(SeatLockBase), 64},
		"VersionMajor": {VersionMajor, 4}, "VersionMinor": {VersionMinor, 0},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %#x, want %#x", name, pair[0], pair[1])
		}
	}
}

func TestRingWordKeepsItsTwoParts(t *testing.T) {
	for _, want := range []struct {
		sequence uint64
		slot     int
	}{{0, 0}, {1, 0}, {MaxSequence, 63}, {1 << 40, 1<<16 - 1}} {
		if sequence, slot := UnpackRing(PackRing(want.sequence, want.slot)); sequence != want.sequence || slot != want.slot {
			t.Errorf("packed %v, unpacked %d %d", want, sequence, slot)
		}
	}
}

func TestSeatWordsKeepTheirParts(t *testing.T) {
	for _, generation := range []uint32{0, 1, 1 << 31, ^uint32(0)} {
		if g, v := UnpackVerdict(PackVerdict(generation, VerdictDemoted)); g != generation || v != VerdictDemoted {
			t.Errorf("packed %d, unpacked %d %d", generation, g, v)
		}
		if g, pins := UnpackGrant(PackGrant(generation, 3)); g != generation || pins != 3 {
			t.Errorf("packed %d, unpacked %d %d", generation, g, pins)
		}
		for _, kept := range []bool{false, true} {
			if g, k := UnpackReserved(PackReserved(generation, kept)); g != generation || k != kept {
				t.Errorf("packed %d %v, unpacked %d %v", generation, kept, g, k)
			}
		}
	}
	if most, least := UnpackAsked(PackAsked(63, 1)); most != 63 || least != 1 {
		t.Errorf("packed 63 and 1, unpacked %d and %d", most, least)
	}
}
