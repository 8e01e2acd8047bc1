package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/bips-ipc/bips/bench/result"
)

func goVersion() string { return strings.Replace(runtime.Version(), "go", "Go ", 1) }

// report is "bench report": it joins the files of one run, writes them as one
// result file and as Markdown, and puts the tables into documents that have a place for them.
func report(args []string) error {
	flags := flag.NewFlagSet("bench report", flag.ExitOnError)
	dir := flags.String("dir", "bench/results", "the folder for the result")
	suffix := flags.String("suffix", "", "what to add to the result's name, which is the date and the processor")
	command := flags.String("command", "make bench", "the command that reproduces it")
	mark := flags.String("mark", "bench", "put the tables where a document says <!-- MARK:begin --> and <!-- MARK:end -->, a summary where it says MARK-summary")
	var documents multi
	flags.Var(&documents, "into", "a document with such marks; may be repeated")
	_ = flags.Parse(args)
	r, err := join(flags.Args())
	if err != nil {
		return err
	}
	r.Command = *command
	if err := os.MkdirAll(*dir, 0o777); err != nil {
		return err
	}
	path := filepath.Join(*dir, fileName(r)+*suffix)
	if err := r.Save(path + ".jsonl"); err != nil {
		return err
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "# %s\n\n", *command)
	r.Markdown(&text, 2)
	if err := os.WriteFile(path+".md", text.Bytes(), 0o644); err != nil {
		return err
	}
	for _, document := range documents {
		if err := putInto(document, *mark, r); err != nil {
			return err
		}
	}
	fmt.Println(path + ".jsonl")
	return nil
}

// join makes one report of several files. Those that are not there are no error:
// what could not be measured said so.
func join(paths []string) (*result.Report, error) {
	var all *result.Report
	for _, path := range paths {
		r, err := result.Load(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			progress("%s is not there: left out", path)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		case all == nil:
			all = r
		default:
			all.Setups = append(all.Setups, r.Setups...)
		}
	}
	if all == nil {
		return nil, fmt.Errorf("nothing was measured: none of %s is there", strings.Join(paths, ", "))
	}
	return all, nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// fileName is the date and the processor: "2025-11-23-amd-epyc".
func fileName(r *result.Report) string {
	date, _, _ := strings.Cut(r.Date, " ")
	cpu, _, _ := strings.Cut(strings.ToLower(r.Machine.CPU), "@")
	name := date + "-" + strings.Trim(notInNames.ReplaceAllString(cpu, "-"), "-")
	if r.Quick {
		name += "-quick"
	}
	return name
}

// putInto puts the tables between a document's marks. One without marks, or that is
// not there, is left alone.
func putInto(document, mark string, r *result.Report) error {
	old, err := os.ReadFile(document)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var all, short bytes.Buffer
	r.Markdown(&all, 3)
	r.Summary(&short)
	fresh, _ := between(string(old), mark, all.String())
	fresh, _ = between(fresh, mark+"-summary", short.String())
	if fresh == string(old) {
		return nil
	}
	return os.WriteFile(document, []byte(fresh), 0o644)
}

// between replaces what lies between the marks, which stay.
func between(document, mark, text string) (string, bool) {
	begin, end := "<!-- "+mark+":begin -->", "<!-- "+mark+":end -->"
	before, rest, ok := strings.Cut(document, begin)
	if !ok {
		return document, false
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return document, false
	}
	return before + begin + "\n" + strings.TrimSpace(text) + "\n" + end + after, true
}
