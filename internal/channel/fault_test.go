package channel_test

import (
	"sync"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/fault"
)

// A node stands still at each point between two effects; another takes over. However far the first one got, the
// provider accepts each message once (I9, I10, I23), also after the first one wakes.
func TestANodeThatStandsStillAnywhereCausesNoDouble(t *testing.T) {
	for _, c := range []struct {
		point   string
		purpose string
		want    channel.State
		sent    int
	}{
		{"before_attempt", "marketing", channel.StateSent, 1},
		{"after_attempt_durable", "marketing", channel.StateFailed, 0}, // marketing is not repeated, even when it did not leave
		{"after_attempt_durable", "transactional", channel.StateSent, 1},
		{"after_provider_accept", "marketing", channel.StateSent, 1},
		{"after_provider_accept", "transactional", channel.StateSent, 1},
		{"after_outcome", "transactional", channel.StateSent, 1},
	} {
		t.Run(c.point+" "+c.purpose, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d, func(o *channel.Options) {
					o.Node, o.Lease, o.Looks = "a", 400*time.Millisecond, []time.Duration{100 * time.Millisecond, time.Second}
				})
				asleep, awake := make(chan struct{}), make(chan struct{})
				wake := sync.OnceFunc(func() { close(awake) })
				deps := withMailbox(w)
				deps.Faults = fault.New(c.point, 0, func() { close(asleep); <-awake })
				still := w.options
				still.Poll = -1 // nothing of it moves
				first := channel.New(deps, still)
				m := w.delivery("Hello")
				m.Purpose = c.purpose
				w.enqueue(m)
				stop := w.runService(first)
				t.Cleanup(wake)
				<-asleep // a fault that does not fire hangs the test
				second := w.options
				second.Node = "b"
				other := channel.New(withMailbox(w), second)
				w.runService(other)
				w.until(string(m.Message)+" is "+string(c.want), func() bool {
					must(t, other.LookUp(t.Context()))
					return w.sent(m.Message).State == c.want
				})
				wake()
				stop()
				if n := len(accepted(w.fake)); n != c.sent {
					t.Errorf("the provider accepted %d, want %d", n, c.sent)
				}
				if got := w.sent(m.Message); got.State != c.want {
					t.Errorf("after the first woke: %+v", got)
				}
			})
		})
	}
}

func accepted(f *twiliotest.Fake) []twiliotest.Accepted {
	var out []twiliotest.Accepted
	for _, a := range f.Journal() {
		if !a.Inbound {
			out = append(out, a)
		}
	}
	return out
}
