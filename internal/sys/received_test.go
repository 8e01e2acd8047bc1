package sys

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOnlyTheMemoryThatWasAnnouncedIsTaken(t *testing.T) {
	leavesNothing(t)
	good := newMemory(t, testSize)
	if err := good.AddSeals(poolSeals); err != nil {
		t.Fatal(err)
	}
	missing := newMemory(t, testSize)
	if err := missing.AddSeals(SealShrink | SealGrow); err != nil {
		t.Fatal(err)
	}
	sparse, err := unix.MemfdCreate("bips.test", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(sparse)
	_, err = unix.FcntlInt(uintptr(sparse), unix.F_GET_SEALS, 0)
	if err := errors.Join(err, unix.Ftruncate(sparse, testSize)); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(sparse), unix.F_ADD_SEALS, int(poolSeals)); err != nil {
		t.Fatal(err)
	}
	behind, err := unix.MemfdCreate("bips.test", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(behind)
	if err := errors.Join(unix.Ftruncate(behind, testSize), unix.Fallocate(behind, unix.FALLOC_FL_KEEP_SIZE, testSize, testSize)); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(behind), unix.F_ADD_SEALS, int(poolSeals)); err != nil {
		t.Fatal(err)
	}
	file, err := CreateAllocated(filepath.Join(openDir(t), "file"), testSize)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	pipe, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer end.Close()
	path, err := unix.Open(descriptorPath(good.FD()), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(path)
	wrong := map[string]int{
		"a seal is missing": missing.FD(), "a hole": sparse, "memory behind a hole": behind, "a file of a tmpfs": int(file.Fd()), "a pipe": int(pipe.Fd()), "a path": path,
	}
	if huge, err := unix.MemfdCreate("bips.test", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_HUGETLB); err == nil {
		defer unix.Close(huge)
		if _, err := unix.FcntlInt(uintptr(huge), unix.F_ADD_SEALS, int(poolSeals)); err != nil {
			t.Fatal(err)
		}
		wrong["huge pages"] = huge
	}
	a, b := newPair(t)
	for what, fd := range wrong {
		put(t, a, "grant", fd, good.FD())
		_, received := get(t, b, 8)
		if m, err := received.Memory(0, testSize, poolSeals); !errors.Is(err, ErrNotMemory) || !strings.Contains(err.Error(), reason(what)) {
			t.Errorf("%s: %v %v", what, m, err)
		}
		m, err := received.Memory(1, testSize, poolSeals)
		if err != nil {
			t.Errorf("beside %s: %v", what, err)
			continue
		}
		if _, err := received.Memory(1, testSize, poolSeals); !errors.Is(err, ErrNotMemory) {
			t.Errorf("taken twice: %v", err)
		}
		received.Discard()
		received.Discard()
		if err := m.Close(); err != nil {
			t.Errorf("it was discarded with %s: %v", what, err)
		}
	}
	put(t, a, "grant", good.FD())
	_, received := get(t, b, 8)
	defer received.Discard()
	for _, size := range []int64{0, testSize - 1, testSize + 1, 2 * testSize} {
		_, err := received.Memory(0, size, poolSeals)
		wantErr(t, "another size", err, ErrNotMemory)
	}
	_, err = received.Memory(1, testSize, poolSeals)
	wantErr(t, "one that did not come", err, ErrNotMemory)
	m, err := received.Memory(0, testSize, SealGrow) // it may have more
	if err != nil {
		t.Fatal(err)
	}
	_ = m.Close()
}

// reason is what must be found first: questions that come later may hang.
func reason(what string) string {
	switch what {
	case "huge pages":
		return "file system"
	case "a hole":
		return "allocated"
	case "memory behind a hole":
		return "it has a hole at 0"
	case "a seal is missing", "a file of a tmpfs":
		return "seals"
	}
	return "cannot be sealed"
}

// lingering is a descriptor whose last close takes an hour, or until release is called.
func lingering(t *testing.T) (fd int, release func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	address := &unix.SockaddrInet4{Port: l.Addr().(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Connect(fd, address); err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for err == nil { // until there is data that cannot be sent
		err = unix.Sendto(fd, make([]byte, 64<<10), unix.MSG_DONTWAIT, nil)
	}
	if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 3600}); err != nil {
		t.Fatal(err)
	}
	return fd, func() { _ = peer.Close() } // which resets the connection
}

func closers() int {
	apart.mu.Lock()
	defer apart.mu.Unlock()
	return apart.closers
}

func TestADescriptorWhoseCloseHangsHoldsNobodyUp(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, b *Conn){
		"discarded": func(t *testing.T, b *Conn) {
			_, received := get(t, b, 2)
			received.Discard()
			_ = b.Close()
		},
		"with a message that does not fit": func(t *testing.T, b *Conn) {
			_, _, err := b.Receive(make([]byte, 1), 2, patience)
			wantErr(t, "too long", err, ErrTooLong)
			_ = b.Close()
		},
		"not received": func(t *testing.T, b *Conn) { b.CloseApart() },
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			fd, release := lingering(t)
			defer release()
			a, b := newPair(t)
			put(t, a, "grant", fd)
			_ = unix.Close(fd)
			done := make(chan struct{})
			go func() {
				leave(t, b)
				close(done)
			}()
			soon(t, "who does not want the descriptor", done)
			if closers() == 0 {
				t.Error("it does not linger: this test shows nothing")
			}
			if !a.Ended() {
				t.Error("the sender is not told")
			}
			release()
			waitUntil(t, "the close", func() bool { return closers() == 0 })
		})
	}
}

func TestWhenTooMuchHangsNoMoreIsTaken(t *testing.T) {
	leavesNothing(t)
	l := listen(t, nil)
	a, b := newPair(t)
	put(t, a, "grant", 0)
	release := make(chan struct{})
	for range mostClosers + mostClosing {
		closeApart(func() { <-release })
	}
	waitUntil(t, "all threads to hang", func() bool {
		apart.mu.Lock()
		defer apart.mu.Unlock()
		return apart.closers == mostClosers && len(apart.queue) == mostClosing
	})
	_, _, err := b.Receive(make([]byte, 512), 2, patience)
	wantErr(t, "receive", err, ErrCloseHangs)
	_, err = connectTo(l.path(), nil)
	wantErr(t, "connect", err, ErrCloseHangs)
	close(release)
	waitUntil(t, "the end of it", func() bool { return closers() == 0 })
	_, received := get(t, b, 2)
	received.Discard()
	c, err := connectTo(l.path(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}
