package plugin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// openFolder is a folder for pools that other users may look into.
func openFolder(t *testing.T) ownDirectory {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to run readers as another user")
	}
	dir := ownDir(t)
	for _, path := range []string{string(dir), filepath.Dir(string(dir))} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	readable(t)
	return dir
}

// as lets a process be another user, in these groups beside its own.
func (d ownDirectory) as(user uint32, groups ...uint32) func(*exec.Cmd) {
	return func(c *exec.Cmd) {
		d.use(c)
		c.Env = append(c.Env, "HOME=/nonexistent", "GST_DEBUG_FILE=")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user, Groups: groups}}
	}
}

// A pool for a group: members read it, others are told whose it is.
func TestAPoolForAGroup(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	const nobody, group = 65534, 3141592
	w := launchWith(t, dir.use, "%s ! bipssink pool=shared perms=0660 group=%d", endless, group)
	launchWith(t, dir.use, "bipssrc pool=shared num-buffers=1 ! fakesink").finish()
	launchWith(t, dir.as(nobody, group), "bipssrc pool=shared num-buffers=3 ! fakesink").finish()
	launchWith(t, dir.as(nobody), "bipssrc pool=shared ! fakesink").
		fail("ermission denied", `"shared"`, "of user 0 (root)", fmt.Sprint("group ", group), permissionsOfAPool(), "this is user 65534", "perms=0660 group=")
	w.interrupt()
	dir.isClean(t, "after all")
}

// permissionsOfAPool is what somebody else is told of perms=0660: readers of files do not write to the frames, and who connects to
// a socket has to.
func permissionsOfAPool() string {
	if backend == "memfd" {
		return "permissions 0660"
	}
	return "permissions 0640"
}

// Who is not in the group cannot give a file to it.
func TestAPoolForAGroupOfOthers(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	if err := os.Chmod(string(dir), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	const nobody, group = 65534, 3141592
	launchWith(t, dir.as(nobody), "videotestsrc num-buffers=1 ! %s ! bipssink pool=p perms=0660 group=%d", small, group).
		fail(`"p"`, fmt.Sprint("group ", group), "this is user 65534", "member")
	dir.isClean(t, "after the refusal")
	launchWith(t, dir.as(nobody, group), "videotestsrc num-buffers=1 ! %s ! bipssink pool=p perms=0660 group=%d", small, group).finish()
	dir.isClean(t, "after success")
}

// A group by its name, as gst-launch-1.0's users write it.
func TestAGroupByName(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root, to give files to any group")
	}
	dir := ownDir(t)
	w := launchWith(t, dir.use, "%s ! bipssink pool=p perms=0660 group=daemon", endless)
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish()
	info, err := os.Stat(filepath.Join(string(dir), "bips.p"))
	if err != nil {
		t.Fatal(err)
	}
	if gid := info.Sys().(*syscall.Stat_t).Gid; gid == 0 {
		t.Errorf("the pool is of group %d", gid)
	}
	w.interrupt()
}
