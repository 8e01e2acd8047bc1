package main

import (
	"fmt"
	"time"

	"github.com/bips-ipc/bips/bench/result"
)

// work is what one producer and its consumers have to do.
type work struct {
	id, title     string
	format        string
	width, height int
	rate          float64 // frames per second; 0: flat out, and none may be lost
	consumers     int
	touch         bool // every byte is written and read
	length        time.Duration
	metrics       []string
	sweep         bool // part of the throughput by frame size
	optional      bool // for that picture only: not for every run
	noFloor       bool // there is no floor to compare it with
	noSpin        bool
}

func (w *work) size() int {
	switch w.format {
	case "NV12":
		return w.width * w.height * 3 / 2
	case "RGB":
		return (w.width*3 + 3) / 4 * 4 * w.height // rows are padded
	default: // RGBA
		return w.width * w.height * 4
	}
}

func (w *work) caps() string {
	return fmt.Sprintf("video/x-raw,format=%s,width=%d,height=%d,framerate=300/1", w.format, w.width, w.height)
}

// works are what the pairs are compared in. RGB and NV12 are formats that each of
// them can carry: gst-plugin-iceoryx2 knows four. 4096x2700 of RGB are as many bytes as
// 3840x2160 of RGBA, and 5x4, with rows padded to 16, are 64.
var works = []work{
	{
		id: "latency-1", title: "300 frames/s of 1920x1080 NV12",
		format: "NV12", width: 1920, height: 1080, rate: 300, consumers: 1, length: 1800 * time.Millisecond,
		metrics: []string{result.P50, result.P99, result.CPU, result.ReaderCPU},
	}, {
		id: "latency-4", title: "the same, 4 consumers",
		format: "NV12", width: 1920, height: 1080, rate: 300, consumers: 4, length: 1800 * time.Millisecond,
		metrics: []string{result.P50, result.P99, result.CPU, result.ReaderCPU},
	}, {
		id: "untouched", title: "flat out, 1920x1080 NV12, not touched",
		format: "NV12", width: 1920, height: 1080, consumers: 1, length: time.Second, noFloor: true,
		metrics: []string{result.FPS},
	}, {
		id: "touched", title: "flat out, 33 MB (4096x2700 RGB), every byte written and read",
		format: "RGB", width: 4096, height: 2700, touch: true, consumers: 1, length: 1500 * time.Millisecond, noFloor: true, sweep: true,
		metrics: []string{result.FPS},
	}, {
		id: "tiny", title: "flat out, 64 bytes (5x4 RGB)",
		format: "RGB", width: 5, height: 4, consumers: 1, length: time.Second, noFloor: true, sweep: true,
		metrics: []string{result.FPS},
	},
	sweep("3 KB", 32, 32),
	sweep("197 KB", 256, 256),
	sweep("1.6 MB", 960, 540),
	sweep("6.2 MB", 1920, 1080),
}

// sweep is a step between "tiny" and "touched", for the picture.
func sweep(size string, width, height int) work {
	return work{
		id: fmt.Sprintf("sweep-%dx%d", width, height), title: "flat out, " + size + ", every byte written and read",
		format: "RGB", width: width, height: height, touch: true, consumers: 1, length: 400 * time.Millisecond,
		noFloor: true, noSpin: true, sweep: true, optional: true, metrics: []string{result.FPS},
	}
}
