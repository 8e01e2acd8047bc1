package environment

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// roomy is a pool of which a file system of 4 MiB has room for one and a half.
var roomy = bips.ProducerOptions{Slots: 8, SlotSize: 300 << 10}

func TestAProducerThatWasKilledCanRestartWhereThereIsNoRoomForTwoPools(t *testing.T) {
	for _, readers := range []string{"nobody", "a reader", "a suspended reader", "a frame for a while"} {
		t.Run(readers, func(t *testing.T) { begin(t, withMounts, "restart", t.TempDir(), readers).ends() })
	}
}

func TestAProducerHasNoRoomWhileFramesOfADeadOneAreHeldAndSaysSo(t *testing.T) {
	begin(t, withMounts, "restart held", t.TempDir()).ends()
}

func TestAPoolThatWouldNotFitAloneLeavesTheDeadOneItsName(t *testing.T) {
	begin(t, withMounts, "restart larger", t.TempDir()).ends()
}

// leaveDead lets another process make a pool, publish a frame, wait until a byte comes from its
// input, and be killed.
func leaveDead(o bips.ProducerOptions, ready func() error) error {
	return leaveDeadOver(testmain.Backend(), o, ready)
}

// leaveDeadOver does so with a pool of a backend.
func leaveDeadOver(backend string, o bips.ProducerOptions, ready func() error) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.Command(self, fmt.Sprint(o.Slots), fmt.Sprint(o.SlotSize))
	child.Env = append(os.Environ(), "BIPS_TEST_ROLE=die with a pool", testmain.WithBackend(backend))
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	_, err = output.Read(make([]byte, 1)) // it is there, or at its end
	if err == nil && ready != nil {
		err = ready()
	}
	return errors.Join(err, child.Process.Kill(), waited(child))
}

// waited waits for a process that has to have been killed.
func waited(child *exec.Cmd) error {
	_ = child.Wait()
	if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		return fmt.Errorf("the producer ended with %v", child.ProcessState)
	}
	return nil
}

// dieWithAPool is that process. Arguments: slots, bytes of a slot.
func dieWithAPool(args []string) error {
	var o bips.ProducerOptions
	if _, err := fmt.Sscan(args[0]+" "+args[1], &o.Slots, &o.SlotSize); err != nil {
		return err
	}
	p, err := newProducer(poolName, o)
	if err != nil {
		return err
	}
	if err := write(p, 1); err != nil {
		return err
	}
	fmt.Println("there")
	select {}
}

// littleRoom mounts 4 MiB for pools.
func littleRoom(folder string) (skipped bool, err error) {
	if err := mountPools(folder, "size=4m"); err != nil {
		return true, skip("no tmpfs of its own: %v", err)
	}
	return false, nil
}

func restart(args []string) error {
	if skipped, err := littleRoom(args[0]); skipped || err != nil {
		return err
	}
	before := descriptors()
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	err = leaveDead(roomy, func() error {
		if args[1] == "nobody" {
			return nil
		}
		f, err := c.Pull(patience)
		if err != nil {
			return err
		}
		if args[1] == "a frame for a while" {
			go func() {
				time.Sleep(400 * time.Millisecond)
				_, err := c.Pull(patience) // finds out
				if errors.Is(err, bips.ErrProducerLost) {
					err = nil
				}
				done <- errors.Join(err, c.Push(f))
			}()
			return nil
		}
		return c.Push(f)
	})
	if err != nil {
		return err
	}
	switch args[1] {
	case "a reader":
		go func() {
			_, err := c.Pull(patience)
			if !errors.Is(err, bips.ErrProducerLost) {
				done <- fmt.Errorf("the reader got %v", err)
			}
			done <- nil
		}()
	case "a suspended reader":
		c.Suspend()
	}
	p, err := newProducer(poolName, roomy)
	if err != nil {
		return err
	}
	if strings.HasPrefix(args[1], "a reader") || strings.HasPrefix(args[1], "a frame") {
		if err := <-done; err != nil {
			return err
		}
	}
	return errors.Join(c.Close(), cross(p), p.Close(), nothingLeft(before))
}

func restartHeld(args []string) error {
	if skipped, err := littleRoom(args[0]); skipped || err != nil {
		return err
	}
	before := descriptors()
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	var held bips.Frame
	if err := leaveDead(roomy, func() (err error) { held, err = c.Pull(patience); return err }); err != nil {
		return err
	}
	start := time.Now()
	_, err = newProducer(poolName, roomy)
	if err := complains(err, bips.ErrNoSpace, poolName, "4 MiB", "--shm-size", "the producer before", "readers hold frames"); err != nil {
		return err
	}
	if time.Since(start) > patience/2 {
		return fmt.Errorf("it took %v", time.Since(start))
	}
	if left := testmain.Names(args[0]); len(left) > 0 {
		return fmt.Errorf("left: %q", left)
	}
	if number, err := check(&held); err != nil || number != 1 {
		return fmt.Errorf("the frame that is held is %d now: %w", number, err)
	}
	if err := errors.Join(c.Push(held), c.Close()); err != nil {
		return err
	}
	return errors.Join(exchange(poolName, roomy), nothingLeft(before))
}

// restartLarger asks for more than there would be if the dead pool went: it stays, for whoever restarts
// with what fits.
func restartLarger(args []string) error {
	if skipped, err := littleRoom(args[0]); skipped || err != nil {
		return err
	}
	if err := leaveDead(roomy, nil); err != nil {
		return err
	}
	_, err := newProducer(poolName, bips.ProducerOptions{Slots: 8, SlotSize: 1 << 20})
	if err := complains(err, bips.ErrNoSpace, "9 MiB", "4 MiB"); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(args[0], "bips."+poolName)); err != nil {
		return fmt.Errorf("the dead pool lost its name for nothing: %w", err)
	}
	return exchange(poolName, roomy)
}

// The memory of a pool counts for the control group of who made it: as long as the dead one's is
// there, the next has none.
func TestAProducerThatWasKilledCanRestartInAControlGroupWithoutRoomForTwoPools(t *testing.T) {
	for _, dead := range testmain.Backends {
		t.Run("after "+dead, func(t *testing.T) {
			testmain.EachBackend(t, func(t *testing.T) {
				testmain.Dir(t)
				group := testmain.NewMemoryGroup(t, 96<<20)
				c := begin(t, nil, "restart in a group", dead)
				c.line()
				group.Put(t, c.command.Process.Pid)
				c.tell()
				c.ends()
			})
		})
	}
}

// restartInAGroup is that. Argument: the backend of the dead one.
func restartInAGroup(args []string) error {
	fmt.Println("here")
	isTold()
	before := descriptors()
	o := bips.ProducerOptions{Slots: 8, SlotSize: 6 << 20} // of 96 MiB
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	if err := leaveDeadOver(args[0], o, func() error {
		f, err := c.Pull(patience)
		if err != nil {
			return err
		}
		return c.Push(f)
	}); err != nil {
		return err
	}
	c.Suspend()
	p, err := newProducer(poolName, o)
	if err != nil {
		return err
	}
	return errors.Join(c.Close(), cross(p), p.Close(), nothingLeft(before))
}
