package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/bips-ipc/bips/bips"
)

// readerPlan is what a consumer process is told.
type readerPlan struct {
	Pool      string
	Seed      uint64
	Mode      bips.Mode
	MaxHeld   int
	Restless  bool          // suspends and resumes, leaves and joins again
	Rests     bool          // is suspended most of the time
	Pause     time.Duration // after each frame
	Demotable bool
	Refused   bool // there is no room for it
}

// span is what a reader had of one instance.
type span struct {
	Instance uint64
	Last     uint64 // sequence
	Ended    bool   // an end of stream came after it (mode latest, where its sequence is not known)
}

// report is what a reader says of itself.
type report struct {
	Frames   int
	Instance uint64 // attached to now; 0: none
	Spans    []span // the newest last
}

// reader is a consumer that checks all it gets.
type reader struct {
	readerPlan
	random   *rand.Rand
	consumer *bips.Consumer
	held     chan bips.Frame // to the goroutine that gives frames back

	follows bool // the next frame follows the last one
	loafed  int  // of so many frames some may be missing: the producer had not waited for us
	token   uint64

	mu sync.Mutex // protects what follows
	report
}

// read is a consumer process. It tells a "report" whenever it is asked.
func read(args []string) error {
	var plan readerPlan
	if err := json.Unmarshal([]byte(args[0]), &plan); err != nil {
		return err
	}
	r := &reader{readerPlan: plan, random: rand.New(rand.NewPCG(plan.Seed, 2)), held: make(chan bips.Frame, plan.MaxHeld)}
	if err := r.open(); err != nil {
		return err
	}
	end := make(chan struct{})
	go func() {
		for range orders() {
			if err := r.tell(); err != nil {
				fail(err)
			}
		}
		close(end)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.consumer.SetFlushing(true)
	}()
	var busy sync.WaitGroup
	busy.Add(1)
	go func() {
		defer busy.Done()
		if err := r.giveBack(); err != nil {
			fail(err)
		}
	}()
	for {
		select {
		case <-end:
			close(r.held)
			busy.Wait()
			return r.consumer.Close()
		default:
		}
		if err := r.step(); err != nil {
			return err
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (r *reader) open() error {
	c, err := bips.NewConsumer(r.Pool, bips.ConsumerOptions{Mode: r.Mode, MaxHeld: r.MaxHeld})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.consumer = c
	return err
}

func (r *reader) tell() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := r.report
	if info, attached := r.consumer.Pool(); attached {
		told.Instance = info.Instance
	}
	return answer(told)
}

// giveBack gives frames back, some after a while, each once more than it may.
func (r *reader) giveBack() error {
	random := rand.New(rand.NewPCG(r.Seed, 3))
	for f := range r.held {
		if random.IntN(4) == 0 {
			time.Sleep(time.Duration(random.IntN(200)) * time.Microsecond)
		}
		if err := checkWhole(f.Data); err != nil {
			return fmt.Errorf("frame %d changed while it was held: %w", f.Sequence, err)
		}
		if err := f.Lease().Release(); err != nil {
			return err
		}
		if err := f.Lease().Release(); !errors.Is(err, bips.ErrStale) {
			return fmt.Errorf("frame %d was given back twice: %v", f.Sequence, err)
		}
	}
	return nil
}

// step pulls one frame, or does something restless.
func (r *reader) step() error {
	if r.Restless {
		switch r.random.IntN(60) {
		case 0:
			r.consumer.Suspend()
			r.follows, r.loafed = false, stageSlots+1
			r.consumer.Resume()
		case 2, 3:
			r.consumer.SetBlocking(false)
			time.Sleep(time.Duration(r.random.IntN(2000)) * time.Microsecond)
			r.consumer.SetBlocking(true)
			r.loafed = stageSlots + 1
		case 1:
			if err := errors.Join(r.consumer.Close(), r.open()); err != nil {
				return err
			}
			r.forget()
		}
	}
	if r.Rests && r.random.IntN(5) == 0 {
		if err := r.rest(); err != nil {
			return err
		}
	}
	f, err := r.consumer.Pull([]time.Duration{bips.Forever, 0, time.Millisecond, 300 * time.Millisecond}[r.random.IntN(4)])
	switch {
	case err == nil:
		if err := r.see(&f); err != nil {
			return err
		}
		r.held <- f
		time.Sleep(r.Pause)
	case errors.Is(err, bips.ErrEndOfStream):
		r.seeEnd()
	case errors.Is(err, bips.ErrProducerLost), errors.Is(err, bips.ErrTimeout), errors.Is(err, bips.ErrFlushing):
	case errors.Is(err, bips.ErrQuota):
		time.Sleep(20 * time.Microsecond)
	case errors.Is(err, bips.ErrPoolFull) && r.Refused:
	default:
		return err
	}
	return nil
}

// rest is suspended for long enough to notice that the producer is dead, in Pull or elsewhere.
func (r *reader) rest() error {
	r.consumer.Suspend()
	r.follows = false
	defer r.consumer.Resume()
	const long = 300 * time.Millisecond
	if r.random.IntN(2) == 0 {
		time.Sleep(long)
		return nil
	}
	_, err := r.consumer.Pull(long)
	for _, expected := range []error{bips.ErrTimeout, bips.ErrFlushing, bips.ErrQuota} {
		if errors.Is(err, expected) {
			return nil
		}
	}
	return fmt.Errorf("suspended: %w", err)
}

// see checks that a frame is whole and comes after the one before it, at once in mode every.
func (r *reader) see(f *bips.Frame) error {
	p, err := readPayload(f)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Frames++
	if len(r.Spans) == 0 || r.Spans[len(r.Spans)-1].Instance != f.Instance {
		r.Spans = append(r.Spans[max(0, len(r.Spans)-20):], span{Instance: f.Instance})
		r.token, r.follows, r.loafed = p.token, false, stageSlots+1
	}
	last := &r.Spans[len(r.Spans)-1]
	switch {
	case p.token != r.token:
		return fmt.Errorf("frame %d is of another producer than the one before it", f.Sequence)
	case f.Sequence <= last.Last:
		return fmt.Errorf("frame %d after %d", f.Sequence, last.Last)
	case r.follows && !last.Ended && r.Mode == bips.Every && f.Sequence != last.Last+1 && !((r.Demotable || r.loafed > 0) && f.Lost >= f.Sequence-last.Last-1):
		return fmt.Errorf("frame %d after %d, and %d lost", f.Sequence, last.Last, f.Lost)
	}
	last.Last, last.Ended, r.follows, r.loafed = f.Sequence, false, true, max(0, r.loafed-1)
	return nil
}

// seeEnd notes an end of stream of the instance that the last frame is of.
func (r *reader) seeEnd() {
	info, _ := r.consumer.Pool()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.Spans) == 0 || !r.follows || r.Spans[len(r.Spans)-1].Instance != info.Instance {
		return
	}
	last := &r.Spans[len(r.Spans)-1]
	if r.Mode == bips.Every && !r.Demotable && r.loafed == 0 {
		last.Last++
	} else {
		last.Ended = true
	}
}

// forget is for who joins anew: in mode latest the newest frame may come once more.
func (r *reader) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Spans, r.follows = nil, false
}
