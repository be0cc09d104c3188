package smpp

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/channel"
)

// answers makes the fake answer every submit_sm with a status.
func answers(st status) func(*peer, header, []byte) bool {
	return func(p *peer, h header, _ []byte) bool {
		if h.Command == submitSM {
			p.write(submitSM|response, st, h.Sequence, nil)
		}
		return h.Command == submitSM
	}
}

// sendOnce sends one message and expects a failure.
func (l *line) sendOnce(t testing.TB) *channel.Failure {
	t.Helper()
	_, err := l.Send(context.Background(), text("+15552223333", "hello"))
	return failureOf(t, err)
}

func TestSubmit(t *testing.T) {
	t.Run("an accepted message has the carrier's id and the fields that carriers expect", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		out := text("+15552223333", "Grüße, 5 €")
		out.Expires = l.clock.Now().Add(26*time.Hour + 3*time.Minute)
		r, err := l.Send(context.Background(), out)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(channel.Receipt{ProviderID: "m1", Status: channel.StatusSent, ByID: true}, r); diff != "" {
			t.Errorf("receipt (-want +got):\n%s", diff)
		}
		want := &message{Source: address{1, 1, "15550001111"}, Dest: address{1, 1, "15552223333"}, Validity: "000001020300000R",
			Registered: 1, Short: []byte("Gr\x7e\x1ee, 5 \x1b\x65")}
		if diff := cmp.Diff(want, next(t, c.got, "submit_sm")); diff != "" {
			t.Errorf("submit_sm (-want +got):\n%s", diff)
		}
	})
	t.Run("a sender that is a short code or a name has its own type", func(t *testing.T) {
		for from, want := range map[string]address{"24365": {3, 0, "24365"}, "FashionEra": {5, 0, "FashionEra"}, "+4915112345": {1, 1, "4915112345"}} {
			if got := addressOf(from, nil); got != want {
				t.Errorf("%s: %+v", from, got)
			}
		}
	})
	t.Run("what cannot be sent is refused before it leaves", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		for code, change := range map[string]func(*channel.Outgoing){
			"bad_number":        func(o *channel.Outgoing) { o.To = "maria@example.com" },
			"bad_sender":        func(o *channel.Outgoing) { o.From = strings.Repeat("9", 30) },
			"bad_text":          func(o *channel.Outgoing) { o.Text = "" },
			"too_long":          func(o *channel.Outgoing) { o.Text = strings.Repeat("a", 256*153) },
			"media_unsupported": func(o *channel.Outgoing) { o.Media = []channel.MediaRef{{URL: "https://x"}} },
			"expired":           func(o *channel.Outgoing) { o.Expires = l.clock.Now() },
		} {
			out := text("+15552223333", "hello")
			change(&out)
			_, err := l.Send(context.Background(), out)
			if f := failureOf(t, err); f.Code != code && (code != "too_long" || f.Code != "bad_text") || f.Policy != channel.Never {
				t.Errorf("want %s, got %v", code, f)
			}
		}
		if len(c.got) != 0 {
			t.Error("something left")
		}
	})
	t.Run("many sessions take turns", func(t *testing.T) {
		seen := make(chan *peer, 100)
		c := newCarrier(t, func(p *peer, h header, _ []byte) bool {
			if h.Command == submitSM {
				seen <- p
			}
			return false
		})
		l := c.open(map[string]string{"sessions": "3"})
		for range 3 {
			next(t, c.peers, "login")
		}
		used := map[*peer]int{}
		for deadline := time.Now().Add(patience); len(used) < 3; { // a login is known to us a moment after the carrier
			l.sendEventually(t, text("+15552223333", "hello"))
			used[next(t, seen, "submit_sm")]++
			if time.Now().After(deadline) {
				t.Fatalf("%d of 3 sessions were used", len(used))
			}
		}
		clear(used)
		for range 30 {
			l.sendEventually(t, text("+15552223333", "hello"))
			used[next(t, seen, "submit_sm")]++
		}
		for p, n := range used {
			if n != 10 {
				t.Errorf("session %p carried %d of 30", p, n)
			}
		}
	})
	t.Run("two logins: the transmitter submits, the receiver delivers", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(map[string]string{"mode": twoBinds})
		kinds := map[command]*peer{}
		for range 2 {
			p := next(t, c.peers, "login")
			kinds[p.bound] = p
		}
		l.sendEventually(t, text("+15552223333", "hello"))
		kinds[bindReceiver].text("15552223333", "hi")
		if in := next(t, l.units, "text"); in.Inbound[0].Text != "hi" || kinds[bindTransmitter] == nil {
			t.Errorf("got %+v over %v", in, kinds)
		}
	})
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		status status
		policy channel.Policy
		code   string
	}{
		{"I11: throttled is known not to be accepted and goes later", statusThrottled, channel.Later, "throttled"},
		{"I11: a full queue is known not to be accepted and goes later", statusQueueFull, channel.Later, "throttled"},
		{"I11: an error of the carrier goes later", 0x08, channel.Later, "carrier_error"},
		{"I12: a bad number is final", 0x0b, channel.Never, "bad_number"},
		{"I12: a sender that is not allowed is final", 0x0a, channel.Never, "bad_sender"},
		{"I12: a code that nobody knows is final", 0x0499, channel.Never, "refused"},
		{"I12: an account that may not send stops the channel", 0x101, channel.Stop, "account_refused"},
		{"I12: a listed code is an opt-out", 0x045e, channel.Never, "opted_out"},
		{"I10: a carrier that does not know leaves it unknown", 0xff, channel.Unknown, "no_answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newCarrier(t, answers(c.status)).open(map[string]string{"opt_out_codes": "0x45e, 1106"})
			f := l.sendOnce(t)
			if f.Policy != c.policy || f.Code != c.code || f.OptedOut != (c.code == "opted_out") {
				t.Errorf("got %+v", f)
			}
			if c.policy != channel.Unknown && !strings.HasPrefix(f.ProviderCode, "0x") {
				t.Errorf("the carrier's code is missing: %+v", f)
			}
		})
	}
	t.Run("I12: a refused password stops the channel, and no error shows it (I39)", func(t *testing.T) {
		l := newCarrier(t, func(p *peer, h header, _ []byte) bool {
			p.write(h.Command|response, 0x0e, h.Sequence, nil)
			return true
		}).open(nil)
		f := l.sendOnce(t)
		if f.Policy != channel.Stop || f.Code != "account_refused" || strings.Contains(f.Error(), "s3cret") {
			t.Errorf("got %v", f)
		}
		checks := l.Check(t.Context())
		if len(checks) != 1 || checks[0].OK || strings.Contains(checks[0].Detail, "s3cret") || !strings.Contains(checks[0].Detail, "ESME_RINVPASWD") {
			t.Errorf("checks %+v", checks)
		}
	})
	t.Run("I11: a refused connection is known not to be accepted", func(t *testing.T) {
		c := newCarrier(t, nil)
		_ = c.listener.Close()
		if f := c.open(nil).sendOnce(t); f.Policy != channel.Later || f.Code != "not_connected" {
			t.Errorf("got %+v", f)
		}
	})
	t.Run("a PDU that the carrier cannot read (generic_nack) is a refusal", func(t *testing.T) {
		l := newCarrier(t, func(p *peer, h header, _ []byte) bool {
			if h.Command == submitSM {
				p.write(genericNack, statusBadLength, h.Sequence, nil)
			}
			return h.Command == submitSM
		}).open(nil)
		if f := l.sendOnce(t); f.Policy != channel.Never || f.Code != "bad_request" {
			t.Errorf("got %+v", f)
		}
	})
	t.Run("every row of the table has a known policy, a code and words", func(t *testing.T) {
		for st, r := range refusals() {
			if !strings.Contains("never later unknown stop", r.Policy) || r.Policy == "" || r.Code == "" || !strings.HasSuffix(r.Text, ".") {
				t.Errorf("%s: %+v", st, r)
			}
		}
	})
}

func TestThrottlingSlowsTheSessionDown(t *testing.T) {
	// Nothing but a pause separates two submits in a row, so their count within the first pause shows it.
	var mu sync.Mutex
	var at []time.Time
	c := newCarrier(t, func(p *peer, h header, body []byte) bool {
		if h.Command != submitSM {
			return false
		}
		mu.Lock()
		at = append(at, time.Now())
		first := len(at) == 1
		mu.Unlock()
		if first {
			p.write(submitSM|response, statusThrottled, h.Sequence, nil)
		}
		return first
	})
	l := c.open(nil)
	if f := l.sendOnce(t); f.Code != "throttled" {
		t.Fatal(f)
	}
	l.sendEventually(t, text("+15552223333", "again"))
	if pause := at[1].Sub(at[0]); pause < firstPause/2 {
		t.Errorf("the second submit came after %v", pause)
	}
}

func TestUnknownOutcomes(t *testing.T) {
	silent := func(p *peer, h header, _ []byte) bool { return h.Command == submitSM }
	t.Run("I10: no answer in time is unknown", func(t *testing.T) {
		if f := newCarrier(t, silent).open(nil).sendOnce(t); f.Policy != channel.Unknown || f.Code != "no_answer" {
			t.Errorf("got %+v", f)
		}
	})
	t.Run("I10: a link lost after the submit left is unknown, and the next message goes over a new one", func(t *testing.T) {
		var once sync.Once
		c := newCarrier(t, func(p *peer, h header, _ []byte) bool {
			lost := false
			if h.Command == submitSM {
				once.Do(func() { lost = true; _ = p.conn.Close() })
			}
			return lost
		})
		l := c.open(nil)
		if f := l.sendOnce(t); f.Policy != channel.Unknown {
			t.Errorf("got %+v", f)
		}
		l.sendEventually(t, text("+15552223333", "again"))
	})
	t.Run("I10: a late answer is evidence for its attempt", func(t *testing.T) {
		for name, st := range map[string]status{"accepted": statusOK, "refused": 0x0b} {
			t.Run(name, func(t *testing.T) {
				held := make(chan header, 1)
				c := newCarrier(t, func(p *peer, h header, _ []byte) bool {
					if h.Command == submitSM {
						held <- h
					}
					return h.Command == submitSM
				})
				l := c.open(nil)
				p := next(t, c.peers, "login")
				if f := l.sendOnce(t); f.Policy != channel.Unknown {
					t.Fatalf("got %+v", f)
				}
				p.write(submitSM|response, st, next(t, held, "submit_sm").Sequence, appendText(nil, "00AB"))
				got := next(t, l.units, "evidence").Statuses[0]
				want := channel.StatusUpdate{Attempt: "att_hello", ProviderID: "ab", Status: channel.StatusSent}
				if st != statusOK {
					want = channel.StatusUpdate{Attempt: "att_hello", Status: channel.StatusFailed, ProviderCode: st.String(), Text: st.failure().Text}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	})
	t.Run("I10: a caller that gives up has an unknown outcome, and the answer is evidence", func(t *testing.T) {
		held := make(chan header, 1)
		c := newCarrier(t, func(p *peer, h header, _ []byte) bool {
			if h.Command == submitSM {
				held <- h
			}
			return h.Command == submitSM
		})
		l := c.open(map[string]string{"submit_timeout": "1m"})
		p := next(t, c.peers, "login")
		ctx, giveUp := context.WithCancel(context.Background())
		result := make(chan error, 1)
		go func() {
			_, err := l.Send(ctx, text("+15552223333", "hello"))
			result <- err
		}()
		h := next(t, held, "submit_sm")
		giveUp()
		if f := failureOf(t, next(t, result, "result")); f.Policy != channel.Unknown || !errors.Is(f, context.Canceled) {
			t.Errorf("got %v", f)
		}
		p.write(submitSM|response, statusOK, h.Sequence, appendText(nil, "77"))
		if got := next(t, l.units, "evidence").Statuses[0]; got.ProviderID != "77" || got.Attempt != "att_hello" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("I11: what was queued behind a stuck write surely never left; what was in the write may have (I10)", func(t *testing.T) {
		ours, theirs := net.Pipe() // a write blocks until it is read: nobody reads
		defer func() { _ = theirs.Close() }()
		s := newSession(ours, timing{Window: 10, Answer: time.Minute, Inside: 50 * time.Millisecond, Silence: time.Minute, Drain: time.Second}, nil)
		got := make([]chan answer, 2)
		for i := range got {
			got[i] = make(chan answer, 1)
			m := message{Short: []byte("x")}
			if err := s.submit(t.Context(), m.append, func(a answer) { got[i] <- a }); err != nil {
				t.Fatal(err)
			}
			if i == 0 { // one octet read means that the first write is under way, and hangs
				if _, err := io.ReadFull(theirs, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		first, second := next(t, got[0], "answer"), next(t, got[1], "answer")
		if !errors.Is(first.Err, errNotRead) || !first.Left || second.Left {
			t.Errorf("first %+v, second %+v", first, second)
		}
	})
}

func TestWindow(t *testing.T) {
	const window, messages = 7, 40
	held := make(chan header, messages)
	c := newCarrier(t, func(p *peer, h header, _ []byte) bool {
		if h.Command == submitSM {
			held <- h
		}
		return h.Command == submitSM
	})
	l := c.open(map[string]string{"window": "7", "submit_timeout": "1m"})
	p := next(t, c.peers, "login")
	results := make(chan string, messages)
	go func() {
		for i := range messages {
			err := l.Submit(context.Background(), text("+15552223333", "hello"), func(r channel.Receipt, err error) {
				if err != nil {
					t.Errorf("message %d: %v", i, err)
				}
				results <- r.ProviderID
			})
			if err != nil {
				t.Errorf("message %d: %v", i, err)
			}
		}
	}()
	seen := map[string]bool{}
	for len(seen) < messages {
		// Whatever is outstanding comes in; it is answered backwards, with noise that must not count as an answer.
		batch := []header{next(t, held, "submit_sm")}
		for more := true; more && len(batch) < window; {
			select {
			case h := <-held:
				batch = append(batch, h)
			case <-time.After(50 * time.Millisecond):
				more = false
			}
		}
		if len(held) > 0 {
			t.Fatalf("more than %d submits in flight", window)
		}
		for i := len(batch) - 1; i >= 0; i-- {
			n := batch[i].Sequence
			p.write(enquireLink|response, statusOK, n, nil)                                    // another command's answer
			p.write(submitSM|response, statusOK, n+1_000_000, appendText(nil, "nobody"))       // nobody's answer
			p.write(submitSM|response, statusOK, n, appendText(nil, "i"+strconv.Itoa(int(n)))) // the answer
			p.write(submitSM|response, 0x0b, n, nil)                                           // a copy that says otherwise
			id := next(t, results, "result")
			if seen[id] || id != "i"+strconv.Itoa(int(n)) {
				t.Fatalf("result %q for sequence %d", id, n)
			}
			seen[id] = true
		}
	}
}

func TestCloseDrainsTheWindowAndSaysGoodbye(t *testing.T) {
	held, said := make(chan header, 1), make(chan struct{}, 1)
	c := newCarrier(t, func(p *peer, h header, _ []byte) bool {
		switch h.Command {
		case submitSM:
			held <- h
			return true
		case unbind:
			said <- struct{}{}
		}
		return false
	})
	l := c.open(map[string]string{"submit_timeout": "1m"})
	p := next(t, c.peers, "login")
	result := make(chan error, 1)
	if err := l.Submit(t.Context(), text("+15552223333", "hello"), func(_ channel.Receipt, err error) { result <- err }); err != nil {
		t.Fatal(err)
	}
	h := next(t, held, "submit_sm")
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	<-l.ctx.Done()
	p.write(submitSM|response, statusOK, h.Sequence, appendText(nil, "9"))
	if err := next(t, result, "result"); err != nil {
		t.Errorf("the message in flight: %v", err)
	}
	next(t, said, "unbind")
	if err := next(t, closed, "end"); err != nil {
		t.Error(err)
	}
	if f := l.sendOnce(t); f.Policy != channel.Later {
		t.Errorf("after the end: %v", f)
	}
}
