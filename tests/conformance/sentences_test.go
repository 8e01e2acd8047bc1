package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

// words are what the two languages call differently, from Go to C: the fields of options, and errors that Go has in its standard library.
var words = strings.NewReplacer("i/o timeout", "timeout", "MetaSize", "meta_size", "MaxHeld", "max_held", "NoMeta", "BIPS_NO_META",
	"package meta", "bips/meta.h", "slot 0: ", "")

// A user reads the same sentence whatever language a program is in. testdata/sentences.c does in C what is done here. Not
// compared are the ends that Go tells by a plain value, as the standard library does: io.EOF, ErrClosed, ErrFlushing.
func TestErrorsAreTheSameSentencesInGoAndInC(t *testing.T) {
	program := sentencesInC(t)
	testmain.Dir(t)
	var s sentences
	s.ofNamesAndOptions()
	s.ofWaits(t)
	s.ofFramesThatDoNotFit(t)
	testmain.Dir(t)
	out, err := exec.Command(program).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inC := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(inC) != len(s) {
		t.Fatalf("Go has %d sentences and C %d", len(s), len(inC))
	}
	for i := range s {
		if want, have := words.Replace(s[i]), withoutFolders(inC[i]); have != want {
			t.Errorf("Go says\n\t%s\nand C\n\t%s", want, have)
		}
	}
}

// withoutFolders is a sentence without the names of a test's own folders.
func withoutFolders(sentence string) string {
	if folder := os.Getenv("BIPS_SHM_DIR"); folder != "" {
		sentence = strings.ReplaceAll(sentence, folder, "FOLDER")
	}
	return sentence
}

// sentencesInC compiles the program of C, with the library in it.
func sentencesInC(t *testing.T) (program string) {
	t.Helper()
	for _, tool := range []string{"cc", "python3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	folder := t.TempDir()
	library, program := filepath.Join(folder, "bips.c"), filepath.Join(folder, "sentences")
	for _, command := range [][]string{
		{"../../libbips/amalgamate", library},
		{"cc", "-I", "../../libbips/include", "testdata/sentences.c", library, "-pthread", "-o", program},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
	return program
}

type sentences []string

func (s *sentences) says(what string, err error) {
	said := "no error"
	if err != nil {
		said = err.Error()
	}
	*s = append(*s, withoutFolders(fmt.Sprintf("%s: %s", what, said)))
}

func (s *sentences) refused(what string, o bips.ProducerOptions) {
	_, err := bips.NewProducer("refused", o)
	s.says(what, err)
}

func (s *sentences) ofNamesAndOptions() {
	s.says("an empty name", bips.CheckName(""))
	s.says("a name with a space", bips.CheckName("a b"))
	s.says("a long name", bips.CheckName(strings.Repeat("a", 201)))
	s.refused("one slot", bips.ProducerOptions{Slots: 1, SlotSize: 64})
	s.refused("65 slots", bips.ProducerOptions{Slots: 65, SlotSize: 64})
	s.refused("slots of 0 bytes", bips.ProducerOptions{})
	s.refused("65 consumers", bips.ProducerOptions{SlotSize: 64, MaxConsumers: 65})
	s.refused("-2 bytes of metadata", bips.ProducerOptions{SlotSize: 64, MetaSize: -2})
	s.refused("permissions 0777", bips.ProducerOptions{SlotSize: 64, Permissions: 0o777})
	s.refused("a group that is not there", bips.ProducerOptions{SlotSize: 64, Permissions: 0o660, Group: "no such group"})
	_, err := bips.NewConsumer("refused", bips.ConsumerOptions{MaxHeld: 64})
	s.says("64 frames held", err)
	_, err = bips.NewConsumer("refused", bips.ConsumerOptions{MaxHeld: 2, MinHeld: 3})
	s.says("at least more than at most", err)
}

// must is for calls that are no part of the comparison.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func (s *sentences) ofWaits(t *testing.T) {
	c, other := must(bips.NewConsumer("waits", bips.ConsumerOptions{})), must(bips.NewConsumer("waits", bips.ConsumerOptions{}))
	pulled := func(what string, c *bips.Consumer, timeout time.Duration) {
		_, err := c.Pull(timeout)
		s.says(what, err)
	}
	pulled("no pool", c, 0)
	s.says("why there is none", bips.WhyNoPool("waits"))
	p := must(bips.NewProducer("waits", bips.ProducerOptions{Slots: 8, SlotSize: 64}))
	_, err := bips.NewProducer("waits", bips.ProducerOptions{Slots: 8, SlotSize: 64})
	s.says("a second producer", err)
	s.says("no consumer", p.WaitConsumers(1, 0))
	s.says("more consumers than seats", p.WaitConsumers(17, bips.Forever))
	var slots []bips.Slot
	for range 8 {
		slots = append(slots, must(p.Pull(0)))
	}
	_, err = p.Pull(1)
	s.says("no slot", err)
	for _, slot := range slots {
		if err := p.Return(slot); err != nil {
			t.Fatal(err)
		}
	}
	var frames []bips.Frame
	for range 3 {
		if err := p.Push(must(p.Pull(bips.Forever)), bips.FrameInfo{Size: 64}); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, must(c.Pull(bips.Forever)))
	}
	pulled("more than the quota", c, 0)
	pulled("a full pool", other, bips.Forever)
	for _, frame := range frames {
		if err := c.Push(frame); err != nil {
			t.Fatal(err)
		}
	}
	pulled("no frame", c, 1)
	_ = p.Close()
	pulled("a lost producer", c, bips.Forever)
	_ = c.Close()
	_ = other.Close()
}

func (s *sentences) ofFramesThatDoNotFit(t *testing.T) {
	p := must(bips.NewProducer("fit", bips.ProducerOptions{Slots: 8, SlotSize: 64}))
	slot := must(p.Pull(0))
	zeros := make([]byte, 8200)
	s.says("a large frame", p.Push(slot, bips.FrameInfo{Size: 65}))
	s.says("much metadata", p.Push(slot, bips.FrameInfo{Size: 64, Meta: zeros[:4104]}))
	s.says("a plane behind the end", p.Push(slot, bips.FrameInfo{Size: 64, Planes: bips.Planes{Count: 2, Offset: [bips.MaxPlanes]uint64{0, 65}}}))
	s.says("metadata that are none", p.Push(slot, bips.FrameInfo{Size: 64, Meta: []byte{1, 0, 0, 0, 255, 0, 0, 0}}))
	s.says("long caps", p.SetCaps(strings.Repeat("c", 16369)))
	s.says("many tags", p.SetTags(zeros))
	s.says("slots that shrink to nothing", p.Grow(0))
	if err := p.Push(slot, bips.FrameInfo{Size: 64}); err != nil {
		t.Fatal(err)
	}
	s.says("a slot that was pushed", p.Push(slot, bips.FrameInfo{Size: 64}))
	_ = p.Close()
}
