package bips

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// shmDirVariable is the environment variable that names the directory of the
// pools' files instead of /dev/shm, for example a volume that containers share.
const shmDirVariable = "BIPS_SHM_DIR"

func shmDir() string {
	if dir := os.Getenv(shmDirVariable); dir != "" {
		return dir
	}
	return "/dev/shm"
}

// CheckName reports whether a pool can have the name: letters, digits, _ and -, at most
// [MaxNameLength] bytes. One leading slash is accepted and means nothing. The error is
// [ErrName].
func CheckName(name string) error {
	_, err := poolName(name)
	return err
}

// poolName checks a pool's name and takes the leading slash off, which is accepted
// and means nothing.
func poolName(name string) (string, error) {
	bare := strings.TrimPrefix(name, "/")
	if bare == "" {
		return "", fmt.Errorf("%w %q: it is empty: give the pool a name", ErrName, name)
	}
	if len(bare) > MaxNameLength {
		return "", fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrName, len(bare), MaxNameLength)
	}
	for _, r := range bare {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
		default:
			return "", fmt.Errorf("%w %q: character %q: use letters, digits, _ and - only", ErrName, name, r)
		}
	}
	return bare, nil
}

// paths are the files of a pool.
type paths struct{ dir, name string }

func (p paths) pool() string { return filepath.Join(p.dir, "bips."+p.name) }
func (p paths) lock() string { return p.pool() + ".lock" }

// seats and unnamed are of one pool of an instance, which has one more with each move. A pool is
// made under the unnamed path and renamed when it is whole.
func (p paths) seats(instance uint64, move uint32) string {
	return fmt.Sprintf("%s.%016x.%d.seats", p.pool(), instance, move)
}
func (p paths) unnamed(instance uint64, move uint32) string {
	return fmt.Sprintf("%s.%016x.%d.new", p.pool(), instance, move)
}

// socketName is the name under which a pool's socket is made, in the pool's folder. It is no longer for a long name.
func (p paths) socketName() string {
	hash := sha256.Sum256([]byte(p.name))
	return fmt.Sprintf("bips..%x.new", hash[:8])
}
