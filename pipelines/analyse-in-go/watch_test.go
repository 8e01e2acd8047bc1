package main

import (
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"
)

// picture is a grey one with a white square of a tenth of its width.
func picture(background uint8, x int) image.Image {
	m := image.NewGray(image.Rect(0, 0, 640, 480))
	draw.Draw(m, m.Rect, image.NewUniform(color.Gray{Y: background}), image.Point{}, draw.Src)
	draw.Draw(m, image.Rect(x, 100, x+64, 164), image.NewUniform(color.Gray{Y: 235}), image.Point{}, draw.Src)
	return m
}

func TestAMovementIsSeenUntilAllIsCalm(t *testing.T) {
	w := watch{}
	var states []state
	look := func(m image.Image) {
		if f := w.look(m); f.new {
			states = append(states, f.state)
		}
	}
	for range 3 {
		look(picture(120, 100))
	}
	for x := range 5 {
		look(picture(120, 100+8*x))
	}
	for range calmAfter - 1 {
		look(picture(120, 132))
	}
	if w.now != moving {
		t.Errorf("%d calm pictures after a movement it is %s already", calmAfter-1, w.now)
	}
	look(picture(120, 132))
	for range calmAfter + 1 {
		look(picture(16, 132)) // the light goes off
	}
	if got, want := states, []state{still, moving, still, moving, dark}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNoiseIsNoMovement(t *testing.T) {
	w := watch{}
	for i := range 20 {
		m := picture(120, 100).(*image.Gray)
		for at := i % 7; at < len(m.Pix); at += 7 {
			if m.Pix[at] == 120 { // white would overflow
				m.Pix[at] += uint8(at*31%48) - 24
			}
		}
		if f := w.look(m); f.state != still {
			t.Errorf("picture %d is %s: %.1f %% of it changed", i, f.state, 100*f.changed)
		}
	}
}
