package gstglue

// #include <stdlib.h>
// #include "reader.h"
import "C"

import (
	"runtime"
	"sync"
	"unsafe"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/libbips"
)

// Reader is a consumer of libbips', for a source to read from ([SetReader]). Its methods may be called from any
// thread, also after Close, where they do nothing.
type Reader struct {
	mu sync.RWMutex
	c  *C.GstBipsReader // nil: closed
}

// NewReader makes the consumer of the pool of a name.
func NewReader(pool string, o bips.ConsumerOptions) (*Reader, error) {
	options := C.bips_consumer_options{
		size: C.sizeof_bips_consumer_options, mode: C.uint32_t(o.Mode), max_held: C.uint32_t(o.MaxHeld), min_held: C.uint32_t(o.MinHeld),
		spin: C.int64_t(o.Spin), stall_timeout: C.int64_t(o.StallTimeout),
	}
	name := C.CString(pool)
	defer C.free(unsafe.Pointer(name))
	var consumer *C.bips_consumer
	if err := call(func() C.int { return C.bips_consumer_open(name, &options, &consumer) }); err != nil {
		return nil, err
	}
	return &Reader{c: C.gst_bips_reader_new(consumer)}, nil
}

// Shutdown leaves the pool: whoever waits for a frame of it is told [bips.ErrClosed]. Frames that are held stay valid.
func (r *Reader) Shutdown() error {
	return r.call(func(c *C.bips_consumer) C.int { return C.bips_consumer_shutdown(c) })
}

// Close is for after Shutdown. The streaming thread keeps what it still asks, and buffers keep what they need.
func (r *Reader) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	C.gst_bips_reader_unref(r.c)
	r.c = nil
}

// Suspend lets the producer wait for this reader no more, until Resume.
func (r *Reader) Suspend() {
	_ = r.call(func(c *C.bips_consumer) C.int { return C.bips_consumer_suspend(c) })
}

// Resume reads on from the frames that are published from now on.
func (r *Reader) Resume() {
	_ = r.call(func(c *C.bips_consumer) C.int { return C.bips_consumer_resume(c) })
}

// SetFlushing makes whoever waits for a frame return at once with [bips.ErrFlushing], until it is called with false.
func (r *Reader) SetFlushing(flushing bool) {
	_ = r.call(func(c *C.bips_consumer) C.int { return C.bips_consumer_set_flushing(c, C.int(boolean(flushing))) })
}

// Stats counts what the reader saw, over all instances of the pool.
func (r *Reader) Stats() bips.ConsumerStats {
	stats := C.bips_consumer_stats{size: C.sizeof_bips_consumer_stats}
	_ = r.call(func(c *C.bips_consumer) C.int { return C.bips_consumer_get_stats(c, &stats) })
	return bips.ConsumerStats{
		Received: uint64(stats.received), Skipped: uint64(stats.skipped), Lost: uint64(stats.lost), Instances: uint64(stats.instances),
		Moves: uint64(stats.moves), Demoted: uint64(stats.demoted), Held: int(stats.held), Blocking: stats.blocking != 0,
	}
}

// Pool is what a source tells of the pool that a reader is attached to.
type Pool struct {
	Slots   int
	Granted int // slots that readers may hold now, as granted to them
}

// Pool describes the pool; ok is false while none is attached.
func (r *Reader) Pool() (pool Pool, ok bool) {
	info := C.bips_pool_info{size: C.sizeof_bips_pool_info}
	err := r.call(func(c *C.bips_consumer) C.int { return C.bips_consumer_get_pool(c, &info) })
	return Pool{Slots: int(info.slots), Granted: int(info.granted)}, err == nil
}

// Quota is how many frames may be held.
func (r *Reader) Quota() (quota int) {
	_ = r.call(func(c *C.bips_consumer) C.int {
		quota = int(C.bips_consumer_quota(c))
		return 0
	})
	return quota
}

// SlotsForMaxHeld is how many slots the pool needs so that the reader is granted all that it asked for; 0: it is, no
// pool has so many, or none is attached.
func (r *Reader) SlotsForMaxHeld() (slots int) {
	_ = r.call(func(c *C.bips_consumer) C.int {
		slots = int(C.bips_consumer_slots_for_max_held(c))
		return 0
	})
	return slots
}

func (r *Reader) call(do func(*C.bips_consumer) C.int) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.c == nil {
		return bips.ErrClosed
	}
	return call(func() C.int { return do(r.c.consumer) })
}

// call makes a call of libbips, in one thread with the look at its error.
func call(do func() C.int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return libbips.ErrorOf(int(do()))
}
