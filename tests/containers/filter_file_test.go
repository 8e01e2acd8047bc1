package containers

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// A filter is a seccomp filter of system calls, as an OCI runtime takes it.
type filter struct {
	DefaultAction   string   `json:"defaultAction"`
	DefaultErrnoRet *uint    `json:"defaultErrnoRet,omitempty"`
	Architectures   []string `json:"architectures,omitempty"`
	Syscalls        []rule   `json:"syscalls"`
}

type rule struct {
	Names    []string   `json:"names"`
	Action   string     `json:"action"`
	ErrnoRet *uint      `json:"errnoRet,omitempty"`
	Args     []argument `json:"args,omitempty"`
}

type argument struct {
	Index    uint   `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo"`
	Op       string `json:"op"`
}

// forbidding lets all system calls be made but some, which fail with an error.
func forbidding(failure syscall.Errno, names ...string) *filter {
	number := uint(failure)
	return &filter{
		DefaultAction: "SCMP_ACT_ALLOW",
		Syscalls:      []rule{{Names: names, Action: "SCMP_ACT_ERRNO", ErrnoRet: &number}},
	}
}

// defaultFilter is the one that Podman gives containers unless it is told otherwise (Docker's is the same
// list, and both grow with each version): it comes with Debian's package golang-github-containers-common.
var defaultFilter = sync.OnceValues(func() (*filter, error) {
	fetch := exec.Command("../../tools/fetch-seccomp-filter")
	var complaints strings.Builder
	fetch.Stderr = &complaints
	file, err := fetch.Output()
	if err != nil {
		return nil, fmt.Errorf("no default filter: %w: %s", err, strings.TrimSpace(complaints.String()))
	}
	text, err := os.ReadFile(strings.TrimSpace(string(file)))
	if err != nil {
		return nil, err
	}
	return filterOf(text)
})

// filterOf makes a runtime's filter of a container manager's, whose rules say for which capabilities and
// processors they are. A container without capabilities gets what these ask for, and nothing more.
func filterOf(text []byte) (*filter, error) {
	var from struct {
		filter
		Syscalls []struct {
			rule
			Includes, Excludes struct {
				Caps, Arches []string
				MinKernel    string
			}
		} `json:"syscalls"`
	}
	if err := json.Unmarshal(text, &from); err != nil {
		return nil, err
	}
	to := from.filter
	to.Architectures, to.Syscalls = nil, nil // none: that of this machine
	for _, r := range from.Syscalls {
		here := func(arches []string) bool { return slices.Contains(arches, runtime.GOARCH) }
		if len(r.Includes.Caps) > 0 || len(r.Includes.Arches) > 0 && !here(r.Includes.Arches) || here(r.Excludes.Arches) {
			continue
		}
		to.Syscalls = append(to.Syscalls, r.rule)
	}
	return &to, nil
}
