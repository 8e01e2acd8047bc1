// Peer is a producer, consumer or villain that tests drive, as README.md specifies it: the one
// on top of package bips.
package main

import (
	"fmt"
	"os"

	"github.com/bips-ipc/bips/tests/peer/gopeer"
)

func main() {
	if err := gopeer.Main(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}
