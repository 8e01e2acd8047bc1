package hostile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
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

// mapSeats maps the seat segment, for writing.
func mapSeats(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}

// ownSeat finds the seat of this process in the seat segment.
func ownSeat(memory []byte) ([]byte, error) {
	for i := range 16 {
		seat := memory[layout.HeaderSize+i*layout.SeatSize:][:layout.SeatSize]
		if int(binary.LittleEndian.Uint32(seat[20:])) == os.Getpid() {
			return seat, nil
		}
	}
	return nil, errors.New("own seat not found")
}

// claim joins the pool with a small quota and then writes to its own seat that it has a huge
// one ("quota"), or pins more slots than it may ("pins"). Arguments: path of the seats, which, quota.
func claim(args []string) error {
	quota := "1"
	if len(args) > 2 {
		quota = args[2]
	}
	c, held, err := joinPool("0", quota)
	if err != nil {
		return err
	}
	for range 10 { // so that the producer has copied its quota
		last := len(held) - 1
		if err := c.Push(held[last]); err != nil {
			return err
		}
		if held[last], err = c.Pull(patience); err != nil {
			return err
		}
	}
	memory, err := mapSeats(args[0])
	if err != nil {
		return err
	}
	seat, err := ownSeat(memory)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(seat[offsetInSeat("Quota"):], layout.MaxSlots)
	if args[1] == "pins" {
		binary.LittleEndian.PutUint64(seat[offsetInSeat("Pins"):], ^uint64(0))
	}
	ready()
	waitForTheEnd()
	return nil
}

func offsetInSeat(field string) uintptr {
	f, found := reflect.TypeFor[layout.Seat]().FieldByName(field)
	if !found {
		panic("a seat has no " + field)
	}
	return f.Offset
}

// scribble joins the pool and then writes random words to its own seat, or, with the
// argument "all", over the whole seat segment. Arguments: path of the seats, what, seed.
func scribble(args []string) error {
	if _, _, err := joinPool("0", "1"); err != nil {
		return err
	}
	memory, err := mapSeats(args[0])
	if err != nil {
		return err
	}
	if args[1] != "all" {
		if memory, err = ownSeat(memory); err != nil {
			return err
		}
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
