package drive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What DeleteNames deletes, as patterns of files: POOL stands for the pool's name.
const (
	AllNames  = "bips.POOL*"
	PoolName  = "bips.POOL"
	SeatsName = "bips.POOL.*.seats"
	LockName  = "bips.POOL.lock"
)

// DeleteNames deletes names of a pool under the hands of its producer, as systemd does at a logout (RemoveIPC).
func DeleteNames(t testing.TB, pool, pattern string) {
	t.Helper()
	dir := os.Getenv("BIPS_SHM_DIR")
	found, err := filepath.Glob(filepath.Join(dir, strings.Replace(pattern, "POOL", pool, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		_ = os.Remove(path) // it may be gone by now
	}
}
