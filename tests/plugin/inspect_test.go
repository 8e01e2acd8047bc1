package plugin

import (
	"flag"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/inspect anew")

// What gst-inspect-1.0 tells of the elements: their own properties, and the pads. It is
// kept in a file, so that a change of it is a decision.
func TestInspect(t *testing.T) {
	for _, element := range []string{"bipssink", "bipssrc"} {
		t.Run(element, func(t *testing.T) {
			t.Parallel()
			got := ownProperties(t, element)
			file := "testdata/inspect/" + element + ".txt"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is not what gst-inspect-1.0 tells now (go test ./tests/plugin -run TestInspect -update writes it anew):\n%s", file, got)
			}
		})
	}
}

// Every property is in the documentation, with its default.
func TestPropertiesAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/elements.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, element := range []string{"bipssink", "bipssrc"} {
		_, section, found := strings.Cut(string(page), "\n## "+element+"\n")
		if !found {
			t.Fatalf("docs/elements.md has no section %s", element)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		for name, value := range defaults(ownProperties(t, element)) {
			row := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(name) + "` \\|.*$").FindString(section)
			if row == "" {
				t.Errorf("docs/elements.md has no row for %s's property %s", element, name)
			} else if value != "" && !strings.Contains(row, "| `"+value+"` |") {
				t.Errorf("docs/elements.md does not say that %s's property %s is %s by default: %s", element, name, value, row)
			}
		}
	}
}

// A program asks for the plugin by version.
func TestThePluginHasAVersion(t *testing.T) {
	t.Parallel()
	out := inspect(t, "bips")
	for _, line := range []string{`Version +.*\(BIPS \d+\.\d+\.\d+\)`, `License +MIT`, `Filename +.*/libgstbips\.so`} {
		if !regexp.MustCompile(line).MatchString(out) {
			t.Errorf("gst-inspect-1.0 bips does not say %q:\n%s", line, out)
		}
	}
}

// As scripts ask, without a version: that asks for GStreamer's own.
func TestTheElementsExistForWhoAsks(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{{}, {"--atleast-version=0.1"}, {"--atleast-version=1.18"}} {
		for _, element := range []string{"bipssink", "bipssrc"} {
			c := exec.Command("gst-inspect-1.0", append(append([]string{"--exists"}, arguments...), element)...)
			c.Env = env
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %v %s", c.Args, err, out)
			}
		}
	}
}

func inspect(t *testing.T, name string) string {
	t.Helper()
	c := exec.Command("gst-inspect-1.0", "--no-colors", name)
	c.Env = env
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("gst-inspect-1.0 %s: %v\n%s", name, err, out)
	}
	return string(out)
}

// inherited properties are GStreamer's own, and change with its version. Those of them
// that the elements set otherwise stay.
var inherited = []string{"name", "parent", "async", "blocksize", "do-timestamp", "last-sample", "max-bitrate",
	"max-lateness", "num-buffers", "qos", "render-delay", "sync", "throttle-time", "ts-offset", "typefind",
	"automatic-eos", "enable-last-sample"}

var (
	counterType     = regexp.MustCompile(`^([a-z-]+: \d+) \(guint64\)$`)
	nestedStructure = regexp.MustCompile(`^((?:metas|tags)-dropped): .*$`)
)

var propertyLine = regexp.MustCompile(`^  ([a-z-]+) +: (.*)$`)

// ownProperties cuts an element's own properties out of gst-inspect's output.
func ownProperties(t *testing.T, element string) string {
	t.Helper()
	var text strings.Builder
	_, out, _ := strings.Cut(inspect(t, element), "Element Properties:")
	own := false
	for _, line := range strings.Split(out, "\n") {
		if m := propertyLine.FindStringSubmatch(line); m != nil {
			own = !slices.Contains(inherited, m[1]) && (m[1] != "processing-deadline" || element == "bipssrc")
		}
		// Versions differ in the gaps that they leave, in whether they tell a counter's type, and in
		// how they show a structure in a structure.
		line = strings.Join(strings.Fields(line), " ")
		line = nestedStructure.ReplaceAllString(counterType.ReplaceAllString(line, "$1"), "$1: a structure")
		if own && line != "" {
			text.WriteString(line + "\n")
		}
	}
	return text.String()
}

// defaults returns the properties with their defaults, "" where there is none to tell.
func defaults(text string) map[string]string {
	all := map[string]string{}
	name := ""
	for _, line := range strings.Split(text, "\n") {
		if m := regexp.MustCompile(`^([a-z-]+) : `).FindStringSubmatch(line); m != nil {
			name = m[1]
			all[name] = ""
		}
		if m := regexp.MustCompile(`Default: (?:-?\d+, )?"?([^" ]*)"?`).FindStringSubmatch(line); m != nil && name != "" && m[1] != "null" {
			all[name] = m[1]
		}
	}
	return all
}
