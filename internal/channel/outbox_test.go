package channel

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/people"
)

// directed runs one scene of the model on every engine.
func directed(t *testing.T, scene func(t *testing.T, m *model)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var m *model
		rapid.Check(t, func(rt *rapid.T) {
			if m == nil {
				m = newModel(t, rt, d, 1)
			}
		})
		scene(t, m)
	})
}

func (m *model) put(d Delivery) MessageID {
	d.Workspace, d.Channel, d.Message = m.ws, m.channel, MessageID(m.ids.New("msg"))
	if d.To == "" {
		d.To = number(0)
	}
	d.Person, d.Text = "per_1", "Hello"
	if d.Purpose == "" {
		d.Purpose, d.Priority = "marketing", PriorityBulk
	}
	must(m.t, m.d.Tx(m.t.Context(), func(tx *db.Tx) error { return m.s.EnqueueTx(m.t.Context(), tx, []Delivery{d}) }))
	m.books[d.Message] = &book{Delivery: d}
	m.order = append(m.order, d.Message)
	return d.Message
}

func (m *model) claimAll(n int) {
	m.lane().claimDue(m.t.Context(), m.s.accounts.open(m.t.Context(), m.ws, m.channel), [priorities]bool{true, true, true}, n, PriorityBulk)
}

// sendAll hands over all that is claimed, with the outcome that send gives.
func (m *model) sendAll(send func(Outgoing) (Receipt, error)) (handed []MessageID) {
	l := m.lane()
	for p := l.pop(); p != nil; p = l.pop() {
		r := result{parcel: p, err: errNotHanded, lane: l}
		r.err = l.depart(m.t.Context(), p, func(context.Context) (err error) {
			handed = append(handed, p.Message)
			r.receipt, err = send(p.outgoing())
			return err
		})
		m.s.outbox.commit(m.t.Context(), []result{r})
	}
	return handed
}

func taken(Outgoing) (Receipt, error) { return Receipt{ProviderID: "p1", Status: StatusSent}, nil }

func TestAStopBetweenClaimAndHandOverWins(t *testing.T) { // I13
	directed(t, func(t *testing.T, m *model) {
		id := m.put(Delivery{})
		other := m.put(Delivery{To: number(1)})
		m.claimAll(10)
		must(t, m.s.take(t.Context(), m.ws, m.channel, Intake{Inbound: []Inbound{{ProviderID: "in1", From: number(0), To: number(9), Text: "STOP", Raw: []byte("STOP")}}}))
		if handed := m.sendAll(taken); len(handed) != 1 || handed[0] != other {
			t.Errorf("handed over %v", handed)
		}
		m.claimAll(10)
		if got := m.stored(id); got.State != StateDropped || got.Code != "suppressed" || got.Attempt != 1 {
			t.Errorf("stored %+v", got)
		}
	})
}

func TestAStopIsAnsweredAfterWhatWasLeavingHasLeft(t *testing.T) { // I13
	directed(t, func(t *testing.T, m *model) {
		m.put(Delivery{})
		m.claimAll(10)
		answered := make(chan error, 1)
		handed := m.sendAll(func(Outgoing) (Receipt, error) {
			go func() {
				answered <- m.s.take(context.WithoutCancel(t.Context()), m.ws, m.channel,
					Intake{Inbound: []Inbound{{ProviderID: "in1", From: number(0), To: number(9), Text: "STOP", Raw: []byte("STOP")}}})
			}()
			for state := ""; state != string(people.Revoked); time.Sleep(time.Millisecond) {
				r, err := m.people.Consent(t.Context(), m.d, m.ws, people.ConsentQuery{Address: number(0), Purpose: people.Marketing})
				must(t, err)
				state = r.State
			}
			select {
			case <-answered:
				t.Error("the STOP was answered while a text to its number was leaving")
				answered <- nil
			case <-time.After(50 * time.Millisecond):
			}
			return taken(Outgoing{})
		})
		must(t, <-answered)
		if len(handed) != 1 {
			t.Errorf("handed over %v", handed)
		}
	})
}

func TestAnOldClaimAsksTheGateAgain(t *testing.T) { // I15
	directed(t, func(t *testing.T, m *model) {
		id := m.put(Delivery{})
		m.claimAll(1)
		m.clock.Skip(3 * time.Second)
		if handed := m.sendAll(taken); len(handed) != 0 {
			t.Errorf("handed over %v", handed)
		}
		if got := m.stored(id); got.State != StateQueued || got.Attempt != 0 {
			t.Errorf("stored %+v", got)
		}
		m.claimAll(1)
		m.sendAll(taken)
		if got := m.stored(id); got.State != StateSent || got.Attempt != 1 {
			t.Errorf("stored %+v", got)
		}
	})
}

func TestRepliesAreClaimedBeforeBulk(t *testing.T) { // I19
	directed(t, func(t *testing.T, m *model) {
		for range 20 {
			m.put(Delivery{})
		}
		order := m.put(Delivery{Purpose: "transactional", Priority: PriorityTransactional})
		reply := m.put(Delivery{Purpose: "support", Priority: PriorityReply})
		m.claimAll(3)
		if handed := m.sendAll(taken); len(handed) != 3 || handed[0] != reply || handed[1] != order {
			t.Errorf("handed over %v; the reply is %s, the order %s", handed, reply, order)
		}
	})
}

func TestAStoppedAccountKeepsItsQueue(t *testing.T) { // I12
	directed(t, func(t *testing.T, m *model) {
		first, second := m.put(Delivery{}), m.put(Delivery{})
		m.claimAll(1)
		m.sendAll(func(Outgoing) (Receipt, error) {
			return Receipt{}, &Failure{Policy: Stop, Code: "account_refused", ProviderCode: "20003", Text: "Authenticate"}
		})
		c, err := m.s.Channel(t.Context(), m.d, m.ws, m.channel)
		must(t, err)
		if c.State != ChannelError || c.Reason != "account_refused: Authenticate" {
			t.Errorf("the channel is %s: %s", c.State, c.Reason)
		}
		for _, id := range []MessageID{first, second} {
			if got := m.stored(id); got.State != StateQueued {
				t.Errorf("stored %+v", got)
			}
		}
		if m.s.accounts.open(t.Context(), m.ws, m.channel) != nil {
			t.Error("the channel still sends")
		}
	})
}

func TestThrottledMessagesComeBackLater(t *testing.T) { // I11
	directed(t, func(t *testing.T, m *model) {
		id := m.put(Delivery{})
		last := time.Duration(0)
		for n := range 6 {
			m.claimAll(1)
			requests := len(m.sendAll(func(Outgoing) (Receipt, error) { return Receipt{}, &Failure{Policy: Later, Code: "throttled"} }))
			got := m.stored(id)
			if requests != 1 || got.State != StateQueued || got.Attempt != n+1 {
				t.Fatalf("try %d: %d requests, %+v", n, requests, got)
			}
			wait := got.Until.Sub(m.clock.Now())
			if wait < 750*time.Millisecond || wait < last/2 || wait > 7*time.Minute {
				t.Errorf("try %d waits %s after %s", n, wait, last)
			}
			m.claimAll(1)
			if handed := m.sendAll(taken); len(handed) != 0 {
				t.Error("it was sent before its time")
			}
			last = wait
			m.clock.Skip(wait)
		}
		expiring := m.put(Delivery{ExpiresAt: m.clock.Now().Add(5 * time.Second)})
		m.claimAll(9)
		m.sendAll(func(Outgoing) (Receipt, error) {
			return Receipt{}, &Failure{Policy: Later, Code: "throttled", RetryAfter: time.Minute}
		})
		if got := m.stored(expiring); got.State != StateDropped || got.Code != "expired" {
			t.Errorf("out of date: %+v", got)
		}
	})
}

func TestAnOutcomeThatNobodyCanTakeIsStoredAlone(t *testing.T) { // I9
	directed(t, func(t *testing.T, m *model) {
		told, broken := 0, true
		m.s.SetHooks(Hooks{OnOutcome: func(_ context.Context, tx *db.Tx, list []Outcome) error {
			if broken {
				return errors.New("the price list is missing")
			}
			tx.AfterCommit(func() { told += len(list) })
			return nil
		}})
		id := m.put(Delivery{})
		m.claimAll(1)
		m.sendAll(taken)
		if got := m.stored(id); got.State != StateSent || got.ProviderID != "p1" {
			t.Errorf("stored %+v", got)
		}
		broken = false
		m.clock.Skip(time.Minute)
		must(t, m.mailbox.Drain(t.Context()))
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}

func TestAMessageThatCannotBeJudgedIsPutAside(t *testing.T) { // I6
	directed(t, func(t *testing.T, m *model) {
		bad := m.put(Delivery{})
		good := []MessageID{m.put(Delivery{}), m.put(Delivery{})}
		m.s.SetHooks(Hooks{Recheck: func(_ context.Context, _ *db.Tx, claims []Claim) ([]Verdict, error) {
			out := make([]Verdict, len(claims))
			for i, c := range claims {
				if c.Message == bad {
					return nil, errors.New("no such person")
				}
				out[i] = Verdict{Action: Send}
			}
			return out, nil
		}})
		for range 12 {
			l := m.lane()
			m.claimAll(min(10, l.limit))
			m.sendAll(taken)
		}
		if got := m.stored(bad); got.State != StateHeld || got.Code != "gate_failed" {
			t.Errorf("the bad one: %+v", got)
		}
		for _, id := range good {
			if got := m.stored(id); got.State != StateSent {
				t.Errorf("a good one behind it: %+v", got)
			}
		}
	})
}

func TestAReceiptMayComeBeforeItsOutcome(t *testing.T) { // I8
	directed(t, func(t *testing.T, m *model) {
		id := m.put(Delivery{})
		m.claimAll(1)
		p := m.lane().pop()
		update := StatusUpdate{ProviderID: "smsc-17", Status: StatusDelivered}
		must(t, m.s.take(t.Context(), m.ws, m.channel, Intake{Statuses: []StatusUpdate{update}}))
		must(t, m.s.matchEarly(t.Context()))
		m.s.outbox.commit(t.Context(), []result{{parcel: p, receipt: Receipt{ProviderID: "smsc-17", Status: StatusSent, ByID: true}, lane: m.lane()}})
		if got := m.stored(id); got.State != StateSent {
			t.Errorf("before the match: %+v", got)
		}
		must(t, m.s.matchEarly(t.Context()))
		if got := m.stored(id); got.State != StateDelivered {
			t.Errorf("after the match: %+v", got)
		}
		left, err := readEarly(t.Context(), m.d, 10)
		if err != nil || len(left) != 0 {
			t.Errorf("left %v, %v", left, err)
		}
	})
}

func TestAPhoneThatIsOffIsTriedTwiceMore(t *testing.T) {
	directed(t, func(t *testing.T, m *model) {
		if _, err := m.s.accounts.get(t.Context(), m.ws, m.channel); err != nil {
			t.Fatal(err)
		}
		m.s.accounts.opened[accountKey(m.ws, m.channel)].Kind = "twilio" // its error codes
		id := m.put(Delivery{})
		for n := 1; n <= 3; n++ {
			m.claimAll(1)
			if handed := m.sendAll(taken); len(handed) != 1 {
				t.Fatalf("try %d was not sent", n)
			}
			u := StatusUpdate{Attempt: AttemptOf(id, n), ProviderID: "p1", Status: StatusFailed, ProviderCode: "30003"}
			must(t, m.s.take(t.Context(), m.ws, m.channel, Intake{Statuses: []StatusUpdate{u, u}}))
			got := m.stored(id)
			if n < 3 && (got.State != StateQueued || got.Until.Sub(m.clock.Now()) < time.Hour) {
				t.Fatalf("after try %d: %+v", n, got)
			}
			if n == 3 && got.State != StateFailed {
				t.Errorf("after the last try: %+v", got)
			}
			for range 16 { // in steps shorter than a gap
				m.clock.Skip(30 * time.Minute)
				must(t, m.s.outbox.beat(t.Context()))
			}
		}
	})
}

func TestTheRateIsKept(t *testing.T) { // I19
	for _, rate := range []float64{0.1, 1, 20, 500} {
		var b bucket
		now, sent, n := clock.From(time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)), 0, 1
		start, span := now, time.Duration(400/rate*float64(time.Second))
		for now.Sub(start) < span {
			if wait := b.take(now, rate, n); wait > 0 {
				now = now.Add(wait)
				continue
			}
			sent += n
			n = 1 + sent%3
		}
		if sent < 380 || sent > int(401+rate/10)+3 {
			t.Errorf("%d segments in the time of 400 at %v a second", sent, rate)
		}
	}
}
