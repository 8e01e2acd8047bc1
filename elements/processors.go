package elements

import (
	"runtime"
	"sync"
)

// A thread of GStreamer's that has called Go keeps one of Go's processors (GOMAXPROCS
// counts them), also while it is back in C, until the runtime's monitor takes it away:
// after 10 ms or more, and the plugin keeps the monitor slow (plugin/timerslack.c). With
// more such threads than processors each call would wait for that, for 20 to 40 ms with
// eight sinks on two cores. So each element that runs brings two: for its own streaming
// thread, and for the one beyond a queue that acquires or gives back its buffers.
const processorsPerElement = 2

var processors sync.Mutex

func addProcessors()    { changeProcessors(+processorsPerElement) }
func removeProcessors() { changeProcessors(-processorsPerElement) }

func changeProcessors(change int) {
	processors.Lock()
	defer processors.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + change)
}
