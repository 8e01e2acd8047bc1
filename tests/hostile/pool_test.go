package hostile

import (
	"errors"
	"testing"

	"github.com/bips-ipc/bips/bips"
)

func TestWhoCutsThePoolShortMakesEachCallAnErrorAndWhatIsHeldCanBeGivenBack(t *testing.T) {
	s := newScene(t, bips.ProducerOptions{})
	s.publish(bips.ErrDamaged)
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	held, err := c.Pull(patience)
	if err != nil {
		t.Fatal(err)
	}
	s.end() // whoever writes to a slot that is gone dies of it, as with any mapped file
	send(t, "truncate", "--file=pool")
	if err := c.Push(held); err != nil && !errors.Is(err, bips.ErrDamaged) { // whether the producer waits at the door lies in the pool
		t.Errorf("a frame is given back: %v", err)
	}
	if err := c.Push(held); !errors.Is(err, bips.ErrStale) || c.Held() != 0 {
		t.Errorf("%d frames are held after that, and to give it back again is %v", c.Held(), err)
	}
	if _, err := c.Pull(patience); !errors.Is(err, bips.ErrDamaged) {
		t.Errorf("a consumer got %v", err)
	}
	if _, err := s.pool.Pull(patience); !errors.Is(err, bips.ErrDamaged) {
		t.Errorf("the producer got %v", err)
	}
	s.pool.SetLatency(bips.TimeOf(1))
	if err := s.pool.SetCaps("video/x-raw"); !errors.Is(err, bips.ErrDamaged) {
		t.Errorf("SetCaps: %v", err)
	}
}
