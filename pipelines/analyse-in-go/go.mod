// A module of its own, as a program that uses package bips would have: users of the
// library need not fetch what this recipe analyses with. A program elsewhere leaves out
// the replace, and requires a version.
module github.com/bips-ipc/bips/pipelines/analyse-in-go

go 1.25.0

require (
	github.com/bips-ipc/bips v0.0.0
	github.com/kovidgoyal/imaging v1.8.17
)

require (
	github.com/kovidgoyal/go-parallel v1.1.1 // indirect
	github.com/kovidgoyal/go-shm v1.0.0 // indirect
	github.com/rwcarlsen/goexif v0.0.0-20190401172101-9e8deecbddbd // indirect
	golang.org/x/image v0.36.0 // indirect
	golang.org/x/sys v0.42.0 // indirect
)

replace github.com/bips-ipc/bips => ../..
