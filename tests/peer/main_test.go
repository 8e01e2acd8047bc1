package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bips-ipc/bips/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// patience is a watchdog.
const patience = 20 * time.Second

// A conversation is what README.md says that peers say: lines with > are orders to a peer, lines
// with < what it says then, in this order. Names before them are of the peers.
const conversation = `
p: produce golden --slots=6 --slot-size=256 --idle --backend=BACKEND
p< {"event":"opened","token":"TOKEN","slots":6}
c: consume golden --mode=every --max-held=2 --idle --detail
c< {"event":"opened"}
p> {"do":"caps","caps":"application/x-peer,part=0"}
p< {"event":"done","order":"caps"}
p> {"do":"tags","tags":"0c00000030000000000000000000000001000000070000007461676c6973740005000500060000007469746c657061727420300000000000"}
p< {"event":"done","order":"tags"}
p> {"do":"tags","tags":"00"}
p< {"event":"done","order":"tags","error":"option","text":TEXT}
p> {"do":"tags","tags":"0c00000030000000000000000000000001000000070000007461676c6973740005000500060000007469746c657061727420300000000000"}
p< {"event":"done","order":"tags"}
c> {"do":"pull","timeout":300000}
c< {"event":"done","order":"pull","error":"timeout","text":TEXT}
p> {"do":"await","consumers":1,"timeout":10000000}
p< {"event":"done","order":"await"}
p> {"do":"frame","size":51,"timeout":1000000}
p< {"event":"done","order":"frame","sequence":1,"sha256":"SUM"}
c> {"do":"pull","timeout":-1}
c< {"event":"instance","instance":"INSTANCE","token":"TOKEN","slots":6}
c< {"event":"done","order":"pull","sequence":1,"discont":true,"hold":1,"info":{"size":51,"pts":1,"dts":-1,"duration":NUMBER,"capture":-1,"offset":"0000000000000001","offset_end":"TOKEN","flags":NUMBER,"strides":[NUMBER],"offsets":[0],META"caps":"application/x-peer,part=0","tags":"0c00000030000000000000000000000001000000070000007461676c6973740005000500060000007469746c657061727420300000000000","latency":-1,"published":NUMBER,"sha256":"SUM","mode":"every","blocking":true}}
c> {"do":"records","hold":1,"of":"tags"}
c< {"event":"done","order":"records","records":TITLE,"meta":"0c00000030000000000000000000000001000000070000007461676c6973740005000500060000007469746c657061727420300000000000"}
c> {"do":"records","meta":"03000100100000001000000008000000800200006801000000000000"}
c< {"event":"done","order":"records","error":"damaged","text":TEXT}
p> {"do":"records","meta":"a00f0100080000000000000000000000"}
p< {"event":"done","order":"records","error":"needed","text":TEXT}
c> {"do":"sum","hold":1}
c< {"event":"done","order":"sum","sha256":"SUM"}
c> {"do":"sum","hold":7}
c< {"event":"done","order":"sum","error":"stale","text":TEXT}
c> {"do":"max-age","max_age":1000}
c< {"event":"done","order":"max-age"}
c> {"do":"stats"}
c< {"event":"done","order":"stats","received":1,"held":1,"quota":2,"instances":1}
c> {"do":"pool"}
c< {"event":"done","order":"pool","instance":"INSTANCE","slots":6,"size":256}
c> {"do":"key-frame"}
c< {"event":"done","order":"key-frame"}
p> {"do":"grow","size":512}
p< {"event":"moved","sequence":2,"size":512}
p< {"event":"done","order":"grow"}
p> {"do":"hold","timeout":0}
p< {"event":"done","order":"hold","slots":5}
c> {"do":"block","on":true}
c< {"event":"done","order":"block"}
p> {"do":"stats"}
p< {"event":"done","order":"stats","published":1,"lent":5,"consumers":1,"moves":1MORE}
p> {"do":"go"}
p< {"event":"done","order":"go"}
p> {"do":"pause"}
p< MORE{"event":"done","order":"pause"}
p> {"do":"drop"}
p< {"event":"done","order":"drop"}
c> {"do":"release","hold":1}
c< {"event":"done","order":"release"}
c> {"do":"release","hold":1}
c< {"event":"done","order":"release","error":"stale","text":TEXT}
c> {"do":"suspend"}
c< {"event":"suspended"}
c< {"event":"done","order":"suspend"}
c> {"do":"dance"}
c< {"event":"done","order":"dance","error":"unknown-order","text":TEXT}
c> {"do":"flush","on":true}
c< {"event":"done","order":"flush"}
c> {"do":"pull","timeout":-1}
c< {"event":"done","order":"pull","error":"flushing","text":TEXT}
c> {"do":"close"}
c< {"event":"closed","received":1MORE}
c< {"event":"done","order":"close"}
c.
p> {"do":"end"}
p< {"event":"ended","token":"TOKEN"}
p< {"event":"done","order":"end"}
p> {"do":"close"}
p< {"event":"closed",MORE"token":"TOKEN",MORE}
p< {"event":"done","order":"close"}
p.
`

// TestThePeerSaysWhatItsDocumentSays talks with the peer in Go, or with the program that BIPS_PEER names.
func TestThePeerSaysWhatItsDocumentSays(t *testing.T) {
	program := os.Getenv("BIPS_PEER")
	if program == "" {
		program = filepath.Join(t.TempDir(), "peer")
		if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	for _, backend := range []string{"shm", "memfd"} {
		t.Run(backend, func(t *testing.T) {
			testmain.Dir(t)
			converse(t, program, strings.ReplaceAll(conversation, "BACKEND", backend))
		})
	}
}

// converse talks with peers, as a conversation says.
func converse(t *testing.T, program, conversation string) {
	t.Helper()
	peers := map[string]*partner{}
	known := map[string]string{}
	for _, l := range strings.Split(strings.TrimSpace(conversation), "\n") {
		name, kind, text := l[:1], l[1], strings.TrimSpace(l[2:])
		switch kind {
		case ':':
			peers[name] = begin(t, program, strings.Fields(text)...)
		case '>':
			_, _ = io.WriteString(peers[name].orders, text+"\n")
		case '<':
			peers[name].says(t, text, known)
		case '.':
			peers[name].ends(t)
		}
	}
}

// partner is a peer that is talked with.
type partner struct {
	command *exec.Cmd
	orders  io.WriteCloser
	lines   chan string
}

func begin(t *testing.T, program string, args ...string) *partner {
	t.Helper()
	p := &partner{command: exec.Command(program, args...), lines: make(chan string)}
	p.command.Stderr = os.Stderr
	output, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.orders, err = p.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		defer close(p.lines)
		for scanner := bufio.NewScanner(output); scanner.Scan(); {
			select {
			case p.lines <- scanner.Text():
			case <-end:
			}
		}
	}()
	t.Cleanup(func() {
		close(end)
		_ = p.command.Process.Kill()
		<-listening
		_ = p.command.Wait()
	})
	return p
}

// says waits for a line that fits. Words in capitals stand for what differs from run to run; a
// known one has to be what it was before.
func (p *partner) says(t *testing.T, want string, known map[string]string) {
	t.Helper()
	pattern := regexp.QuoteMeta(want)
	more := strings.HasPrefix(want, "MORE")
	pattern = strings.TrimPrefix(pattern, "MORE")
	for word, means := range map[string]string{
		"TEXT": `".+"`, "NUMBER": `-?\d+`, "META": `(?:"meta":"[0-9a-f]+",)?`, "MORE": `.*`, "TITLE": `\[\{.*"part 0".*\}\]`,
	} {
		pattern = strings.ReplaceAll(pattern, word, means)
	}
	for word, means := range map[string]string{"TOKEN": `[0-9a-f]{16}`, "INSTANCE": `[0-9a-f]{16}`, "SUM": `[0-9a-f]{64}`} {
		if known[word] != "" {
			means = known[word]
		}
		pattern = strings.ReplaceAll(pattern, word, "(?P<"+word+">"+means+")")
	}
	fits := regexp.MustCompile("^" + pattern + "$")
	for {
		select {
		case got, ok := <-p.lines:
			if !ok {
				t.Fatalf("the peer ended, want %s", want)
			}
			groups := fits.FindStringSubmatch(got)
			if groups == nil && more {
				continue
			}
			if groups == nil {
				t.Fatalf("got %s\nwant %s", got, want)
			}
			for i, name := range fits.SubexpNames() {
				if name != "" {
					known[name] = groups[i]
				}
			}
			return
		case <-time.After(patience):
			t.Fatalf("the peer is silent, want %s", want)
		}
	}
}

// ends ends the peer's input and wants it to end well.
func (p *partner) ends(t *testing.T) {
	t.Helper()
	_ = p.orders.Close()
	if l, ok := <-p.lines; ok {
		t.Errorf("after the end: %s", l)
	}
	if err := p.command.Wait(); err != nil {
		t.Error(err)
	}
}
