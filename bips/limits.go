package bips

import (
	"errors"
	"fmt"

	"github.com/bips-ipc/bips/internal/sys"
)

// adviseOn adds to an error of the system which limit was reached and what raises it.
func adviseOn(err error) error {
	for _, limit := range []struct {
		reached error
		advice  string
	}{
		{sys.ErrNoDescriptors, "this process may open no more files: raise its limit (ulimit -n, LimitNOFILE=) or close some"},
		{sys.ErrNotFolder, "name a folder in " + shmDirVariable},
		{sys.ErrNoFiles, "the system has no more open files: raise fs.file-max"},
		{sys.ErrNoMemory, "this process may map no more memory: raise its limit (ulimit -v, LimitAS=), or use fewer or smaller slots"},
		{sys.ErrNoLocks, "the system has no more file locks: close other programs"},
		{sys.ErrReadOnly, "a producer writes to the folder, and with the backend shm a reader too: mount it read-write, or name another one in " + shmDirVariable},
		{sys.ErrNotSupported, "its file system cannot set memory aside in full (fallocate): name a folder in memory (tmpfs), as /dev/shm is, in " + shmDirVariable},
	} {
		if errors.Is(err, limit.reached) {
			return fmt.Errorf("%w: %s", err, limit.advice)
		}
	}
	return err
}
