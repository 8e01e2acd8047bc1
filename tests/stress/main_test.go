package stress

import (
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) {
	testmain.Roles{
		"producer": func(args []string) error { return runProducer(args[0]) },
		"consumer": func(args []string) error { return runConsumer(args[0]) },
	}.Run(m)
}
