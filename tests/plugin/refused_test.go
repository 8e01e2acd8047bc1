package plugin

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
	"github.com/bips-ipc/bips/internal/wire"
	"github.com/bips-ipc/bips/tests/hostile/raw"
)

// What has a pool's name, and is no producer that bipssrc can read from. It says so in one sentence, and what to do.
func TestASourceIsToldWhatIsWrongWithItsProducer(t *testing.T) {
	testmain.OnlyOver(t, "memfd", "producers say these things over a socket")
	grant := wire.Grant{Instance: 1, PoolSize: 1 << 20, SeatSize: 8192, Generation: 1, Granted: 1}.Append(nil)
	grant[8]++ // its major version
	for name, c := range map[string]struct {
		answer []byte // to whoever says what it wants; nil: none
		says   []string
	}{
		"another version of the messages": {grant, []string{"another version", "has version 2.0, this program understands 1", "use the same version of BIPS on both sides"}},
		"another version of the pool": {
			wire.Refuse{Code: wire.OtherVersion}.Append(nil, "the pool has layout 5.0, the reader knows 4.0: use the same major version on both sides"),
			[]string{"another version", "layout 5.0", "use the same major version"},
		},
		"no message of BIPS": {[]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), []string{"damaged", "Start its producer anew."}},
		"no seat": {
			wire.Refuse{Code: wire.NoResources, Again: 1}.Append(nil, "the producer cannot make a seat: raise its limit"),
			[]string{"connect-timeout", "the producer cannot make a seat: raise its limit"},
		},
		"nothing": {nil, []string{"has not answered for 2s", "stopped or hangs", "start it anew"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := ownDir(t)
			answerAll(t, dir, c.answer)
			launchWith(t, dir.use, "bipssrc pool=p connect-timeout=2000000000 ! fakesink").fail(append(c.says, `"p"`)...)
		})
	}
}

// Who waits without an end is told after some seconds why it gets no seat, once, and goes on waiting.
func TestASourceThatGetsNoSeatSaysWhy(t *testing.T) {
	testmain.OnlyOver(t, "memfd", "producers say so over a socket")
	t.Parallel()
	dir := ownDir(t)
	answerAll(t, dir, wire.Refuse{Code: wire.NoResources, Again: 1}.Append(nil, "the producer cannot make a seat: raise its limit"))
	source := launchWith(t, dir.use, "bipssrc pool=p ! fakesink")
	source.waitFor(1, `^WARNING: from element .*bipssrc0: Pool "p": not attached .*the producer cannot make a seat: raise its limit`)
	source.interrupt()
	if n := len(source.matches(`^WARNING`)); n != 1 {
		t.Errorf("%d warnings, want one", n)
	}
}

// answerAll is at a pool's socket, and answers each reader that says what it wants, until the test ends.
func answerAll(t *testing.T, dir ownDirectory, answer []byte) {
	t.Helper()
	l, err := raw.Listen(filepath.Join(string(dir), "bips.p"))
	if err != nil {
		t.Fatal(err)
	}
	var connections []raw.Conn // which stay open, as those of a producer that goes on
	t.Cleanup(func() {
		for _, c := range connections {
			c.Close()
		}
	})
	t.Cleanup(l.Serve(func(c raw.Conn) {
		connections = append(connections, c)
		if _, _, err := c.Receive(patience); err == nil && answer != nil {
			_ = c.Send(answer)
		}
	}))
}

// A sink refuses a reader of another version with a sentence for its user, and goes on.
func TestASinkRefusesReadersOfAnotherVersion(t *testing.T) {
	testmain.OnlyOver(t, "memfd", "readers of files look at the version themselves")
	t.Parallel()
	dir := ownDir(t)
	p := launchWith(t, dir.use, "%s ! bipssink pool=p", endless)
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=1 ! fakesink").finish() // it is there
	hello := raw.Hello(1)
	hello.LayoutMajor++
	_, err := raw.Attach(filepath.Join(string(dir), "bips.p"), hello, patience)
	var refused *raw.Refusal
	if !errors.As(err, &refused) || refused.Code != wire.OtherVersion {
		t.Fatalf("got %v", err)
	}
	const says = "the pool has layout 4.0, the reader knows 5.0: use the same major version on both sides"
	if refused.Text != says {
		t.Errorf("it is told %q, want %q", refused.Text, says)
	}
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=3 ! fakesink").finish()
	p.interrupt()
	dir.isClean(t, "after all")
}

// A name that another program's socket has: a source says so, and a sink takes it, as it takes that of a dead producer.
func TestAnotherProgramsSocketHasThePoolsName(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	path := filepath.Join(string(dir), "bips.p")
	other, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	other.SetUnlinkOnClose(false)
	defer other.Close()
	before, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	launchWith(t, dir.use, "bipssrc pool=p connect-timeout=2000000000 ! fakesink").
		fail(`"p"`, "damaged", "its socket is of another kind", "somebody else has its name", "Start its producer anew.")
	p := launchWith(t, dir.use, "%s ! bipssink pool=p", endless)
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if now, err := os.Lstat(path); err == nil && !os.SameFile(before, now) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the sink does not take the name")
		}
	}
	launchWith(t, dir.use, "bipssrc pool=p num-buffers=3 ! fakesink").finish()
	p.interrupt()
	dir.isClean(t, "after all")
}
