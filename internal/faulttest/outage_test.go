package faulttest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// cluster is a PostgreSQL of the test's own.
type cluster struct {
	t         *testing.T
	bin, data string
	port      string
}

// newCluster makes and starts one. PostgreSQL does not run as root, so root becomes postgres.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		t.Fatalf("PostgreSQL is not installed (scripts/install.sh does it): %v", err)
	}
	dir, err := os.MkdirTemp("", "parley-pg-")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	c := &cluster{t: t, bin: found[len(found)-1], data: filepath.Join(dir, "data"), port: freePort(t)}
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "postgres", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	t.Cleanup(func() { _ = c.run("pg_ctl", "-D", c.data, "-m", "immediate", "-w", "stop"); _ = os.RemoveAll(dir) })
	c.must("initdb", "-D", c.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
	c.start()
	return c
}

func (c *cluster) run(name string, args ...string) error {
	line := append([]string{filepath.Join(c.bin, name)}, args...)
	if os.Getuid() == 0 {
		line = append([]string{"runuser", "-u", "postgres", "--"}, line...)
	}
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = "/"
	return cmd.Run()
}

func (c *cluster) must(name string, args ...string) {
	c.t.Helper()
	if err := c.run(name, args...); err != nil {
		c.t.Fatalf("%s %v: %v", name, args, err)
	}
}

func (c *cluster) start() {
	c.t.Helper()
	c.must("pg_ctl", "-D", c.data, "-l", filepath.Join(c.data, "log"), "-w", "-o",
		"-p "+c.port+" -c listen_addresses=127.0.0.1 -c unix_socket_directories="+c.data, "start")
}

// crash ends the server at once: no goodbye to its clients, and a recovery at the next start.
func (c *cluster) crash() {
	c.t.Helper()
	c.must("pg_ctl", "-D", c.data, "-m", "immediate", "-w", "stop")
}

func (c *cluster) url() string {
	return "postgres://postgres@127.0.0.1:" + c.port + "/postgres?sslmode=disable"
}

// status is what a path answers; 0 when nobody did.
func (b *brand) status(path string) int {
	resp, err := b.twilio.Client.Get(b.place.base() + path)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestI1I22TheDatabaseGoesAwayAndComesBack(t *testing.T) {
	c := newCluster(t)
	b, n := newBrand(t, c.url(), 100, "--lease", "2s")
	people := 400
	b.subscribe(0, people)
	b.campaign()
	b.begin(0, people)
	b.eventually("the campaign runs", func() bool { return b.twilio.Requests() > 20 })
	a := &acks{}
	for round := range times(2, 10) {
		c.crash()
		b.eventually("ready says no", func() bool { return b.status("/readyz") == http.StatusServiceUnavailable })
		if got := b.status("/healthz"); got != http.StatusOK {
			t.Errorf("live answers %d while the database is away: a restart would not help", got)
		}
		sid := fmt.Sprint("SM-away-", round)
		if got := b.text(sid, number(4000), "hello"); got/100 != 5 {
			t.Errorf("a webhook was answered %d while nothing could be stored", got)
		}
		c.start()
		back := time.Now()
		b.eventually("ready says yes", func() bool { return b.status("/readyz") == http.StatusOK })
		if b.text(sid, number(4000), "hello")/100 != 2 {
			t.Errorf("the webhook is still refused when ready says yes")
		}
		if took := time.Since(back); took > 10*time.Second {
			t.Errorf("back after %v, want 10 s", took)
		}
		a.add(&a.texts, sid)
	}
	s := b.finished(people)
	if lost := b.place.missing(t, a); len(lost) > 0 {
		t.Errorf("lost: %q", lost)
	}
	t.Log(s, b.agree(people))
	n.stop(t)
	b.place.verify(t)
}

// small makes the folder a disk of a few MB where this user may, and gives the way to fill it up and to empty it again.
func small(t *testing.T, p place, n func() *process) (fill, empty func()) {
	t.Helper()
	if os.Getuid() == 0 && exec.Command("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", p.dir).Run() == nil {
		t.Cleanup(func() { _ = exec.Command("umount", "-l", p.dir).Run() })
		filler := filepath.Join(p.dir, "filler")
		return func() {
			f, err := os.Create(filler)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for chunk := make([]byte, 4096); err == nil; {
				_, err = f.Write(chunk)
			}
		}, func() { _ = os.Remove(filler) }
	}
	// Else no file may grow: writes fail with another error, at the same places.
	limit := func(bytes string) func() {
		return func() {
			if out, err := exec.Command("prlimit", "--pid", fmt.Sprint(n().cmd.Process.Pid), "--fsize="+bytes+":unlimited").CombinedOutput(); err != nil {
				t.Fatalf("prlimit: %v %s", err, out)
			}
		}
	}
	return limit("4096"), limit("unlimited")
}

func TestI3I21AFullDiskRefusesAndLosesNothing(t *testing.T) {
	b, n := newBrand(t, "", 500)
	n.stop(t)
	saved := filepath.Join(t.TempDir(), "saved")
	copyDir(t, b.place.dir, saved)
	fill, empty := small(t, b.place, func() *process { return n })
	if out, err := exec.Command("sh", "-c", "cp -a "+saved+"/. "+b.place.dir+"/").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	n = b.start()
	a := &acks{}
	send := func(from, to int) (refused int) {
		for i := from; i < to; i++ {
			sid := fmt.Sprint("SM-disk-", i)
			switch status := b.text(sid, number(i%50), strings.Repeat("long ", 200)); status / 100 {
			case 2:
				a.add(&a.texts, sid)
			case 5:
				refused++
			default:
				t.Errorf("a webhook on a full disk was answered %d", status)
			}
		}
		return refused
	}
	if refused := send(0, 20); refused > 0 {
		t.Fatalf("%d refused with room on the disk", refused)
	}
	fill()
	refused := send(20, 60)
	if refused == 0 {
		t.Error("nothing was refused on a full disk: the test proves nothing")
	}
	if status, _, err := b.try("GET", "/people", nil, nil); err != nil || status != 200 {
		t.Errorf("reading stopped: %d %v", status, err)
	}
	empty()
	b.eventually("it recovers by itself", func() bool { return send(1000, 1001) == 0 })
	if again := send(20, 60); again > 0 {
		t.Errorf("%d refused after room was made", again)
	}
	if lost := b.place.missing(t, a); len(lost) > 0 {
		t.Errorf("lost: %q", lost)
	}
	n.stop(t)
	b.place.verify(t)
	t.Logf("%d refused while the disk was full, %d acknowledged", refused, len(a.texts))
}
