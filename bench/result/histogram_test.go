package result

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var someTimes = []uint64{0, 1, 127, 128, 129, 255, 256, 257, 511, 512, 1000, 12_345, 999_999, 1 << 30, 1<<40 - 1}

func TestBucketsAreWithinOnePercent(t *testing.T) {
	for _, ns := range someTimes[1:] {
		got := middle(bucketOf(ns)) * 1e3
		if math.Abs(got-float64(ns)) > 0.008*float64(ns) {
			t.Errorf("%d ns is counted as %.0f", ns, got)
		}
	}
	if last := bucketOf(1<<40 - 1); last >= maxBucket {
		t.Errorf("18 minutes fall into bucket %d of %d", last, maxBucket)
	}
}

func TestBucketsAreThoseOfC(t *testing.T) {
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("needs a C compiler")
	}
	dir := t.TempDir()
	header, err := filepath.Abs("../elements/histogram.h")
	if err != nil {
		t.Fatal(err)
	}
	var text, want strings.Builder
	fmt.Fprintf(&text, "#include \"%s\"\nstatic Histogram h;\nint main(void) {\n", header)
	var h Histogram
	for _, ns := range someTimes {
		fmt.Fprintf(&text, "  histogram_record(&h, %dull);\n", ns)
		h.Record(ns)
	}
	text.WriteString("  histogram_print(&h, \"latency\", stdout);\n}\n")
	buckets, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&want, `"latency":%s`, buckets)
	source, binary := filepath.Join(dir, "h.c"), filepath.Join(dir, "h")
	if err := os.WriteFile(source, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(compiler, "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := exec.Command(binary).Output()
	if err != nil || string(got) != want.String() {
		t.Errorf("C prints %s (%v), Go %s", got, err, want.String())
	}
}

func TestQuantiles(t *testing.T) {
	var h Histogram
	if !math.IsNaN(h.Quantile(0.5)) {
		t.Error("nothing was counted, and there is a median")
	}
	for us := range uint64(100) {
		h.Record((us + 1) * 1000)
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 50, 0.99: 99, 1: 100} {
		if got := h.Quantile(q); math.Abs(got-want) > want/100 {
			t.Errorf("quantile %v: got %v us, want %v", q, got, want)
		}
	}
	points := h.Distribution()
	if last := points[len(points)-1]; last.Share != 1 {
		t.Errorf("the distribution ends at %v", last)
	}
}

func TestHistogramsSurviveJSON(t *testing.T) {
	var a, b Histogram
	for _, ns := range someTimes {
		a.Record(ns)
		a.Record(ns)
	}
	text, err := json.Marshal(a)
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil || a.Count() != b.Count() || a.Quantile(0.7) != b.Quantile(0.7) {
		t.Errorf("%v: %v became %v", err, a, b)
	}
	if err := json.Unmarshal([]byte("[[99999,1]]"), &b); err == nil {
		t.Error("a bucket that there is not was taken")
	}
}

func TestMergeAdds(t *testing.T) {
	var a, b Histogram
	a.Record(1000)
	b.Record(1000)
	b.Record(5000)
	a.Merge(b)
	if a.Count() != 3 || b.Count() != 2 {
		t.Errorf("counts %d and %d", a.Count(), b.Count())
	}
}
