package elements

import (
	"github.com/go-gst/go-glib/pkg/gobject/v2"
	"github.com/go-gst/go-gst/pkg/gst"

	"github.com/bips-ipc/bips/internal/gstglue"
)

// Register makes the elements known to GStreamer, as parts of a plugin. Call it once in
// a process, before any element streams.
func Register(plugin gst.Plugin) bool {
	gstglue.Init()
	registerChoices()

	sink, source := registerSink(), registerSource()
	for _, t := range []gobject.Type{sink, source} {
		gstglue.KeepClass(t)
		gstglue.GuardClass(t)
	}
	return gst.ElementRegister(plugin, "bipssink", uint(gst.RankNone), sink) &&
		gst.ElementRegister(plugin, "bipssrc", uint(gst.RankNone), source)
}
