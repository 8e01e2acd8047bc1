// Command recordrun runs a long test and writes its totals, with the machine and the
// date, into docs/reliability-runs.md:
//
//	recordrun [-into FILE] TARGET COMMAND [ARGUMENT...]
//
// TARGET is what the document calls the run ("make crash"). The command's output is
// passed on. From it come the totals: lines that have
//
//	run: ITEM | NAME NUMBER | NAME NUMBER...
//
// and the progress lines of "go test -fuzz". A run takes the place of the last one of
// the same target on the same processor. recordrun ends with the command's exit code.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"
)

func main() {
	document := flag.String("into", "docs/reliability-runs.md", "the document to write into")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: recordrun [-into FILE] TARGET COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	code, err := record(*document, flag.Arg(0), flag.Args()[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "recordrun:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// record runs the command and writes what came of it. code is the command's.
func record(document, target string, command []string) (code int, err error) {
	// Ctrl-C ends the command; what it has said by then is written down.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	began := time.Now()
	run := exec.Command(command[0], command[1:]...)
	run.Stdin, run.Stderr = os.Stdin, os.Stderr
	out, err := run.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := run.Start(); err != nil {
		return 0, err
	}
	var seen collector
	lines := bufio.NewReader(io.TeeReader(out, os.Stdout))
	for {
		line, err := lines.ReadString('\n')
		seen.take(line)
		if err != nil {
			break
		}
	}
	err = run.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	code = run.ProcessState.ExitCode()
	if len(seen.items) == 0 {
		return code, nil // it did not come so far that there is anything to tell
	}
	s := section{target: target, machine: thisMachine(), body: seen.table()}
	s.facts = fmt.Sprintf("%s; Linux %s; commit %s; %v; **%s**.", began.Format("2006-01-02 15:04"), kernel(), commit(),
		time.Since(began).Round(time.Second), map[bool]string{true: "passed", false: "failed"}[code == 0])
	return code, update(document, s)
}
