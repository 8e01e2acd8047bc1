// Bench measures BIPS beside the other ways to pass frames between processes: the
// same load (benchsrc, benchsink) over each pair of elements, in interleaved rounds.
// "make bench" sets it up and runs it; docs/performance.md says how to read it.
//
//	bench pairs    latency, throughput and processor time of all pairs
//	bench library  package bips alone, beside bare futexes
//	bench grow     what bipssink costs as the work grows
//	bench report   puts what these measured into bench/results, README.md and docs/
//
// The first three write a result file (JSON Lines, bench/result/file.go) that the last one reads.
package main
