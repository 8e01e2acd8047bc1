package main

import (
	"os"
	"strings"
	"testing"
)

func TestTheDocumentShowsTheLayoutAsItIs(t *testing.T) {
	tables, err := render("../../layout")
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := insert(string(document), tables)
	if err != nil {
		t.Fatal(err)
	}
	if want != string(document) {
		t.Error("docs/protocol.md is not up to date: run go generate ./internal/layout")
	}
}

func TestEachFieldHasAMeaning(t *testing.T) {
	tables, err := render("../../layout")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(tables) {
		if strings.HasSuffix(strings.TrimSpace(line), "|  |") {
			t.Errorf("no meaning: %s", line)
		}
	}
}

func TestADocumentWithoutMarkersIsRefused(t *testing.T) {
	for _, document := range []string{"", begin, end} {
		if _, err := insert(document, ""); err == nil {
			t.Errorf("accepted %q", document)
		}
	}
}
