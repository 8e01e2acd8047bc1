package elements

import (
	"strings"
	"testing"
)

func TestSinkRefusesSettingsThatCannotWork(t *testing.T) {
	tests := map[string]struct {
		change func(*sinkSettings)
		says   string
	}{
		"no pool":                        {func(s *sinkSettings) { s.pool = "" }, "no pool"},
		"a slash in the name":            {func(s *sinkSettings) { s.pool = "a/b" }, "'/'"},
		"no slots":                       {func(s *sinkSettings) { s.slots = 0 }, "2 to 64"},
		"too many slots":                 {func(s *sinkSettings) { s.slots = 65 }, "2 to 64"},
		"no consumers":                   {func(s *sinkSettings) { s.maxConsumers = 0 }, "1 to 64"},
		"waiting for more than may come": {func(s *sinkSettings) { s.waitForConsumers = 17 }, "max-consumers=16"},
		"permissions that are none":      {func(s *sinkSettings) { s.perms = 0o1777 }, "0777"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := sinkDefaults
			s.pool = "camera0"
			if err := s.check(); err != nil {
				t.Fatalf("the defaults are refused: %v", err)
			}
			test.change(&s)
			if err := s.check(); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want something with %q", err, test.says)
			}
		})
	}
}

func TestSourceRefusesSettingsThatCannotWork(t *testing.T) {
	tests := map[string]struct {
		change func(*sourceSettings)
		says   string
	}{
		"no pool":           {func(s *sourceSettings) { s.pool = "" }, "no pool"},
		"nothing held":      {func(s *sourceSettings) { s.maxHeld = 0 }, "1 to 63"},
		"too much held":     {func(s *sourceSettings) { s.maxHeld = 64 }, "1 to 63"},
		"spinning for long": {func(s *sourceSettings) { s.spin = 101 }, "100 microseconds"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := sourceDefaults
			s.pool = "camera0"
			if err := s.check(); err != nil {
				t.Fatalf("the defaults are refused: %v", err)
			}
			test.change(&s)
			if err := s.check(); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want something with %q", err, test.says)
			}
		})
	}
}

func TestPropertiesKeepWhatTheyAreGiven(t *testing.T) {
	var s settings[sinkSettings]
	values := map[string]any{"pool": "a", "slots": uint32(5), "slot-size": uint64(1 << 40), "overflow": int32(1)}
	for i := range sinkProperties {
		p := &sinkProperties[i]
		value, ok := values[p.name]
		if !ok {
			continue
		}
		s.set(p, value)
		got := s.get(p)
		if p.choice != nil {
			value = p.choice.value(value.(int32))
		}
		if got != value {
			t.Errorf("%s: got %v, want %v", p.name, got, value)
		}
	}
}

func TestErrorsAreSentences(t *testing.T) {
	if got := sentences("pool \"a\": no", "Set it."); got != "Pool \"a\": no. Set it." {
		t.Errorf("got %q", got)
	}
}
