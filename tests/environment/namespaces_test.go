package environment

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// contained gives a child what a container has of its own, but for its files: process ids, IPC,
// host name, network, mounts, and where it is allowed users.
func contained(command *exec.Cmd) {
	withMounts(command)
	command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS | syscall.CLONE_NEWNET
}

// Who is alive is told by locks, which the kernel keeps across namespaces, where process ids mean
// nothing.
func TestAReaderInAnotherContainerReadsAndItsDeathIsNoticed(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		testmain.Dir(t)
		p, err := newProducer(poolName, small)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		reader := begin(t, contained, "consume", strconv.Itoa(int(bips.Every)), "0s")
		reader.line()
		if err := p.WaitConsumers(1, patience); err != nil {
			t.Fatal(err)
		}
		for number := range uint64(100) { // more than there are slots: it reads them
			if err := write(p, number+1); err != nil {
				t.Fatal(err)
			}
		}
		if err := reader.command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(patience); p.Stats().Reclaimed == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("its seat is not taken back: %+v", p.Stats())
			}
		}
	})
}

func TestAProducerInAnotherContainerIsReadAndItsDeathIsNoticed(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		dir := testmain.Dir(t)
		producer := begin(t, contained, "produce", "4096", "-1ns", "0")
		producer.line()
		producer.tell()
		producer.line()
		c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for killed := false; ; {
			f, err := c.Pull(patience)
			if errors.Is(err, bips.ErrProducerLost) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := check(&f); err != nil {
				t.Error(err)
			}
			if err := c.Push(f); err != nil {
				t.Fatal(err)
			}
			if !killed && f.Sequence > 100 {
				killed = true
				if err := producer.command.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, name := range testmain.Names(dir) { // as the next producer does
			if err := os.Remove(name[len("name "):]); err != nil {
				t.Error(err)
			}
		}
	})
}
