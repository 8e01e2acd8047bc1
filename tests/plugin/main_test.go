package plugin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bips-ipc/bips/internal/testmain"
	peers "github.com/bips-ipc/bips/tests/peer/drive"
)

// scratch is a folder for all tests.
var scratch string

// env is the environment of the children: nothing of the machine's own settings of
// GStreamer, a registry of our own.
var env []string

func TestMain(m *testing.M) {
	peers.Role(testmain.Roles{"without calls": withoutCalls}).Play()
	var err error
	if scratch, err = os.MkdirTemp("", "bips-plugin-test-"); err == nil {
		err = prepare()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tests/plugin:", err)
		os.Exit(1)
	}
	testmain.Run(cleaning{m})
}

// cleaning removes the folder after the tests.
type cleaning struct{ m *testing.M }

func (c cleaning) Run() int {
	defer os.RemoveAll(scratch)
	return c.m.Run()
}

// prepare builds the environment, and the registry in it: once, since that takes seconds.
func prepare() error {
	plugin, err := pluginDir()
	if err != nil {
		return err
	}
	troubleDir = buildTrouble(filepath.Dir(plugin))
	metasDir := buildMetas(filepath.Dir(plugin))
	driveProgram = compiled(filepath.Dir(plugin), "testdata/drive/drive.c", "drive/drive")
	forkedProgram = compiled(filepath.Dir(plugin), "testdata/forked/forked.c", "forked/forked")
	formatsProgram = compiled(filepath.Dir(plugin), "testdata/formats/formats.c", "formats/formats", "-O2")
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GST_") && !strings.HasPrefix(v, "BIPS_") {
			env = append(env, v)
		}
	}
	env = append(env,
		testmain.WithBackend(backend),
		"GST_PLUGIN_PATH_1_0="+strings.Join([]string{plugin, troubleDir, metasDir}, ":"),
		"GST_REGISTRY="+filepath.Join(scratch, "registry.bin"),
		"GST_DEBUG_NO_COLOR=1",
		"LANG=C.UTF-8")
	inspect := exec.Command("gst-inspect-1.0", "bips")
	inspect.Env = env
	out, err := inspect.CombinedOutput()
	if err != nil {
		return fmt.Errorf("GStreamer does not load the plugin in %s: %w\n%s", plugin, err, out)
	}
	env = append(env, "GST_REGISTRY_UPDATE=no")
	return nil
}

func pluginDir() (string, error) {
	file, err := testmain.PluginFile()
	if err != nil {
		return "", err
	}
	return filepath.Dir(file), nil
}
