package stress

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// A history is a file that its process maps: what is stored there outlives a kill. It
// begins with a page of words that others may read meanwhile; events follow.
const (
	historyHead = 4096
	eventSize   = 16
	maxEvents   = 1 << 20
	noteAt      = 1024 // text about what went wrong
)

// Words of the head.
const (
	wordEvents    = iota // events that follow
	wordFrames           // frames published or delivered
	wordBeats            // times that the process looked around
	wordPublished        // producer: sequence of the newest entry
	wordClosed           // producer: 1 when it has closed the pool
	wordToken            // producer: of its run
	wordDrained          // producer: 1 + slots that could be pulled at the end
	wordDemoted          // producer: readers demoted
	wordReclaimed        // producer: seats reclaimed
	wordRefused          // consumer: times that the pool was full
	wordFinished         // 1 when the process ended as it was told to
)

// Kinds of events.
const (
	eventFrame    = 1 + iota // value: sequence; more: skipped<<32 | lost
	eventInstance            // the next frames are another instance's; more: its token
	eventBreak               // the next frame follows a pause or a new joining
	eventEnd                 // end of stream
	eventLost                // the producer was found dead, or closed without end of stream
	eventDemoted             // seen before the next frame or end of stream
	eventUnwaited            // the producer did not wait for us all the time before the next frame or end of stream
	eventTotals              // value: received; more: skipped<<32 | lost, by the statistics
)

type history struct {
	mu    sync.Mutex // of add and complain, which several goroutines call
	bytes []byte
	count uint64
}

func createHistory(path string) (*history, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size := historyHead + eventSize*maxEvents
	if err := file.Truncate(int64(size)); err != nil {
		return nil, err
	}
	bytes, err := syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	return &history{bytes: bytes}, err
}

func (h *history) set(word int, value uint64) { binary.LittleEndian.PutUint64(h.bytes[8*word:], value) }
func (h *history) get(word int) uint64        { return binary.LittleEndian.Uint64(h.bytes[8*word:]) }

// full reports whether there is room for few more events only.
func (h *history) full() bool { return h.count > maxEvents-64 }

func (h *history) add(kind int, value, more uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count >= maxEvents {
		return
	}
	at := h.bytes[historyHead+eventSize*h.count:]
	binary.LittleEndian.PutUint64(at, value<<8|uint64(kind))
	binary.LittleEndian.PutUint64(at[8:], more)
	h.count++
	h.set(wordEvents, h.count)
}

// complain notes a property that does not hold. The first ones are kept.
func (h *history) complain(property, format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	area := h.bytes[noteAt:historyHead]
	used := 0
	for used < len(area) && area[used] != 0 {
		used++
	}
	copy(area[used:], fmt.Sprintf("%s: %s\n", property, fmt.Sprintf(format, args...)))
}

// event is one of a history that was read back.
type event struct {
	kind        int
	value, more uint64
}

// record is a history that was read back.
type record struct {
	words  []byte
	events []event
	notes  string
}

func (r *record) word(i int) uint64 { return binary.LittleEndian.Uint64(r.words[8*i:]) }

func readHistory(path string) (*record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := &record{words: make([]byte, historyHead)}
	if _, err := file.ReadAt(r.words, 0); err != nil {
		return r, nil // killed before it began
	}
	for _, b := range r.words[noteAt:] {
		if b == 0 {
			break
		}
		r.notes += string(rune(b))
	}
	bytes := make([]byte, eventSize*r.word(wordEvents))
	if _, err := file.ReadAt(bytes, historyHead); err != nil {
		return nil, fmt.Errorf("events of %s: %w", path, err)
	}
	for ; len(bytes) > 0; bytes = bytes[eventSize:] {
		head := binary.LittleEndian.Uint64(bytes)
		r.events = append(r.events, event{int(head & 0xff), head >> 8, binary.LittleEndian.Uint64(bytes[8:])})
	}
	return r, nil
}

// peek reads one word of a living process's history.
func peek(path string, word int) uint64 {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	var b [8]byte
	if _, err := file.ReadAt(b[:], int64(8*word)); err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b[:])
}
