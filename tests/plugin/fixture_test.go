package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fixtures are files that tests decode, made by this system's own encoders the first
// time they are wanted. Their place in a pipeline is marked by their name.
var fixtures = map[string]*fixture{
	"H264": {line: moving + " ! openh264enc gop-size=15 ! h264parse ! video/x-h264,stream-format=byte-stream"},
	"JPEG": {line: moving + " ! jpegenc"},
	"RAW":  {line: "videotestsrc num-buffers=30 ! video/x-raw,format=I420,width=320,height=240"},
}

const moving = "videotestsrc num-buffers=60 pattern=ball ! video/x-raw,format=I420,width=320,height=240"

type fixture struct {
	line string
	once sync.Once
	path string
}

// withFixtures puts the paths of files where a pipeline names them.
func withFixtures(t *testing.T, beginning string) string {
	t.Helper()
	for name, f := range fixtures {
		if strings.Contains(beginning, "location="+name) {
			beginning = strings.ReplaceAll(beginning, "location="+name, "location="+f.make(t, name))
		}
	}
	return beginning
}

func (f *fixture) make(t *testing.T, name string) string {
	t.Helper()
	f.once.Do(func() {
		path := filepath.Join(scratch, name)
		launch(t, "%s ! filesink location=%s", f.line, path).finish()
		f.path = path
	})
	if _, err := os.Stat(f.path); err != nil {
		t.Fatalf("the file %s could not be made: %v", name, err)
	}
	return f.path
}
