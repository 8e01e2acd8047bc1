// Command genlayout writes what package layout says of the shared memory, and package wire of
// messages, for those who do not read Go: the tables of docs/protocol.md, between its markers, and the C
// headers libbips/include/bips/layout.h and messages.h. Offsets and sizes are the Go compiler's,
// descriptions the packages' comments.
//
//	go generate ./internal/layout ./internal/wire
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
	source := flag.String("source", "../layout", "folder of package layout")
	messages := flag.String("messages", "../wire", "folder of package wire")
	document := flag.String("document", "../../docs/protocol.md", "document to write the tables into")
	headers := flag.String("headers", "../../libbips/include/bips", "folder to write C headers into")
	flag.Parse()
	if err := writeDocument(*source, *document); err != nil {
		log.Fatal(err)
	}
	if err := writeHeader(&memory, *source, *headers); err != nil {
		log.Fatal(err)
	}
	if err := writeHeader(&wires, *messages, *headers); err != nil {
		log.Fatal(err)
	}
}

func writeHeader(d *described, source, folder string) error {
	text, err := renderHeader(d, source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, d.header), []byte(text), 0o644)
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
