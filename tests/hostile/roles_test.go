package hostile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// ready tells the test that the deed has begun; then the process waits to be ended.
func ready() { fmt.Println("ready") }

func waitForTheEnd() { _, _ = io.Copy(io.Discard, os.Stdin) }

// consume joins the pool, holds as many frames as it may, and does no more.
// Arguments: mode, quota.
func consume(args []string) error {
	_, _, err := joinPool(args[0], args[1])
	if err != nil {
		return err
	}
	ready()
	waitForTheEnd()
	return nil
}

func joinPool(modeText, quotaText string) (*bips.Consumer, []bips.Frame, error) {
	mode, _ := strconv.Atoi(modeText)
	quota, err := strconv.Atoi(quotaText)
	if err != nil {
		return nil, nil, err
	}
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{Mode: bips.Mode(mode), MaxHeld: quota})
	if err != nil {
		return nil, nil, err
	}
	var held []bips.Frame
	for len(held) < quota {
		f, err := c.Pull(patience)
		if err != nil {
			return nil, nil, err
		}
		held = append(held, f)
	}
	return c, held, nil
}

// produce publishes frames for ever.
func produce([]string) error {
	p, err := bips.NewProducer(poolName, bips.ProducerOptions{SlotSize: 64})
	if err != nil {
		return err
	}
	ready()
	for {
		slot, err := p.Pull(bips.Forever)
		if err != nil {
			return err
		}
		if err := p.Push(slot, bips.FrameInfo{Size: 1}); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// scribble joins the pool and then writes random words to its own seat, or, with the
// argument "all", over the whole seat segment. Arguments: path of the seats, what, seed.
func scribble(args []string) error {
	if _, _, err := joinPool("0", "1"); err != nil {
		return err
	}
	file, err := os.OpenFile(args[0], os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	memory, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	if args[1] != "all" {
		own := -1
		for i := range 16 {
			seat := memory[layout.HeaderSize+i*layout.SeatSize:]
			if int(binary.LittleEndian.Uint32(seat[20:])) == os.Getpid() {
				own = layout.HeaderSize + i*layout.SeatSize
			}
		}
		if own < 0 {
			return fmt.Errorf("own seat not found")
		}
		memory = memory[own : own+layout.SeatSize]
	}
	seed, err := strconv.ParseUint(args[2], 10, 64)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	ready()
	for {
		value := random.Uint64()
		if random.IntN(2) == 0 { // small numbers are states and generations
			value = uint64(random.IntN(6)) | uint64(random.IntN(6))<<32
		}
		binary.LittleEndian.PutUint64(memory[8*random.IntN(len(memory)/8):], value)
	}
}

// truncate cuts a file short. Arguments: path, size.
func truncate(args []string) error {
	size, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	return os.Truncate(args[0], size)
}

// lock takes write locks on bytes of a file. Arguments: path, first, count.
func lock(args []string) error {
	file, err := sys.OpenLockFile(args[0], os.O_RDWR, nil)
	if err != nil {
		return err
	}
	first, _ := strconv.ParseInt(args[1], 10, 64)
	count, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	for i := range count {
		if _, err := file.TryLock(first + i); err != nil {
			return err
		}
	}
	ready()
	waitForTheEnd()
	return file.Close()
}
