package sys

import (
	"errors"
	"strings"
	"testing"
)

func TestAGroupIsGivenByNumberOrName(t *testing.T) {
	for group, want := range map[string]uint32{"0": 0, "44": 44, "4294967294": 4294967294, "root": 0} {
		if got, err := GroupID(group); got != want || err != nil {
			t.Errorf("%q is %d, %v; want %d", group, got, err, want)
		}
	}
	for _, group := range []string{"", "no such group", "-1", "4294967295", "4294967296", "root:x:0"} {
		if got, err := GroupID(group); !errors.Is(err, ErrNoGroup) || !strings.Contains(err.Error(), `"`+group+`"`) {
			t.Errorf("%q is %d, %v", group, got, err)
		}
	}
}

func TestAccountsAreWrittenWithTheirNamesWhereThereAreAny(t *testing.T) {
	for got, want := range map[string]string{UserText(0): "0 (root)", GroupText(0): "0 (root)", UserText(4294967294): "4294967294"} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
