package meta_test

import (
	"fmt"
	"log"

	"github.com/bips-ipc/bips/bips/meta"
)

// A detector writes what it found, and a program that reads frames prints it.
func Example() {
	// The detector, before it pushes the frame with bips.FrameInfo{Meta: records}:
	var records meta.Records
	records, err := meta.Append(records, meta.Region{
		ID: 1, Parent: meta.NoParent, X: 10, Y: 20, Width: 30, Height: 40, Kind: "face",
		Params: []meta.Structure{{
			Name:   "detection",
			Fields: []meta.Field{{Key: "confidence", Value: meta.Float{Value: 0.875, Origin: meta.Origin64}}},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}

	// The reader, with records from bips.Frame.Meta:
	for record, err := range records.All() {
		if err != nil {
			log.Fatal(err)
		}
		if region, ok := record.(meta.Region); ok {
			detection, _ := region.Param("detection")
			confidence, _ := detection.Float("confidence")
			fmt.Printf("%s at %d, %d of %d x %d: %.1f%%\n", region.Kind, region.X, region.Y, region.Width, region.Height, 100*confidence)
		}
	}
	// Output:
	// face at 10, 20 of 30 x 40: 87.5%
}

// Tags come beside the caps: bips.Frame.Tags.
func ExampleTags() {
	records, err := meta.Append(nil, meta.Tags{Scope: meta.StreamScope, List: meta.Structure{
		Name: "taglist", Fields: []meta.Field{{Key: "image-orientation", Value: meta.Text("rotate-90")}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	for record, err := range records.All() {
		if err != nil {
			log.Fatal(err)
		}
		if tags, ok := record.(meta.Tags); ok {
			fmt.Println(tags.List.Text("image-orientation"))
		}
	}
	// Output:
	// rotate-90 true
}
