package bips

import "strings"

// FramesStandAlone reports whether each frame of a stream with these caps can be read
// without the frames before it: raw pictures, pictures compressed one by one (JPEG, PNG and
// all else that is image/), and tensors. Of such a stream mode [Auto] reads the newest frame,
// of any other each: sound, H.264, and whatever is not known here. Frames without caps
// stand alone.
//
// caps are in GStreamer's notation.
func FramesStandAlone(caps string) bool {
	mediaType, _, _ := strings.Cut(caps, ",")
	mediaType, _, _ = strings.Cut(mediaType, "(") // caps features, or a type before a value
	mediaType = strings.TrimSpace(mediaType)
	switch mediaType {
	case "", "video/x-raw", "video/x-bayer", "other/tensor", "other/tensors", "tensor/strided":
		return true
	}
	return strings.HasPrefix(mediaType, "image/")
}
