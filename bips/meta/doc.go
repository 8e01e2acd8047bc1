// Package meta reads and writes the metadata that travels with a frame: detections and other
// regions, times on other clocks, crop, time codes, captions, structures of an application's own.
//
// Metadata are a row of records, as bytes: [Records]. [Records.All] reads them, [Append] adds one:
//
//	for record, err := range frame.Meta.All() {
//		if err != nil {
//			return err
//		}
//		if region, ok := record.(meta.Region); ok {
//			fmt.Println(region.Kind, region.X, region.Y, region.Width, region.Height)
//		}
//	}
//
// Records that come from a pool lie in memory that their producer may change at any time, also while they
// are read. All therefore copies the bytes first, once, and reads the copy. What it returns is the caller's, and
// stays valid after the frame was given back.
//
// docs/protocol.md, section "Metadata", has the format. Nothing in this package depends on GStreamer,
// although most records are its metas. Functions and methods may be called from several goroutines at once, as
// long as nobody changes what they are given.
package meta
