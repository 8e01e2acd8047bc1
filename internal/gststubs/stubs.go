//go:build !nostubs

package gststubs

// #cgo LDFLAGS: -lgobject-2.0 -ldl
import "C"
