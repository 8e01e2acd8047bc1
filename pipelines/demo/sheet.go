package main

import (
	"image"
	"image/color"
	"image/png"
	"os"

	"golang.org/x/image/draw"

	"github.com/bips-ipc/bips/bips"
)

// A contact sheet shows a few frames of a clip side by side.
type contactSheet struct {
	frames int
	page   *image.RGBA
	next   int // place on the page
}

const (
	columns, rows = 4, 3
	thumbWidth    = 320
	gap           = 8
	between       = 11 // frames from one on the sheet to the next
)

// look puts each frame that is due on the page. It reads the pool's own memory.
func (s *contactSheet) look(frame *bips.Frame) error {
	due := s.frames%between == 0 && s.next < columns*rows
	s.frames++
	if !due {
		return nil
	}
	f, err := formatOf(frame.Caps)
	if err != nil {
		return err
	}
	thumbHeight := thumbWidth * f.height / f.width
	if s.page == nil {
		s.page = image.NewRGBA(image.Rect(0, 0, gap+columns*(thumbWidth+gap), gap+rows*(thumbHeight+gap)))
		draw.Draw(s.page, s.page.Bounds(), image.NewUniform(color.Gray{Y: 32}), image.Point{}, draw.Src)
	}
	at := image.Pt(gap+s.next%columns*(thumbWidth+gap), gap+s.next/columns*(thumbHeight+gap))
	place := image.Rectangle{at, at.Add(image.Pt(thumbWidth, thumbHeight))}
	picture := f.picture(frame)
	draw.ApproxBiLinear.Scale(s.page, place, picture, picture.Bounds(), draw.Src, nil)
	fullRange(s.page.SubImage(place).(*image.RGBA))
	s.next++
	return nil
}

// fullRange stretches video's black (16) and white (235) to those of pictures, which
// image.YCbCr takes for granted.
func fullRange(m *image.RGBA) {
	for y := range m.Bounds().Dy() {
		row := m.Pix[y*m.Stride:][:4*m.Bounds().Dx()]
		for i, v := range row {
			if i%4 != 3 { // not alpha
				row[i] = uint8(min(255, max(0, (int(v)-16)*255/219)))
			}
		}
	}
}

func (s *contactSheet) save(path string) error {
	if s.page == nil {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return png.Encode(file, s.page)
}
