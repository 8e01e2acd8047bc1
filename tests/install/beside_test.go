package install

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheLibraryIsInstalledBesideThePluginWhichNeedsNothingOfIt(t *testing.T) {
	need(t, "meson")
	build := os.Getenv("BIPS_BUILD")
	if build == "" {
		build = filepath.Join(checkout(t), "build")
	}
	plugin := filepath.Join(build, "plugin", "libgstbips.so")
	if _, err := os.Stat(plugin); err != nil {
		t.Skipf("the plugin is not built: %v", err)
	}
	for _, library := range libraries(t, plugin) {
		if strings.Contains(library, "bips") {
			t.Errorf("the plugin needs %s", library)
		}
	}
	installed := map[string]string{}
	if err := json.Unmarshal([]byte(run(t, build, nil, "meson", "introspect", "--installed", build)), &installed); err != nil {
		t.Fatal(err)
	}
	var names []string
	for path := range maps.Values(installed) {
		names = append(names, filepath.Base(path))
	}
	for _, name := range []string{"libgstbips.so", "libbips.so." + version(t), "libbips.a", "bips.h", "bips.pc", "bips-config.cmake"} {
		if !slices.Contains(names, name) {
			t.Errorf("make install brings no %s, but %v", name, names)
		}
	}
}
