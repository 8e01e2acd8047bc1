package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/bips-ipc/bips/bench/result"
)

// builtFiles are those of libbips, and how strip(1) makes them as they are delivered.
var builtFiles = []struct{ name, title, strip string }{
	{"libbips.so.0", "libbips.so.0, stripped", "--strip-unneeded"},
	{"libbips.a", "libbips.a, without debug information", "--strip-debug"},
}

// measureSizes says how large libbips is, once: rounds would all be the same.
func (s *settings) measureSizes(ctx context.Context, setup *result.Setup) {
	if s.builds == "" || !s.pairs.matches(result.LibC) {
		return
	}
	for _, file := range builtFiles {
		id := "size-" + strings.TrimPrefix(filepath.Ext(strings.TrimSuffix(file.name, ".0")), ".")
		if !s.works.matches(id) {
			continue
		}
		bytes, err := strippedSize(ctx, filepath.Join(s.builds, file.name), file.strip)
		if err != nil {
			setup.Skipped = append(setup.Skipped, fmt.Sprintf("the size of %s: %v", file.name, err))
			continue
		}
		progress("%s: %d bytes", file.title, bytes)
		setup.Works = append(setup.Works, result.Work{
			ID: id, Title: file.title, Metrics: []string{result.Bytes},
			Pairs: []result.Cell{{Pair: result.LibC, Samples: []result.Sample{
				{Status: result.OK, Values: map[string]float64{result.Bytes: float64(bytes)}},
			}}},
		})
	}
}

// strippedSize is how many bytes a file has after strip, which leaves the file as it is.
func strippedSize(ctx context.Context, path, how string) (int64, error) {
	folder, err := os.MkdirTemp("", "bips-bench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	stripped := filepath.Join(folder, "stripped")
	if out, err := exec.CommandContext(ctx, "strip", how, "-o", stripped, path).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("strip %s: %w %s", path, err, strings.TrimSpace(string(out)))
	}
	info, err := os.Stat(stripped)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
