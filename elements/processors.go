package elements

import (
	"runtime"
	"sync"
)

// A thread of GStreamer's that has called Go keeps one of Go's processors (GOMAXPROCS
// counts them), also while it is back in C, until the runtime's monitor takes it away, and
// the plugin keeps the monitor slow (plugin/monitor.c). With more such threads than
// processors each call would wait for that: for 20 to 40 ms with eight sinks on two cores.
// So each element that runs brings some: for its own streaming thread, and for those beyond
// queues and tees, which give buffers back. One that is not used costs some KiB of memory.
const processorsPerElement = 8

var processors sync.Mutex

func addProcessors()    { changeProcessors(+processorsPerElement) }
func removeProcessors() { changeProcessors(-processorsPerElement) }

func changeProcessors(change int) {
	processors.Lock()
	defer processors.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + change)
}
