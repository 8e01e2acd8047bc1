package containers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

// An image is a root file system for containers: a Debian tree, and over it a layer with the
// plugin, and with GStreamer's registry.
type image struct {
	root    string // of the file system
	plugins string // GStreamer's folder for plugins, in it
}

// Paths inside of the image.
const (
	poolsInside = "/run/bips" // where containers see the folder of the pools
	registry    = "/var/cache/gstreamer/registry.bin"
)

var theImage struct {
	once    sync.Once
	image   image
	missing error // why there is none: a reason to skip
	err     error // what failed
}

// theDebianImage makes the image, once for all tests.
func theDebianImage(t *testing.T) image {
	t.Helper()
	theImage.once.Do(func() {
		tree, err := debianTree()
		if err != nil {
			theImage.missing = err
			return
		}
		theImage.image, theImage.err = makeImage(tree, "debian")
	})
	if theImage.missing != nil {
		t.Skip(theImage.missing)
	}
	if theImage.err != nil {
		t.Fatal(theImage.err)
	}
	return theImage.image
}

// debianTree returns the Debian 13 tree that make test-debian13 uses, too. It is made if it is not there.
func debianTree() (string, error) {
	const script = `. tools/debian.sh && exec tools/debian-tree trixie "$tree_packages"`
	command := exec.Command("bash", "-c", script)
	command.Dir = "../.."
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("no Debian tree for the containers: %w: %s", err, strings.TrimSpace(complaints.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// makeImage puts the plugin into a layer over a tree, as a Containerfile does. name is one that no other image has.
func makeImage(tree, name string) (image, error) {
	plugin, err := testmain.PluginFile()
	if err != nil {
		return image{}, err
	}
	folders, err := filepath.Glob(filepath.Join(tree, "usr/lib/*/gstreamer-1.0"))
	if err != nil || len(folders) != 1 {
		return image{}, fmt.Errorf("%s has %d folders of GStreamer's plugins (%v): remove that tree, and it is made anew", tree, len(folders), err)
	}
	plugins, err := filepath.Rel(tree, folders[0])
	if err != nil {
		return image{}, err
	}
	scratch, err := scratchFolder()
	if err != nil {
		return image{}, err
	}
	scratch = filepath.Join(scratch, name)
	i := image{root: filepath.Join(scratch, "root"), plugins: "/" + plugins}
	layer, work := filepath.Join(scratch, "layer"), filepath.Join(scratch, "work")
	for _, folder := range []string{i.root, work, layer + i.plugins, layer + poolsInside, layer + filepath.Dir(registry)} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return image{}, err
		}
	}
	if err := copyFile(filepath.Join(layer+i.plugins, filepath.Base(plugin)), plugin); err != nil {
		return image{}, err
	}
	if err := unix.Mount("overlay", i.root, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", tree, layer, work)); err != nil {
		return image{}, fmt.Errorf("no overlay for the image: %w", err)
	}
	// As a RUN of a Containerfile does: a container with a read-only root can keep no registry.
	return i, inspect(insideEnv, &syscall.SysProcAttr{Chroot: i.root})
}

// scratchFolder is a tmpfs in which other users may look. It vanishes with the tests' mount
// namespace. An overlay's upper layer must not be on an overlay, as /tmp can be.
var scratchFolder = sync.OnceValues(func() (string, error) {
	folder := filepath.Join(os.TempDir(), "bips-containers")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=1g,mode=755"); err != nil {
		return "", fmt.Errorf("no tmpfs for images: %w", err)
	}
	return folder, nil
})

// inspect has GStreamer load the plugin, and write that into its registry.
func inspect(env []string, attributes *syscall.SysProcAttr) error {
	inspect := exec.Command("/usr/bin/gst-inspect-1.0", "bips")
	inspect.Dir, inspect.Env, inspect.SysProcAttr = "/", env, attributes
	if out, err := inspect.CombinedOutput(); err != nil {
		return fmt.Errorf("GStreamer does not load the plugin: %w\n%s", err, out)
	}
	return nil
}

func copyFile(to, from string) error {
	bytes, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, bytes, 0o755)
}

// hostEnv is the environment of programs on the host. The plugin and the registry are where all
// users may read them.
func hostEnv(t *testing.T) []string {
	t.Helper()
	env, err := hostEnvOnce()
	if err != nil {
		t.Fatal(err)
	}
	return env[:len(env):len(env)]
}

var hostEnvOnce = sync.OnceValues(func() ([]string, error) {
	plugin, err := testmain.PluginFile()
	if err != nil {
		return nil, err
	}
	scratch, err := scratchFolder()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(scratch, "host")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, err
	}
	if err := copyFile(filepath.Join(folder, filepath.Base(plugin)), plugin); err != nil {
		return nil, err
	}
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/tmp", "LANG=C.UTF-8", "GST_PLUGIN_PATH_1_0=" + folder,
		"GST_REGISTRY=" + filepath.Join(folder, "registry.bin"), "GST_DEBUG=bips:4", "GST_DEBUG_NO_COLOR=1",
	}
	return append(env, "GST_REGISTRY_UPDATE=no"), inspect(env, nil)
})

// insideEnv is the environment of programs in the image.
var insideEnv = []string{"PATH=/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8", "GST_REGISTRY=" + registry}
