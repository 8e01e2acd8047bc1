// Package result is what a benchmark measured: samples of each work, pair and round,
// how they are summed up, and the tables made of them. The program in bench/ writes a
// result file (file.go says what is in it); bench/draw draws it.
package result
