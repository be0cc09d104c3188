package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// standby makes a second server that holds whatever the first has told anybody: the first waits for it from here on.
func (c *cluster) standby() *cluster {
	c.t.Helper()
	dir, err := os.MkdirTemp("", "parley-pg-")
	if err != nil {
		c.t.Fatal(err)
	}
	other := &cluster{t: c.t, bin: c.bin, data: filepath.Join(dir, "data"), port: freePort(c.t)}
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "postgres", dir).CombinedOutput(); err != nil {
			c.t.Fatalf("%v: %s", err, out)
		}
	}
	c.t.Cleanup(func() {
		_ = other.run("pg_ctl", "-D", other.data, "-m", "immediate", "-w", "stop")
		_ = os.RemoveAll(dir)
	})
	c.must("pg_basebackup", "-D", other.data, "-R", "-X", "stream", "-c", "fast", "-h", "127.0.0.1", "-p", c.port, "-U", "postgres")
	other.start()
	for _, statement := range []string{"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		c.must("psql", "-q", "-h", "127.0.0.1", "-p", c.port, "-U", "postgres", "-c", statement)
	}
	return other
}

func (c *cluster) promote() {
	c.t.Helper()
	c.must("pg_ctl", "-D", c.data, "-w", "promote")
}

// both is one address for two servers: whichever takes writes.
func both(a, b *cluster) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%s,127.0.0.1:%s/postgres?sslmode=disable&target_session_attrs=read-write", a.port, b.port)
}

// Two nodes send a campaign and take texts in while their database dies and its standby takes over. What was answered with
// success is there, everybody is reached once, and nobody had to lend a hand.
func TestI1I9I16I22TwoNodesGoOnAfterAFailoverOfTheirDatabase(t *testing.T) {
	c := newCluster(t)
	spare := c.standby()
	people := times(600, 4000)
	a, first := newBrand(t, both(c, spare), 100, "--lease", "2s")
	b := a.twin()
	second := b.start()
	a.subscribe(0, people)
	a.campaign()
	a.begin(0, people)
	a.eventually("the campaign runs", func() bool { return a.twilio.Requests() > 20 })
	told := &acks{}
	end := make(chan struct{})
	var wg sync.WaitGroup
	for at, node := range []*brand{a, b} {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-end:
					return
				case <-time.After(time.Duration(rand.IntN(5)) * time.Millisecond):
				}
				sid := fmt.Sprintf("SM-failover-%d-%d", at, i)
				if node.text(sid, number(6000+i%200), "hello")/100 == 2 {
					told.add(&told.texts, sid)
				}
			}
		})
	}
	a.eventually("texts come in", func() bool { return told.count() > 50 })
	c.crash()
	before := told.count()
	if n := a.twilio.Requests(); n >= people {
		t.Errorf("the campaign was over before the failover: the test proves little")
	}
	spare.promote()
	for _, node := range []*brand{a, b} {
		node.eventually("ready says yes", func() bool { return node.status("/readyz") == 200 })
	}
	a.eventually("texts come in again", func() bool { return told.count() > before+50 })
	close(end)
	wg.Wait()
	s := a.finished(people)
	if lost := a.place.missing(t, told); len(lost) > 0 {
		t.Errorf("%d of %d acknowledged texts are lost: %.10q", len(lost), told.count(), lost)
	}
	reached := a.agree(people)
	if reached < people/2 {
		t.Errorf("only %d of %d people were reached", reached, people)
	}
	t.Logf("%d texts acknowledged, %d of them before the failover; %v, %d reached", told.count(), before, s, reached)
	if log := first.words() + second.words(); strings.Contains(log, "panic") {
		t.Error(log)
	}
	first.stop(t)
	second.stop(t)
	a.place.verify(t)
}

func (a *acks) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.texts)
}
