package plugin

import (
	"os/exec"
	"strings"
	"testing"
)

// forkedProgram is the program of testdata/forked, or "".
var forkedProgram string

// A child of a process that has loaded the plugin, forked without exec, has none of the Go runtime's
// threads. Whatever it does with elements returns, and says why it does not work; the parent does
// not notice.
func TestAForkedChildIsToldThatItCannotUseElements(t *testing.T) {
	if forkedProgram == "" {
		t.Skip("needs the program of testdata/forked, and a C compiler and GStreamer's headers to build it")
	}
	const sentence = `This process was forked after GStreamer had loaded the plugin bips, .* exec or spawn`
	for what, wanted := range map[string][]string{
		"make": {`bips-CRITICAL .* GstBipsSink: ` + sentence, `^child: FAILURE`, `^child: error from bipssink\d+: ` + sentence, `^child: done`},
		"read": {`bips-CRITICAL .* GstBipsSrc: ` + sentence, `^child: FAILURE`, `^child: error from bipssrc\d+: ` + sentence, `^child: done`},
		"use": {`bips-CRITICAL .* GstBipsSink: ` + sentence, `^child: GstBipsSink: .*stats none, to READY: FAILURE`,
			`bips-CRITICAL .* GstBipsSrc: ` + sentence, `^child: GstBipsSrc: .*stats none, to READY: FAILURE`, `^child: done`},
		"hold":   {`^child: gave the buffer up`, `^child: source to NULL: SUCCESS`, `^child: sink to NULL: SUCCESS`, `^child: done`},
		"stream": {`^child: error from sink: ` + sentence},
	} {
		for _, how := range []string{"fork", "clone"} {
			t.Run(what+"/"+how, func(t *testing.T) {
				t.Parallel()
				line := strings.Join([]string{how, what, poolName(t)}, " ")
				p := start(t, nil, line, exec.Command(forkedProgram, strings.Fields(line)...))
				p.finish()
				forkedAsWanted(t, p, wanted...)
			})
		}
	}
}

// A lock lasts as long as any process has its descriptor: a child that outlives its parent must not keep the pool's name.
func TestAForkedChildKeepsNoDescriptorOfAPool(t *testing.T) {
	if forkedProgram == "" {
		t.Skip("needs the program of testdata/forked, and a C compiler and GStreamer's headers to build it")
	}
	line := strings.Join([]string{"fork", "files", poolName(t)}, " ")
	p := start(t, nil, line, exec.Command(forkedProgram, strings.Fields(line)...))
	p.finish()
	forkedAsWanted(t, p, `^parent: has descriptors of pools`, `^child: 0 descriptors of pools`)
}

// forkedAsWanted looks for one line of each kind in what forkedProgram said.
func forkedAsWanted(t *testing.T, p *pipeline, wanted ...string) {
	t.Helper()
	for _, pattern := range append(wanted, `^parent: the child ended with 0`, `^parent: done`) {
		if n := len(p.matches(pattern)); n != 1 {
			t.Errorf("%d lines like %q, want one", n, pattern)
		}
	}
}
