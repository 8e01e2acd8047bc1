package environment

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/bips"
	"github.com/bips-ipc/bips/internal/testmain"
)

func TestADirectoryThatIsReadOnlyIsAnErrorForWhoWritesToIt(t *testing.T) {
	testmain.EachBackend(t, func(t *testing.T) {
		alone(t, "read-only")
	})
}

// readOnly has a producer in a directory, which others see read-only, as a container may.
func readOnly(args []string) error {
	if err := mountPools(args[0], "size=4m"); err != nil {
		return skip("no tmpfs of its own: %v", err)
	}
	other, err := mountAgain(args[0])
	if err != nil {
		return skip("no read-only mount: %v", err)
	}
	p, err := newProducer(poolName, small)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := os.Setenv("BIPS_SHM_DIR", other); err != nil {
		return err
	}
	before := descriptors()
	for _, name := range []string{poolName, "new"} {
		_, err := newProducer(name, small)
		if err := complains(err, unix.EROFS, other, "read-write", "BIPS_SHM_DIR"); err != nil {
			return err
		}
	}
	c, err := bips.NewConsumer(poolName, bips.ConsumerOptions{})
	if err != nil {
		return err
	}
	if testmain.Backend() == "memfd" { // a reader only connects to the socket
		if err := errors.Join(write(p, 1), reads(c, 1), c.Close()); err != nil {
			return err
		}
		return errors.Join(os.Setenv("BIPS_SHM_DIR", args[0]), cross(p))
	}
	_, err = c.Pull(patience)
	if err := errors.Join(complains(err, unix.EROFS, other, "read-write", "BIPS_SHM_DIR"), c.Close()); err != nil {
		return err
	}
	if after := descriptors(); len(after) != len(before) {
		return errors.New("descriptors are left")
	}
	return errors.Join(os.Setenv("BIPS_SHM_DIR", args[0]), cross(p))
}
