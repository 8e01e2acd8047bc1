package bips_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func grow(t *testing.T, p *bips.Producer, slotSize int) {
	t.Helper()
	if err := p.Grow(slotSize); err != nil {
		t.Fatal(err)
	}
	if p.SlotSize() != slotSize {
		t.Fatalf("slots of %d bytes, want %d", p.SlotSize(), slotSize)
	}
}

// pushNumbers publishes n frames that carry their numbers, and ends the stream. The pool moves before some of them.
func pushNumbers(t *testing.T, p *bips.Producer, n int) {
	for i := range n {
		if i%50 == 49 {
			if err := p.Grow(p.SlotSize() + 64); err != nil {
				t.Error(err)
			}
		}
		slot, err := p.Pull(patience)
		if err != nil {
			t.Error(err)
			return
		}
		binary.LittleEndian.PutUint64(slot.Data, uint64(i))
		if err := p.Push(slot, bips.FrameInfo{Size: 8}); err != nil {
			t.Error(err)
			return
		}
	}
	if err := p.EndOfStream(); err != nil {
		t.Error(err)
	}
}

func TestReadersFollowAProducerThatMovesAgainAndAgain(t *testing.T) {
	const frames = 2000
	for name, mode := range map[string]bips.Mode{"every": bips.Every, "latest": bips.Latest} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p := newProducer(t, bips.ProducerOptions{Slots: 8, BlockTimeout: bips.Forever})
			var readers sync.WaitGroup
			for range 2 {
				c := newConsumer(t, bips.ConsumerOptions{Mode: mode, MaxHeld: 2})
				join(t, c)
				readers.Go(func() { readNumbers(t, c, mode, frames) })
			}
			pushNumbers(t, p, frames)
			returns(t, "the readers", readers.Wait)
			if moves := p.Stats().Moves; moves != frames/50 {
				t.Errorf("%d moves, want %d", moves, frames/50)
			}
		})
	}
}

// readNumbers reads to the end of the stream, and gives frames back late.
func readNumbers(t *testing.T, c *bips.Consumer, mode bips.Mode, frames uint64) {
	var held []bips.Frame
	var next, received, skipped uint64
	giveBack := func() {
		if number := binary.LittleEndian.Uint64(held[0].Data); number != held[0].Sequence-1 {
			t.Errorf("frame %d carries %d when it is given back", held[0].Sequence, number)
		}
		_ = c.Push(held[0])
		held = held[1:]
	}
	for {
		f, err := c.Pull(patience)
		if errors.Is(err, bips.ErrEndOfStream) {
			break
		}
		if err != nil {
			t.Errorf("after %d frames: %v", received, err)
			return
		}
		number := binary.LittleEndian.Uint64(f.Data)
		received++
		skipped += f.Skipped
		switch {
		case f.Sequence != number+1 || number < next || f.Lost > 0:
			t.Errorf("frame %d carries %d, wanted %d, lost %d", f.Sequence, number, next, f.Lost)
		case mode == bips.Every && (number != next || f.Discontinuity != (received == 1)):
			t.Errorf("frame %d after %d, discontinuity %v", number, next, f.Discontinuity)
		}
		next = number + 1
		if held = append(held, f); len(held) == 2 || rand.IntN(2) == 0 {
			giveBack()
		}
	}
	for len(held) > 0 {
		giveBack()
	}
	if next != frames || received+skipped != frames {
		t.Errorf("the last frame is %d of %d; %d received, %d skipped", next, frames, received, skipped)
	}
	if s := c.Stats(); s.Instances != 1 || mode == bips.Every && s.Moves != frames/50 {
		t.Errorf("%+v", s)
	}
}

func TestWhatIsHeldStaysAsItIsOverAMove(t *testing.T) {
	dir := testmain.Dir(t)
	p, c := newProducer(t, bips.ProducerOptions{}), newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	push(t, p, 1)
	held := pull(t, c)
	lent, err := p.Pull(0)
	if err != nil {
		t.Fatal(err)
	}
	lent.Data[0] = 2
	if p.HasMovedFrom(lent) {
		t.Error("a slot of the pool that is published in counts as one of a pool before")
	}
	grow(t, p, 128)
	if !p.HasMovedFrom(lent) {
		t.Error("a slot that was lent before the move counts as one of the new pool")
	}
	if err := p.Push(lent, bips.FrameInfo{Size: 1}); err != nil {
		t.Fatal(err)
	}
	if err := p.Return(lent); !errors.Is(err, bips.ErrStale) {
		t.Errorf("the slot of the old pool is still lent: %v", err)
	}
	push(t, p, 3)
	for _, want := range []byte{2, 3} {
		if v := pullValue(t, c); v != want {
			t.Errorf("got %d, want %d", v, want)
		}
	}
	if held.Data[0] != 1 {
		t.Errorf("the held frame is %d", held.Data[0])
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != testmain.NamesOfAPool() {
		t.Errorf("names: %v", files)
	}
	if err := c.Push(held); err != nil {
		t.Error(err)
	}
	if info, _ := c.Pool(); info.Moves != 1 || info.SlotSize != 128 {
		t.Errorf("%+v", info)
	}
}

func TestAReaderThatIsSuspendedOverAMoveHoldsNobodyUpAndResumesInTheNewPool(t *testing.T) {
	for name, mode := range map[string]bips.Mode{"every": bips.Every, "latest": bips.Latest} {
		t.Run(name, func(t *testing.T) {
			p, c := producerAndReader(t, bips.ProducerOptions{Slots: 5, BlockTimeout: bips.Forever}, bips.ConsumerOptions{Mode: mode, MaxHeld: 1})
			c.Suspend()
			for i := range 3 {
				grow(t, p, 128+64*i)
				for range 10 {
					push(t, p, 2)
				}
			}
			if err := p.EndOfStream(); err != nil {
				t.Fatal(err)
			}
			c.Resume()
			if mode == bips.Latest { // the picture that was there last
				f := pull(t, c)
				if f.Data[0] != 2 || !f.Discontinuity {
					t.Errorf("got %d, discontinuity %v", f.Data[0], f.Discontinuity)
				}
				_ = c.Push(f)
			}
			_, err := c.Pull(patience)
			wantError(t, err, bips.ErrEndOfStream)
			push(t, p, 3)
			f := pull(t, c)
			if first := mode == bips.Every; f.Data[0] != 3 || first && !f.Discontinuity || f.Lost+f.Skipped > 0 {
				t.Errorf("got %d, discontinuity %v, %d lost, %d skipped", f.Data[0], f.Discontinuity, f.Lost, f.Skipped)
			}
			_ = c.Push(f)
		})
	}
}

func TestAReaderThatDoesNotComeIsDemotedLikeAnyThatHoldsUpTheProducer(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 5, BlockTimeout: 20 * time.Millisecond})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, c)
	push(t, p, 1)
	grow(t, p, 128)
	for range 10 {
		push(t, p, 2)
	}
	if s := p.Stats(); s.Demoted != 1 {
		t.Errorf("%+v", s)
	}
	grow(t, p, 192) // which the one that does not come does not hold up either
	if v := pullValue(t, c); v != 1 {
		t.Fatal(v)
	}
	for seated := 0; seated == 0; seated = p.Stats().Consumers {
		_, err := c.Pull(0)
		wantError(t, err, bips.ErrTimeout)
	}
	push(t, p, 3)
	f := pull(t, c)
	if f.Data[0] != 3 || f.Lost != 10 {
		t.Errorf("got %d, lost %d", f.Data[0], f.Lost)
	}
	if s := c.Stats(); s.Demoted != 1 || s.Blocking {
		t.Errorf("the one that did not come knows nothing of its demotion: %+v", s)
	}
	_ = c.Push(f)
}

func TestAReaderThatIsStillInTheOldPoolWhenTheNewOneClosesReadsToTheEnd(t *testing.T) {
	for name, mode := range map[string]bips.Mode{"every": bips.Every, "latest": bips.Latest} {
		t.Run(name, func(t *testing.T) {
			testmain.Dir(t)
			p, c := newProducer(t, bips.ProducerOptions{}), newConsumer(t, bips.ConsumerOptions{Mode: mode})
			join(t, c)
			push(t, p, 1)
			grow(t, p, 128)
			push(t, p, 2)
			if err := p.EndOfStream(); err != nil {
				t.Fatal(err)
			}
			closed := make(chan error, 1)
			go func() { closed <- p.Close() }()
			for want := byte(1); ; {
				f, err := c.Pull(patience)
				if errors.Is(err, bips.ErrEndOfStream) {
					if want != 3 {
						t.Errorf("the end comes before %d", want)
					}
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if f.Data[0] < want || mode == bips.Every && f.Data[0] != want {
					t.Errorf("got %d, want %d", f.Data[0], want)
				}
				want = f.Data[0] + 1
				_ = c.Push(f)
			}
			returns(t, "Close", func() { <-closed })
		})
	}
}

func TestNamesThatWereDeletedAreTakenAgainAndNoFrameIsLost(t *testing.T) {
	for name, pattern := range map[string]string{"all": "*", "the pool": "bips.camera", "the seats": "*.seats", "the lock file": "*.lock"} {
		t.Run(name, func(t *testing.T) {
			dir := testmain.Dir(t)
			warned := make(chan error, 10)
			p := newProducer(t, bips.ProducerOptions{Warn: func(err error) { warned <- err }})
			c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
			join(t, c)
			push(t, p, 1)
			files, _ := filepath.Glob(filepath.Join(dir, pattern))
			for _, file := range files {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "the names to be back", func() bool {
				files, _ := filepath.Glob(filepath.Join(dir, "*"))
				_, err := os.Stat(filepath.Join(dir, "bips.camera"))
				return err == nil && len(files) == testmain.NamesOfAPool()
			})
			if pattern != "*.lock" && len(files) > 0 { // of the lock file nobody noticed anything; with memfd there are no seats
				select {
				case err := <-warned:
					if !errors.Is(err, bips.ErrNamesDeleted) || !strings.Contains(err.Error(), "RemoveIPC") || !strings.Contains(err.Error(), dir) {
						t.Errorf("warned of %q", err)
					}
				case <-time.After(patience):
					t.Fatal("nobody was told")
				}
			}
			push(t, p, 2)
			for _, want := range []byte{1, 2} {
				if v := pullValue(t, c); v != want {
					t.Errorf("got %d, want %d", v, want)
				}
			}
			if v := pullValue(t, newConsumer(t, bips.ConsumerOptions{Mode: bips.Latest})); v != 2 {
				t.Errorf("a newcomer got %d", v)
			}
			if _, err := bips.NewProducer("camera", bips.ProducerOptions{SlotSize: 1, Backend: theBackend()}); !errors.Is(err, bips.ErrPoolBusy) {
				t.Errorf("another producer got the name: %v", err)
			}
		})
	}
}

func TestAProducerWhoseDeletedNameAnotherOneTookGivesWay(t *testing.T) {
	for name, notice := range map[string]func(t *testing.T, p *bips.Producer){
		"by itself": func(*testing.T, *bips.Producer) {},
		"to move":   func(t *testing.T, p *bips.Producer) { wantError(t, p.Grow(128), bips.ErrPoolBusy) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := testmain.Dir(t)
			warned := make(chan error, 10)
			old := newProducer(t, bips.ProducerOptions{Warn: func(err error) { warned <- err }})
			files, _ := filepath.Glob(filepath.Join(dir, "*"))
			for _, file := range files {
				_ = os.Remove(file)
			}
			p := newProducer(t, bips.ProducerOptions{})
			notice(t, old)
			var err error
			eventually(t, "the old producer to give way", func() bool {
				err = old.EndOfStream()
				return err != nil
			})
			wantError(t, err, bips.ErrPoolBusy)
			wantError(t, err, bips.ErrNamesDeleted)
			if err := old.Close(); err != nil {
				t.Error(err)
			}
			push(t, p, 7)
			if v := pullValue(t, newConsumer(t, bips.ConsumerOptions{Mode: bips.Latest})); v != 7 {
				t.Errorf("got %d", v)
			}
		})
	}
}

func TestARequestForAKeyFrameReachesTheProducerAlsoOverAMoveAndFromWhoHasNoPoolYet(t *testing.T) {
	testmain.Dir(t)
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	if err := c.RequestKeyFrame(); err != nil {
		t.Fatal(err)
	}
	p := newProducer(t, bips.ProducerOptions{})
	join(t, c)
	asked := func(when string) {
		t.Helper()
		select {
		case <-p.KeyFrameRequests():
		case <-time.After(patience):
			t.Fatalf("no request %s", when)
		}
	}
	asked("of who asked before there was a pool")
	grow(t, p, 128)
	if err := c.RequestKeyFrame(); err != nil {
		t.Fatal(err)
	}
	asked("from the pool before the move")
	push(t, p, 1)
	if v := pullValue(t, c); v != 1 {
		t.Fatal(v)
	}
	if err := c.RequestKeyFrame(); err != nil {
		t.Fatal(err)
	}
	asked("from the pool after the move")
	select {
	case <-p.KeyFrameRequests():
		t.Error("a request that nobody made")
	case <-time.After(3 * 50 * time.Millisecond):
	}
	_ = c.Close()
	wantError(t, c.RequestKeyFrame(), bips.ErrClosed)
}

func TestAStreamEndsAtOnceWhateverReadersDo(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 5, BlockTimeout: bips.Forever})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, c)
	pushed := fill(t, p)
	returns(t, "EndOfStream of a full pool", func() {
		if err := p.EndOfStream(); err != nil {
			t.Error(err)
		}
	})
	returns(t, "Close of a full pool", func() { _ = p.Close() })
	for range pushed {
		_ = c.Push(pull(t, c))
	}
	_, err := c.Pull(patience)
	wantError(t, err, bips.ErrEndOfStream)
}

// A GStreamer element is flushing when it is stopped.
func TestAProducerThatIsFlushingWhenItClosesWaitsForThoseWhoAreOnTheirWayToo(t *testing.T) {
	testmain.Dir(t)
	p, c := newProducer(t, bips.ProducerOptions{}), newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	push(t, p, 1)
	grow(t, p, 128)
	push(t, p, 2)
	if err := p.EndOfStream(); err != nil {
		t.Fatal(err)
	}
	p.SetFlushing(true)
	closed := make(chan error, 1)
	go func() { closed <- p.Close() }()
	select {
	case <-closed:
		t.Fatal("it did not wait")
	case <-time.After(100 * time.Millisecond):
	}
	for _, want := range []byte{1, 2} {
		if v := pullValue(t, c); v != want {
			t.Errorf("got %d, want %d", v, want)
		}
	}
	_, err := c.Pull(patience)
	wantError(t, err, bips.ErrEndOfStream)
	returns(t, "Close", func() { <-closed })
}

// producerAndReader are a producer, and a reader that has read its first frame.
func producerAndReader(t *testing.T, produced bips.ProducerOptions, read bips.ConsumerOptions) (*bips.Producer, *bips.Consumer) {
	t.Helper()
	testmain.Dir(t)
	p, c := newProducer(t, produced), newConsumer(t, read)
	join(t, c)
	push(t, p, 1)
	if v := pullValue(t, c); v != 1 {
		t.Fatal(v)
	}
	return p, c
}

// The second move closes the place that the first one reserved: nobody waits for who is suspended.
func TestAReaderThatIsSuspendedOverTwoMovesHasLostNothingWhenItResumes(t *testing.T) {
	p, c := producerAndReader(t, bips.ProducerOptions{}, bips.ConsumerOptions{Mode: bips.Every})
	c.Suspend()
	for i := range 2 {
		push(t, p, 2)
		grow(t, p, 128+64*i)
	}
	push(t, p, 2)
	c.Resume()
	for info, _ := c.Pool(); info.Moves < 2; info, _ = c.Pool() {
		_, err := c.Pull(0)
		wantError(t, err, bips.ErrTimeout)
	}
	push(t, p, 3)
	f := pull(t, c)
	if f.Data[0] != 3 || !f.Discontinuity || f.Lost > 0 {
		t.Errorf("got %d, discontinuity %v, lost %d", f.Data[0], f.Discontinuity, f.Lost)
	}
	_ = c.Push(f)
	if s := c.Stats(); s.Lost > 0 || s.Demoted > 0 {
		t.Errorf("%+v", s)
	}
}

// Those that were published while it was suspended are not for it. All that come later are, or are counted, also if it does not look for
// them at once.
func TestAReaderThatResumesOverAMoveCountsFramesFromThenOn(t *testing.T) {
	for _, blocking := range []bool{true, false} {
		t.Run(fmt.Sprintf("blocking %v", blocking), func(t *testing.T) {
			p, c := producerAndReader(t, bips.ProducerOptions{Slots: 12}, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
			c.Suspend()
			push(t, p, 2)
			grow(t, p, 128)
			push(t, p, 2)
			c.Resume()
			c.SetBlocking(blocking)
			accounts(t, p, c, 5)
		})
	}
}

// The second move closes the place that the first one reserved, so it has to ask for a seat. A machine that is busy may keep the grant from
// coming in time: then it is tried again.
func TestAReaderThatResumesOverTwoMovesCountsFramesFromThenOn(t *testing.T) {
	for name, letGo := range map[string]bool{"as it resumes": false, "before it resumes": true} {
		t.Run(name, func(t *testing.T) {
			p, c := producerAndReader(t, bips.ProducerOptions{Slots: 12}, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
			for end, moves, there := time.Now().Add(patience), 0, false; !there; {
				if time.Now().After(end) {
					t.Fatal("it has no seat when it has resumed")
				}
				c.Suspend()
				for range 2 {
					push(t, p, 2)
					moves++
					grow(t, p, 64+64*moves)
				}
				push(t, p, 2)
				eventually(t, "it looks after its producer", func() bool { // just between the moves, perhaps: then it follows both
					info, attached := c.Pool()
					return !letGo || !attached || info.Moves == moves
				})
				c.Resume()
				_, there = c.Pool()
			}
			accounts(t, p, c, 5)
		})
	}
}

// accounts publishes frames, and checks that each comes or is counted as lost, and no other.
func accounts(t *testing.T, p *bips.Producer, c *bips.Consumer, published uint64) {
	t.Helper()
	for range published {
		push(t, p, 3)
	}
	var came, lost uint64
	for came+lost < published {
		f := pull(t, c)
		came, lost = came+1, lost+f.Lost
		if f.Data[0] != 3 {
			t.Errorf("got %d", f.Data[0])
		}
		if err := c.Push(f); err != nil {
			t.Fatal(err)
		}
	}
	if came+lost != published {
		t.Errorf("%d came and %d are counted as lost, of %d", came, lost, published)
	}
}

// It goes on with the frames that come from then on, and there are none: nothing but the counts tells of the others.
func TestFramesThatWereMissedBeforeAProducerIsLostAreCounted(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, BlockTimeout: bips.Forever})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	push(t, p, 1)
	if value := pullValue(t, c); value != 1 {
		t.Fatal(value)
	}
	c.SetBlocking(false)
	grow(t, p, 128)
	push(t, p, 2)
	push(t, p, 3)
	c.SetBlocking(true)
	closed := make(chan error, 1)
	go func() { closed <- p.Close() }() // waits until the reader has come
	if _, err := c.Pull(patience); !errors.Is(err, bips.ErrProducerLost) {
		t.Errorf("%v, want a lost producer", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if stats := c.Stats(); stats.Received != 1 || stats.Lost != 2 {
		t.Errorf("%d received and %d lost, want 1 and 2", stats.Received, stats.Lost)
	}
}
