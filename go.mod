module github.com/bips-ipc/bips

go 1.25.0

require (
	github.com/cespare/xxhash/v2 v2.3.0
	github.com/go-gst/go-glib v0.0.2
	github.com/go-gst/go-gst v0.0.2
	golang.org/x/sys v0.42.0
)
