package bips

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bips-ipc/bips/internal/sys"
)

// Whoever may read the pool may attach to it, and needs to write the seats for that.
const (
	readable   fs.FileMode = 0o444
	writable   fs.FileMode = 0o222
	executable fs.FileMode = 0o111
	ownerOnly  fs.FileMode = 0o600
)

// access is who may attach to a pool.
type access struct {
	permissions fs.FileMode
	group       int    // sys.KeepGroup: the one that the system gives new files
	groupName   string // as it was given
}

// newAccess checks what was asked for.
func newAccess(permissions fs.FileMode, group string) (access, error) {
	who := access{permissions, sys.KeepGroup, group}
	if err := CheckPermissions(permissions); err != nil {
		return who, err
	}
	if group == "" {
		return who, nil
	}
	if permissions&0o040 == 0 {
		return who, fmt.Errorf("%w: group %q has no right to a pool with permissions %#o: use 0660", ErrOption, group, permissions)
	}
	id, err := sys.GroupID(group)
	if err != nil {
		return who, fmt.Errorf("%w: %w: use one that is there, or a number", ErrOption, err)
	}
	who.group = int(id)
	return who, nil
}

func (a access) toPool() fs.FileMode { return a.permissions&readable | ownerOnly }

// toSeats adds write permission for whom there is read permission.
func (a access) toSeats() fs.FileMode {
	readers := a.permissions & readable
	return readers | readers>>1 | ownerOnly
}

func (a access) toLock() fs.FileMode { return a.permissions&(readable|writable) | ownerOnly }

// errNotMember: the user may not give files to the group.
var errNotMember = fmt.Errorf("%w: only members may give files to a group", ErrPermission)

// explain says why a file could not be given to the group.
func (a access) explain(err error) error {
	var path *fs.PathError
	if a.group == sys.KeepGroup || !errors.As(err, &path) || path.Op != "chown" {
		return err
	}
	if !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: group %s cannot be used here", err, sys.GroupText(uint32(a.group)))
	}
	return fmt.Errorf("%w: group %s, and this is %s: make the user a member of it and log in anew, or use another group",
		errNotMember, sys.GroupText(uint32(a.group)), self())
}

// CheckPermissions refuses permissions that nobody means for a pool, such as those that come of a number
// that was meant to be octal and read as decimal: 444 is 0674. The error is [ErrOption] and says
// what is wrong with them.
func CheckPermissions(permissions fs.FileMode) error {
	wrong := ""
	readers := permissions & readable
	switch {
	case permissions&^0o777 != 0:
		wrong = "they are more than 0777"
	case permissions&ownerOnly != ownerOnly:
		wrong = "its own user could not read and write it"
	case permissions&executable != 0:
		wrong = "nobody executes a pool"
	case permissions&writable&^(readers>>1) != 0:
		wrong = "some could write and not read"
	default:
		return nil
	}
	return fmt.Errorf("%w: permissions %#o: %s: use 0600 (the same user only), 0660 (the group too) or 0666 (everyone)", ErrOption, uint32(permissions), wrong)
}

// errNotShared: somebody else's pool, which we could read all the same, as root can.
var errNotShared = fmt.Errorf("%w: its user did not share the pool", ErrPermission)

// checkOwner refuses a pool that somebody else put under the name without meaning
// to share it: anyone may make files in /dev/shm.
func checkOwner(id sys.FileID) error {
	shared := fs.FileMode(0o044)
	if id.Type == fs.ModeSocket { // to connect takes the right to write
		shared = 0o022
	}
	if own := uint32(os.Getuid()); id.UID == own || id.UID == 0 || id.Mode&shared != 0 {
		return nil
	}
	return fmt.Errorf("%w: it is %s: %s", errNotShared, whose(id), adviceToReader)
}

// whose describes a file's owner, group and permissions.
func whose(id sys.FileID) string {
	return fmt.Sprintf("of user %s and group %s, with permissions %#o", sys.UserText(id.UID), sys.GroupText(id.GID), uint32(id.Mode))
}

// self describes this process likewise.
func self() string {
	return fmt.Sprintf("user %s and group %s", sys.UserText(uint32(os.Geteuid())), sys.GroupText(uint32(os.Getegid())))
}

// explainRefusal adds to an error of the kind [ErrPermission] what the file's owner, group and
// permissions are, or that it is none of these.
func explainRefusal(err error, advice string) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, errNotShared), errors.Is(err, errNotMember):
		return err
	case !errors.As(err, &path):
		return fmt.Errorf("%w: no permission of a file's is missing for that: %s", err, forbidden)
	}
	id, statErr := sys.StatPath(path.Path)
	if statErr != nil {
		folder := filepath.Dir(path.Path)
		if id, statErr = sys.StatPath(folder); statErr != nil {
			return fmt.Errorf("%w: this is %s", err, self())
		}
		return fmt.Errorf("%w: the folder %s is %s, and this is %s: use another folder (%s)", err, folder, whose(id), self(), shmDirVariable)
	}
	if id.UID == uint32(os.Geteuid()) {
		return fmt.Errorf("%w: it is this user's own, with permissions %#o: %s", err, uint32(id.Mode), forbidden)
	}
	return fmt.Errorf("%w: it is %s, and this is %s: %s", err, whose(id), self(), advice)
}

// What to do about a file that is another user's.
const (
	adviceToReader   = "give its producer permissions 0666 (bipssink: perms=0666), or 0660 and a group that both are in (perms=0660 group=...)"
	adviceToProducer = "the name is another user's: use another one, or another folder (" + shmDirVariable + "); if that user's program is dead, have it remove the file"
	forbidden        = "a seccomp filter or a security module forbids the call (containers: --security-opt seccomp=...)"
)

// explain says what an error means for a pool that is to be made, and what to do.
func (n *ownName) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		err = explainRefusal(err, adviceToProducer)
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%w: %s", err, n.paths.whyNoFile())
	case errors.Is(err, sys.ErrNoSpace) && !errors.Is(err, ErrNoSpace):
		err = fmt.Errorf("%w: %s has no room for a file: remove files there (df -i), or name another folder in %s: %w", ErrNoSpace, n.dir, shmDirVariable, err)
	default:
		err = adviseOn(err)
	}
	return fmt.Errorf("pool %q: %w", n.paths.name, err)
}
