// Package abi holds libbips to what programs were compiled with: the functions of bips.h and meta.h with their versions, the
// structs byte for byte, the numbers of enums and macros. libbips/abi.txt is the record of that, and the test of this
// package compares it with the headers.
//
// What is added is recorded by "go generate ./tests/abi". What is changed or taken away breaks programs: write refuses it,
// but for a library with another soname (docs/libbips.md).
package abi

//go:generate go run ./write ../../libbips
