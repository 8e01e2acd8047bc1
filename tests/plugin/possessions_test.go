package plugin

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// possessions are what a process has.
type possessions struct {
	descriptors int
	ofPools     int // of the descriptors, those of pools' files, and the connections with producers
	mapped      int // pools' segments that are mapped
}

// ofReading is what a process has of so many pools that it reads: over shm two files of each, which it maps, over memfd two
// segments that it maps, and a connection.
func ofReading(pools int) possessions {
	if backend == "memfd" {
		return possessions{ofPools: pools, mapped: 2 * pools}
	}
	return possessions{ofPools: 2 * pools, mapped: 2 * pools}
}

func (p *pipeline) has() (h possessions) {
	proc := fmt.Sprintf("/proc/%d", p.command.Process.Pid)
	connections := packetSockets()
	descriptors, _ := filepath.Glob(proc + "/fd/*")
	for _, d := range descriptors {
		if target, _ := os.Readlink(d); isOfAPool(target) || connections[target] {
			h.ofPools++
		}
	}
	h.descriptors = len(descriptors)
	maps, _ := os.ReadFile(proc + "/maps")
	for line := range strings.Lines(string(maps)) {
		if isOfAPool(line) {
			h.mapped++
		}
	}
	return h
}

// isOfAPool reports whether a line or a path names a pool's file, or memory that a pool has without a name.
func isOfAPool(text string) bool {
	return strings.Contains(text, "/bips.") || strings.Contains(text, "/memfd:bips")
}

// packetSockets are the Unix sockets of the kind that pools have, as /proc/PID/fd names them.
func packetSockets() map[string]bool {
	found := map[string]bool{}
	file, err := os.Open("/proc/net/unix")
	if err != nil {
		return nil
	}
	defer file.Close()
	const sequenced = "0005" // SOCK_SEQPACKET
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 6 && fields[4] == sequenced {
			found["socket:["+fields[6]+"]"] = true
		}
	}
	return found
}

// comesTo waits until a process has what it should have. It may have more for the moment
// in which it lets go of the last pool.
func (p *pipeline) comesTo(want possessions) {
	p.t.Helper()
	for end := time.Now().Add(patience); p.has() != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("has %+v, want %+v: %s", p.has(), want, p.line)
		}
	}
}

// readsPools waits until a process has of pools what it needs to read so many.
func (d *driver) readsPools(n int) {
	d.t.Helper()
	want := ofReading(n)
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		has := d.has()
		if has.ofPools == want.ofPools && has.mapped == want.mapped {
			return
		}
		if time.Now().After(end) {
			d.t.Fatalf("has %+v, want %+v", has, want)
		}
	}
}
