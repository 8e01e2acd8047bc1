package main

import (
	"fmt"
	"os/exec"
	"regexp"

	"github.com/bips-ipc/bips/bench/result"
)

// job is one work for one pair, in one round.
type job struct {
	*work
	pair   *pair
	spin   int    // microseconds, if the pair can
	dir    string // scratch; gone afterwards
	id     string // a name that nothing else has
	length float64
	// what only "bench grow" changes; 0 or nil: the defaults
	slots   int
	maxHeld int
	stop    bool        // the last consumer is stopped (SIGSTOP)
	slow    int         // microseconds that the last consumer takes for each frame
	watch   func(*crew) // called shortly before the end
}

func (j *job) socket() string { return j.dir + "/socket" }

// pair is one sink and one source that pass frames between processes.
type pair struct {
	name string
	// elements: the sink, the source.
	elements [2]string
	spins    []int
	producer func(*job) string
	consumer func(*job) string
	// socket: consumers must not come before the producer's socket.
	socket bool
	// consumersFirst: the producer must not come before its consumers.
	consumersFirst bool
	// mayLose: a reader that is behind loses frames, so that flat out means nothing.
	mayLose bool
	// memory is what frames take at most, in bytes.
	memory func(*job) uint64
}

// nosync turns off what would wait for the clock. Everything else is as it comes.
const nosync = "sync=false async=false"

var pairs = []pair{
	{
		name:     result.Shm,
		elements: [2]string{"shmsink", "shmsrc"},
		spins:    []int{0},
		producer: func(j *job) string {
			return fmt.Sprintf("shmsink socket-path=%s wait-for-connection=true shm-size=%d %s", j.socket(), shmSize(j), nosync)
		},
		consumer: func(j *job) string {
			return fmt.Sprintf("shmsrc socket-path=%s is-live=true", j.socket())
		},
		socket: true,
		memory: shmSize,
	}, {
		name:     result.UnixFD,
		elements: [2]string{"unixfdsink", "unixfdsrc"},
		spins:    []int{0},
		producer: func(j *job) string {
			return fmt.Sprintf("unixfdsink socket-path=%s %s", j.socket(), nosync)
		},
		consumer: func(j *job) string { return "unixfdsrc socket-path=" + j.socket() },
		socket:   true,
		memory:   shmSize,
	}, {
		name:     result.Iceoryx2,
		elements: [2]string{"iceoryx2sink", "iceoryx2src"},
		spins:    []int{0},
		producer: func(j *job) string {
			return fmt.Sprintf("iceoryx2sink service=video/%s/frame/v2 safe-overflow=%t lossless=%t %s", j.id, j.rate > 0, j.rate == 0, nosync)
		},
		consumer: func(j *job) string {
			return fmt.Sprintf("iceoryx2src service=video/%s/frame/v2 safe-overflow=%t", j.id, j.rate > 0)
		},
		consumersFirst: true,
		memory:         shmSize,
	}, {
		name:     result.Bips,
		elements: [2]string{"bipssink", "bipssrc"},
		spins:    []int{0, 100},
		producer: bipssink,
		consumer: bipssrc,
		memory:   bipsMemory,
	}, {
		name:     result.BipsMemfd,
		elements: [2]string{"bipssink", "bipssrc"},
		spins:    []int{0},
		producer: func(j *job) string { return bipssink(j) + " backend=memfd" },
		consumer: bipssrc,
		memory:   bipsMemory,
	}, {
		name:     result.FloorPair,
		elements: [2]string{"floorsink", "floorsrc"},
		spins:    []int{0},
		producer: func(j *job) string {
			return fmt.Sprintf("floorsink pool=%s slot-size=%d %s", j.id, j.size(), nosync)
		},
		consumer: func(j *job) string { return "floorsrc pool=" + j.id },
		mayLose:  true,
		memory:   shmSize,
	},
}

func bipssink(j *job) string {
	line := fmt.Sprintf("bipssink pool=%s wait-for-consumers=%d %s", j.id, j.consumers, nosync)
	if j.slots > 0 {
		line += fmt.Sprintf(" slots=%d", j.slots)
	}
	return line
}

func bipssrc(j *job) string {
	mode := "latest"
	if j.rate == 0 {
		mode = "every"
	}
	line := fmt.Sprintf("bipssrc pool=%s read-mode=%s spin=%d", j.id, mode, j.spin)
	if j.maxHeld > 0 {
		line += fmt.Sprintf(" max-held=%d", j.maxHeld)
	}
	return line
}

// defaultSlots is how many slots bipssink has.
const defaultSlots = 20

func bipsMemory(j *job) uint64 {
	slots := uint64(j.slots)
	if slots == 0 {
		slots = defaultSlots
	}
	return slots*uint64(j.size()) + 1<<20
}

// shmSize is room for as many frames as bipssink has slots.
func shmSize(j *job) uint64 { return defaultSlots*uint64(j.size()) + 1<<20 }

// has reports whether GStreamer finds both elements.
func (p *pair) has(env []string) bool {
	for _, element := range p.elements {
		if !hasElement(env, element) {
			return false
		}
	}
	return true
}

// hasElement asks without --exists, which wants plugins as new as GStreamer itself.
func hasElement(env []string, name string) bool {
	inspect := exec.Command("gst-inspect-1.0", name)
	inspect.Env = env
	return inspect.Run() == nil
}

// Ours stands behind one that GStreamer's tools compare with their own (plugin/descriptor.c).
var versionRow = regexp.MustCompile(`(?m)^ *Version +(?:\S+ \(BIPS )?([^\s)]+)`)

// version is that of the plugin which the sink comes from.
func (p *pair) version(env []string) string {
	inspect := exec.Command("gst-inspect-1.0", p.elements[0])
	inspect.Env = env
	out, _ := inspect.Output()
	if m := versionRow.FindSubmatch(out); m != nil {
		return string(m[1])
	}
	return "?"
}
