package layout

// A ring word is sequence (48 bits), slot (8), kind (8), from the top.

// MaxSequence is the largest sequence a ring word holds.
const MaxSequence = 1<<48 - 1

// PackRing makes a ring word.
func PackRing(sequence uint64, slot int, kind uint32) uint64 {
	return sequence<<16 | uint64(uint8(slot))<<8 | uint64(uint8(kind))
}

// UnpackRing takes a ring word apart. It is a hint, to be validated at the slot.
func UnpackRing(word uint64) (sequence uint64, slot int, kind uint32) {
	return word >> 16, int(uint8(word >> 8)), uint32(uint8(word))
}

// PackVerdict makes a seat word's verdict on one generation of a seat.
func PackVerdict(generation, verdict uint32) uint64 {
	return uint64(generation)<<32 | uint64(verdict)
}

// UnpackVerdict takes a verdict apart; verdict 0: none.
func UnpackVerdict(word uint64) (generation, verdict uint32) {
	return uint32(word >> 32), uint32(word)
}

// PackGrant makes what the producer granted to one generation of a seat.
func PackGrant(generation, quota uint32) uint64 {
	return uint64(generation)<<32 | uint64(quota)
}

// UnpackGrant takes a grant apart.
func UnpackGrant(word uint64) (generation, quota uint32) {
	return uint32(word >> 32), uint32(word)
}
