package main

import (
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/wire"
)

// described is a package that is data.
type described struct {
	name      string   // of the package: BIPS_LAYOUT_, struct bips_layout_
	header    string   // name of the C header
	prologue  string   // what it begins with
	structs   []string // files with structs, and with groups of constants
	constants []string // files with constants, and with nothing to import
	records   []any    // the structs, in the order of the document
}

// memory is package layout.
var memory = described{
	name:      "layout",
	header:    "layout.h",
	prologue:  layoutPrologue,
	structs:   []string{"pool.go", "seat.go", "constants.go", "metadata.go"},
	constants: []string{"version.go", "constants.go", "metadata.go", "words.go"},
	records: []any{
		layout.PoolHeader{}, layout.SlotRecord{}, layout.SeatWord{}, layout.CapsRecord{}, layout.SeatHeader{}, layout.Seat{},
	},
}

// wires is package wire.
var wires = described{
	name:      "wire",
	header:    "messages.h",
	prologue:  wirePrologue,
	structs:   []string{"messages.go"},
	constants: []string{"constants.go"},
	records: []any{
		wire.Head{}, wire.Hello{}, wire.Refuse{}, wire.Grant{}, wire.Ready{}, wire.Sits{}, wire.Move{}, wire.Knock{},
	},
}

const layoutPrologue = `/*
 * The shared memory of BIPS: each record of a pool segment and of a seat segment.
 *
 * Generated from package internal/layout by "go generate ./internal/layout". DO NOT EDIT.
 *
 * docs/protocol.md is the normative text, with the names of package layout: PoolHeader.Head there
 * is head of struct bips_layout_pool_header here, and SeatEvery is BIPS_LAYOUT_SEAT_EVERY.
 *
 * The structs describe memory that other processes change meanwhile. Fields marked "atomic" are
 * loaded and stored with __atomic_load_n, __atomic_store_n and their like, never as plain fields:
 * C and C++ have no one atomic type that both could use here. Records of tables may be larger than
 * these structs: step by the sizes in the header. Whatever is read must be checked before it is used.
 */
`

const wirePrologue = `/*
 * The messages between a reader and the producer of a BIPS pool with backend memfd.
 *
 * Generated from package internal/wire by "go generate ./internal/wire". DO NOT EDIT.
 *
 * docs/protocol.md is the normative text, with the names of package wire: HELLO's Wanted there is
 * wanted of struct bips_wire_hello here.
 *
 * The structs are the first bytes of a message, which may have more that are to be passed by. Copy
 * what was received into one (memcpy), and check it before it is used. Reserved bytes are sent as 0
 * and not looked at.
 */
`
