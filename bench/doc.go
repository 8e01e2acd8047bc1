// Bench measures BIPS beside the other ways to pass frames between processes: the
// same load (benchsrc, benchsink) over each pair of elements, in interleaved rounds.
// "make bench" sets it up and runs it; docs/performance.md says how to read it.
//
//	bench pairs    latency, throughput and processor time of all pairs
//	bench library  libbips, package bips and iceoryx2 alone, beside bare futexes
//	bench python   programs in Python that hand frames over, by bips and by others (bench/python/README.md)
//	bench grow     what bipssink costs as the work grows
//	bench report   puts what these measured into bench/results, README.md and docs/
//
// "bench alone" is one of the programs that "bench library" measures (bench/alone/README.md).
// The first four write a result file (JSON Lines, bench/result/file.go) that the last one reads.
package main
