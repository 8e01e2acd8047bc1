package elements

import (
	"runtime"
	"sync"
)

// A source that waits for a frame keeps its processor (bips.ConsumerOptions.HoldProcessor).
// Each gets one more for that, so that what else is Go in the process is not kept waiting.
var processors sync.Mutex

func addProcessor()    { changeProcessors(+1) }
func removeProcessor() { changeProcessors(-1) }

func changeProcessors(change int) {
	processors.Lock()
	defer processors.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + change)
}
