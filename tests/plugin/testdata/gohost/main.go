// Command gohost is a Go application of GStreamer that loads the plugin: so there are two Go
// runtimes in its process. It does, all at once, what could get one into the other's way.
//
//	gohost POOL SECONDS
//
// It goes on for longer if that was not enough to do each thing a few times. It prints what it did, and
// "ok" at last.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-gst/go-gst/pkg/gst"

	_ "github.com/bips-ipc/bips/internal/gststubs"
)

const caps = "video/x-raw,format=GRAY8,width=64,height=48,framerate=300/1"

// What was done, how often.
var frames, collections, faults, signals, profiles, preemptions, commands, starts, damaged atomic.Int64

var counts = []struct {
	name string
	n    *atomic.Int64
}{
	{"frames", &frames}, {"collections", &collections}, {"faults", &faults}, {"signals", &signals}, {"profiles", &profiles},
	{"preemptions", &preemptions}, {"commands", &commands}, {"starts", &starts}, {"damaged", &damaged},
}

// enough is how often each has to be done.
const enough = 3

// over is set when it is time to stop.
var over atomic.Bool

func main() {
	seconds, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil || len(os.Args) != 3 {
		fmt.Println("usage: gohost POOL SECONDS")
		os.Exit(2)
	}
	pool := os.Args[1]
	gst.Init()
	// They are loaded first: while GStreamer loads a plugin it takes anybody's fault for that plugin's.
	for _, element := range []string{"bipssrc", "bipssink", "videotestsrc", "capsfilter", "fakesink"} {
		if gst.ElementFactoryMake(element, "") == nil {
			fatal("there is no %s", element)
		}
	}
	var workers sync.WaitGroup
	for _, work := range []func(pool string){stream, damage, collect, fault, interrupt, profile, preempt, command, churn} {
		workers.Add(1)
		go func() {
			defer workers.Done()
			work(pool)
		}()
	}
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	for _, c := range counts {
		for c.n.Load() < enough {
			time.Sleep(time.Millisecond)
		}
	}
	over.Store(true)
	workers.Wait()
	for _, c := range counts {
		fmt.Printf("%s=%d ", c.name, c.n.Load())
	}
	fmt.Println("\nok")
}

func fatal(format string, args ...any) {
	fmt.Printf("failed: "+format+"\n", args...)
	os.Exit(1)
}

func launch(format string, args ...any) gst.Pipeline {
	line := fmt.Sprintf(format, args...)
	if backend := os.Getenv("BIPS_TEST_BACKEND"); backend != "" && !strings.Contains(line, "backend=") {
		line = strings.ReplaceAll(line, "bipssink ", "bipssink backend="+backend+" ")
	}
	element, err := gst.ParseLaunch(line)
	if err != nil {
		fatal("%s: %v", line, err)
	}
	return element.(gst.Pipeline)
}

// errorOf returns an error on the pipeline's bus, or "" if none comes in time.
func errorOf(p gst.Pipeline, limit time.Duration) string {
	m := p.GetBus().TimedPopFiltered(gst.ClockTime(limit), gst.MessageError)
	if m == nil {
		return ""
	}
	_, err := m.ParseError()
	return err.Error()
}

// stream has frames go from the one runtime to the other: a probe in Go behind bipssrc, whose
// own Go code called it, through C. The probe faults now and then.
func stream(pool string) {
	writer := launch("videotestsrc is-live=true ! %s ! bipssink pool=%s", caps, pool)
	reader := launch("bipssrc pool=%s ! fakesink name=sink sync=false async=false", pool)
	reader.GetByName("sink").GetStaticPad("sink").AddProbe(gst.PadProbeTypeBuffer, func(gst.Pad, *gst.PadProbeInfo) gst.PadProbeReturn {
		if frames.Add(1)%16 == 0 {
			recovered(func() { deref(nil) })
			garbage()
		}
		return gst.PadProbeOK
	})
	writer.SetState(gst.StatePlaying)
	reader.SetState(gst.StatePlaying)
	for !over.Load() {
		for _, p := range []gst.Pipeline{writer, reader} {
			if text := errorOf(p, 50*time.Millisecond); text != "" {
				fatal("streaming: %s", text)
			}
		}
	}
	reader.SetState(gst.StateNull)
	writer.SetState(gst.StateNull)
}

// damage cuts a pool's seats short: the plugin's runtime meets SIGBUS, and makes an error of it. Only files can be cut.
func damage(pool string) {
	pool += "-damaged"
	for !over.Load() {
		writer := launch("videotestsrc is-live=true ! %s ! bipssink backend=shm pool=%s", caps, pool)
		reader := launch("bipssrc pool=%s ! fakesink sync=false async=false", pool)
		writer.SetState(gst.StatePlaying)
		reader.SetState(gst.StatePlaying)
		time.Sleep(20 * time.Millisecond)
		seats, _ := filepath.Glob(filepath.Join(os.Getenv("BIPS_SHM_DIR"), "bips."+pool+".*.seats"))
		for _, path := range seats {
			_ = os.Truncate(path, 0)
		}
		if len(seats) > 0 {
			text := errorOf(writer, 10*time.Second)
			if !strings.Contains(text, "damaged") {
				fatal("a pool cut short: got %q", text)
			}
			damaged.Add(1)
		}
		reader.SetState(gst.StateNull)
		writer.SetState(gst.StateNull)
	}
}

// churn starts and stops elements, and has the plugin's runtime collect: the strings that a
// property takes are what it allocates.
func churn(pool string) {
	text := strings.Repeat("x", 1<<18)
	for !over.Load() {
		source := gst.ElementFactoryMake("bipssrc", "")
		for range 8 {
			source.SetObjectProperty("pool", text)
		}
		source.SetObjectProperty("pool", pool+"-none")
		p := launch("bipssrc pool=%s read-mode=every num-buffers=3 ! fakesink sync=false async=false", pool)
		p.SetState(gst.StatePlaying)
		time.Sleep(10 * time.Millisecond)
		p.SetState(gst.StateNull)
		starts.Add(1)
	}
}

// collect runs this runtime's collector all the time.
func collect(string) {
	for !over.Load() {
		garbage()
		runtime.GC()
		collections.Add(1)
		if collections.Load()%64 == 0 {
			debug.FreeOSMemory()
		}
	}
}

var sink atomic.Pointer[[][]byte]

func garbage() {
	blocks := make([][]byte, 256)
	for i := range blocks {
		blocks[i] = make([]byte, 1024)
	}
	sink.Store(&blocks)
}

//go:noinline
func deref(p *int) int { return *p }

// recovered runs what faults.
func recovered(f func()) {
	defer func() {
		if recover() == nil {
			fatal("nil was dereferenced, and nothing happened")
		}
		faults.Add(1)
	}()
	f()
}

// fault dereferences nil, and reads from a mapping beyond the end of its file.
func fault(string) {
	file, err := os.CreateTemp("", "gohost-")
	if err != nil {
		fatal("%v", err)
	}
	defer os.Remove(file.Name())
	memory, err := syscall.Mmap(int(file.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		fatal("%v", err)
	}
	var read byte
	for !over.Load() {
		recovered(func() { deref(nil) })
		recovered(func() {
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
			read += memory[100]
		})
		time.Sleep(time.Millisecond)
	}
}

// interrupt sends the process signals that it wants to be told of, and those with which a runtime
// preempts.
func interrupt(string) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGWINCH)
	self := os.Getpid()
	for !over.Load() {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGUSR1, syscall.SIGWINCH} {
			_ = syscall.Kill(self, syscall.SIGURG)
			if err := syscall.Kill(self, s); err != nil {
				fatal("%v", err)
			}
			select {
			case got := <-told:
				if got != s {
					fatal("got the signal %v instead of %v", got, s)
				}
				signals.Add(1)
			case <-time.After(20 * time.Second):
				fatal("the signal %v did not come", s)
			}
		}
	}
}

// profile takes profiles of the processor time: a signal to each thread a hundred times a second.
func profile(string) {
	for !over.Load() {
		var out bytes.Buffer
		if err := pprof.StartCPUProfile(&out); err != nil {
			fatal("%v", err)
		}
		time.Sleep(200 * time.Millisecond)
		pprof.StopCPUProfile()
		if out.Len() == 0 {
			fatal("an empty profile")
		}
		profiles.Add(1)
	}
}

// preempt has a goroutine that only a signal can stop, for a collection that another one waits for.
func preempt(string) {
	for !over.Load() {
		var stop, running atomic.Bool
		go func() {
			n := 0
			running.Store(true)
			for !stop.Load() {
				n++
			}
		}()
		for !running.Load() {
			runtime.Gosched()
		}
		collected := make(chan struct{})
		go func() {
			runtime.GC()
			close(collected)
		}()
		select {
		case <-collected:
			preemptions.Add(1)
		case <-time.After(10 * time.Second):
			stop.Store(true)
			fatal("a loop was not preempted in 10 s")
		}
		stop.Store(true)
		time.Sleep(10 * time.Millisecond)
	}
}

// command starts processes.
func command(string) {
	for !over.Load() {
		if err := exec.Command("true").Run(); err != nil {
			fatal("true: %v", err)
		}
		commands.Add(1)
		time.Sleep(20 * time.Millisecond)
	}
}
