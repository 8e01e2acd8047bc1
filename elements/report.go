package elements

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"

	"github.com/go-gst/go-glib/pkg/glib/v2"
	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// fault is an error as it is put on the bus: its kind, and a sentence on what to do.
type fault struct {
	domain func() glib.Quark
	code   int32
	advice string
	cause  error
}

func (f *fault) Error() string { return f.cause.Error() }
func (f *fault) Unwrap() error { return f.cause }

func resource(code gst.ResourceError, advice string, cause error) *fault {
	return &fault{gst.ResourceErrorQuark, int32(code), advice, cause}
}

func stream(code gst.StreamError, advice string, cause error) *fault {
	return &fault{gst.StreamErrorQuark, int32(code), advice, cause}
}

func core(code gst.CoreError, advice string, cause error) *fault {
	return &fault{gst.CoreErrorQuark, int32(code), advice, cause}
}

func badSetting(format string, args ...any) error {
	return resource(gst.ResourceErrorSettings, "Change the property.", fmt.Errorf(format, args...))
}

// checkPool refuses what cannot be a pool's name.
func checkPool(name string) error {
	if name == "" {
		return resource(gst.ResourceErrorSettings, "Set pool=NAME.", errors.New("no pool is named"))
	}
	_, err := bips.NewConsumer(name, bips.ConsumerOptions{})
	return err
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
		{bips.ErrName, gst.ResourceErrorSettings, "Set pool=NAME."},
		{bips.ErrOption, gst.ResourceErrorSettings, "Change the property."},
		{bips.ErrBackend, gst.ResourceErrorSettings, "Set backend=shm."},
		{bips.ErrPoolBusy, gst.ResourceErrorBusy, "Stop it, or choose another name with pool=NAME."},
		{bips.ErrNoSpace, gst.ResourceErrorNoSpaceLeft, ""},
		{bips.ErrPoolFull, gst.ResourceErrorBusy, "Stop a reader, or give the producer more slots or max-consumers."},
		{bips.ErrVersion, gst.ResourceErrorOpenRead, "Use the same version of BIPS on both sides."},
		{bips.ErrPermission, gst.ResourceErrorNotAuthorized, "Give its bipssink perms=0660 or perms=0666, or run as the same user."},
		{bips.ErrDamaged, gst.ResourceErrorRead, "Start its producer anew."},
		{bips.ErrBanned, gst.ResourceErrorNotAuthorized, "Start this reader anew."},
		{bips.ErrProducerLost, gst.ResourceErrorRead, "Start its producer anew, or set on-producer-loss=wait."},
		{bips.ErrTooLarge, gst.ResourceErrorWrite, "Set slot-size to more."},
		{bips.ErrTimeout, gst.ResourceErrorNotFound, "Start its producer, or check the pool's name."},
	} {
		if errors.Is(err, known.err) {
			return resource(known.code, known.advice, err)
		}
	}
	return resource(gst.ResourceErrorFailed, "", err)
}

// fail posts err as an element error.
func fail(element gst.Element, err error) {
	f := faultOf(err)
	report(element, gst.MessageError, f.domain(), f.code, sentences(err.Error(), f.advice), fmt.Sprintf("%T: %v", unwrapped(f.cause), f.cause))
}

// inform posts an information: all is well, but a user may want to know.
func inform(element gst.Element, text, details string) {
	report(element, gst.MessageInfo, gst.ResourceErrorQuark(), int32(gst.ResourceErrorFailed), text, details)
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

// unwrapped is the innermost error, whose type says where it is from.
func unwrapped(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// logf writes a line to the debug category bips, if anyone wants it.
func logf(level gstglue.Level, object gst.Object, format string, args ...any) {
	if gstglue.LogEnabled(level) {
		gstglue.Log(level, object, fmt.Sprintf(format, args...))
	}
}
