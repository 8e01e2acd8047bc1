package bips

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/bips-ipc/bips/internal/layout"
	"github.com/bips-ipc/bips/internal/sys"
)

// absence is an [ErrNoPool] that says where was looked, what is the matter, and what to do.
type absence string

func (a absence) Error() string        { return string(a) }
func (a absence) Is(target error) bool { return target == ErrNoPool }

func absent(format string, args ...any) error { return absence(fmt.Sprintf(format, args...)) }

// WhyNoPool says why nobody can attach to the pool of a name now: the folder that was looked in, and
// what is the matter there, in a sentence for people who wait for it. Consumers wait without a word,
// since producers may come later; who has waited for some seconds may want to say more.
//
// It is nil if there is a pool to attach to, and [ErrNoPool] or another error of [Consumer.Pull] if not.
func WhyNoPool(name string) error {
	bare, err := poolName(name)
	if err != nil {
		return err
	}
	if err := (paths{shmDir(), bare}).whyNoPool(); err != nil {
		return fmt.Errorf("pool %q: %w", bare, err)
	}
	return nil
}

func (p paths) whyNoPool() (err error) {
	defer recoverFault(&err, debug.SetPanicOnFault(true))
	folder, err := sys.StatPath(p.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return absent("%s", p.noFolder())
	}
	if err != nil {
		return explainRefusal(err, adviceToReader)
	}
	if found, err := sys.StatPath(p.pool()); err == nil && found.Type == fs.ModeSocket {
		return p.whyNobodyAnswers(found.Device != folder.Device)
	}
	pool, err := sys.OpenLockFile(p.pool(), os.O_RDONLY, LockDescriptorHook)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.noFile(folder)
	case errors.Is(err, fs.ErrPermission):
		return explainRefusal(err, adviceToReader)
	case err != nil:
		return adviseOn(err)
	}
	defer func() { _ = pool.Close() }()
	id, err := pool.Stat()
	if err != nil {
		return err
	}
	if err := checkOwner(id); err != nil {
		return err
	}
	if alive, err := pool.IsLocked(layout.ProducerLock); err != nil || !alive {
		return errors.Join(err, p.noProducer(id.Device != folder.Device))
	}
	return p.noSeats(id)
}

// whyNobodyAnswers says so if nobody listens at the pool's socket. mounted: it is mounted by itself.
func (p paths) whyNobodyAnswers(mounted bool) error {
	entry, err := sys.OpenEntry(p.pool())
	if err != nil {
		return err
	}
	defer func() { _ = entry.Close() }()
	conn, err := connect(entry)
	switch {
	case err == nil:
		conn.CloseApart()
		return nil
	case errors.Is(err, errGone):
		return p.noProducer(mounted)
	case errors.Is(err, fs.ErrPermission):
		return explainRefusal(err, adviceToReader)
	}
	return adviseOn(err)
}

// noFolder says that the folder is not there.
func (p paths) noFolder() string {
	return fmt.Sprintf("the folder %s does not exist: make it, or name the one that both sides share in %s", p.dir, shmDirVariable)
}

// whyNoFile says why a file is not there that was just made.
func (p paths) whyNoFile() string {
	if _, err := os.Stat(p.dir); err == nil {
		return "somebody deletes the pool's files while they are made: see who does it, or start again"
	}
	return p.noFolder()
}

// noProducer says that the pool's producer is dead. Where the file is mounted by itself, the next
// one's is not seen.
func (p paths) noProducer(mounted bool) error {
	if mounted {
		return absent("the producer of %s is gone, and that file is mounted by itself, so that the next producer's is not seen: mount the whole folder", p.pool())
	}
	return absent("the producer of %s is gone, and no other has come: start it anew", p.pool())
}

// noSeats says so if the file of the seats is missing, beside a pool whose producer lives.
func (p paths) noSeats(pool sys.FileID) error {
	g, err := readFirstPage(p.pool(), pool, func(page []byte) (geometry, error) { return readGeometry(page, uint64(pool.Size), Shm) })
	if err != nil {
		return err
	}
	if _, err := sys.StatPath(p.seats(g.instance, g.move)); errors.Is(err, fs.ErrNotExist) {
		return absent("%s is there, and %s, which belongs to it, is not: mount the whole folder into a container, not one of its files",
			p.pool(), filepath.Base(p.seats(g.instance, g.move)))
	}
	return nil
}

// namesTold is how many pools are told of by name.
const namesTold = 8

// noFile says that there is no pool of the name, and which there are.
func (p paths) noFile(folder sys.FileID) error {
	const containers = "in containers, both sides have to share that folder (--ipc=, or a volume that " + shmDirVariable + " names)"
	var pools []string
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return absent("none is in %s: start its producer, or check the pool's name; %s", p.dir, containers)
	}
	for _, entry := range entries {
		name, ours := strings.CutPrefix(entry.Name(), "bips.")
		switch bare, rest, more := strings.Cut(name, "."); {
		case !ours:
		case !more:
			pools = append(pools, fmt.Sprintf("%q", name))
		case bare == p.name && strings.HasSuffix(rest, ".seats") && p.isMounted(entry.Name(), folder):
			return absent("%s is there, and %s, which belongs to it, is not: mount the whole folder into a container, not one of its files",
				filepath.Join(p.dir, entry.Name()), filepath.Base(p.pool()))
		}
	}
	return p.noneOf(pools, containers)
}

// isMounted reports whether a file of the folder is mounted there by itself.
func (p paths) isMounted(file string, folder sys.FileID) bool {
	id, err := sys.StatPath(filepath.Join(p.dir, file))
	return err == nil && id.Device != folder.Device
}

// noneOf says that the pool is not among those that are there.
func (p paths) noneOf(pools []string, containers string) error {
	if len(pools) == 0 {
		return absent("there is no pool in %s: start its producer; %s", p.dir, containers)
	}
	slices.Sort(pools)
	others := ""
	if n := len(pools) - namesTold; n > 0 {
		pools, others = pools[:namesTold], fmt.Sprintf(" and %d others", n)
	}
	return absent("none is in %s, where there are %s%s: start its producer, or check the pool's name; %s",
		p.dir, strings.Join(pools, ", "), others, containers)
}
