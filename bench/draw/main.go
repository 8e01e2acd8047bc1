// Draw makes pictures of a result of bench/run:
//
//	draw RESULT.jsonl FOLDER
//
// latency.png is the distribution of the latency, throughput.png the bytes per second
// by frame size, both of the first setup in the file.
package main

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/bips-ipc/bips/bench/result"
)

// What tells lines apart: for each pair its colour, the same in all pictures (of
// Okabe and Ito's, which most people can tell apart).
var colours = map[string]color.Color{
	result.Bips:      color.RGBA{0xd5, 0x5e, 0x00, 0xff},
	result.BipsMemfd: color.RGBA{0xe6, 0x9f, 0x00, 0xff},
	result.Shm:       color.RGBA{0x00, 0x72, 0xb2, 0xff},
	result.UnixFD:    color.RGBA{0x00, 0x9e, 0x73, 0xff},
	result.Iceoryx2:  color.RGBA{0xcc, 0x79, 0xa7, 0xff},
	result.Floor:     color.RGBA{0x80, 0x80, 0x80, 0xff},
}

const (
	width  = 24 * vg.Centimeter
	height = 12 * vg.Centimeter
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: draw RESULT.jsonl FOLDER")
		os.Exit(2)
	}
	if err := draw(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "draw:", err)
		os.Exit(1)
	}
}

func draw(file, folder string) error {
	r, err := result.Load(file)
	if err != nil {
		return err
	}
	setup := &r.Setups[0]
	below := fmt.Sprintf("\n%s, %d cores, Linux %s; %s; %s", r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel, setup.Versions[0], r.Date)
	if work := setup.Work("latency-1"); work != nil {
		if err := latency(work, below, filepath.Join(folder, "latency.png")); err != nil {
			return err
		}
	}
	return throughput(setup, below, filepath.Join(folder, "throughput.png"))
}

// latency draws the share of frames that were there within a time, of all rounds.
func latency(work *result.Work, below, path string) error {
	p := newPlot("How old a frame is when the consumer gets it: "+work.Title, "microseconds"+below, "share of frames")
	useLogarithm(&p.X)
	for i := range work.Pairs {
		var points plotter.XYs
		for _, point := range work.Pairs[i].Latency.Distribution() {
			points = append(points, plotter.XY{X: math.Max(point.Microseconds, 1), Y: point.Share})
		}
		if err := addLine(p, &work.Pairs[i], points, false); err != nil {
			return err
		}
	}
	p.X.Min, p.X.Max = 1, 10_000
	p.Y.Min, p.Y.Max = 0, 1
	return p.Save(width, height, path)
}

// throughput draws medians by the size of the frame.
func throughput(setup *result.Setup, below, path string) error {
	p := newPlot("Flat out, every byte written and read", "bytes in a frame"+below, "bytes per second")
	useLogarithm(&p.X)
	useLogarithm(&p.Y)
	lines := map[string]plotter.XYs{}
	var order []*result.Cell
	for i := range setup.Works {
		work := &setup.Works[i]
		if !work.Sweep {
			continue
		}
		for k := range work.Pairs {
			cell := &work.Pairs[k]
			if cell.Spin != 0 {
				continue
			}
			if lines[cell.Pair] == nil {
				order = append(order, cell)
			}
			if s := cell.Summary(result.FPS); s.Rounds > 0 {
				lines[cell.Pair] = append(lines[cell.Pair], plotter.XY{X: float64(work.Size), Y: s.Median * float64(work.Size)})
			}
		}
	}
	drawn := false
	for _, cell := range order {
		points := lines[cell.Pair]
		slices.SortFunc(points, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) })
		drawn = drawn || len(points) > 1
		if err := addLine(p, cell, points, true); err != nil {
			return err
		}
	}
	if !drawn {
		return nil
	}
	return p.Save(width, height, path)
}

func useLogarithm(axis *plot.Axis) {
	axis.Scale = plot.LogScale{}
	axis.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
		// LogTicks goes on to the next power of ten, and the plot makes room for it.
		return slices.DeleteFunc(plot.LogTicks{Prec: -1}.Ticks(low, high), func(t plot.Tick) bool {
			return t.Value < low || t.Value > high
		})
	})
}

func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding = vg.Points(6)
	p.Legend.Padding = vg.Points(2)
	grid := plotter.NewGrid()
	grid.Horizontal.Color = color.Gray{0xdd}
	grid.Vertical.Color = color.Gray{0xdd}
	p.Add(grid)
	return p
}

// addLine adds a pair's line. Those that spin are dashed.
func addLine(p *plot.Plot, cell *result.Cell, points plotter.XYs, marks bool) error {
	if len(points) < 2 {
		return nil
	}
	line, dots, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, dots.Color = colours[cell.Pair], colours[cell.Pair]
	line.Width = vg.Points(1.5)
	if cell.Spin > 0 {
		line.Dashes = []vg.Length{vg.Points(4), vg.Points(2)}
	}
	p.Add(line)
	p.Legend.Add(cell.Title(), line)
	if marks {
		dots.Radius = vg.Points(2.5)
		p.Add(dots)
	}
	return nil
}
