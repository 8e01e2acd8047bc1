module github.com/bips-ipc/bips

go 1.25.0

require (
	github.com/HdrHistogram/hdrhistogram-go v1.2.0
	github.com/cespare/xxhash/v2 v2.3.0
	github.com/go-gst/go-glib v0.0.2
	github.com/go-gst/go-gst v0.0.2
	github.com/jedib0t/go-pretty/v6 v6.7.9
	golang.org/x/image v0.36.0
	golang.org/x/sys v0.42.0
)

require (
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	golang.org/x/term v0.29.0 // indirect
	golang.org/x/text v0.34.0 // indirect
)
