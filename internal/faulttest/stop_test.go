package faulttest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// stops has people text STOP while a campaign runs, and returns when each was answered.
func (b *brand) stops(from, to int) map[string]time.Time {
	var mu sync.Mutex
	out := map[string]time.Time{}
	each(to-from, 4, func(i int) {
		phone := number(from + i)
		if b.text(fmt.Sprint("SM-stop-", from+i), phone, "STOP")/100 != 2 {
			b.t.Errorf("the STOP of %s was not taken", phone)
			return
		}
		at := time.Now().Add(b.clock)
		mu.Lock()
		defer mu.Unlock()
		out[phone] = at
	})
	return out
}

// late are the texts of the campaign whose request came after the STOP of their number was answered, by how much.
func (b *brand) late(stopped map[string]time.Time) (late []time.Duration, before int) {
	for _, a := range b.twilio.Journal() {
		at, ok := stopped[a.To]
		if !ok || a.Inbound || !strings.HasPrefix(a.Body, "Fashion Era: The sale") {
			continue
		}
		if a.At.After(at) {
			late = append(late, a.At.Sub(at))
		} else {
			before++
		}
	}
	return late, before
}

func TestI13NothingStartsAfterAStopWasAnswered(t *testing.T) {
	b, n := newBrand(t, "", 100)
	people := times(400, 4000)
	b.subscribe(0, people)
	b.campaign()
	b.begin(0, people)
	b.eventually("the campaign runs", func() bool { return b.twilio.Requests() > 20 })
	stopped := b.stops(0, people)
	b.eventually("the queue is empty", func() bool { return b.waiting("queued") == 0 })
	n.stop(t)
	late, before := b.late(stopped)
	if len(late) > 0 {
		t.Errorf("%d texts began after the STOP of their number was answered, by up to %v", len(late), late[0])
	}
	if before == 0 || before == people {
		t.Errorf("%d of %d people were texted before their STOP: the test proves nothing", before, people)
	}
	b.place.verify(t)
	t.Logf("%d people: %d texted before their STOP, none after", people, before)
}

func TestI19AReplyLeavesSoonAfterACrash(t *testing.T) {
	b, n := newBrand(t, "", 500) // with the lease of a new installation
	b.subscribe(0, 2)
	b.campaign()
	b.begin(0, 1)
	b.eventually("the sender is in use", func() bool { return b.twilio.Requests() == 1 })
	n.kill()
	b.start()
	from := time.Now()
	b.begin(1, 2)
	b.eventually("the next text is sent", func() bool { return b.twilio.Requests() == 2 })
	if took := time.Since(from); took > 5*time.Second {
		t.Errorf("after a crash the next text waited %v", took)
	}
}
