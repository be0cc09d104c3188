package faulttest

import (
	"testing"
	"time"
)

// A campaign is cut off, and the program comes back three hours later, as after an outage or from a copy of its folder.
// Nothing leaves until somebody releases it, not even when the clock then goes back by two hours; and then all leaves once.
func TestI17AfterAGapNothingLeavesByItselfAndNothingTwice(t *testing.T) {
	b, n := newBrand(t, "", 20)
	people := 60
	b.subscribe(0, people)
	b.campaign()
	b.begin(0, people)
	b.eventually("the campaign runs", func() bool { return b.twilio.Requests() > 5 })
	n.stop(t)
	taken := b.twilio.Requests()
	if taken >= people {
		t.Fatal("the campaign was over before the gap: the test proves nothing")
	}
	b.clock += 3 * time.Hour
	n = b.start()
	b.eventually("the rest is held", func() bool { return b.waiting("held") == people-taken })
	n.stop(t)
	b.clock -= 2 * time.Hour
	n = b.start()
	time.Sleep(time.Second) // time in which what must not leave would
	if got := b.twilio.Requests(); got != taken || b.waiting("held") != people-taken {
		t.Errorf("%d texts left by themselves after the gap, %d are held", got-taken, b.waiting("held"))
	}
	b.call("POST", "/outbox/release", map[string]any{}, nil)
	s := b.finished(people)
	if reached := b.agree(people); reached != people || b.twilio.Requests() != people {
		t.Errorf("%d of %d people were reached by %d requests: %v", reached, people, b.twilio.Requests(), s)
	}
	n.stop(t)
	b.place.verify(t)
}
