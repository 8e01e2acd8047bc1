package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// decoding is how the clip is decoded, with and without BIPS.
func decoding(s *settings) string {
	return fmt.Sprintf("filesrc location=%s ! qtdemux ! h264parse ! openh264dec", s.clip)
}

// reference is what a decode without BIPS gave.
type reference struct {
	format format
	sums   []uint64 // of each frame
}

// decodeAlone decodes the clip in one process.
func decodeAlone(ctx context.Context, s *settings) (*reference, error) {
	r := &reference{}
	formats := make(chan format, 1)
	c := launch(ctx, s, "the decoder", decoding(s)+" ! fdsink fd=3 sync=false")
	err := c.run(func(line string) {
		if f, err := formatOf(line); err == nil && r.format.width == 0 {
			r.format = f
			formats <- f
		}
	}, func(frames io.Reader) (err error) {
		select {
		case f := <-formats:
			r.sums, err = checksums(frames, f.size(), func(uint64) {})
			return err
		case <-c.silent:
			return errors.New("no I420 pictures came")
		}
	})
	return r, err
}

// checksums reads frames of a size, and tells of each as it comes.
func checksums(frames io.Reader, size int, each func(sum uint64)) (sums []uint64, err error) {
	frame := make([]byte, size)
	for {
		if _, err := io.ReadFull(frames, frame); errors.Is(err, io.EOF) {
			return sums, nil
		} else if err != nil {
			return sums, fmt.Errorf("read a frame: %w", err)
		}
		sum := xxhash.Sum64(frame)
		sums = append(sums, sum)
		each(sum)
	}
}
