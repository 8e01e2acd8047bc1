package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// pythonLibraries are what programs in Python hand frames over by: a pair, its word of measure.py, what it imports, and what its
// version is that of ("": Python's own).
var pythonLibraries = []struct{ pair, word, module, distribution string }{
	{result.Python, "bips", "bips", "bips-ipc"},
	{result.PySharedMem, "shared-memory", "multiprocessing.shared_memory", ""},
	{result.PyZmqCopy, "pyzmq-copy", "zmq", "pyzmq"},
	{result.PyZmq, "pyzmq", "zmq", "pyzmq"},
	{result.PyIceoryx2, "iceoryx2", "iceoryx2", "iceoryx2"},
}

const (
	fullHD   = 1920 * 1080 * 3 / 2 // bytes of NV12
	ultraHD  = 3840 * 2160 * 3 / 2
	tinySize = 64
)

var pythonWorks = []aloneWork{
	inPython("python-flow", "flat out, 1920x1080 NV12, not touched", time.Second, []string{result.FPS}, "flow", fmt.Sprint(fullHD)),
	inPython("python-touched", "the same, every byte written and read", time.Second, []string{result.FPS}, "flow-touched", fmt.Sprint(fullHD)),
	inPython("python-latency", "300 frames/s of 1920x1080 NV12", time.Second, []string{result.P50, result.P99}, "latency", fmt.Sprint(fullHD), "300"),
	{
		id: "python-loop", title: "the loop over frames, in one thread", size: tinySize, consumers: 1,
		length: 500 * time.Millisecond, metrics: []string{result.PerFrame},
		rows: []aloneRow{
			{pair: result.LibCpp, words: []string{"loop", fmt.Sprint(tinySize)}},
			{pair: result.Python, words: []string{"loop", fmt.Sprint(tinySize)}},
			{pair: result.PythonArray, words: []string{"loop-array", fmt.Sprint(tinySize)}},
		},
	}, {
		id: "python-array", title: "an array of a frame", consumers: 1,
		length: 500 * time.Millisecond, metrics: []string{result.PerFrame},
		rows: []aloneRow{
			{pair: result.PythonSmall, words: []string{"array", fmt.Sprint(tinySize)}},
			{pair: result.PythonPicture, words: []string{"array", fmt.Sprint(ultraHD)}},
		},
	},
}

// inPython is a work that all libraries do.
func inPython(id, title string, length time.Duration, metrics []string, words ...string) aloneWork {
	w := aloneWork{id: id, title: title, size: fullHD, consumers: 1, length: length, metrics: metrics}
	for _, library := range pythonLibraries {
		w.rows = append(w.rows, aloneRow{pair: library.pair, words: words})
	}
	return w
}

// measurePython is "bench python".
func measurePython(ctx context.Context, s *settings, setup *result.Setup) error {
	return s.measureAlone(ctx, setup, pythonWorks, s.pythonPrograms(ctx, setup))
}

// pythonPrograms are the commands that measure the pairs. What is not there is named in the report.
func (s *settings) pythonPrograms(ctx context.Context, setup *result.Setup) map[string][]string {
	programs := map[string][]string{}
	skip := func(format string, args ...any) { setup.Skipped = append(setup.Skipped, fmt.Sprintf(format, args...)) }
	if s.loop != "" {
		programs[result.LibCpp] = []string{s.loop}
	} else {
		skip("the loop in C++: its program was not built")
	}
	version, err := s.askPython(ctx, `import platform; print(platform.python_version())`)
	if err != nil {
		skip("Python: %v", err)
		return programs
	}
	setup.Versions = append(setup.Versions, "Python "+version)
	if version, err := s.askPython(ctx, `import numpy; print(numpy.__version__)`); err == nil {
		setup.Versions = append(setup.Versions, "NumPy "+version)
	}
	asked := map[string]error{}
	for _, library := range pythonLibraries {
		why, known := asked[library.module]
		if !known {
			ask := "import " + library.module
			if library.distribution != "" {
				ask += fmt.Sprintf("; import importlib.metadata as m; print(%q, m.version(%q))", library.distribution, library.distribution)
			}
			version, err := s.askPython(ctx, ask)
			if why = err; err != nil {
				skip("%s in Python: %v", library.module, err)
			} else if version != "" {
				setup.Versions = append(setup.Versions, version)
			}
			asked[library.module] = err
		}
		if why == nil {
			programs[library.pair] = []string{s.python, filepath.Join(s.scripts, "measure.py"), library.word}
		}
	}
	for _, pair := range []string{result.PythonArray, result.PythonSmall, result.PythonPicture} {
		if own := programs[result.Python]; own != nil {
			programs[pair] = own
		}
	}
	return programs
}

// askPython runs a line of Python, and returns what it prints.
func (s *settings) askPython(ctx context.Context, line string) (string, error) {
	if s.python == "" {
		return "", fmt.Errorf("there is no environment with it")
	}
	out, err := exec.CommandContext(ctx, s.python, "-c", line).CombinedOutput()
	said := strings.TrimSpace(string(out))
	if err != nil {
		if at := strings.LastIndexByte(said, '\n'); at >= 0 { // what the exception says
			said = said[at+1:]
		}
		return "", fmt.Errorf("%s (%w)", said, err)
	}
	return said, nil
}
