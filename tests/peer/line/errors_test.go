package line

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestErrorsHaveNamesThatTheDocumentLists(t *testing.T) {
	document, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(document), "\n## Errors\n")
	list, _, _ = strings.Cut(list, "\n## ")
	if !found {
		t.Fatal("the document has no list of errors")
	}
	for _, known := range names {
		wrapped := fmt.Errorf("pool %q: %w", "x", known.err)
		if got := ErrorName(wrapped); got != known.name {
			t.Errorf("%v is called %s, want %s", known.err, got, known.name)
		}
		if !errors.Is(ErrorOf(known.name), known.err) {
			t.Errorf("%s is %v, want %v", known.name, ErrorOf(known.name), known.err)
		}
		if !strings.Contains(list, "`"+known.name+"`") {
			t.Errorf("the document does not list %s", known.name)
		}
	}
	if got := ErrorName(errors.New("strange")); got != "other" {
		t.Errorf("an error without a name is called %s", got)
	}
	if ErrorName(nil) != "" || ErrorOf("") != nil {
		t.Error("no error has a name")
	}
}
