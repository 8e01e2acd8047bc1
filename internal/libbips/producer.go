package libbips

// #include <stdlib.h>
// #include <bips/bips.h>
// void gstBipsProducerWarning (void *, int, char *);
// static bips_warning warning (void) { return (bips_warning) gstBipsProducerWarning; }
// static void *as_pointer (uintptr_t handle) { return (void *) handle; }
import "C"

import (
	"fmt"
	"runtime/cgo"
	"sync"
	"time"
	"unsafe"

	"github.com/bips-ipc/bips/bips"
)

// Producer fills a pool. Its methods mean what those of [bips.Producer] mean, return errors that are those of
// package bips, and may be called from any goroutine at any time.
type Producer struct {
	name string
	warn cgo.Handle // 0: none

	// inUse is held, for reading, by each call that is in progress.
	inUse  sync.RWMutex
	handle *C.bips_producer // nil: closed, or forgotten
}

// Open makes the pool of a name, as [bips.NewProducer] does, unless giveUp ends it where it waits
// ([ErrInterrupted]).
func Open(name string, o bips.ProducerOptions, giveUp GiveUp) (*Producer, error) {
	c := C.bips_producer_options{
		size:          C.sizeof_bips_producer_options,
		backend:       C.uint32_t(o.Backend),
		slots:         C.uint32_t(o.Slots),
		slot_size:     C.size_t(o.SlotSize),
		meta_size:     C.int32_t(o.MetaSize),
		max_consumers: C.uint32_t(o.MaxConsumers),
		permissions:   C.uint32_t(o.Permissions),
		overflow:      C.uint32_t(o.Overflow),
		block_timeout: C.int64_t(o.BlockTimeout),
		give_up:       giveUp.word,
	}
	var texts texts
	defer texts.free()
	if o.Caps != "" {
		c.caps = texts.add(o.Caps)
	}
	if o.Group != "" {
		c.group = texts.add(o.Group)
	}
	p := &Producer{}
	if o.Warn != nil {
		p.warn = cgo.NewHandle(o.Warn)
		c.warn, c.warn_user = C.warning(), C.as_pointer(C.uintptr_t(p.warn))
	}
	cName := texts.add(name)
	if err := call(func() C.int { return C.bips_producer_open(cName, &c, &p.handle) }); err != nil {
		p.deleteWarning()
		return nil, err
	}
	p.name = C.GoString(C.bips_producer_name(p.handle))
	return p, nil
}

// texts are C's copies of strings.
type texts []unsafe.Pointer

func (t *texts) add(s string) *C.char {
	text := C.CString(s)
	*t = append(*t, unsafe.Pointer(text))
	return text
}

func (t *texts) free() {
	for _, text := range *t {
		C.free(text)
	}
}

// use makes a call of the library with the handle.
func (p *Producer) use(f func(handle *C.bips_producer) C.int) error {
	p.inUse.RLock()
	defer p.inUse.RUnlock()
	if p.handle == nil {
		return fmt.Errorf("pool %q: %w", p.name, bips.ErrClosed)
	}
	return call(func() C.int { return f(p.handle) })
}

// look makes a call whose error is no news: the next one that matters has it.
func (p *Producer) look(f func(handle *C.bips_producer)) {
	p.inUse.RLock()
	defer p.inUse.RUnlock()
	f(p.handle) // the library takes nil for what it is
}

// Handle is the bips_producer, for C.
func (p *Producer) Handle() unsafe.Pointer { return unsafe.Pointer(p.handle) }

// Shutdown ends the pool: all calls return [bips.ErrClosed] from now on. Slots that are lent stay valid. It may be
// called again, but not by two goroutines at a time.
func (p *Producer) Shutdown() error {
	err := p.use(func(h *C.bips_producer) C.int { return C.bips_producer_shutdown(h) })
	p.deleteWarning() // the housekeeper, which calls it, has ended
	return err
}

// Close shuts down, if nobody has, and gives the handle back.
func (p *Producer) Close() {
	_ = p.Shutdown()
	C.bips_producer_close(p.forget())
}

// Forget is Close for a producer that C has, too, and gives back.
func (p *Producer) Forget() {
	_ = p.Shutdown()
	p.forget()
}

// forget waits until no call is in progress, after which none has the handle.
func (p *Producer) forget() (handle *C.bips_producer) {
	p.inUse.Lock()
	defer p.inUse.Unlock()
	handle, p.handle = p.handle, nil
	return handle
}

func (p *Producer) deleteWarning() {
	if p.warn != 0 {
		p.warn.Delete()
		p.warn = 0
	}
}

// Name is the pool's, without a leading slash.
func (p *Producer) Name() string { return p.name }

// Slots is how many slots the pool has.
func (p *Producer) Slots() (n int) {
	p.look(func(h *C.bips_producer) { n = int(C.bips_producer_slots(h)) })
	return n
}

// SlotSize is the size of each in bytes, as of now.
func (p *Producer) SlotSize() (size int) {
	p.look(func(h *C.bips_producer) { size = int(C.bips_producer_slot_size(h)) })
	return size
}

// Folder is the folder of the pool's files, and whether it lies in memory.
func (p *Producer) Folder() (folder string, inMemory bool) {
	var in C.int
	p.look(func(h *C.bips_producer) { folder = C.GoString(C.bips_producer_folder(h, &in)) })
	return folder, in != 0
}

// SetCaps says what the frames published from now on are.
func (p *Producer) SetCaps(caps string) error {
	text := C.CString(caps)
	defer C.free(unsafe.Pointer(text))
	return p.use(func(h *C.bips_producer) C.int { return C.bips_producer_set_caps(h, text) })
}

// SetTags sets the tags of the frames published from now on, which are copied.
func (p *Producer) SetTags(records []byte) error {
	return p.use(func(h *C.bips_producer) C.int {
		return C.bips_producer_set_tags(h, unsafe.Pointer(unsafe.SliceData(records)), C.size_t(len(records)))
	})
}

// SetLatency tells consumers the latency of what comes before the producer.
func (p *Producer) SetLatency(latency bips.Time) {
	p.look(func(h *C.bips_producer) { C.bips_producer_set_latency(h, C.uint64_t(latency.Nanoseconds())) })
}

// SetBlockTimeout changes for how long readers may keep slots from coming free, also for waits in progress.
func (p *Producer) SetBlockTimeout(timeout time.Duration) {
	p.look(func(h *C.bips_producer) { C.bips_producer_set_block_timeout(h, C.int64_t(timeout)) })
}

// SetFlushing(true) makes every wait return [bips.ErrFlushing] at once, until SetFlushing(false).
func (p *Producer) SetFlushing(flushing bool) {
	var on C.int
	if flushing {
		on = 1
	}
	p.look(func(h *C.bips_producer) { C.bips_producer_set_flushing(h, on) })
}

// Grow makes the slots as large as so many bytes.
func (p *Producer) Grow(slotSize int) error {
	return p.use(func(h *C.bips_producer) C.int { return C.bips_producer_grow(h, C.size_t(slotSize)) })
}

// Drop counts a frame that is not published.
func (p *Producer) Drop() error {
	return p.use(func(h *C.bips_producer) C.int { return C.bips_producer_drop(h) })
}

// EndOfStream tells consumers that no frame follows.
func (p *Producer) EndOfStream() error {
	return p.use(func(h *C.bips_producer) C.int { return C.bips_producer_end_of_stream(h) })
}

// WaitConsumers waits until so many consumers read from the pool.
func (p *Producer) WaitConsumers(n int, timeout time.Duration) error {
	return p.use(func(h *C.bips_producer) C.int {
		return C.bips_producer_wait_consumers(h, C.uint32_t(n), C.int64_t(timeout))
	})
}

// WaitKeyFrameRequest waits until a consumer has asked for a key frame; false: the producer was shut down. It is for one
// goroutine.
func (p *Producer) WaitKeyFrameRequest() bool {
	return p.use(func(h *C.bips_producer) C.int { return C.bips_producer_wait_key_frame_request(h, C.BIPS_FOREVER) }) == nil
}

// Demotions is how often a consumer was demoted. It takes no lock.
func (p *Producer) Demotions() (n uint64) {
	p.look(func(h *C.bips_producer) { n = uint64(C.bips_producer_demotions(h)) })
	return n
}

// Waited is for how long frames have waited, all together, for consumers to give slots back. It takes no lock.
func (p *Producer) Waited() (d time.Duration) {
	p.look(func(h *C.bips_producer) { d = time.Duration(C.bips_producer_waited(h)) })
	return d
}

// Stats returns the counters.
func (p *Producer) Stats() bips.ProducerStats {
	c := C.bips_producer_stats{size: C.sizeof_bips_producer_stats}
	p.look(func(h *C.bips_producer) { C.bips_producer_get_stats(h, &c) })
	return bips.ProducerStats{
		Published:   uint64(c.published),
		Dropped:     uint64(c.dropped),
		Demoted:     uint64(c.demoted),
		LastDemoted: int(c.last_demoted),
		Overdrawn:   uint64(c.overdrawn),
		Reclaimed:   uint64(c.reclaimed),
		Consumers:   int(c.consumers),
		Lent:        int(c.lent),
		Moves:       uint64(c.moves),
	}
}
