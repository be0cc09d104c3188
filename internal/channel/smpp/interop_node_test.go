package smpp

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"parley/internal/channel"
	"parley/internal/channel/smpp/smpptest"
	"parley/internal/clock"
)

// nodeCarrier starts a carrier made with node-smpp.
func nodeCarrier(t *testing.T, idForm string) (port int, lines <-chan smpptest.Said) {
	t.Helper()
	n := smpptest.StartNode(t, idForm)
	return n.Port, n.Lines
}

// heard waits for a line of a kind.
func heard(t *testing.T, lines <-chan smpptest.Said, kind string) smpptest.Said {
	t.Helper()
	for {
		if s := next(t, lines, kind); s.Kind == kind {
			return s
		}
	}
}

// peerLine opens an account at a carrier of other people's making.
func peerLine(t *testing.T, port int, change map[string]string) *line {
	t.Helper()
	settings := map[string]string{"host": "127.0.0.1", "port": strconv.Itoa(port), "system_id": "era", "password": smpptest.Password, "number": shop,
		"submit_timeout": "5s", "reconnect_min": "50ms"}
	maps.Copy(settings, change)
	return openLine(t, channel.Account{ID: "chn_1", Settings: settings, Clock: clock.New(), Dial: dial})
}

func TestNodeTextsBothWays(t *testing.T) {
	for _, long := range []string{longUDH, longPayload} {
		port, lines := nodeCarrier(t, "hex")
		l := peerLine(t, port, map[string]string{"long_texts": long})
		for name, words := range map[string]string{
			"GSM-7":       "echo @£$ Grüße, [5 €] {~}",
			"UCS-2":       "echo привет 你好 👩‍👩‍👧",
			"long GSM-7":  "echo " + strings.Repeat("All work and no play. ", 20),
			"long UCS-2":  "echo " + strings.Repeat("Ünïcödé wörds 🎉 ", 20),
			"long by one": "echo" + strings.Repeat("a", 157),
		} {
			t.Run(long+": "+name, func(t *testing.T) {
				if r := l.sendEventually(t, text("+15552223333", words)); r.ProviderID == "" {
					t.Error("no id")
				}
				read := ""
				for read != words { // what node-smpp reads in our octets
					read += heard(t, lines, "submit").Text
					if !strings.HasPrefix(words, read) {
						t.Fatalf("the carrier read %q", read)
					}
				}
				whole, receipts := collect(t, l)
				if whole.Text != words || whole.From != "+15552223333" || whole.To != shop {
					t.Errorf("came back as %q from %s to %s", whole.Text, whole.From, whole.To)
				}
				if len(receipts) != 1 || receipts[0].Status != channel.StatusDelivered || receipts[0].Attempt == "" {
					t.Errorf("receipts %+v", receipts)
				}
				if s := heard(t, lines, "answer"); s.Status != 0 {
					t.Errorf("the carrier got answer %d", s.Status)
				}
			})
		}
	}
}

// collect waits until a whole text and a receipt have come.
func collect(t *testing.T, l *line) (whole channel.Inbound, receipts []channel.StatusUpdate) {
	t.Helper()
	var parts []channel.Inbound
	for complete := false; !complete || len(receipts) == 0; {
		in := next(t, l.units, "unit")
		receipts = append(receipts, in.Statuses...)
		for _, m := range in.Inbound {
			parts = append(parts, m)
			whole, complete = m, m.Concat == nil
			if !complete {
				whole, complete = l.Join(parts)
			}
		}
	}
	return whole, receipts
}

func TestNodeReceiptIDs(t *testing.T) {
	for _, form := range []string{"hex", "HEX", "decimal", "padded", "parameter"} {
		t.Run(form, func(t *testing.T) {
			port, _ := nodeCarrier(t, form)
			l := peerLine(t, port, nil)
			r := l.sendEventually(t, text("+15552223333", "hello"))
			s := next(t, l.units, "receipt").Statuses[0]
			if s.ProviderID != r.ProviderID || s.Attempt != "att_hello" || s.Status != channel.StatusDelivered {
				t.Errorf("receipt %+v for %+v", s, r)
			}
		})
	}
}

func TestNodeMisbehaves(t *testing.T) {
	port, lines := nodeCarrier(t, "hex")
	l := peerLine(t, port, nil)
	send := func(words string) *channel.Failure {
		_, err := l.Send(t.Context(), text("+15552223333", words))
		return failureOf(t, err)
	}
	if s := heard(t, lines, "alive"); s.Bind != "bind_transceiver" {
		t.Errorf("%+v", s)
	}
	t.Run("I11: throttled goes later", func(t *testing.T) {
		if f := send("throttle me"); f.Policy != channel.Later || f.Code != "throttled" {
			t.Errorf("%+v", f)
		}
		l.sendEventually(t, text("+15552223333", "throttle me"))
	})
	t.Run("I10: a link lost after the submit is unknown, and comes back", func(t *testing.T) {
		if f := send("vanish now"); f.Policy != channel.Unknown {
			t.Errorf("%+v", f)
		}
		l.sendEventually(t, text("+15552223333", "hello again"))
	})
	t.Run("a message can be looked up", func(t *testing.T) {
		if s, found, err := l.Find(t.Context(), channel.Tried{ProviderID: "abc1"}); err != nil || !found || s.Status != channel.StatusDelivered {
			t.Errorf("%+v %v %v", s, found, err)
		}
	})
	t.Run("I12: a wrong password stops the channel", func(t *testing.T) {
		other := peerLine(t, port, map[string]string{"password": "wrong"})
		if _, err := other.Send(t.Context(), text("+15552223333", "x")); failureOf(t, err).Policy != channel.Stop {
			t.Errorf("%v", err)
		}
	})
	t.Run("the end is said properly", func(t *testing.T) {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		heard(t, lines, "unbind")
	})
}

func TestNodeTwoBindsAndAFullWindow(t *testing.T) {
	port, lines := nodeCarrier(t, "hex")
	l := peerLine(t, port, map[string]string{"mode": twoBinds, "sessions": "2", "window": "20"})
	const messages = 2000
	results := make(chan error, messages)
	for range messages {
		out := text("+15552223333", "hello")
		if err := l.Submit(t.Context(), out, func(_ channel.Receipt, err error) { results <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range messages {
		if err := next(t, results, "result"); err != nil {
			t.Fatal(err)
		}
	}
	submitted := 0
	for submitted < messages {
		heard(t, lines, "submit")
		submitted++
	}
}
