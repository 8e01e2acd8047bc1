package libbips

import (
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }
