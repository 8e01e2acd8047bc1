// Package arch tests the shape of the project: which package may import which,
// where cgo and unsafe may be, and that each package says what it is.
package arch
