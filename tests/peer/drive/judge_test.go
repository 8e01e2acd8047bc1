package drive

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/tests/peer/line"
)

// Each conversation has one thing that is wrong, or none, as its name says.
func TestAJudgeFindsWhatIsWrong(t *testing.T) {
	const begin = `{"event":"opened"}
{"event":"instance","instance":"a","token":"1","slots":1}
{"event":"frame","sequence":1,"discont":true}
{"event":"frame","sequence":2}
{"event":"frame","sequence":3}
{"event":"frame","sequence":4}
`
	run := Run{Token: "1", Published: 5}
	for name, c := range map[string]struct {
		latest, demotable bool
		lines             string
		want              string // "": nothing
	}{
		"all is well":                         {lines: `{"event":"frame","sequence":5}`},
		"a frame is missing":                  {lines: `{"event":"frame","sequence":6,"lost":1,"discont":true}`, want: "P4"},
		"it is missing after a wish":          {lines: `{"event":"unblocked"}` + "\n" + `{"event":"frame","sequence":6,"lost":1}`},
		"it is missing after a demotion":      {demotable: true, lines: `{"event":"frame","sequence":6,"lost":1,"demoted":1}`},
		"a demotion without a time-out":       {lines: `{"event":"frame","sequence":6,"lost":1,"demoted":1}`, want: "P4"},
		"it is missing and not counted":       {lines: `{"event":"frame","sequence":6,"unwaited":true}`, want: "P6"},
		"a preview skips and does not count":  {latest: true, lines: `{"event":"frame","sequence":6}`, want: "P6"},
		"a preview skips and counts":          {latest: true, lines: `{"event":"frame","sequence":6,"skipped":1}`},
		"what was dropped is not counted":     {lines: `{"event":"frame","sequence":5,"dropped":2,"lost":1}`, want: "P6"},
		"a frame comes twice":                 {lines: `{"event":"frame","sequence":4}`, want: "P3"},
		"it comes twice after a suspension":   {lines: `{"event":"suspended"}` + "\n" + `{"event":"frame","sequence":4,"discont":true}`, want: "P3"},
		"a suspension loses frames":           {lines: `{"event":"suspended"}` + "\n" + `{"event":"frame","sequence":8,"discont":true}`},
		"no discontinuity after a suspension": {lines: `{"event":"suspended"}` + "\n" + `{"event":"frame","sequence":8}`, want: "P6"},
		"the last frame was not read":         {lines: `{"event":"lost"}`, want: "P5"},
		"the last frame was read":             {lines: `{"event":"frame","sequence":5}` + "\n" + `{"event":"lost"}`},
		"it was not read before the next run": {lines: `{"event":"instance","instance":"b","token":"2","slots":3}`, want: "P5"},
		"an end that is told too early":       {lines: `{"event":"end","instance":"a"}` + "\n" + `{"event":"lost"}`, want: "P5"},
		"an end that is told twice":           {lines: `{"event":"frame","sequence":5}` + "\n" + `{"event":"end","instance":"a"}` + "\n" + `{"event":"end","instance":"a"}`, want: "P5"},
		"a frame is missing behind an end":    {lines: `{"event":"end","instance":"a"}` + "\n" + `{"event":"frame","sequence":6,"lost":1}`, want: "P4"},
		"another producer in one instance":    {lines: `{"event":"instance","instance":"a","token":"2","slots":3}`, want: "P1"},
		"a torn frame":                        {lines: `{"event":"wrong","what":"whole","text":"torn"}`, want: "P1"},
		"a frame that changed":                {lines: `{"event":"wrong","what":"held","text":"changed"}`, want: "P2"},
		"a call that failed":                  {lines: `{"event":"wrong","what":"call","text":"failed"}`, want: "P11"},
		"statistics that miss a frame":        {lines: `{"event":"closed","received":3}`, want: "P7"},
		"statistics":                          {lines: `{"event":"closed","received":4}`},
	} {
		t.Run(name, func(t *testing.T) {
			var found []string
			find := func(f Finding) { found = append(found, f.Property) }
			judge := Judge{Every: !c.latest, Demotable: c.demotable, Found: find, SpanOver: func(s Span) {
				if f, ok := run.Check(s); !ok {
					find(f)
				}
			}}
			for text := range strings.Lines(begin + c.lines + "\n") {
				l, err := parse([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				judge.See(l)
			}
			if c.want == "" && len(found) > 0 || c.want != "" && (len(found) == 0 || found[0] != c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

func TestARunIsCheckedToItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		run  Run
		span Span
		ok   bool
	}{
		"killed, one more than told":      {Run{Published: 5}, Span{Last: 6}, true},
		"killed, two more than told":      {Run{Published: 5}, Span{Last: 7}, false},
		"ended and told":                  {Run{Published: 5, Ended: true, Ends: 1, Closed: &line.Line{}}, Span{Last: 5, Ended: true, Ends: 1}, true},
		"told once more than ended":       {Run{Published: 5, Ended: true, Ends: 1, Closed: &line.Line{}}, Span{Last: 5, Ended: true, Ends: 2}, false},
		"ended and not told":              {Run{Published: 5, Ended: true}, Span{Last: 5}, false},
		"the end hid the last frame":      {Run{Published: 5, Ended: true}, Span{Last: 4, Ended: true}, false},
		"one frame less":                  {Run{Published: 5}, Span{Last: 4}, false},
		"killed before it told of an end": {Run{Published: 5}, Span{Last: 5, Ended: true}, true},
	} {
		if f, ok := c.run.Check(c.span); ok != c.ok {
			t.Errorf("%s: %v (%v), want %v", name, ok, f, c.ok)
		}
	}
}

func TestARunKnowsWhoStoppedAtAMove(t *testing.T) {
	runs := Runs{Found: func(f Finding) { t.Error(f) }}
	for text := range strings.Lines(`{"event":"opened","token":"1"}
{"event":"published","sequence":1}
{"event":"moved","sequence":2,"size":100}
{"event":"published","sequence":2}
{"event":"published","sequence":3}
{"event":"moved","sequence":4,"size":200}
{"event":"moved","sequence":4,"size":300}
{"event":"published","sequence":4}
{"event":"moved","sequence":5,"size":400}
{"event":"published","sequence":5}
`) {
		l, err := parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		runs.See(l)
	}
	for last, want := range map[uint64][2]bool{1: {true, true}, 2: {false, true}, 3: {true, true}, 4: {true, false}, 5: {false, false}} {
		if stopped, again := runs.All[0].StoppedAtAMove(Span{Last: last}); [2]bool{stopped, again} != want {
			t.Errorf("after frame %d: %v, %v, want %v", last, stopped, again, want)
		}
	}
	if moves := runs.All[0].Moves; moves != 4 {
		t.Errorf("%d moves", moves)
	}
}

// It joins without being waited for, and then is, in a pool of 3 slots that the producer has moved from: of what it reads there
// nothing was kept for it.
func TestAReaderThatIsNotWaitedForFromTheStartMayMissFramesOnceItIs(t *testing.T) {
	var found []string
	judge := Judge{Every: true, Found: func(f Finding) { found = append(found, f.Property) }}
	for text := range strings.Lines(`{"event":"opened"}
{"event":"unblocked"}
{"event":"end","instance":"a","lost":50}
{"event":"instance","instance":"a","token":"1","slots":3}
{"event":"frame","sequence":1,"discont":true}
{"event":"frame","sequence":2}
{"event":"frame","sequence":3}
{"event":"end","instance":"a","lost":6}
{"event":"frame","sequence":10,"discont":true}
`) {
		l, err := parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		judge.See(l)
	}
	if len(found) > 0 {
		t.Errorf("found %q", found)
	}
}

// It is waited for again in a pool of 3 slots that the producer has moved from, and reads what there is in it before it follows.
func TestAReaderThatIsWaitedForAgainInAPoolThatWasMovedFromMayMissFramesBehindIt(t *testing.T) {
	for missed, allowed := range map[int]bool{4: true, 6: false} {
		var found []string
		judge := Judge{Every: true, Found: func(f Finding) { found = append(found, f.Property) }}
		text := `{"event":"opened"}
{"event":"instance","instance":"a","token":"1","slots":3}
{"event":"frame","sequence":1,"discont":true}
{"event":"unblocked"}
{"event":"end","instance":"a"}
`
		for i := range missed - 1 {
			text += fmt.Sprintf("{\"event\":\"frame\",\"sequence\":%d}\n", 2+i)
		}
		text += fmt.Sprintf("{\"event\":\"frame\",\"sequence\":%d,\"lost\":10,\"discont\":true}\n", missed+11)
		for l := range strings.Lines(text) {
			parsed, err := parse([]byte(l))
			if err != nil {
				t.Fatal(err)
			}
			judge.See(parsed)
		}
		if allowed != (len(found) == 0) {
			t.Errorf("as frame %d: found %q", missed, found)
		}
	}
}
