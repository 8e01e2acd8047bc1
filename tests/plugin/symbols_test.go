package plugin

import (
	"debug/elf"
	"path/filepath"
	"testing"
)

// The plugin has libbips inside. An application may be linked with another one, of another version: each has to call its own.
func TestThePluginShowsNoNameOfTheLibraryInIt(t *testing.T) {
	t.Parallel()
	objects, err := filepath.Glob("../../internal/libbips/libbips_linux_*.syso")
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) == 0 {
		t.Skip("the plugin was built in another checkout")
	}
	object, err := elf.Open(objects[0])
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	symbols, err := object.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	inside := map[string]bool{}
	for _, s := range symbols {
		if elf.ST_BIND(s.Info) == elf.STB_GLOBAL && s.Section != elf.SHN_UNDEF {
			inside[s.Name] = true
		}
	}
	if !inside["bips_producer_open"] {
		t.Fatalf("%s has %d names, and not that of bips_producer_open", objects[0], len(inside))
	}
	for _, name := range shownNames(t) {
		if inside[name] {
			t.Errorf("the plugin shows %s", name)
		}
	}
}

// shownNames are those that other libraries in a process may find in the plugin.
func shownNames(t *testing.T) (names []string) {
	t.Helper()
	folder, err := pluginDir()
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := elf.Open(filepath.Join(folder, "libgstbips.so"))
	if err != nil {
		t.Fatal(err)
	}
	defer plugin.Close()
	symbols, err := plugin.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		t.Fatal("the plugin shows nothing at all")
	}
	return names
}
