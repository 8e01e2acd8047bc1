package elements

import (
	"github.com/go-gst/go-glib/pkg/gobject/v2"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/gstglue"
)

// choice is an enum type of a property.
type choice struct {
	name   string
	values []gstglue.EnumValue
	gtype  gobject.Type // set by registerChoices
}

// What bipssrc does when the producer is lost, and at the end of the stream.
const (
	lossWait int32 = iota
	lossEOS
	lossError
)

const (
	endEOS int32 = iota
	endWait
)

var (
	backendChoice = &choice{name: "GstBipsBackend", values: []gstglue.EnumValue{
		{Value: int32(bips.Shm), Nick: "shm", Blurb: "POSIX shared memory, found by the pool's name; its readers trust each other"},
		{Value: int32(bips.Memfd), Nick: "memfd", Blurb: "Sealed memory that readers get over a socket with the pool's name; no reader can harm another one"},
	}}
	overflowChoice = &choice{name: "GstBipsOverflow", values: []gstglue.EnumValue{
		{Value: int32(bips.Block), Nick: "block", Blurb: "Wait for the reader"},
		{Value: int32(bips.Drop), Nick: "drop", Blurb: "Drop the new frame and count it"},
	}}
	readModeChoice = &choice{name: "GstBipsReadMode", values: []gstglue.EnumValue{
		{Value: int32(bips.Auto), Nick: "auto", Blurb: "The newest of frames that stand alone (raw video, JPEG, tensors), every one of others (H.264, sound)"},
		{Value: int32(bips.Latest), Nick: "latest", Blurb: "The newest frame; frames that come while downstream is busy are skipped"},
		{Value: int32(bips.Every), Nick: "every", Blurb: "Every frame; the producer waits when downstream is slow"},
	}}
	lossChoice = &choice{name: "GstBipsProducerLoss", values: []gstglue.EnumValue{
		{Value: lossWait, Nick: "wait", Blurb: "Wait for the next producer of the pool"},
		{Value: lossEOS, Nick: "eos", Blurb: "End the stream"},
		{Value: lossError, Nick: "error", Blurb: "Report an error"},
	}}
	endChoice = &choice{name: "GstBipsEndOfStream", values: []gstglue.EnumValue{
		{Value: endEOS, Nick: "eos", Blurb: "End the stream"},
		{Value: endWait, Nick: "wait", Blurb: "Wait for the next stream of the pool"},
	}}
)

func registerChoices() {
	for _, c := range []*choice{backendChoice, overflowChoice, readModeChoice, lossChoice, endChoice} {
		c.gtype = gstglue.RegisterEnum(c.name, c.values)
	}
}

// value is n as GetProperty has to return it.
func (c *choice) value(n int32) any { return gstglue.EnumOf{Type: c.gtype, Value: n} }
