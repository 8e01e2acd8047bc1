package libbips

// #include <stdlib.h>
// #include <bips/bips.h>
import "C"

import "unsafe"

// withText calls the library with C's copy of a string.
func withText(s string, f func(text *C.char) C.int) (result C.int) {
	text := C.CString(s)
	defer C.free(unsafe.Pointer(text))
	return f(text)
}

// CheckName refuses, as [bips.ErrName], what cannot be a pool's name.
func CheckName(name string) error {
	return call(func() C.int {
		return withText(name, func(text *C.char) C.int { return C.bips_check_name(text) })
	})
}

// CheckPermissions refuses, as [bips.ErrOption], permissions that nobody means for a pool.
func CheckPermissions(permissions uint32) error {
	return call(func() C.int { return C.bips_check_permissions(C.uint32_t(permissions)) })
}

// WhyNoPool says why nobody can attach to the pool of a name now, for people who wait for it. It is nil if there is
// one. It looks at the file system, and does not wait.
func WhyNoPool(name string) error {
	return call(func() C.int {
		return withText(name, func(text *C.char) C.int { return C.bips_why_no_pool(text) })
	})
}

// FramesStandAlone reports whether each frame of a stream with these caps can be read without the frames before it.
func FramesStandAlone(caps string) bool {
	return withText(caps, func(text *C.char) C.int { return C.bips_frames_stand_alone(text) }) != 0
}
