package layout

// A ring word is sequence (48 bits), slot (16 bits), from the top.

// MaxSequence is the largest sequence a ring word holds.
const MaxSequence = 1<<48 - 1

// PackRing makes a ring word.
func PackRing(sequence uint64, slot int) uint64 { return sequence<<16 | uint64(uint16(slot)) }

// UnpackRing takes a ring word apart. It is a hint, to be validated at the slot.
func UnpackRing(word uint64) (sequence uint64, slot int) { return word >> 16, int(uint16(word)) }

// PackVerdict makes a seat word's verdict on one generation of a seat.
func PackVerdict(generation, verdict uint32) uint64 {
	return uint64(generation)<<32 | uint64(verdict)
}

// UnpackVerdict takes a verdict apart; verdict 0: none.
func UnpackVerdict(word uint64) (generation, verdict uint32) {
	return uint32(word >> 32), uint32(word)
}

// PackGrant makes what the producer granted to one generation of a seat; pins 0: it refuses.
func PackGrant(generation, pins uint32) uint64 {
	return uint64(generation)<<32 | uint64(pins)
}

// UnpackGrant takes a grant apart.
func UnpackGrant(word uint64) (generation, pins uint32) {
	return uint32(word >> 32), uint32(word)
}

// PackAsked makes what a consumer asks for: at most and at least so many pins.
func PackAsked(most, least int) uint32 { return uint32(uint8(most)) | uint32(uint8(least))<<8 }

// UnpackAsked takes a request apart.
func UnpackAsked(word uint32) (most, least int) { return int(uint8(word)), int(uint8(word >> 8)) }

// PackReserved makes the reservation of a seat for the generation that has it in the pool before the move.
func PackReserved(generation uint32, kept bool) uint64 {
	if kept {
		return uint64(generation) | 1<<32
	}
	return uint64(generation)
}

// UnpackReserved takes a reservation apart; generation 0: the seat is open.
func UnpackReserved(word uint64) (generation uint32, kept bool) {
	return uint32(word), word>>32&1 != 0
}
