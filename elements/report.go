package elements

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync"

	"github.com/go-gst/go-glib/pkg/glib/v2"
	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
	"github.com/bips-ipc/bips/internal/libbips"
)

// fault is an error as it is put on the bus: its kind, what is wrong, what to do about
// it, and, for the details, what it comes from.
type fault struct {
	domain       func() glib.Quark
	code         int32
	text, advice string
	cause        error
}

func (f *fault) Error() string { return f.text }
func (f *fault) Unwrap() error { return f.cause }

func resource(code gst.ResourceError, text, advice string) *fault {
	return &fault{domain: gst.ResourceErrorQuark, code: int32(code), text: text, advice: advice}
}

func stream(code gst.StreamError, text, advice string) *fault {
	return &fault{domain: gst.StreamErrorQuark, code: int32(code), text: text, advice: advice}
}

func core(code gst.CoreError, text, advice string) *fault {
	return &fault{domain: gst.CoreErrorQuark, code: int32(code), text: text, advice: advice}
}

func (f *fault) because(err error) *fault {
	f.cause = err
	return f
}

func (f *fault) details() string {
	if f.cause == nil {
		return f.text
	}
	return f.cause.Error()
}

func badSetting(format string, args ...any) error {
	return resource(gst.ResourceErrorSettings, "property "+fmt.Sprintf(format, args...), "Change it.")
}

// checkPool refuses what cannot be a pool's name.
func checkPool(name string) error {
	if name == "" {
		return resource(gst.ResourceErrorSettings, "no pool is named", "Set pool=NAME.")
	}
	return libbips.CheckName(name)
}

// faultOf finds out how to report an error of package bips.
func faultOf(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	for _, known := range []struct {
		err    error
		code   gst.ResourceError
		advice string
	}{
		{bips.ErrName, gst.ResourceErrorSettings, ""},
		{bips.ErrOption, gst.ResourceErrorSettings, ""},
		{bips.ErrBackend, gst.ResourceErrorSettings, ""},
		{bips.ErrPoolBusy, gst.ResourceErrorBusy, ""},
		{bips.ErrNoSpace, gst.ResourceErrorNoSpaceLeft, ""},
		{bips.ErrNamesDeleted, gst.ResourceErrorNotFound, ""},
		{bips.ErrPoolFull, gst.ResourceErrorBusy, ""},
		{bips.ErrVersion, gst.ResourceErrorOpenRead, ""},
		{bips.ErrPermission, gst.ResourceErrorNotAuthorized, ""},
		{bips.ErrDamaged, gst.ResourceErrorRead, "Start its producer anew."},
		{bips.ErrProducerLost, gst.ResourceErrorRead, "Start its producer anew, or set on-producer-loss=wait."},
		{bips.ErrTooLarge, gst.ResourceErrorWrite, "Set slot-size to more."},
		{bips.ErrTimeout, gst.ResourceErrorNotFound, "Start its producer, or check the pool's name."},
	} {
		if errors.Is(err, known.err) {
			return resource(known.code, err.Error(), known.advice).because(err)
		}
	}
	return resource(gst.ResourceErrorFailed, err.Error(), "").because(err)
}

// fail posts err as an element error.
func fail(element gst.Element, err error) {
	f := faultOf(err)
	report(element, gst.MessageError, f.domain(), f.code, sentences(f.text, f.advice), f.details())
}

// warn posts a warning: something is wrong, or will be. Most are for the first time only: see told.
func warn(element gst.Element, err error) {
	f := faultOf(err)
	report(element, gst.MessageWarning, f.domain(), f.code, sentences(f.text, f.advice), f.details())
}

// inform posts an information: all is well, but a user may want to know. gst-launch-1.0
// prints the details only.
func inform(element gst.Element, err error) {
	f := faultOf(err)
	text := sentences(f.text, f.advice)
	report(element, gst.MessageInfo, f.domain(), f.code, text, text)
}

// told remembers of which kinds of trouble an element has told in this run, so that it tells of
// each once. Its methods may be called from any thread, and allocate nothing but at the first time.
//
//	if s.told.first("dropped") {
//		warn(s, resource(gst.ResourceErrorBusy, "a frame was dropped", "..."))
//	}
type told struct {
	mu    sync.Mutex
	kinds map[string]bool
}

// first reports whether this is the first time for a kind.
func (t *told) first(kind string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kinds[kind] {
		return false
	}
	if t.kinds == nil {
		t.kinds = map[string]bool{}
	}
	t.kinds[kind] = true
	return true
}

// reset begins a run.
func (t *told) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.kinds)
}

func report(element gst.Element, kind gst.MessageType, domain glib.Quark, code int32, text, details string) {
	pc, file, line, _ := runtime.Caller(2)
	function := "?"
	if f := runtime.FuncForPC(pc); f != nil {
		function = path.Base(f.Name())
	}
	element.MessageFull(kind, domain, code, text, details, path.Base(file), function, int32(line))
}

// sentences turns Go's way to write an error into sentences for users.
func sentences(text, advice string) string {
	if text != "" {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	if advice != "" {
		text += " " + advice
	}
	return text
}

// logf writes a line to the debug category bips, if anyone wants it.
func logf(level gstglue.Level, object gst.Object, format string, args ...any) {
	if gstglue.LogEnabled(level) {
		gstglue.Log(level, object, fmt.Sprintf(format, args...))
	}
}
