package stress

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bips-ipc/bips/tests/peer/drive"
)

// namesLimit is how long a producer that lives may take to make its names again: it looks once a second.
const namesLimit = 1200 * time.Millisecond

// deleteNames deletes names of the pool under the hands of its producer, which most of the time is given the time to notice; or
// lets another producer take the name before it does.
func (r *round) deleteNames(rival bool) {
	if r.producer.read(r.T); !r.producer.opened {
		return // it is just making them
	}
	r.total.deletions++
	r.producer.deleted = true
	if rival {
		drive.DeleteNames(r.T, poolName, pick(r.random, drive.AllNames, drive.LockName))
		r.sendRival()
		return
	}
	drive.DeleteNames(r.T, poolName, pick(r.random, drive.AllNames, drive.AllNames, drive.PoolName, drive.SeatsName, drive.LockName))
	if r.random.IntN(4) > 0 {
		r.spared = time.Now().Add(namesLimit)
	}
}

// sendRival starts a producer on the name of another one that lives, of which the lock file was deleted. One of
// them has the name in the end, and the other one says why it has not.
func (r *round) sendRival() {
	old := r.producer
	old.rivaled = true
	old.resume()
	rival := r.newProducer(0)
	r.ended = append(r.ended, rival) // so that it is killed with the others, whatever happens
	exited := r.await("a rival has neither the name nor an error", func() bool {
		rival.read(r.T)
		return rival.opened
	}, rival)
	if r.Failed() {
		return
	}
	if exited {
		if !strings.Contains(rival.Complaints(), "another producer is alive") {
			r.Errorf("P11: %s ended: %s", rival, rival.Complaints())
		}
		return
	}
	r.ended[len(r.ended)-1] = old
	r.producer = rival
	r.total.restarts++
	r.await("did not give way to the producer that has its name", func() bool {
		old.read(r.T)
		return old.gone
	}, old)
	if !r.Failed() {
		r.total.gaveWay++
		old.leave(r.T)
	}
}

// await waits for what a process is to do, and reports whether it has ended instead.
func (r *round) await(otherwise string, done func() bool, c *child) (exited bool) {
	for end := time.Now().Add(patience); !done(); {
		select {
		case <-c.Exited():
			return !done()
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(end) {
			c.Stuck(otherwise)
			return false
		}
	}
	return false
}

// awaitNames is P8: a producer that lives has its names again.
func (r *round) awaitNames() {
	if r.Failed() || !r.producer.deleted {
		return
	}
	path := filepath.Join(os.Getenv("BIPS_SHM_DIR"), "bips."+poolName)
	if r.await("has not made its names again", func() bool {
		_, pool := os.Stat(path)
		_, lock := os.Stat(path + ".lock")
		seats, _ := filepath.Glob(path + ".*.seats")
		return pool == nil && lock == nil && (len(seats) > 0) == (r.producer.backend == shm)
	}, r.producer) {
		r.Errorf("P8: %s ended: %s", r.producer, r.producer.Complaints())
	}
}
