// Package libbips gives the elements the native client, the C library in the folder libbips: its producers,
// what it knows of names, permissions and caps, and its errors as those of package bips. It is all of the protocol that the plugin has.
//
// tools/libbips compiles the library into one object file in this folder (libbips_linux_amd64.syso), which Go links
// into whatever imports this package, and watches like a source. tools/withheaders does that before each go
// command. All names of the library are hidden in it: another libbips in the process is another library.
//
// The calls here are for what happens now and then. The frames' path is C (internal/gstglue), which calls the library itself.
package libbips

// #cgo CFLAGS: -I${SRCDIR}/../../libbips/include -DBIPS_API=
// #cgo LDFLAGS: -pthread
import "C"
