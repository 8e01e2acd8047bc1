// Package layout is the one description of what lies in shared memory: the
// records of a pool segment and of a seat segment, their sizes and their
// constants. It has no behaviour.
//
// A pool has two segments. Consumers map the pool segment read-only and the
// seat segment read-write:
//
//	pool segment                      seat segment
//	+--------------------------+      +--------------------------+
//	| PoolHeader        4 KiB  |      | SeatHeader        4 KiB  |
//	| ring         n x 8 bytes |      | Seat 0        128 bytes  |
//	| SlotRecord 0   192 bytes |      | ...                      |
//	| ...                      |      | Seat k-1                 |
//	| SeatWord 0      64 bytes |      +--------------------------+
//	| ...                      |
//	| CapsRecord 0     24 KiB  |
//	| ...                      |
//	| metadata 0    (MetaSize) |
//	| ...                      |
//	| slot 0    (page-aligned) |
//	| ...                      |
//	+--------------------------+
//
// What one side writes and the other reads in one step shares a cache line: each line is a
// trip from one processor to the other. What different sides write never does.
//
// All integers are little-endian. Where a table begins and how large its records
// are stands in the header, so that a reader steps by the producer's sizes, not
// by its own. docs/protocol.md is the normative text; its tables are generated
// from these structs by internal/cmd/genlayout.
//
//go:generate go run ../cmd/genlayout
package layout
