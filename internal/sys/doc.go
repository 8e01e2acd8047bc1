// Package sys is the gate to Linux: shared files and their mappings, futexes,
// open file description locks, clocks. It is the only importer of
// golang.org/x/sys/unix. Errors are those of the system calls, wrapped with what
// was being done to which file.
package sys
