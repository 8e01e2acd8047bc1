package sys

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bips-ipc/bips/internal/testmain"
)

// newPair makes a connection without a listener, whose ends take descriptors.
func newPair(t *testing.T) (a, b *Conn) {
	t.Helper()
	if err := StartPoller(); err != nil {
		t.Fatal(err)
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*Conn
	for i, fd := range fds {
		s, err := newSocket(fd, fmt.Sprintf("end %d", i), nil)
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = &Conn{s}
		t.Cleanup(func() { _ = ends[i].Close() })
	}
	return ends[0], ends[1]
}

// get receives what is there.
func get(t *testing.T, c *Conn, descriptors int) (string, Received) {
	t.Helper()
	message, received, err := c.Receive(make([]byte, 512), descriptors, patience)
	if err != nil {
		t.Fatal(err)
	}
	return string(message), received
}

func put(t *testing.T, c *Conn, message string, descriptors ...int) {
	t.Helper()
	if err := c.Send([]byte(message), descriptors...); err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// repeated is a descriptor so many times.
func repeated(fd, times int) []int {
	all := make([]int, times)
	for i := range all {
		all[i] = fd
	}
	return all
}

func TestMessagesAreKeptApartAndBringDescriptors(t *testing.T) {
	leavesNothing(t)
	a, b := newPair(t)
	m := newMemory(t, testSize)
	if err := m.AddSeals(SealShrink | SealGrow); err != nil {
		t.Fatal(err)
	}
	put(t, a, "one")
	put(t, a, "two", m.FD(), m.FD())
	put(t, a, "three")
	for _, want := range []struct {
		text        string
		descriptors int
	}{{"one", 0}, {"two", 2}, {"three", 0}} {
		text, received := get(t, b, 2)
		if text != want.text || received.Len() != want.descriptors {
			t.Errorf("got %q with %d descriptors, want %v", text, received.Len(), want)
		}
		for i := range received.Len() {
			theirs, err := received.Memory(i, testSize, SealShrink|SealGrow)
			if err != nil {
				t.Fatal(err)
			}
			if flags, err := unix.FcntlInt(uintptr(theirs.FD()), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("other programs would get it: flags %#x, %v", flags, err)
			}
			mapping := mapped(t, theirs, ReadWrite)
			mapping.Bytes[0]++
			_ = theirs.Close()
		}
		received.Discard()
	}
	if got := mapped(t, m, ReadOnly).Bytes[0]; got != 2 {
		t.Errorf("it is not the memory that was sent: %d", got)
	}
}

func TestAMessageThatDoesNotFitIsAnErrorAndLeavesNoDescriptor(t *testing.T) {
	leavesNothing(t)
	a, b := newPair(t)
	self, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(self)
	put(t, a, strings.Repeat("x", 600), self, self)
	_, _, err = b.Receive(make([]byte, 512), 8, patience)
	wantErr(t, "600 bytes in 512", err, ErrTooLong)
	for _, c := range []struct{ sent, wanted int }{{1, 0}, {253, 0}, {3, 2}, {4, 3}, {9, 8}, {253, 8}} {
		waitUntil(t, "the close of those before", func() bool { return !closingHangs() })
		put(t, a, "x", repeated(self, c.sent)...)
		_, _, err = b.Receive(make([]byte, 512), c.wanted, patience)
		wantErr(t, fmt.Sprintf("%d descriptors, %d wanted", c.sent, c.wanted), err, ErrTooManyDescriptors)
	}
	put(t, a, "fits")
	if text, _ := get(t, b, 0); text != "fits" {
		t.Errorf("after them came %q", text)
	}
}

func TestAnEmptyMessageIsTheEnd(t *testing.T) {
	leavesNothing(t)
	a, b := newPair(t)
	put(t, a, "")
	_, _, err := b.Receive(make([]byte, 512), 2, patience)
	wantErr(t, "an empty message", err, ErrEnded)
}

func TestReceiveWaitsAsLongAsItIsTold(t *testing.T) {
	a, b := newPair(t)
	for _, limit := range []time.Duration{0, time.Millisecond} {
		start := time.Now()
		_, _, err := b.Receive(make([]byte, 512), 0, limit)
		wantErr(t, fmt.Sprint("limit ", limit), err, os.ErrDeadlineExceeded)
		if waited := time.Since(start); waited < limit {
			t.Errorf("waited %v of %v", waited, limit)
		}
	}
	got := make(chan string)
	for _, limit := range []time.Duration{Forever, time.Hour} {
		go func() {
			message, _, err := b.Receive(make([]byte, 512), 0, limit)
			got <- fmt.Sprint(string(message), err)
		}()
		put(t, a, "news")
		if text := soon(t, "a message", got); text != "news<nil>" {
			t.Error(text)
		}
	}
}

func TestWhoWaitsIsWokenByTheEndOfEitherEnd(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(a, b *Conn)
		want error
	}{
		"the peer closes":           {func(a, b *Conn) { _ = a.Close() }, ErrEnded},
		"the peer closes apart":     {func(a, b *Conn) { a.CloseApart() }, ErrEnded},
		"the peer shuts it down":    {func(a, b *Conn) { a.Shutdown() }, ErrEnded},
		"this end is shut down":     {func(a, b *Conn) { b.Shutdown() }, ErrEnded},
		"this end is closed":        {func(a, b *Conn) { _ = b.close() }, os.ErrClosed},
		"the peer closes one way":   {func(a, b *Conn) { _ = a.control(func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) }) }, ErrEnded},
		"the peer did not read all": {func(a, b *Conn) { _ = b.Send([]byte("unread")); _ = a.Close() }, ErrEnded},
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			a, b := newPair(t)
			if b.Ended() {
				t.Error("ended before it did")
			}
			waiting := make(chan error)
			go func() {
				_, _, err := b.Receive(make([]byte, 512), 0, Forever)
				waiting <- err
			}()
			c.end(a, b)
			wantErr(t, "who waits", soon(t, "the end", waiting), c.want)
			waitUntil(t, "the end", b.Ended)
		})
	}
}

func TestAskingForTheEndTakesNothing(t *testing.T) {
	a, b := newPair(t)
	put(t, a, "last")
	if b.Ended() {
		t.Error("a message is taken for the end")
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if !b.Ended() {
		t.Error("not ended")
	}
	if text, _ := get(t, b, 0); text != "last" {
		t.Errorf("got %q", text)
	}
	_, _, err := b.Receive(make([]byte, 512), 0, Forever)
	wantErr(t, "after the last message", err, ErrEnded)
	wantErr(t, "an answer", b.Send([]byte("x")), ErrEnded)
}

// The kernel tells that first, and it is no reason to miss the message.
func TestTheLastMessageOfAPeerThatDidNotReadIsReceived(t *testing.T) {
	leavesNothing(t)
	a, b := newPair(t)
	m := newMemory(t, testSize)
	put(t, b, "never read")
	put(t, a, "move", m.FD())
	put(t, a, "and more")
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	text, received := get(t, b, 2)
	if text != "move" || received.Len() != 1 {
		t.Errorf("got %q with %d descriptors", text, received.Len())
	}
	received.Discard()
	if text, _ := get(t, b, 0); text != "and more" {
		t.Errorf("got %q", text)
	}
	_, _, err := b.Receive(make([]byte, 512), 2, Forever)
	wantErr(t, "after the last message", err, ErrEnded)
}

// The kernel looks for a message first, and then whether the other end has closed: between the two it may have sent its last message.
func TestTheLastMessageIsReceivedWhileItsSenderCloses(t *testing.T) {
	leavesNothing(t)
	senders := make(chan *Conn)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for a := range senders {
			if err := errors.Join(a.Send([]byte("last")), a.Close()); err != nil {
				t.Error(err)
			}
		}
	}()
	defer func() { close(senders); <-ended }()
	for round := range 10000 {
		a, b := newPair(t)
		senders <- a
		err := os.ErrDeadlineExceeded
		var message []byte
		for errors.Is(err, os.ErrDeadlineExceeded) {
			message, _, err = b.Receive(make([]byte, 16), 0, 0)
		}
		if string(message) != "last" {
			t.Fatalf("round %d: got %q, %v", round, message, err)
		}
		_, _, err = b.Receive(make([]byte, 16), 0, Forever)
		wantErr(t, "after the last message", err, ErrEnded)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAPeerThatDoesNotReadHoldsNobodyUp(t *testing.T) {
	a, b := newPair(t)
	var err error
	sent := 0
	for ; err == nil && sent < 100000; sent++ {
		err = a.Send(make([]byte, 96))
	}
	wantErr(t, fmt.Sprintf("message %d", sent), err, ErrNotReading)
	get(t, b, 0)
	put(t, a, "there is room again")
}

func TestAConnectionIsClosedOnceAndTheHookIsToldOnce(t *testing.T) {
	open := map[int]int{}
	hook := func(fd int, opened bool) {
		if opened {
			open[fd]++
		} else {
			open[fd]--
		}
	}
	l := listen(t, hook)
	a, b := meet(t, l, hook)
	if len(open) != 3 {
		t.Errorf("the hook was told of %v", open)
	}
	for range 2 {
		_ = a.Close()
		b.CloseApart()
		_ = l.Close()
	}
	for fd, n := range open {
		if n != 0 {
			t.Errorf("descriptor %d: opened %d times more than closed", fd, n)
		}
	}
	wantErr(t, "after the end", a.Send([]byte("x")), os.ErrClosed)
	if !a.Ended() {
		t.Error("a closed one has not ended")
	}
	if _, err := a.Peer(); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

func TestWhoIsAtTheOtherEndIsKnown(t *testing.T) {
	a, b := meet(t, listen(t, nil), nil)
	for _, c := range []*Conn{a, b} {
		peer, err := c.Peer()
		if want := (Peer{int32(os.Getpid()), uint32(os.Getuid()), uint32(os.Getgid())}); err != nil || peer != want {
			t.Errorf("got %+v, %v; want %+v", peer, err, want)
		}
	}
}

// As a producer that is suspended, or swapped out, or debugged.
func TestAStoppedPeerAnswersWhenItGoesOn(t *testing.T) {
	leavesNothing(t)
	dir := openDir(t)
	child := testmain.Child(t, "answer", dir)
	ready, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := child.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(child.Process.Pid, &status, unix.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatal(err, status)
	}
	c, err := connectTo(filepath.Join(dir, "bips.pool"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	put(t, c, "are you there?")
	_, _, err = c.Receive(make([]byte, 512), 0, 20*time.Millisecond)
	wantErr(t, "a stopped peer", err, os.ErrDeadlineExceeded)
	if c.Ended() {
		t.Error("a stopped peer counts as gone")
	}
	if err := child.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if text, _ := get(t, c, 0); text != "are you there? yes" {
		t.Errorf("got %q", text)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _, err = c.Receive(make([]byte, 512), 0, patience)
	wantErr(t, "a killed peer", err, ErrEnded)
}

// answer accepts connections and answers their first messages.
func answer(args []string) error {
	l, err := Listen(args[0], "bips.pool", KeepGroup, 0o600, nil)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		message, _, err := c.Receive(make([]byte, 512), 0, Forever)
		if err != nil {
			return err
		}
		if err := c.Send(append(message, " yes"...)); err != nil {
			return err
		}
	}
}

func TestWhoMayOpenNoMoreFilesIsToldSo(t *testing.T) {
	play(t, testmain.Child(t, "receive at the limit"))
}

func receiveAtTheLimit([]string) error {
	if err := StartPoller(); err != nil {
		return err
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	s, err := newSocket(fds[1], "pair", nil)
	if err != nil {
		return err
	}
	c := &Conn{s}
	for free := range 3 {
		if err := unix.Sendmsg(fds[0], []byte("grant"), unix.UnixRights(0, 0, 0), nil, 0); err != nil {
			return err
		}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64}); err != nil {
			return err
		}
		var used []int
		for {
			fd, err := unix.Dup(0)
			if err != nil {
				break
			}
			used = append(used, fd)
		}
		for range free {
			_ = unix.Close(used[len(used)-1])
			used = used[:len(used)-1]
		}
		if _, _, err := c.Receive(make([]byte, 512), 8, patience); !errors.Is(err, ErrDescriptorsLost) || !errors.Is(err, ErrNoDescriptors) {
			return fmt.Errorf("with %d free: %v", free, err)
		}
		left := 0
		for end := time.Now().Add(patience); left != free && time.Now().Before(end); {
			left = 0
			for left < 64 {
				fd, err := unix.Dup(0)
				if err != nil {
					break
				}
				defer unix.Close(fd)
				left++
			}
		}
		if left != free {
			return fmt.Errorf("of %d that were free before, %d are now", free, left)
		}
		for _, fd := range used {
			_ = unix.Close(fd)
		}
		if free > 0 {
			break // those of the count are still open
		}
	}
	return nil
}

func TestTooManyDescriptorsUnderWayAreToldFromAPeerThatIsGone(t *testing.T) {
	play(t, asAnotherUser(t, testmain.Child(t, "send too many descriptors")))
}

func sendTooManyDescriptors([]string) error {
	if err := StartPoller(); err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64}); err != nil {
		return err
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	s, err := newSocket(fds[1], "pair", nil)
	if err != nil {
		return err
	}
	c := &Conn{s}
	for range 100 {
		if err = c.Send([]byte("grant"), 0, 0, 0); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrInFlight) || !OutOfResources(err) {
		return fmt.Errorf("got %v", err)
	}
	return nil
}
