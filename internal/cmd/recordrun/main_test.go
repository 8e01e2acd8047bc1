package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTotalsAreFoundInTheOutput(t *testing.T) {
	var c collector
	for line := range strings.Lines(`=== RUN   TestX
    points_test.go:128: run: the producer | kills 12345 | steps 4
    points_test.go:128: run: a reader | kills 70
dry run: nothing
bips: fuzzing FuzzSeats
fuzz: elapsed: 3s, execs: 9000 (3000/sec), new interesting: 0 (total: 7)
fuzz: elapsed: 6s, execs: 18000 (3000/sec), new interesting: 0 (total: 7)
`) {
		c.take(line)
	}
	const want = `| | kills | steps | time | executions |
| --- | ---: | ---: | ---: | ---: |
| FuzzSeats |  |  | 6s | 18,000 |
| a reader | 70 |  |  |  |
| the producer | 12,345 | 4 |  |  |
`
	if got := c.table(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestARunReplacesTheLastOfItsTarget(t *testing.T) {
	document := filepath.Join(t.TempDir(), "runs.md")
	run := func(target, script string) int {
		code, err := record(document, target, []string{"sh", "-c", script})
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	run("make b", "echo run: x | sed 's/$/ | kills 1/'")
	run("make a", "echo 'run: y | kills 2'")
	if code := run("make b", "echo 'run: z | kills 3'; exit 7"); code != 7 {
		t.Errorf("the exit code is %d", code)
	}
	run("make b", "exit 1") // says nothing
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	a, b, found := strings.Cut(string(text), "\n## make b, ")
	if !found || !strings.Contains(a, "\n## make a, ") || !strings.Contains(a, "| y | 2 |") || !strings.Contains(a, "**passed**") {
		t.Errorf("the first section is\n%s", a)
	}
	if !strings.Contains(b, "| z | 3 |") || !strings.Contains(b, "**failed**") || strings.Contains(b, "| x |") {
		t.Errorf("the second section is\n%s", b)
	}
}

func TestARunThatIsInterruptedIsWrittenDownAsFailed(t *testing.T) {
	document := filepath.Join(t.TempDir(), "runs.md")
	// The terminal sends SIGINT to both; so does this command.
	code, err := record(document, "make c", []string{"sh", "-c", "echo 'run: w | kills 4'; kill -INT $PPID; kill -INT $$; sleep 60"})
	if err != nil || code == 0 {
		t.Fatalf("code %d, %v", code, err)
	}
	if text, err := os.ReadFile(document); err != nil || !strings.Contains(string(text), "| w | 4 |") || !strings.Contains(string(text), "**failed**") {
		t.Errorf("%v; it says\n%s", err, text)
	}
}

func TestADocumentOfAnotherOriginIsLeftAlone(t *testing.T) {
	document := filepath.Join(t.TempDir(), "other.md")
	if err := os.WriteFile(document, []byte("# By hand\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := update(document, section{target: "x", machine: "y"}); err == nil {
		t.Error("it was written into")
	}
}

func TestTheDocumentIsAsItIsGenerated(t *testing.T) {
	text, err := os.ReadFile("../../../docs/reliability-runs.md")
	if err != nil {
		t.Fatal(err)
	}
	sections, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if render(sections) != string(text) {
		t.Error("docs/reliability-runs.md was edited by hand: its sections are written by recordrun")
	}
}
