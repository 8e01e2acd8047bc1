// Package golden has small pools as files, with what each of them means, so that a
// client in any language can be tested without a producer: it reads the segments and
// compares what it found with the JSON beside them. segments/README.md describes the
// files.
//
// The package builds the segments from package layout alone (scenes.go, damaged.go) and
// reads them with a reader of its own that follows docs/protocol.md step by step
// (read.go): neither uses package bips. The tests compare both with the files.
//
//go:generate go run ./write segments
package golden
