package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// thisMachine describes the machine, as far as it matters to the figures.
func thisMachine() result.Machine {
	return result.Machine{
		CPU:    processor(),
		Cores:  runtime.NumCPU(),
		Kernel: kernel(),
		Memory: fmt.Sprintf("%.0f GiB", float64(memory("MemTotal"))/(1<<30)),
	}
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH // arm64 names no model
}

var kernelVersion = regexp.MustCompile(`^\d+(\.\d+)*`)

// kernel is the version without what a distributor added.
func kernel() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return kernelVersion.FindString(string(text))
}

// memory reads a row of /proc/meminfo, in bytes.
func memory(row string) uint64 {
	text, _ := os.ReadFile("/proc/meminfo")
	return field(string(text), row) << 10
}

// field finds "NAME: NUMBER kB" in a file of /proc and returns the number.
func field(text, name string) uint64 {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) >= 2 && words[0] == name+":" {
			n, _ := strconv.ParseUint(words[1], 10, 64)
			return n
		}
	}
	return 0
}

// loadOfOthers is how many processors other programs keep busy, on average over the next two seconds. (The load average of the last
// minute would count what was measured before.)
func loadOfOthers() float64 {
	before := processorTimes()
	time.Sleep(2 * time.Second)
	return processorTimes().busySince(before) * float64(runtime.NumCPU())
}

// times are processor times since the machine started, in ticks.
type times struct{ all, idle, stolen uint64 }

func processorTimes() times {
	text, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(text), "\n")
	return parseTimes(line)
}

// parseTimes reads "cpu user nice system idle iowait irq softirq steal guest ...".
func parseTimes(line string) (t times) {
	const idle, iowait, steal, guest = 4, 5, 8, 9 // guest and what follows is part of user
	for i, word := range strings.Fields(line) {
		n, _ := strconv.ParseUint(word, 10, 64)
		if i < guest {
			t.all += n
		}
		switch i {
		case idle, iowait:
			t.idle += n
		case steal:
			t.stolen = n
		}
	}
	return t
}

// busySince is the share of the time in which the processors were not idle.
func (t times) busySince(before times) float64 {
	if t.all == before.all {
		return 0
	}
	return 1 - float64(t.idle-before.idle)/float64(t.all-before.all)
}

// stolenSince is the share of the time that a hypervisor gave to others.
func (t times) stolenSince(before times) float64 {
	if t.all == before.all {
		return 0
	}
	return float64(t.stolen-before.stolen) / float64(t.all-before.all)
}

// shmFree is how much room there is for shared memory, in bytes.
func shmFree() uint64 {
	free := memory("MemAvailable")
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err == nil {
		free = min(free, fs.Bavail*uint64(fs.Bsize))
	}
	return free
}
