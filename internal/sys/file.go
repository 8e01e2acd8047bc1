package sys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// FileID tells one file from another, and whose it is.
type FileID struct {
	Device, Inode uint64
	Size          int64  // bytes that it says it has
	Allocated     uint64 // bytes of it that take up room: less than Size where it has holes
	UID, GID      uint32
	Mode          fs.FileMode // its permissions
	Type          fs.FileMode // what it is, as fs.FileMode's type bits: 0 is a plain file
}

// Same reports whether both are the same file.
func (f FileID) Same(other FileID) bool { return f.Device == other.Device && f.Inode == other.Inode }

func statFile(file *os.File) (FileID, error) {
	id, err := statDescriptor(int(file.Fd()))
	if err != nil {
		return FileID{}, &fs.PathError{Op: "fstat", Path: file.Name(), Err: err}
	}
	return id, nil
}

func statDescriptor(fd int) (FileID, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return FileID{}, err
	}
	return fileID(&st), nil
}

// StatPath describes the file at path, without following a link.
func StatPath(path string) (FileID, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return FileID{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return fileID(&st), nil
}

func fileID(st *unix.Stat_t) FileID {
	return FileID{
		Device: uint64(st.Dev), Inode: st.Ino, Size: st.Size, UID: st.Uid, GID: st.Gid,
		Allocated: uint64(st.Blocks) * 512, // whatever the blocks of the file system are
		Mode:      fs.FileMode(st.Mode & 0o777),
		Type:      fileType(st.Mode),
	}
}

func fileType(mode uint32) fs.FileMode {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 0
	case unix.S_IFSOCK:
		return fs.ModeSocket
	case unix.S_IFDIR:
		return fs.ModeDir
	case unix.S_IFLNK:
		return fs.ModeSymlink
	case unix.S_IFIFO:
		return fs.ModeNamedPipe
	case unix.S_IFCHR:
		return fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFBLK:
		return fs.ModeDevice
	}
	return fs.ModeIrregular
}

// KeepGroup, given as a group, leaves a file to the group that the system gives it.
const KeepGroup = -1

// setAccess gives a file its group, unless that is KeepGroup, and its permissions, whatever the umask is.
func setAccess(file *os.File, group int, perm fs.FileMode) error {
	if group != KeepGroup {
		if err := file.Chown(-1, group); err != nil {
			return err
		}
	}
	return file.Chmod(perm)
}

// CreateLockFile makes the file at path if it is not there and opens it; group and perm are those
// of a new file. It does not use O_CREAT on a file that exists: kernels with fs.protected_regular refuse
// that for another user's file in a sticky directory such as /dev/shm.
func CreateLockFile(path string, group int, perm fs.FileMode, hook func(fd int, opened bool)) (*LockFile, error) {
	for {
		lock, err := OpenLockFile(path, os.O_RDWR, hook)
		if !errors.Is(err, fs.ErrNotExist) {
			return lock, err
		}
		file, err := open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lock = newLockFile(file, hook)
		if err := lock.SetAccess(group, perm); err != nil {
			lock.removeUnlocked(path)
			return nil, err
		}
		return lock, nil
	}
}

// removeUnlocked removes and closes a file that was just made, unless somebody opened and locked it meanwhile, on its first byte.
func (l *LockFile) removeUnlocked(path string) {
	if ours, err := l.TryLock(0); err == nil && ours && l.IsAt(path) {
		_ = os.Remove(path)
	}
	_ = l.Close()
}

// CreateAllocated makes a file of size bytes at path that must not exist, every
// block of it allocated, so that no later access can fail for lack of memory. On
// an error nothing is left behind.
func CreateAllocated(path string, size int64) (*os.File, error) {
	file, err := open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := allocate(size, func(at, length int64) error { return unix.Fallocate(int(file.Fd()), 0, at, length) }); err != nil {
		_ = file.Close()
		_ = os.Remove(path)
		return nil, fmt.Errorf("allocate %d bytes for %s: %w", size, path, err)
	}
	return file, nil
}

// largestPiece is what allocate asks the kernel for at once.
const largestPiece = 64 << 20

// allocate gives a file its blocks. Kernels before 6.9 or so let a signal interrupt
// fallocate on tmpfs, and undo what they have of the piece: so that is asked for again in
// halves, and whoever gets a signal every millisecond comes to an end too.
func allocate(size int64, fallocate func(at, length int64) error) error {
	piece := int64(largestPiece)
	for done := int64(0); done < size; {
		step := min(piece, size-done)
		switch err := fallocate(done, step); {
		case err == nil:
			done += step
		case errors.Is(err, unix.EINTR):
			piece = max(step/2, int64(os.Getpagesize()))
		default:
			return err
		}
	}
	return nil
}
