package plugin

import (
	"regexp"
	"testing"
)

var unfit = regexp.MustCompile(`[^A-Za-z0-9]+`)

// poolName is a pool's name that no other test has.
func poolName(t *testing.T) string {
	return unfit.ReplaceAllString(t.Name(), "-")
}
