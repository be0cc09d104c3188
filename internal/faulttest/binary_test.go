package faulttest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program, built once.
var binary = ""

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "parley-fault-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "parley")
	build := exec.Command("go", "build", "-o", binary, "parley/cmd/parley")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// times is how often something is done: few, or many with PARLEY_LONG=1.
func times(few, many int) int {
	if os.Getenv("PARLEY_LONG") == "1" {
		return many
	}
	return few
}

// place is where and how the program runs; it outlives its processes.
type place struct {
	dir      string // data folder
	database string // postgres://, or empty
	port     string
	flags    []string
	wrap     []string // command in front of the program: strace
}

func newPlace(t *testing.T, database string, flags ...string) place {
	t.Helper()
	return place{dir: t.TempDir(), database: database, port: freePort(t), flags: flags}
}

// freePort is a port that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// base is the address of the program, as it calls itself.
func (p place) base() string { return "http://localhost:" + p.port }

func (p place) args(command string) []string {
	out := []string{command, "--data-dir", p.dir, "--listen", "127.0.0.1:" + p.port, "--log-level", "warn"}
	if p.database != "" {
		out = append(out, "--database", p.database)
	}
	return append(out, p.flags...)
}

// process is one life of the program.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error
	mu    sync.Mutex
	log   bytes.Buffer
}

// launch starts the program and does not wait for it.
func (p place) launch(t *testing.T, env ...string) (*process, chan struct{}) {
	t.Helper()
	line := append(slices.Clone(p.wrap), append([]string{binary}, p.args("serve")...)...)
	n := &process{cmd: exec.Command(line[0], line[1:]...), ended: make(chan struct{})}
	n.cmd.Env = append(os.Environ(), env...)
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	n.cmd.Stderr = lockedWriter{n}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	go func() {
		s := bufio.NewScanner(out)
		for s.Scan() {
			if strings.HasPrefix(s.Text(), "Parley is ready") {
				close(ready)
			}
		}
		n.err = n.cmd.Wait()
		close(n.ended)
	}()
	t.Cleanup(func() { n.kill() })
	return n, ready
}

// start starts the program and waits until it answers; nil when it ended before.
func (p place) start(t *testing.T, env ...string) *process {
	t.Helper()
	n, ready := p.launch(t, env...)
	select {
	case <-ready:
		return n
	case <-n.ended:
		if n.code() == killedByFault {
			return nil
		}
		t.Fatalf("the program ended at its start: %v\n%s", n.err, n.words())
	case <-time.After(30 * time.Second):
		t.Fatalf("the program was not ready in 30 s\n%s", n.words())
	}
	return nil
}

// killedByFault is the status of a process that ended at a fault point.
const killedByFault = 137

// code is the exit status; -1 when a signal ended it.
func (n *process) code() int {
	var exit *exec.ExitError
	if errors.As(n.err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

func (n *process) alive() bool {
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// kill ends the process and its children at once, as a crash does.
func (n *process) kill() {
	if n.alive() {
		_ = syscall.Kill(-n.cmd.Process.Pid, syscall.SIGKILL)
	}
	<-n.ended
}

// stop asks the process to end and waits. Whoever armed a fault looks at the code.
func (n *process) stop(t *testing.T) {
	t.Helper()
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.ended:
		if n.err != nil && n.code() != killedByFault {
			t.Fatalf("the program did not end well: %v\n%s", n.err, n.words())
		}
	case <-time.After(30 * time.Second):
		_ = n.cmd.Process.Signal(syscall.SIGQUIT) // the program writes where each of its goroutines stands
		<-n.ended
		t.Fatalf("the program did not end in 30 s\n%s", n.words())
	}
}

// logTail is how much of a log a failed test shows: room for the goroutines of a program that did not end.
const logTail = 60_000

// words is what the process wrote to its log, or its end.
func (n *process) words() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := n.log.String()
	if len(text) > logTail {
		text = "..." + text[len(text)-logTail:]
	}
	return text
}

type lockedWriter struct{ n *process }

// Write keeps what the process says.
func (w lockedWriter) Write(raw []byte) (int, error) {
	w.n.mu.Lock()
	defer w.n.mu.Unlock()
	return w.n.log.Write(raw)
}

// verify runs `parley verify` and fails the test when a promise is broken.
func (p place) verify(t *testing.T) {
	t.Helper()
	out, err := exec.Command(binary, p.args("verify")...).CombinedOutput()
	if err != nil {
		t.Fatalf("parley verify: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "ok      I9") || !strings.Contains(string(out), "ok      I14") {
		t.Fatalf("parley verify says too little:\n%s", out)
	}
}

// copyDir copies a data folder, with its rights: the key may be read by its owner alone.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v %s", from, err, out)
	}
}
