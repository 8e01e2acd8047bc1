package gopeer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
	"github.com/bips-ipc/bips/tests/peer/line"
)

// villain is a peer that does what it must not, to the files of a pool.
type villain struct {
	name  string
	deed  string
	file  string // pool, seats or name
	first int64  // byte to lock
	count int64  // of bytes to lock
	size  int64  // to cut a file to
	held  int    // frames that it holds meanwhile
	seed  uint64

	consumer *bips.Consumer // nil: it did not join
	frames   []bips.Frame
	lock     *sys.LockFile
	seats    []byte // mapped
}

// patience is a watchdog.
const patience = 10 * time.Second

func misbehave(pool string, args []string, out *output) error {
	v := &villain{name: pool}
	flags := options("misbehave")
	flags.StringVar(&v.deed, "deed", "", "")
	flags.StringVar(&v.file, "file", "seats", "")
	flags.Int64Var(&v.first, "first", 0, "")
	flags.Int64Var(&v.count, "count", 1, "")
	flags.Int64Var(&v.size, "size", 0, "")
	flags.IntVar(&v.held, "max-held", 1, "")
	flags.Uint64Var(&v.seed, "seed", 0, "")
	if err := parse(flags, args); err != nil {
		return err
	}
	deeds := map[string]func() error{
		"lock": v.takeLocks, "truncate": v.truncate, "scribble-seat": v.scribbleOwn, "scribble-seats": v.scribbleAll,
		"claim-pins": v.claimPins, "change-asked": v.changeAsked, "ask": v.ask, "knock": v.knock,
		"lock-places": v.lockPlaces, "claim-places": v.claimPlaces,
	}
	deed, ok := deeds[v.deed]
	if !ok {
		return fmt.Errorf("--deed=%s: there is no such deed", v.deed)
	}
	if err := deed(); err != nil {
		return err
	}
	out.write(line.Line{Event: line.Ready})
	return obey(os.Stdin, out, func(order line.Order) line.Line {
		if order.Do != line.DoClose {
			return unknown(order)
		}
		os.Exit(0) // as it is: nothing that it has to do with the pool is in order any more
		return line.Line{}
	})
}

// path is where a file of the pool lies.
func (v *villain) path() (string, error) {
	dir := os.Getenv("BIPS_SHM_DIR")
	if dir == "" {
		dir = "/dev/shm"
	}
	path := filepath.Join(dir, "bips."+v.name)
	switch v.file {
	case "pool":
		return path, nil
	case "name":
		return path + ".lock", nil
	case "seats":
		entries, err := os.ReadDir(dir)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "bips."+v.name+".") && strings.HasSuffix(e.Name(), ".seats") {
				return filepath.Join(dir, e.Name()), nil
			}
		}
		return "", errors.Join(fmt.Errorf("pool %q has no seats in %s", v.name, dir), err)
	}
	return "", fmt.Errorf("--file=%s: use pool, seats or name", v.file)
}

// truncate cuts a file.
func (v *villain) truncate() error {
	path, err := v.path()
	if err != nil {
		return err
	}
	return os.Truncate(path, v.size)
}

// takeLocks takes write locks on bytes of a file.
func (v *villain) takeLocks() error {
	path, err := v.path()
	if err != nil {
		return err
	}
	if v.file == "name" { // it is there only while a producer is
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		_ = file.Close()
	}
	if v.lock, err = sys.OpenLockFile(path, os.O_RDWR, nil); err != nil {
		return err
	}
	for i := range v.count {
		if _, err := v.lock.TryLock(v.first + i); err != nil {
			return err
		}
	}
	return nil
}

// join joins the pool, holds as many frames as it may, and maps the seats for writing.
func (v *villain) join() (err error) {
	v.consumer, err = bips.NewConsumer(v.name, bips.ConsumerOptions{Mode: bips.Latest, MaxHeld: v.held})
	if err != nil {
		return err
	}
	for len(v.frames) < v.held {
		f, err := v.consumer.Pull(patience)
		if err != nil {
			return err
		}
		v.frames = append(v.frames, f)
	}
	v.file = "seats"
	path, err := v.path()
	if err != nil {
		return err
	}
	v.seats, err = mapShared(path)
	return err
}

// seat is one's own, found by the number of the process.
func (v *villain) seat() (seat, error) {
	for at := layout.HeaderSize; at+layout.SeatSize <= len(v.seats); at += layout.SeatSize {
		if s := seat(v.seats[at:][:layout.SeatSize]); s.field("PID") == uint64(os.Getpid()) {
			return s, nil
		}
	}
	return nil, errors.New("the own seat was not found")
}
