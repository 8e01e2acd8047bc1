package elements

import (
	"runtime"
	"sync"
)

// A thread of GStreamer's that has called Go keeps one of Go's processors (GOMAXPROCS
// counts them), also while it is back in C, until the runtime's monitor takes it away, and
// the plugin keeps the monitor slow (plugin/monitor.c). With more such threads than
// processors each call would wait for that: for 20 to 40 ms with eight sinks on two cores.
// So each element that runs brings some. One that is not used costs some KiB of memory.
const (
	// processorsOfSink are for its own streaming thread, and for those before queues and tees,
	// which lend slots and give them back.
	processorsOfSink = 8
	// processorsOfSource are for its own streaming thread, which calls Go as it begins: without, eight
	// sources that began together on two cores had their first frames after 340 ms, and not after 10 ms.
	processorsOfSource = 1
)

var processors sync.Mutex

func addProcessors(n int)    { changeProcessors(+n) }
func removeProcessors(n int) { changeProcessors(-n) }

func changeProcessors(change int) {
	processors.Lock()
	defer processors.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + change)
}
