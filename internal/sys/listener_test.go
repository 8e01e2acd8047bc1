package sys

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

func listenAt(t *testing.T, dir, name string, perm fs.FileMode, hook func(int, bool)) *Listener {
	t.Helper()
	l, err := Listen(dir, name, KeepGroup, perm, hook)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func listen(t *testing.T, hook func(int, bool)) *Listener {
	t.Helper()
	return listenAt(t, openDir(t), "bips.pool", 0o600, hook)
}

func (l *Listener) path() string { return l.file.Name() }

func connectTo(path string, hook func(int, bool)) (*Conn, error) {
	e, err := OpenEntry(path)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.Connect(hook)
}

// meet connects and accepts.
func meet(t *testing.T, l *Listener, hook func(int, bool)) (reader, producer *Conn) {
	t.Helper()
	reader, err := connectTo(l.path(), hook)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	if producer, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = producer.Close() })
	return reader, producer
}

func TestASocketWithALongNameIsFoundInItsPlace(t *testing.T) {
	leavesNothing(t)
	dir := filepath.Join(openDir(t), strings.Repeat("folder", 40))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "bips."+strings.Repeat("n", 200))
	for _, round := range []string{"first", "over the stale socket of the first"} {
		l := listenAt(t, dir, "bips..0123456789abcdef.new", 0o600, nil)
		if l.IsAt(path) {
			t.Error("there before it was renamed")
		}
		if err := os.Rename(l.path(), path); err != nil {
			t.Fatal(err)
		}
		if !l.IsAt(path) || l.ID().Type != fs.ModeSocket {
			t.Error("not in its place")
		}
		c, err := connectTo(path, nil)
		if err != nil {
			t.Fatal(round, err)
		}
		put(t, c, round) // before it is accepted
		a, err := l.Accept()
		if err != nil {
			t.Fatal(round, err)
		}
		if text, _ := get(t, a, 0); text != round {
			t.Errorf("got %q", text)
		}
		for _, closing := range []*Conn{a, c} {
			if err := closing.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		_, err = connectTo(path, nil)
		wantErr(t, "a stale socket", err, ErrNobodyListens)
	}
}

func TestASocketThatWasReplacedIsNotInItsPlaceAnyMore(t *testing.T) {
	dir := openDir(t)
	old := listenAt(t, dir, "bips.pool", 0o600, nil)
	entry, err := OpenEntry(old.path())
	if err != nil {
		t.Fatal(err)
	}
	defer entry.Close()
	if !entry.ID().Same(old.ID()) {
		t.Error("another file")
	}
	replaced := listenAt(t, dir, "bips..new", 0o600, nil)
	if err := os.Rename(replaced.path(), old.path()); err != nil {
		t.Fatal(err)
	}
	if old.IsAt(old.path()) || !replaced.IsAt(old.path()) {
		t.Error("the old one is still in its place")
	}
	c, err := entry.Connect(nil) // to the file that was looked at, whatever is in its place now
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a, err := old.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Close()
}

func TestWhoMayReadMayConnect(t *testing.T) {
	dir := openDir(t)
	for perm, want := range map[fs.FileMode]fs.FileMode{0: 0o600, 0o400: 0o600, 0o600: 0o600, 0o640: 0o660, 0o644: 0o666, 0o660: 0o660, 0o444: 0o666, 0o622: 0o600, 0o604: 0o606} {
		l := listenAt(t, dir, fmt.Sprintf("bips.%o", perm), perm, nil)
		if id, err := StatPath(l.path()); err != nil || id.Mode != want || l.ID().Mode != want {
			t.Errorf("permissions %o: the socket has %o, want %o (%v)", perm, id.Mode, want, err)
		}
		t.Run(fmt.Sprintf("%o", perm), func(t *testing.T) {
			allowed := "refused"
			if want&0o006 == 0o006 {
				allowed = "allowed"
			}
			play(t, asAnotherUser(t, testmain.Child(t, "connect", l.path(), allowed)))
		})
	}
}

func TestASocketGetsItsGroup(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	l, err := Listen(openDir(t), "bips.pool", 12345, 0o640, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other := openDir(t)
	if err := os.Chmod(other, 0o777); err != nil {
		t.Fatal(err)
	}
	play(t, asAnotherUser(t, testmain.Child(t, "listen with a group", other)))
	if id, err := StatPath(l.path()); err != nil || id.GID != 12345 || id.Mode != 0o660 || id.UID != 0 {
		t.Errorf("%+v, %v", id, err)
	}
	play(t, asAnotherUser(t, testmain.Child(t, "connect", l.path(), "allowed"))) // whose group it is
}

// listenWithAGroup asks for a group that the user is not in.
func listenWithAGroup(args []string) error {
	if l, err := Listen(args[0], "bips.pool", 54321, 0o640, nil); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%v, %v", l, err)
	}
	entries, err := os.ReadDir(args[0])
	if len(entries) > 0 || err != nil {
		return fmt.Errorf("left behind: %v, %v", entries, err)
	}
	return nil
}

func connectRole(args []string) error {
	c, err := connectTo(args[0], nil)
	if args[1] == "refused" {
		if !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("got %v", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	return c.Close()
}

func TestWhatIsNoSocketOfAListenerIsToldApart(t *testing.T) {
	leavesNothing(t)
	dir := openDir(t)
	stream, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(stream)
	if err := errors.Join(
		unix.Bind(stream, &unix.SockaddrUnix{Name: filepath.Join(dir, "stream")}), unix.Listen(stream, 1),
		os.WriteFile(filepath.Join(dir, "file"), nil, 0o600), os.Symlink("stream", filepath.Join(dir, "link")), os.Mkdir(filepath.Join(dir, "folder"), 0o700),
		unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"stream": fs.ModeSocket, "file": 0, "link": fs.ModeSymlink, "folder": fs.ModeDir, "pipe": fs.ModeNamedPipe} {
		e, err := OpenEntry(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(name, err)
		}
		if e.ID().Type != want {
			t.Errorf("%s is of type %v", name, e.ID().Type)
		}
		switch _, err = e.Connect(nil); name {
		case "stream":
			wantErr(t, name, err, ErrOtherSocket)
		default:
			if err == nil {
				t.Errorf("connected to a %s", name)
			}
		}
		_ = e.Close()
	}
	_, err = OpenEntry(filepath.Join(dir, "nothing"))
	wantErr(t, "nothing", err, fs.ErrNotExist)
}

func TestAFullBacklogIsToldFromAPoolThatIsNotThere(t *testing.T) {
	leavesNothing(t)
	l := listen(t, nil)
	var waiting []*Conn
	defer func() {
		for _, c := range waiting {
			_ = c.Close()
		}
	}()
	for {
		c, err := connectTo(l.path(), nil)
		if err != nil {
			wantErr(t, "a full backlog", err, ErrBacklogFull)
			break
		}
		if waiting = append(waiting, c); len(waiting) > 2*backlog {
			t.Fatal("it never is full")
		}
	}
	if len(waiting) < backlog {
		t.Errorf("%d may wait, %d are meant to", len(waiting), backlog)
	}
	put(t, waiting[0], "first")
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := get(t, a, 0); text != "first" {
		t.Errorf("got %q", text)
	}
	_ = a.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	_, _, err = waiting[1].Receive(make([]byte, 512), 0, patience)
	wantErr(t, "who waited when the listener ended", err, ErrEnded)
}

func TestAcceptWaitsForAConnectionAlsoWhereThereAreNoDescriptors(t *testing.T) {
	play(t, testmain.Child(t, "accept at the limit", openDir(t)))
}

func acceptAtTheLimit(args []string) error {
	if err := StartPoller(); err != nil {
		return err
	}
	l, err := Listen(args[0], "bips.pool", KeepGroup, 0o600, nil)
	if err != nil {
		return err
	}
	next, err := unix.Dup(0)
	if err != nil {
		return err
	}
	_ = unix.Close(next)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(next), Max: 64}); err != nil {
		return err
	}
	time.AfterFunc(20*time.Millisecond, l.Shutdown)
	if _, err := l.Accept(); !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("nobody connects: %v", err)
	}
	return l.Close()
}

func TestAcceptEndsWithItsListener(t *testing.T) {
	for name, end := range map[string]func(l *Listener){"closed": func(l *Listener) { _ = l.Close() }, "shut down": func(l *Listener) { l.Shutdown() }} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			l := listen(t, nil)
			accepted := make(chan error)
			go func() {
				_, err := l.Accept()
				accepted <- err
			}()
			end(l)
			wantErr(t, "accept", soon(t, "its end", accepted), os.ErrClosed)
			_, err := connectTo(l.path(), nil)
			wantErr(t, "connect", err, ErrNobodyListens)
		})
	}
}

func TestListenLeavesNothingWhenItFails(t *testing.T) {
	leavesNothing(t)
	dir := openDir(t)
	told := 0
	hook := func(int, bool) { told++ }
	if err := os.WriteFile(filepath.Join(dir, "taken"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, group := range map[string]int{"taken": KeepGroup, "no/folder": KeepGroup, strings.Repeat("x", 300): KeepGroup} {
		if l, err := Listen(dir, name, group, 0o600, hook); err == nil {
			t.Errorf("listens at %s", name)
			_ = l.Close()
		} else if !strings.Contains(err.Error(), "listen at "+dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Listen(filepath.Join(dir, "nowhere"), "x", KeepGroup, 0o600, hook); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if told%2 != 0 {
		t.Errorf("the hook was told %d times", told)
	}
	entries, err := os.ReadDir(dir)
	if text, _ := os.ReadFile(filepath.Join(dir, "taken")); err != nil || len(entries) != 1 || !bytes.Equal(text, []byte("mine")) {
		t.Errorf("%v, %v, %q", entries, err, text)
	}
}

func TestADescriptorThatCannotBeWaitedForIsNotTaken(t *testing.T) {
	leavesNothing(t)
	fd, err := unix.Open(filepath.Join(openDir(t), "file"), unix.O_CREAT|unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	if _, err := newSocket(fd, "a plain file", func(int, bool) { told++ }); !OutOfResources(err) || told != 2 {
		t.Errorf("got %v, the hook was told %d times", err, told)
	}
}

// From Linux 6.16 on the sender is told, else the receiver.
func TestDescriptorsForAListenerAreRefused(t *testing.T) {
	leavesNothing(t)
	reader, producer := meet(t, listen(t, nil), nil)
	err := reader.Send([]byte("hello"), 0)
	if unix.SetsockoptInt(reader.fd, unix.SOL_SOCKET, soPassRights, 1) == nil { // as it is
		wantErr(t, "a descriptor", err, ErrNoDescriptorsWanted)
		put(t, producer, "grant", 0) // the other way they are welcome
		_, received := get(t, reader, 2)
		if received.Len() != 1 {
			t.Errorf("%d descriptors came", received.Len())
		}
		received.Discard()
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = producer.Receive(make([]byte, 512), 0, patience)
	wantErr(t, "a descriptor", err, ErrTooManyDescriptors)
}

func TestSocketsAndMemoryWorkWithoutProc(t *testing.T) {
	play(t, withMounts(t, testmain.Child(t, "without proc", openDir(t))))
}

func withoutProcRole(args []string) error {
	dir := args[0]
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return skipRole(err)
	}
	if err := unix.Mount("tmpfs", "/proc", "tmpfs", 0, ""); err != nil {
		return skipRole(err)
	}
	long := filepath.Join(dir, strings.Repeat("n", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		return err
	}
	if _, err := Listen(long, "bips.pool", KeepGroup, 0o600, nil); err == nil || !strings.Contains(err.Error(), "shorter") {
		return fmt.Errorf("a long path without /proc: %v", err)
	}
	l, err := Listen(dir, "bips.pool", KeepGroup, 0o640, nil)
	if err != nil {
		return err
	}
	if l.ID().Mode != 0o660 {
		return fmt.Errorf("mode %o", l.ID().Mode)
	}
	c, err := connectTo(l.path(), nil)
	if err != nil {
		return err
	}
	a, err := l.Accept()
	if err != nil {
		return err
	}
	entry, err := OpenEntry(l.path())
	if err != nil {
		return err
	}
	if err := os.Rename(l.path(), l.path()+".moved"); err != nil {
		return err
	}
	if _, err := entry.Connect(nil); !errors.Is(err, ErrNobodyListens) {
		return fmt.Errorf("a socket that is elsewhere now: %v", err)
	}
	m, err := createAll(testSize)
	if err != nil {
		return err
	}
	readable, err := m.ReadOnly()
	if err != nil {
		return err
	}
	if err := m.AddSeals(poolSeals); err != nil {
		return err
	}
	for what, attack := range attacks {
		if attack(readable.FD()) == nil {
			return fmt.Errorf("%s: nothing forbade it", what)
		}
	}
	if err := a.Send([]byte("x"), readable.FD()); err != nil {
		return err
	}
	_, received, err := c.Receive(make([]byte, 512), 1, patience)
	if err != nil {
		return err
	}
	theirs, err := received.Memory(0, testSize, poolSeals)
	if err != nil {
		return err
	}
	_, err = theirs.Map(ReadOnly)
	return err
}

func TestASocketIsReachedThroughAReadOnlyMount(t *testing.T) {
	dir := openDir(t)
	l := listenAt(t, dir, "bips..new", 0o600, nil)
	if err := os.Rename(l.path(), filepath.Join(dir, "bips."+strings.Repeat("n", 200))); err != nil {
		t.Fatal(err)
	}
	play(t, withMounts(t, testmain.Child(t, "connect through a mount", dir, t.TempDir())))
}

func connectThroughAMount(args []string) error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return skipRole(err)
	}
	if err := unix.Mount(args[0], args[1], "", unix.MS_BIND, ""); err != nil {
		return skipRole(err)
	}
	if err := unix.Mount("", args[1], "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return skipRole(err)
	}
	if err := os.WriteFile(filepath.Join(args[1], "x"), nil, 0o600); !errors.Is(err, ErrReadOnly) {
		return fmt.Errorf("it is not read-only: %v", err)
	}
	c, err := connectTo(filepath.Join(args[1], "bips."+strings.Repeat("n", 200)), nil)
	if err != nil {
		return err
	}
	return c.Close()
}
