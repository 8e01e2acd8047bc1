// Package sys is the gate to Linux: shared files and memory without a name, their mappings, futexes,
// open file description locks, sockets that pass descriptors, clocks. It is the only importer of
// golang.org/x/sys/unix. Errors are those of the system calls, wrapped with what
// was being done to which file.
package sys

import _ "github.com/bips-ipc/bips/internal/platform" // for other systems it says so
