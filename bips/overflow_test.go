package bips_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// fill pushes frames until no slot is left for another one.
func fill(t *testing.T, p *bips.Producer) (pushed int) {
	t.Helper()
	for {
		slot, err := p.Pull(0)
		if err != nil {
			wantError(t, err, bips.ErrTimeout)
			return pushed
		}
		if err := p.Push(slot, bips.FrameInfo{Size: 1}); err != nil {
			t.Fatal(err)
		}
		pushed++
	}
}

func TestBlockWaitsForTheSlowConsumerAndGoesOnWithEachFrameItGivesBack(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	if n := fill(t, p); n != 8 {
		t.Fatalf("%d frames were taken, the pool has 8 slots", n)
	}
	_, err := p.Pull(20 * time.Millisecond)
	wantError(t, err, bips.ErrTimeout)
	done := make(chan error)
	go func() {
		slot, err := p.Pull(patience)
		if err == nil {
			err = p.Push(slot, bips.FrameInfo{Size: 1})
		}
		done <- err
	}()
	pullValue(t, c)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if f := pull(t, c); f.Lost != 0 {
			t.Fatalf("lost %d", f.Lost)
		} else {
			_ = c.Push(f)
		}
	}
}

func TestBlockTimeoutDemotesWhoBlocksAndGoesOn(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, BlockTimeout: 30 * time.Millisecond})
	slow := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, slow)
	for v := range byte(100) {
		push(t, p, v)
	}
	if s := p.Stats(); s.Demoted != 1 || s.Published != 100 {
		t.Fatalf("stats %+v", s)
	}
	f := pull(t, slow)
	if f.Data[0] != 99 || f.Lost != 99 || !f.Discontinuity {
		t.Fatalf("got %+v", f)
	}
	_ = slow.Push(f)
	if s := slow.Stats(); s.Demoted != 1 || s.Lost != 99 {
		t.Errorf("stats %+v", s)
	}
	_ = slow.Close()
	again := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, again) // in the same seat or another: a demotion is not inherited
	for v := range byte(5) {
		push(t, p, v)
		if got := pullValue(t, again); got != v {
			t.Fatalf("got %d, want %d", got, v)
		}
	}
	if again.Stats().Demoted != 0 {
		t.Error("the newcomer inherited a demotion")
	}
}

func TestAReaderThatHangsIsDemotedAlsoByShortWaits(t *testing.T) {
	for _, timeout := range []time.Duration{0, 10 * time.Millisecond} {
		t.Run(timeout.String(), func(t *testing.T) {
			testmain.Dir(t)
			p := newProducer(t, bips.ProducerOptions{Slots: 8, BlockTimeout: 60 * time.Millisecond})
			slow := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
			join(t, slow)
			began := time.Now()
			for v := range byte(8) {
				push(t, p, v)
			}
			eventually(t, "a slot comes free", func() bool {
				s, err := p.Pull(timeout)
				if err != nil {
					wantError(t, err, bips.ErrTimeout)
					return false
				}
				_ = p.Return(s)
				return true
			})
			if s, took := p.Stats(), time.Since(began); s.Demoted != 1 || took < 60*time.Millisecond {
				t.Errorf("stats %+v after %v", s, took)
			}
		})
	}
}

// A slot comes free again and again, for one goroutine or for the other, each of which takes longer to fill it than the other's call to end.
func TestAReaderThatGivesSlotsBackIsNotDemotedWhereTwoWait(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, BlockTimeout: time.Second})
	slow := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, slow)
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			for {
				switch s, err := p.Pull(20 * time.Millisecond); {
				case err == nil:
					time.Sleep(30 * time.Millisecond)
					_ = p.Push(s, bips.FrameInfo{Size: 1})
				case !errors.Is(err, bips.ErrTimeout):
					return
				}
			}
		})
	}
	for range 20 {
		time.Sleep(100 * time.Millisecond)
		f, err := slow.Pull(bips.Forever)
		if err != nil {
			t.Fatal(err)
		}
		_ = slow.Push(f)
	}
	if s := p.Stats(); s.Demoted != 0 {
		t.Errorf("stats %+v", s)
	}
	p.SetFlushing(true)
	waiting.Wait()
}

func TestTimeInWhichTheProgramHasAllSlotsDoesNotCountAgainstReaders(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, BlockTimeout: 60 * time.Millisecond})
	join(t, newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1}))
	var lent []bips.Slot
	for range 8 {
		s, err := p.Pull(bips.Forever)
		if err != nil {
			t.Fatal(err)
		}
		lent = append(lent, s)
	}
	for range 20 {
		_, err := p.Pull(10 * time.Millisecond)
		wantError(t, err, bips.ErrTimeout)
	}
	for _, s := range lent {
		if err := p.Push(s, bips.FrameInfo{Size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.Pull(0)
	wantError(t, err, bips.ErrTimeout)
	if s := p.Stats(); s.Demoted != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestDropNeverWaitsAndCountsWhereAConsumerSeesIt(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, Overflow: bips.Drop})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	for range 8 {
		push(t, p, 0)
	}
	for range 5 {
		_, err := p.Pull(bips.Forever)
		wantError(t, err, bips.ErrDropped)
	}
	for range 8 {
		pullValue(t, c)
	}
	push(t, p, 77)
	f := pull(t, c)
	if f.Data[0] != 77 || f.Sequence != 9 || f.Lost != 5 || !f.Discontinuity {
		t.Fatalf("got %+v", f)
	}
	_ = c.Push(f)
	if p.Stats().Dropped != 5 || c.Stats().Lost != 5 {
		t.Errorf("producer %+v consumer %+v", p.Stats(), c.Stats())
	}
}

func TestAReaderThatKeepsSlotsFromComingFreeIsDemotedWithThePolicyDropToo(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, Overflow: bips.Drop, BlockTimeout: 50 * time.Millisecond})
	slow := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, slow)
	began := time.Now()
	pushed, dropped := 0, uint64(0)
	eventually(t, "the reader is demoted", func() bool {
		slot, err := p.Pull(bips.Forever)
		if err == nil {
			err = p.Push(slot, bips.FrameInfo{Size: 1})
			pushed++
		} else {
			wantError(t, err, bips.ErrDropped)
			dropped++
		}
		return err == nil && p.Stats().Demoted == 1
	})
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("demoted after %v", took)
	}
	if dropped == 0 || pushed != 9 {
		t.Errorf("%d frames pushed, %d dropped; 8 slots", pushed, dropped)
	}
	for v := range byte(20) {
		push(t, p, v) // nobody keeps a slot any more
	}
	f := pull(t, slow)
	if f.Data[0] != 19 || f.Lost != 28+dropped || !f.Discontinuity {
		t.Errorf("got %+v; %d frames were dropped", f, dropped)
	}
	_ = slow.Push(f)
}

func TestAReaderThatGivesSlotsBackInTimeIsNotDemotedWithThePolicyDrop(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8, Overflow: bips.Drop, BlockTimeout: 200 * time.Millisecond})
	slow := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, slow)
	for range 8 {
		push(t, p, 1)
	}
	for range 4 { // 300 ms in all, but never as much in one go
		_, err := p.Pull(0)
		wantError(t, err, bips.ErrDropped)
		time.Sleep(75 * time.Millisecond)
		pullValue(t, slow)
		push(t, p, 1)
	}
	if s := p.Stats(); s.Demoted != 0 || s.Dropped != 4 {
		t.Errorf("stats %+v", s)
	}
}

func TestTheBlockTimeoutCanBeChangedWhileTheProducerWaits(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	slow := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, slow)
	fill(t, p)
	done := make(chan error)
	go func() {
		slot, err := p.Pull(bips.Forever)
		if err == nil {
			err = p.Return(slot)
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("Pull returned %v although a reader keeps all slots", err)
	case <-time.After(50 * time.Millisecond):
	}
	p.SetBlockTimeout(60 * time.Millisecond)
	returns(t, "Pull after its time-out", func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if s := p.Stats(); s.Demoted != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestABlockTimeoutOfZeroWaitsForNobody(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	p.SetBlockTimeout(0)
	slow := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every, MaxHeld: 1})
	join(t, slow)
	for v := range byte(20) {
		slot, err := p.Pull(0)
		if err != nil {
			t.Fatalf("frame %d: %v", v, err)
		}
		_ = p.Push(slot, bips.FrameInfo{Size: 1})
	}
	if s := p.Stats(); s.Demoted != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestAFrameThatIsNotPublishedIsCountedWhereAConsumerSeesIt(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	push(t, p, 1)
	if err := p.Drop(); err != nil {
		t.Fatal(err)
	}
	push(t, p, 2)
	pullValue(t, c)
	f := pull(t, c)
	if f.Data[0] != 2 || f.Sequence != 2 || f.Lost != 1 || !f.Discontinuity {
		t.Fatalf("got %+v", f)
	}
	_ = c.Push(f)
	if p.Stats().Dropped != 1 || c.Stats().Lost != 1 {
		t.Errorf("producer %+v consumer %+v", p.Stats(), c.Stats())
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, p.Drop(), bips.ErrClosed)
}

func TestLatestReadersNeverHoldTheProducerUp(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{}) // 20 slots: four readers of three frames each, and more
	for range 4 {
		c := newConsumer(t, bips.ConsumerOptions{})
		join(t, c)
		for range 3 {
			push(t, p, 1)
			f := pull(t, c) // held for ever
			defer func() { _ = c.Push(f) }()
		}
	}
	for range 1000 {
		slot, err := p.Pull(0)
		if err != nil {
			t.Fatalf("%v with only latest readers", err)
		}
		_ = p.Push(slot, bips.FrameInfo{Size: 1})
	}
}

func TestThePoolIsFullWhenGrantsWouldStarveTheProducer(t *testing.T) {
	testmain.Dir(t)
	newProducer(t, bips.ProducerOptions{Slots: 10}) // 10 - 4 = room for 6
	join(t, newConsumer(t, bips.ConsumerOptions{MaxHeld: 4}))
	refused := newConsumer(t, bips.ConsumerOptions{MaxHeld: 3})
	_, err := refused.Pull(bips.Forever)
	wantError(t, err, bips.ErrPoolFull)
	join(t, newConsumer(t, bips.ConsumerOptions{MaxHeld: 2}))
}

func TestSixReadersThatAreContentWithLessShareADefaultPool(t *testing.T) {
	testmain.Dir(t)
	newProducer(t, bips.ProducerOptions{}) // room for 16
	for i, want := range []int{6, 4, 2, 2, 1, 1} {
		c := newConsumer(t, bips.ConsumerOptions{MaxHeld: 6, MinHeld: 1})
		if c.Quota() != 6 {
			t.Errorf("consumer %d: quota %d before it is attached", i, c.Quota())
		}
		join(t, c)
		if c.Quota() != want {
			t.Errorf("consumer %d: quota %d, want %d", i, c.Quota(), want)
		}
	}
	_, err := newConsumer(t, bips.ConsumerOptions{MaxHeld: 6, MinHeld: 1}).Pull(bips.Forever)
	wantError(t, err, bips.ErrPoolFull)
	if !strings.Contains(err.Error(), "let each consumer hold fewer frames") { // this one asks for the least there is
		t.Errorf("what to do is told wrong: %v", err)
	}
}

func TestThePoolIsFullWhenAllSeatsAreTaken(t *testing.T) {
	testmain.Dir(t)
	newProducer(t, bips.ProducerOptions{MaxConsumers: 2})
	first := newConsumer(t, bips.ConsumerOptions{MaxHeld: 1})
	join(t, first)
	join(t, newConsumer(t, bips.ConsumerOptions{MaxHeld: 1}))
	third := newConsumer(t, bips.ConsumerOptions{MaxHeld: 1})
	_, err := third.Pull(bips.Forever)
	wantError(t, err, bips.ErrPoolFull)
	_ = first.Close()
	join(t, third)
}

func TestUpstreamMayHoldWhatGrantsLeaveAndOneSlotStaysForACopy(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 10})
	join(t, newConsumer(t, bips.ConsumerOptions{MaxHeld: 5}))
	push(t, p, 1) // the newest entry takes a slot
	var lent []bips.Slot
	for {
		slot, err := p.Lend(0)
		if err != nil {
			wantError(t, err, bips.ErrTimeout)
			break
		}
		lent = append(lent, slot)
	}
	if len(lent) != 10-1-1-5 {
		t.Fatalf("%d slots were lent, want 3", len(lent))
	}
	returns(t, "WaitLendable with all lent slots upstream", func() {
		if err := p.WaitLendable(bips.Forever); err != nil {
			t.Error(err)
		}
	})
	push(t, p, 2) // the copy's slot
	for _, slot := range lent {
		if err := p.Return(slot); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWaitLendableWaitsForTheConsumerSoThatLendNeedNot(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 8})
	c := newConsumer(t, bips.ConsumerOptions{Mode: bips.Every})
	join(t, c)
	fill(t, p)
	wantError(t, p.WaitLendable(20*time.Millisecond), bips.ErrTimeout)
	go func() {
		for range 3 {
			if f, err := c.Pull(patience); err == nil {
				_ = c.Push(f)
			}
		}
	}()
	if err := p.WaitLendable(patience); err != nil {
		t.Fatal(err)
	}
	slot, err := p.Lend(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Return(slot); err != nil {
		t.Fatal(err)
	}
}

func TestAPublishedSlotStaysLentUntilItIsReturned(t *testing.T) {
	testmain.Dir(t)
	p := newProducer(t, bips.ProducerOptions{Slots: 4})
	slot, err := p.Lend(0)
	if err != nil {
		t.Fatal(err)
	}
	slot.Data[0] = 11
	if _, err := p.Publish(slot, bips.FrameInfo{Size: 1}); err != nil {
		t.Fatal(err)
	}
	_, err = p.Publish(slot, bips.FrameInfo{Size: 1})
	wantError(t, err, bips.ErrStale)
	for i := range 100 {
		push(t, p, byte(20+i))
		if slot.Data[0] != 11 {
			t.Fatal("a slot was written that its publisher still reads")
		}
	}
	if err := p.Return(slot); err != nil {
		t.Fatal(err)
	}
	wantError(t, p.Return(slot), bips.ErrStale)
}

// crowd makes a pool and readers that ask for six frames and are content with one, until one is refused or n are there.
func crowd(t *testing.T, slots, n int) (p *bips.Producer, readers []*bips.Consumer, refusal error) {
	t.Helper()
	p = newProducer(t, bips.ProducerOptions{Slots: slots})
	for range n {
		c := newConsumer(t, bips.ConsumerOptions{MaxHeld: 6, MinHeld: 1})
		for attached := false; !attached; _, attached = c.Pool() {
			if _, err := c.Pull(0); !errors.Is(err, bips.ErrTimeout) {
				return p, readers, err
			}
		}
		readers = append(readers, c)
	}
	return p, readers, nil
}

// Readers share a larger pool anew, so that the slots which are missing in the present one are not enough.
func TestTheSlotsThatAReaderIsToldOfAreEnoughAndNoneIsTooMany(t *testing.T) {
	t.Run("for one more reader", func(t *testing.T) {
		testmain.Dir(t)
		p, _, refusal := crowd(t, 0, 7)
		wantError(t, refusal, bips.ErrPoolFull)
		var slots int
		if _, err := fmt.Sscanf(refusal.Error()[strings.Index(refusal.Error(), "give the producer"):], "give the producer %d slots", &slots); err != nil {
			t.Fatalf("%v: %v", err, refusal)
		}
		_ = p.Close()
		p, _, refusal = crowd(t, slots-1, 7)
		wantError(t, refusal, bips.ErrPoolFull)
		_ = p.Close()
		if _, _, refusal = crowd(t, slots, 7); refusal != nil {
			t.Errorf("with %d slots: %v", slots, refusal)
		}
	})
	t.Run("for as many frames as are asked for", func(t *testing.T) {
		testmain.Dir(t)
		p, readers, _ := crowd(t, 0, 4)
		slots := readers[3].SlotsForMaxHeld()
		if first := readers[0].SlotsForMaxHeld(); first != 0 {
			t.Errorf("who has all that it asked for is told of %d slots", first)
		}
		_ = p.Close()
		p, readers, _ = crowd(t, slots-1, 4)
		if readers[3].Quota() == 6 {
			t.Errorf("%d slots are enough, and %d are told of", slots-1, slots)
		}
		_ = p.Close()
		if _, readers, _ = crowd(t, slots, 4); readers[3].Quota() != 6 {
			t.Errorf("%d are granted of %d slots, want 6", readers[3].Quota(), slots)
		}
	})
}
