// Command genlayout writes what package layout says of the shared memory for those who
// do not read Go: the tables of docs/protocol.md, between its markers, and the C header
// libbips/include/bips/layout.h. Offsets and sizes are the Go compiler's, descriptions the
// package's comments.
//
//	go generate ./internal/layout
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("genlayout: ")
	source := flag.String("source", ".", "folder of package layout")
	document := flag.String("document", "../../docs/protocol.md", "document to write the tables into")
	header := flag.String("header", "../../libbips/include/bips/layout.h", "C header to write")
	flag.Parse()
	if err := writeDocument(*source, *document); err != nil {
		log.Fatal(err)
	}
	if err := writeHeader(*source, *header); err != nil {
		log.Fatal(err)
	}
}

func writeHeader(source, header string) error {
	text, err := renderHeader(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(header), 0o777); err != nil {
		return err
	}
	return os.WriteFile(header, []byte(text), 0o644)
}

func writeDocument(source, document string) error {
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
