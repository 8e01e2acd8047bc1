package containers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const crossed = "last-message = chain "

// The recipe's units as they are: frames cross from one dynamic user to another, the camera may be killed,
// stopped and started, though its folder is another one then.
func TestTheRecipesUnitsWorkUnderSystemd(t *testing.T) {
	t.Parallel()
	mustHaveSystemd(t)
	const camera, viewer = "bips-camera.service", "bips-viewer.service"
	units := map[string]string{}
	for _, name := range []string{camera, viewer} {
		text, err := os.ReadFile(filepath.Join("../../pipelines/containers/systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		units[name] = string(text)
	}
	d := boot(t, units)
	d.awaitMore(viewer, crossed, 2)
	d.control("kill", "--signal=KILL", camera) // and Restart= brings it back
	d.await(camera, `pool "camera0": `, 2)
	d.awaitMore(viewer, crossed, 2)
	d.control("restart", camera)
	d.await(viewer, `caps = `, 1)
	d.awaitMore(viewer, crossed, 2)
	d.control("stop", camera)
	if n := strings.Count(d.said(camera), "Got EOS from element"); n != 2 {
		t.Errorf("the camera ended its stream %d times, want twice", n)
	}
	if said := d.said(viewer); strings.Contains(said, "ERROR") {
		t.Errorf("the viewer has errors")
	}
}

// What the recipe says of single lines, with shm as with memfd.
func TestLinesOfUnits(t *testing.T) {
	t.Parallel()
	mustHaveSystemd(t)
	const camera, viewer = "camera.service", "viewer.service"
	unit := func(program string, lines ...string) string {
		return "[Service]\nExecStart=gst-launch-1.0 " + program + "\nKillSignal=SIGINT\nEnvironment=HOME=/tmp GST_REGISTRY_UPDATE=no\n" + strings.Join(lines, "\n") + "\n"
	}
	sink := func(options string, lines ...string) string {
		return unit("-e "+live+" ! bipssink pool=camera perms=0666 "+options, lines...)
	}
	source := func(lines ...string) string {
		return unit("-v bipssrc pool=camera on-eos=wait ! identity silent=false ! fakesink", lines...)
	}
	const hardened = "ProtectProc=invisible\nProcSubset=pid\nSystemCallFilter=@system-service\nPrivateIPC=yes\nPrivateNetwork=yes\nPrivateDevices=yes"
	const inRun = "Environment=BIPS_SHM_DIR=/run/bips"
	for name, c := range map[string]struct {
		camera, viewer string
		told           string // by the viewer in place of frames
	}{
		"shm in /dev/shm: what locks units in": {
			sink("", "DynamicUser=yes", hardened, "RestrictAddressFamilies=none"), source("DynamicUser=yes", hardened, "RestrictAddressFamilies=none"), ""},
		"shm in a RuntimeDirectory: a DynamicUser sees it read-only": {
			sink("", inRun, "RuntimeDirectory=bips", "DynamicUser=yes"), source(inRun, "DynamicUser=yes"), "read-only file system"},
		"shm in a RuntimeDirectory, with ReadWritePaths": {
			sink("", inRun, "RuntimeDirectory=bips", "DynamicUser=yes"), source(inRun, "DynamicUser=yes", "ReadWritePaths=-/run", "RestartSec=100ms", "Restart=always"), ""},
		"memfd in a RuntimeDirectory that is kept: another user cannot reach it": {
			sink("backend=memfd", inRun, "RuntimeDirectory=bips", "RuntimeDirectoryPreserve=yes", "DynamicUser=yes"), source(inRun, "DynamicUser=yes"), "permission denied"},
		"memfd without AF_UNIX": {
			sink("backend=memfd", inRun, "RuntimeDirectory=bips", "DynamicUser=yes"), source(inRun, "DynamicUser=yes", "RestrictAddressFamilies=AF_INET"), "not supported"},
		"memfd: what locks units in": {
			sink("backend=memfd", inRun, "RuntimeDirectory=bips", "DynamicUser=yes", hardened, "RestrictAddressFamilies=AF_UNIX"),
			source(inRun, "DynamicUser=yes", hardened, "RestrictAddressFamilies=AF_UNIX"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := boot(t, map[string]string{camera: c.camera, viewer: c.viewer})
			if c.told != "" {
				d.await(viewer, c.told, 1)
			} else {
				d.await(viewer, crossed, 3)
			}
		})
	}
}

// RemoveIPC deletes what a unit's user has in /dev/shm when the last unit of that user stops: not when other units
// run, but also what processes of no unit of that user have there. bipssink makes its files again. A memfd pool has
// none there.
func TestRemoveIPC(t *testing.T) {
	t.Parallel()
	mustHaveSystemd(t)
	const asNobody = "setpriv --reuid=65534 --regid=65534 --clear-groups "
	for name, c := range map[string]struct {
		backend, folder string
		user, begin     string // of the camera's unit
		deleted         bool
	}{
		"shm, the camera is a unit":                {"shm", "/dev/shm", "User=nobody", "", false},
		"shm, the camera is no unit of its user":   {"shm", "/dev/shm", "", asNobody, true},
		"memfd, the camera is no unit of its user": {"memfd", "/run/bips", "", asNobody, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const camera, viewer, other = "camera.service", "viewer.service", "other.service"
			lines := "\nKillSignal=SIGINT\nEnvironment=HOME=/tmp GST_REGISTRY_UPDATE=no BIPS_SHM_DIR=" + c.folder + "\n"
			d := boot(t, map[string]string{
				camera: "[Service]\nExecStartPre=+install -d -o 65534 /run/bips\nExecStart=" + c.begin + "gst-launch-1.0 -e " + live + " ! bipssink pool=camera perms=0666 backend=" + c.backend + lines + c.user + "\n",
				viewer: "[Service]\nExecStart=gst-launch-1.0 -v bipssrc pool=camera on-producer-loss=error ! identity silent=false ! fakesink" + lines + "DynamicUser=yes\nPrivateTmp=no\n",
				other:  "[Service]\nExecStart=sleep 1000\nRemoveIPC=yes\nUser=nobody\n",
			})
			d.await(viewer, crossed, 3)
			d.control("stop", other)
			if c.deleted {
				d.await(camera, "were deleted", 1)
			}
			d.awaitMore(viewer, crossed, 100) // two seconds: bipssink looks once in a second
			d.control("restart", viewer)
			d.awaitMore(viewer, crossed, 10) // a newcomer finds the pool
			if said := d.said(camera); !c.deleted && strings.Contains(said, "WARN") {
				t.Error("the camera was disturbed")
			}
			if strings.Contains(d.said(viewer), "ERROR") {
				t.Error("the viewer was disturbed")
			}
		})
	}
}
