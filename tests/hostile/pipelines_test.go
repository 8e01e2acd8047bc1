package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bips-ipc/bips/tests/peer/drive"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// The elements are a peer, too: tests/gst-peer of the build folder, which is bipssink or bipssrc in a pipeline. It does nothing but what it is
// ordered. So who is to work by itself is ordered to by this process, again and again.

// obeysOnly reports whether the peer that a variable of the environment names is that of the elements.
func obeysOnly(variable string) bool { return filepath.Base(os.Getenv(variable)) == "gst-peer" }

// sequencesOf are sequences that a reader tells, if it can tell them: a GstBuffer has none.
func sequencesOf(want ...uint64) []uint64 {
	if obeysOnly("BIPS_PEER_CONSUMER") {
		return make([]uint64, len(want))
	}
	return want
}

// haveFollowed reports whether a reader has had frame 2 and, behind a move, frame 3. That one is shorter than its caps say, which bipssrc refuses.
func haveFollowed(sequences []uint64, failure string) bool {
	if obeysOnly("BIPS_PEER_CONSUMER") {
		return len(sequences) == 1 && failure == "not-whole"
	}
	return failure == "" && slices.Equal(sequences, []uint64{2, 3})
}

// orderedFrame is the order to publish a frame.
func orderedFrame(size int, timeout time.Duration) line.Order {
	return line.Order{Do: line.DoFrame, Size: size, Timeout: timeout.Microseconds(), Info: &line.Record{PTS: -1, DTS: -1, Duration: -1}}
}

// worker is a producer or a reader that works until it leaves. The zero value but for its peer works by itself.
type worker struct {
	*drive.Peer
	mu   sync.Mutex // held by whoever gives an order
	stop atomic.Bool
	busy sync.WaitGroup

	ordered bool
	size    int      // of the frames that it is ordered to publish; protected by mu
	sums    []string // SHA-256 of the frames that it was ordered to publish, or has read; of the goroutine that orders
}

// orderTick is how long an order to publish or to read a frame may take.
const orderTick = 200 * time.Millisecond

// Ask gives an order. The elements move to larger slots when their caps call for larger frames.
func (w *worker) Ask(order line.Order) *line.Line {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ordered && order.Do == line.DoGrow {
		w.resize(order.Size)
	}
	return w.Peer.Ask(order)
}

// resize makes the frames that are published from now on so large. Called with mu held, or before others know w.
func (w *worker) resize(size int) {
	w.size = size
	w.Peer.Ask(line.Order{Do: line.DoCaps, Caps: fmt.Sprintf("video/x-raw,format=GRAY8,width=%d,height=1,framerate=0/1", size)})
}

// publish orders a frame.
func (w *worker) publish() *line.Line {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Peer.Ask(orderedFrame(w.size, orderTick))
}

// halt ends the orders.
func (w *worker) halt() {
	w.stop.Store(true)
	w.busy.Wait()
}

func (w *worker) Leave() *line.Line {
	w.halt()
	return w.Peer.Leave()
}

func (w *worker) Kill() {
	w.halt()
	w.Peer.Kill()
}

// obedient starts a peer that obeys orders.
func obedient(t *testing.T, kind string, args ...string) *worker {
	t.Helper()
	w := &worker{Peer: drive.Start(t, kind, poolName, drive.Setup{Args: args}), ordered: true}
	t.Cleanup(w.Kill)
	return w
}

// goOn repeats a step until it is not to go on.
func (w *worker) goOn(step func() bool) {
	w.busy.Add(1)
	go func() {
		defer w.busy.Done()
		for !w.stop.Load() && step() {
		}
	}()
}

// orderToPublish starts a producer and has it publish frames. Its pool is there when it returns.
func orderToPublish(t *testing.T, args ...string) *worker {
	t.Helper()
	args = slices.DeleteFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--slot-size=") }) // with it bipssink does not grow
	w := obedient(t, drive.Produce, args...)
	w.resize(2048)
	publish := func() bool {
		answer := w.publish()
		w.sums = append(w.sums, answer.SHA256)
		if answer.Error != "" && answer.Error != "timeout" {
			t.Errorf("%s: %s", w, answer.Text)
			return false
		}
		return true
	}
	if !publish() {
		t.FailNow()
	}
	w.goOn(publish)
	return w
}

// orderToRead starts a reader and has it read, and counts what comes.
func orderToRead(t *testing.T, frames *atomic.Uint64, args ...string) *worker {
	t.Helper()
	w := obedient(t, drive.Consume, args...)
	w.goOn(func() bool {
		answer := w.Ask(line.Order{Do: line.DoPull, Timeout: orderTick.Microseconds()})
		switch answer.Error {
		case "":
			w.sums = append(w.sums, answer.Info.SHA256)
			w.Ask(line.Order{Do: line.DoRelease, Hold: answer.Hold})
			frames.Add(1)
		case "timeout":
		default:
			t.Errorf("%s: %s: %s", w, answer.Error, answer.Text)
			return false
		}
		return true
	})
	return w
}

// compare checks that each frame that a reader has had is one that was published, after the one before. Both have left.
func (w *worker) compare(t *testing.T, producer *worker) {
	t.Helper()
	if !w.ordered || !producer.ordered {
		return
	}
	next := 0
	for i, sum := range w.sums {
		for next < len(producer.sums) && producer.sums[next] != sum {
			next++
		}
		if next == len(producer.sums) {
			t.Errorf("frame %d of %d that %s has read was not published, or before the one before", i, len(w.sums), w)
			return
		}
		next++
	}
}
