package stress

import (
	"testing"

	"github.com/bips-ipc/bips/tests/peer/drive"
)

func TestMain(m *testing.M) { drive.Role(nil).Run(m) }
