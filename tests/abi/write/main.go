// Command write records the interface of libbips (tests/abi).
//
//	write [-break] FOLDER
//
// FOLDER is that of libbips. What breaks programs is refused without -break, which is for a library whose soname is
// another one from then on.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/bips-ipc/bips/tests/abi"
)

func main() {
	breaks := flag.Bool("break", false, "record also what breaks programs that were compiled before")
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: write [-break] FOLDER") }
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(flag.Arg(0), *breaks); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(folder string, breaks bool) error {
	now, err := abi.Read(folder)
	if err != nil {
		return err
	}
	record, err := abi.ReadRecord(folder)
	if err != nil {
		return err
	}
	if _, broken := abi.Compare(record, now); len(broken) > 0 && !breaks {
		for _, line := range broken {
			fmt.Fprintln(os.Stderr, "gone, or another one now:", line)
		}
		return fmt.Errorf("this breaks programs that were compiled before: undo it, or give the library another soname and use -break")
	}
	return abi.WriteRecord(folder, now)
}
