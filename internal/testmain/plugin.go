package testmain

import (
	"fmt"
	"os"
	"path/filepath"
)

// PluginFile is the plugin that was built, for tests two folders below the top.
func PluginFile() (string, error) {
	dir := os.Getenv("BIPS_PLUGIN_DIR")
	if dir == "" {
		dir = "../../build/plugin"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "libgstbips.so")
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("no plugin to test: run \"make build\" first (%w)", err)
	}
	return file, nil
}
