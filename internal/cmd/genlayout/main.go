// Command genlayout writes the tables of the shared-memory layout into
// docs/protocol.md, between its markers: offsets and sizes from the Go compiler,
// descriptions from the comments of package layout.
//
//	go generate ./internal/layout
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("genlayout: ")
	source := flag.String("source", ".", "folder of package layout")
	document := flag.String("document", "../../docs/protocol.md", "document to write the tables into")
	flag.Parse()
	if err := run(*source, *document); err != nil {
		log.Fatal(err)
	}
}

func run(source, document string) error {
	tables, err := render(source)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	updated, err := insert(string(old), tables)
	if err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	if updated == string(old) {
		return nil
	}
	return os.WriteFile(document, []byte(updated), 0o644)
}
