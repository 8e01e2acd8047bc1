// Package wire is the one description of the messages that a reader and the producer of a memfd
// pool send each other over their connection: their layout, how they are written, and how what a
// peer sent is checked. It has no input and no output.
//
//	reader                        producer
//	Hello      ------------------>
//	           <------------------  Refuse: it ends here
//	           <------------------  Grant, with the descriptors of pool and seat
//	Ready      ------------------>
//	           <------------------  Sits: the seat counts
//	Knock      ------------------>  at any time from now on: "look at my seat"
//	           <------------------  Move, with the descriptors of the next pool and seat
//	Ready      ------------------>
//	           <------------------  Sits
//
// The connection keeps messages apart (SOCK_SEQPACKET). All integers are little-endian. Each
// message begins with a [Head]. A message may be longer than its struct here, up to [MaxSize]: a later minor
// version adds fields at the end, and who does not know them passes them by. Reserved bytes are written
// as 0 and not read.
//
// docs/protocol.md is the normative text; libbips/include/bips/messages.h is generated from the structs
// here by internal/cmd/genlayout.
//
//go:generate go run ../cmd/genlayout
package wire
