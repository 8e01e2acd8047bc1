package libbips

// #include <bips/bips.h>
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// gstBipsProducerWarning is what the library calls as bips_warning. user is the handle of a func(error).
//
//export gstBipsProducerWarning
func gstBipsProducerWarning(user unsafe.Pointer, result C.int, message *C.char) {
	warn := cgo.Handle(uintptr(user)).Value().(func(error))
	warn(newError(int(result), C.GoString(message), 0))
}
