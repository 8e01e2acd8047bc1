package elements

import (
	"fmt"

	"github.com/go-gst/go-gst/pkg/gst"
)

// unshareable is the error for frames that no pool can have, for both elements. what is a
// feature of their caps, such as memory:NVMM.
func unshareable(what string) error {
	return core(gst.CoreErrorNegotiation, fmt.Sprintf("frames in %s cannot be shared", what), converterFor(what))
}

// converterFor says what puts frames from some other memory into the system's.
func converterFor(memory string) string {
	converter, ok := map[string]string{
		"memory:NVMM":              "nvvidconv (or nvvideoconvert)",
		"memory:GLMemory":          "gldownload",
		"memory:VAMemory":          "vapostproc",
		"memory:CUDAMemory":        "cudadownload",
		"multiview-mode=separated": "glviewconvert (output-mode-override=side-by-side)",
		"memory:DMABuf":            "the converter of the element that made them (vapostproc, v4l2convert, glupload ! gldownload)",
	}[memory]
	if !ok {
		converter = "a converter to system memory"
	}
	return fmt.Sprintf("Put %s before bipssink.", converter)
}
