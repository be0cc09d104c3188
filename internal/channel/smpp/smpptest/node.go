// Package smpptest starts carriers that other people wrote, for tests: node-smpp and Kannel's drive_smpp. Everything stays
// on loopback. scripts/install.sh brings them; without them the tests are skipped, unless PARLEY_PEERS is set.
package smpptest

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Password is what the node carrier wants to hear from every system id.
const Password = "s3cret-x"

// Said is one thing that happened at the node carrier; peer/smsc.js says which there are.
type Said struct {
	Kind, From, To, Text, Bind       string
	Port, Status, Coding, Registered int
	UDH                              octets
}

// octets are written by the carrier as a list of numbers.
type octets []byte

// UnmarshalJSON reads a list of numbers.
func (o *octets) UnmarshalJSON(raw []byte) error {
	var list []int
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	for _, n := range list {
		*o = append(*o, byte(n))
	}
	return nil
}

// Node is a carrier made with node-smpp.
type Node struct {
	Port  int
	Lines <-chan Said // everything that happens

	t     testing.TB
	stdin io.Writer
	mu    sync.Mutex
	taken []Said
}

// StartNode starts a carrier that ends with the test. idForm is how its receipts write a message's id: hex, HEX, decimal,
// padded, parameter.
func StartNode(t testing.TB, idForm string) *Node {
	t.Helper()
	script := filepath.Join(here(), "peer", "smsc.js")
	need(t, filepath.Join(here(), "peer", "node_modules", "smpp"))
	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Env = append(os.Environ(), "ID_FORM="+idForm)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan Said, 10_000)
	n := &Node{Lines: lines, t: t, stdin: in}
	read := make(chan struct{})
	go func() {
		defer close(read)
		n.listen(out, lines)
	}()
	t.Cleanup(func() { _ = in.Close(); <-read; _ = cmd.Wait() })
	select {
	case first := <-lines:
		n.Port = first.Port
	case <-time.After(30 * time.Second):
		t.Fatal("the node carrier does not listen")
	}
	return n
}

func (n *Node) listen(out io.Reader, lines chan<- Said) {
	for s := bufio.NewScanner(out); s.Scan(); {
		var said Said
		if err := json.Unmarshal(s.Bytes(), &said); err != nil {
			n.t.Errorf("the carrier said %q", s.Text())
			continue
		}
		if said.Kind == "submit" {
			n.mu.Lock()
			n.taken = append(n.taken, said)
			n.mu.Unlock()
		}
		lines <- said
	}
}

// Deliver hands a person's text to whoever is bound.
func (n *Node) Deliver(from, to, text string) {
	n.t.Helper()
	raw, err := json.Marshal(map[string]string{"from": strings.TrimPrefix(from, "+"), "to": strings.TrimPrefix(to, "+"), "text": text})
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.stdin.Write(append(raw, '\n')); err != nil {
		n.t.Fatalf("hand a text to the carrier: %v", err)
	}
}

// Taken are the messages that were submitted so far, oldest first.
func (n *Node) Taken() []Said {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Said(nil), n.taken...)
}

// StartKannel starts Kannel's drive_smpp on a port: it sends so many texts to whoever binds, and takes what is submitted.
// It ends with the test.
func StartKannel(t testing.TB, port, texts int) {
	t.Helper()
	program := filepath.Join(here(), "..", "..", "..", "..", ".tools", "kannel", "usr", "lib", "kannel", "test", "drive_smpp")
	need(t, program)
	log := filepath.Join(t.TempDir(), "kannel.log")
	cmd := exec.CommandContext(t.Context(), program, "-v", "0", "-l", log, "-p", strconv.Itoa(port), "-m", strconv.Itoa(texts), "-c", program+".conf")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			words, _ := os.ReadFile(log)
			t.Logf("%s", words[max(0, len(words)-6000):])
		}
	})
}

// here is this folder.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// need skips the test when a peer is not installed, and fails it where peers are promised.
func need(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return
	}
	if os.Getenv("PARLEY_PEERS") != "" {
		t.Fatalf("%s is not there: run scripts/install.sh", path)
	}
	t.Skipf("%s is not there; scripts/install.sh brings it", path)
}
