package elements

import (
	"sync"
	"time"

	"github.com/go-gst/go-glib/pkg/gobject/v2"
	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
)

// property is a row of an element's table of properties. S is the element's settings.
// It can be changed up to the state READY, and takes effect at the next start, unless playing is set.
type property[S any] struct {
	name    string
	blurb   string
	playing bool // a change takes effect at once, also in PLAYING
	// field is where the setting is: a *string, *uint32, *uint64, *int64, or, with a choice, *int32.
	field  func(*S) any
	max    uint64  // of a number; 0: its type's own
	choice *choice // of an enum
}

// Times to wait are properties in nanoseconds, 0: not at all, with these for what has no number.
const (
	waitForever   = bips.Forever      // -1
	waitAutomatic = time.Duration(-2) // of those that have such a default
)

func (p *property[S]) flags() gobject.ParamFlags {
	if p.playing {
		return gobject.ParamReadwrite | gst.ParamMutablePlaying
	}
	return gobject.ParamReadwrite | gst.ParamMutableReady
}

// install gives the class the properties, with the defaults as in the given settings, and
// a read-only one with the counters.
func install[S any](class *gobject.ObjectClass, table []property[S], defaults S) {
	specs := make([]*gobject.ParamSpec, 0, len(table)+1)
	for _, p := range table {
		specs = append(specs, p.spec(&defaults))
	}
	specs = append(specs, gobject.ParamSpecBoxed("stats", "stats",
		"Counters of this run, as a structure of unsigned 64-bit numbers, and of structures of such", gst.TypeStructure, gobject.ParamReadable))
	class.InstallProperties(specs)
}

func (p *property[S]) spec(defaults *S) *gobject.ParamSpec {
	switch v := p.field(defaults).(type) {
	case *string:
		return gobject.ParamSpecString(p.name, p.name, p.blurb, *v, p.flags())
	case *uint32:
		return gobject.ParamSpecUint(p.name, p.name, p.blurb, 0, uint(orLimit(p.max, 1<<32-1)), uint(*v), p.flags())
	case *uint64:
		return gobject.ParamSpecUint64(p.name, p.name, p.blurb, 0, orLimit(p.max, 1<<64-1), *v, p.flags())
	case *int64:
		return gobject.ParamSpecInt64(p.name, p.name, p.blurb, -1<<63, 1<<63-1, *v, p.flags())
	case *int32:
		return gobject.ParamSpecEnum(p.name, p.name, p.blurb, p.choice.gtype, *v, p.flags())
	default:
		panic("property " + p.name + " has a type that is not supported")
	}
}

func orLimit(n, limit uint64) uint64 {
	if n == 0 {
		return limit
	}
	return n
}

// get returns a setting in exactly the type that the bindings want.
func (p *property[S]) get(s *S) any {
	switch v := p.field(s).(type) {
	case *string:
		return *v
	case *uint32:
		return *v
	case *uint64:
		return *v
	case *int64:
		return *v
	case *int32:
		return p.choice.value(*v)
	default:
		return nil
	}
}

func (p *property[S]) set(s *S, value any) {
	switch v := p.field(s).(type) {
	case *string:
		*v, _ = value.(string)
	case *uint32:
		*v, _ = value.(uint32)
	case *uint64:
		*v, _ = value.(uint64)
	case *int64:
		*v, _ = value.(int64)
	case *int32:
		*v, _ = value.(int32)
	}
}

// settings are an element's properties, which any thread may read and change.
type settings[S any] struct {
	mu     sync.Mutex
	values S
}

// load returns a copy.
func (s *settings[S]) load() S {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values
}

func (s *settings[S]) reset(values S) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = values
}

func (s *settings[S]) get(p *property[S]) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.get(&s.values)
}

func (s *settings[S]) set(p *property[S], value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.set(&s.values, value)
}

// change lets a function change the values.
func (s *settings[S]) change(how func(*S)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(&s.values)
}
