package elements

import (
	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// statsName is the name of the structure with an element's counters: the value of the
// property "stats", and the element message that is posted at the end of the stream.
const statsName = "bips-stats"

// structure is counters as the property "stats" has them.
func structure(counts []gstglue.Count) *gst.Structure {
	return gstglue.NewStructure(statsName, counts)
}
