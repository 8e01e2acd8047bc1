package main

import (
	"image"

	"github.com/kovidgoyal/imaging"
)

// A state is what the camera is found in.
type state string

const (
	dark   state = "dark"
	still  state = "still"
	moving state = "moving"
)

// What decides about the state.
const (
	thumbWidth = 160   // pictures are compared at this size: noise and detail are averaged away
	differs    = 12    // levels of brightness, of 256, by which a pixel counts as changed
	enough     = 0.001 // share of the pixels that have to change for a movement
	darkest    = 30    // mean brightness below which a lens is covered, or the light off; video's black is 16
	calmAfter  = 10    // pictures without a movement that make it still
)

// A watch compares each picture with the one before.
type watch struct {
	before *image.NRGBA
	calm   int // pictures since the last movement
	now    state
}

// A finding is what a watch says of a picture.
type finding struct {
	state      state
	new        bool    // the state was another one before
	changed    float64 // share of the picture that changed
	brightness float64 // the mean, 0 to 255
}

// look takes the next picture. What it keeps of it is a copy, and small.
func (w *watch) look(picture image.Image) finding {
	// Box is the mean of all pixels that become one: each byte of the picture is read, once.
	thumb := imaging.Grayscale(imaging.ResizeWithOpacity(picture, thumbWidth, 0, imaging.Box, true))
	f := finding{changed: w.changed(thumb), brightness: mean(imaging.Histogram(thumb))}
	w.before = thumb
	w.calm++
	if f.changed >= enough {
		w.calm = 0
	}
	switch {
	case w.calm == 0, w.now == moving && w.calm < calmAfter:
		f.state = moving
	case f.brightness < darkest:
		f.state = dark
	default:
		f.state = still
	}
	f.new = f.state != w.now
	w.now = f.state
	return f
}

// changed is the share of the pixels that are not as they were.
func (w *watch) changed(thumb *image.NRGBA) float64 {
	if w.before == nil || w.before.Rect != thumb.Rect {
		return 0
	}
	n := 0
	for i := 0; i < len(thumb.Pix); i += 4 { // grey: red, green and blue are the same
		if d := int(thumb.Pix[i]) - int(w.before.Pix[i]); d > differs || d < -differs {
			n++
		}
	}
	return float64(n) / float64(len(thumb.Pix)/4)
}

// mean of what a histogram tells the shares of.
func mean(histogram [256]float64) (m float64) {
	for level, share := range histogram {
		m += float64(level) * share
	}
	return m
}
