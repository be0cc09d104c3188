package smpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parley/internal/channel"
	"parley/internal/clock"
)

// ack is the answer of the adapter to one request of the fake.
func ack(t testing.TB, c *carrier, sequence uint32) header {
	t.Helper()
	for {
		if h := next(t, c.acks, "answer"); h.Sequence == sequence {
			return h
		}
	}
}

func TestDeliver(t *testing.T) {
	t.Run("I1: a text is stored with its raw octets, then answered", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		p := next(t, c.peers, "login")
		n := p.text("15552223333", "hi \x00 you") // 0x00 is @ in GSM 7-bit
		in := next(t, l.units, "text")
		want := channel.Intake{Inbound: []channel.Inbound{{From: "+15552223333", To: "+15550001111", Text: "hi @ you"}}}
		if diff := cmp.Diff(want, in, cmpopts.IgnoreFields(channel.Inbound{}, "ProviderID", "Raw")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if m, err := parseRaw(in.Inbound[0].Raw); err != nil || string(m.Short) != "hi \x00 you" || in.Inbound[0].ProviderID == "" {
			t.Errorf("raw %x, %v", in.Inbound[0].Raw, err)
		}
		if h := ack(t, c, n); h.Status != statusOK || h.Command != deliverSM|response {
			t.Errorf("answer %+v", h)
		}
	})
	t.Run("I3: what could not be stored is not acknowledged, and comes again under the same id", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		p := next(t, c.peers, "login")
		l.refuse(errors.New("disk full"))
		if h := ack(t, c, p.text("15552223333", "hi")); h.Status != statusTemporary {
			t.Errorf("answer %s", h.Status)
		}
		l.refuse(nil)
		if h := ack(t, c, p.text("15552223333", "hi")); h.Status != statusOK {
			t.Errorf("answer %s", h.Status)
		}
		if got := len(l.units); got != 1 {
			t.Errorf("%d units", got)
		}
	})
	t.Run("I3: nothing is acknowledged while nobody listens", func(t *testing.T) {
		c := newCarrier(t, nil)
		opened, err := Adapter{}.Open(channel.Account{Settings: c.settings(nil), Clock: c.open(nil).clock, Dial: dial})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = opened.Close() }()
		next(t, c.peers, "login of the listener")
		if _, err := opened.Send(t.Context(), text("+15552223333", "hello")); err != nil {
			t.Fatal(err)
		}
		if h := ack(t, c, next(t, c.peers, "login").text("15552223333", "hi")); h.Status != statusTemporary {
			t.Errorf("answer %s", h.Status)
		}
	})
	t.Run("one sender's texts reach the sink in order", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		p := next(t, c.peers, "login")
		const texts = 200
		for i := range texts {
			p.text("15552223333", fmt.Sprint(i))
			p.text("1555444"+fmt.Sprint(1000+i), "other")
			if i%50 == 49 {
				ack(t, c, p.sequence) // stay within what is taken at once
			}
		}
		for want := 0; want < texts; {
			if in := next(t, l.units, "text").Inbound[0]; in.From == "+15552223333" {
				if in.Text != fmt.Sprint(want) {
					t.Fatalf("got %s, want %d", in.Text, want)
				}
				want++
			}
		}
	})
	t.Run("data_sm is a text too", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		body := appendText(nil, "")
		body = address{1, 1, "15552223333"}.append(body)
		body = address{1, 1, "15550001111"}.append(body)
		body = append(body, 0, 0, codingUCS2)
		body = tlvs{{tagPayload, []byte{0xd8, 0x3d, 0xde, 0x00}}}.append(body)
		n := next(t, c.peers, "login").deliver(dataSM, body)
		if in := next(t, l.units, "text").Inbound[0]; in.Text != "😀" || in.From != "+15552223333" {
			t.Errorf("got %+v", in)
		}
		if h := ack(t, c, n); h.Command != dataSM|response || h.Status != statusOK {
			t.Errorf("answer %+v", h)
		}
	})
	t.Run("I6: a deliver_sm that cannot be read is refused for good and the next one goes on", func(t *testing.T) {
		c := newCarrier(t, nil)
		log := make(lines, 10)
		l := openLine(t, channel.Account{ID: "chn_1", Settings: c.settings(nil), Clock: clock.New(), Dial: dial, Log: slog.New(slog.NewTextHandler(log, nil))})
		p := next(t, c.peers, "login")
		if h := ack(t, c, p.deliver(deliverSM, []byte("no zero at all"))); h.Status != statusPermanent {
			t.Errorf("answer %s", h.Status)
		}
		if line := next(t, log, "line in the log"); !strings.Contains(line, "cannot be read") || strings.Contains(line, "no zero") {
			t.Errorf("logged: %s", line)
		}
		p.text("15552223333", "hi")
		next(t, l.units, "text")
	})
	t.Run("odd requests: enquire_link is answered, outbind ignored, unknown ones refused", func(t *testing.T) {
		c := newCarrier(t, nil)
		c.open(nil)
		p := next(t, c.peers, "login")
		p.deliver(outbind, []byte("a\x00b\x00"))
		unknown := p.deliver(0x77, nil)
		if h := next(t, c.acks, "answer"); h.Command != genericNack || h.Status != statusBadCommand || h.Sequence != unknown {
			t.Errorf("answer to an unknown request: %+v", h)
		}
		asked := p.deliver(enquireLink, nil)
		if h := next(t, c.acks, "answer"); h.Command != enquireLink|response || h.Sequence != asked {
			t.Errorf("answer to enquire_link: %+v", h)
		}
	})
}

func TestI2AUnitThatComesTwiceKeepsItsID(t *testing.T) {
	id := func(l *line) string { return next(t, l.units, "text").Inbound[0].ProviderID }
	t.Run("the session broke before the carrier can have seen our answer", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		p := next(t, c.peers, "login")
		p.text("15552223333", "yes")
		first := id(l)
		_ = p.conn.Close()
		p = next(t, c.peers, "login")
		// The end of the old session is noted before the new one begins.
		p.text("15552223333", "yes")
		if again := id(l); again != first {
			t.Errorf("ids %s and %s", first, again)
		}
	})
	t.Run("a person who says yes twice said it twice", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		p := next(t, c.peers, "login")
		ack(t, c, p.text("15552223333", "yes"))
		ack(t, c, p.text("15552223333", "yes"))
		if a, b := id(l), id(l); a == b {
			t.Error("the second yes would be lost")
		}
	})
	t.Run("long after a break the same words are new words", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		p := next(t, c.peers, "login")
		ack(t, c, p.text("15552223333", "yes"))
		first := id(l)
		l.clock.Skip(time.Minute)
		_ = p.conn.Close()
		next(t, c.peers, "login").text("15552223333", "yes")
		if again := id(l); again == first {
			t.Error("an answer of a minute ago counts as missed")
		}
	})
	t.Run("the memory of doubtful units is bounded", func(t *testing.T) {
		d := doubts{byDigest: map[digest]doubt{}}
		for i := range 3 * mostDoubts {
			raw := binary.BigEndian.AppendUint32(make([]byte, headerOctets), uint32(i))
			d.begin(digestOf(raw), nil, raw, 1)
		}
		if len(d.byDigest) > mostDoubts {
			t.Errorf("%d remembered", len(d.byDigest))
		}
	})
}

func TestHostilePeers(t *testing.T) {
	length := func(n uint32) []byte {
		return binary.BigEndian.AppendUint32(nil, n)
	}
	for name, octets := range map[string][]byte{
		"I40: a PDU that claims 2 GiB":                      append(length(2<<30), bytes.Repeat([]byte{0}, 12)...),
		"I40: a PDU shorter than its header":                append(length(8), bytes.Repeat([]byte{0}, 12)...),
		"I40: half a header":                                {0, 0},
		"I40: half a PDU":                                   append(length(200), bytes.Repeat([]byte{0}, 60)...),
		"a generic_nack without a number: it lost its step": appendPDU(nil, genericNack, statusBadLength, 0, nil),
	} {
		t.Run(name+" ends the session; the message in flight is unknown and the next goes over a new one", func(t *testing.T) {
			first := true
			c := newCarrier(t, func(p *peer, h header, _ []byte) bool {
				if h.Command != submitSM || !first {
					return false
				}
				first = false
				p.octets(octets)
				return true
			})
			l := c.open(map[string]string{"submit_timeout": "1m"})
			if f := l.sendOnce(t); f.Policy != channel.Unknown {
				t.Errorf("got %+v", f)
			}
			next(t, c.peers, "first login")
			next(t, c.peers, "second login")
			l.sendEventually(t, text("+15552223333", "again"))
		})
	}
	t.Run("I40: one octet at a time does not extend the time for a PDU", func(t *testing.T) {
		c := newCarrier(t, nil)
		c.open(nil)
		p := next(t, c.peers, "login")
		pdu := appendPDU(nil, enquireLink, statusOK, 1, nil)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for _, b := range pdu { // 16 octets, 30 ms apart, against 100 ms for the whole
				if _, err := p.conn.Write([]byte{b}); err != nil {
					return
				}
				<-time.After(30 * time.Millisecond)
			}
		}()
		next(t, c.peers, "second login")
		next(t, ended, "end of the drip")
	})
	t.Run("a carrier that is silent is asked, and given up when it does not answer", func(t *testing.T) {
		asked := make(chan header, 10)
		c := newCarrier(t, func(_ *peer, h header, _ []byte) bool {
			if h.Command == enquireLink {
				asked <- h
			}
			return h.Command == enquireLink
		})
		c.open(map[string]string{"enquire_link": "50ms"})
		next(t, c.peers, "login")
		next(t, asked, "enquire_link")
		next(t, c.peers, "second login")
	})
	t.Run("a carrier that answers enquire_link keeps its session", func(t *testing.T) {
		asked := make(chan header, 100)
		c := newCarrier(t, func(_ *peer, h header, _ []byte) bool {
			if h.Command == enquireLink {
				asked <- h
			}
			return false
		})
		c.open(map[string]string{"enquire_link": "30ms"})
		for range 5 {
			next(t, asked, "enquire_link")
		}
		if len(c.peers) != 1 {
			t.Errorf("%d logins", len(c.peers))
		}
	})
	t.Run("a carrier that says good-bye is answered, and another session begins", func(t *testing.T) {
		c := newCarrier(t, nil)
		l := c.open(nil)
		p := next(t, c.peers, "login")
		n := p.deliver(unbind, nil)
		if h := ack(t, c, n); h.Command != unbind|response {
			t.Errorf("answer %+v", h)
		}
		next(t, c.peers, "second login")
		l.sendEventually(t, text("+15552223333", "again"))
	})
	t.Run("a carrier that says good-bye with a message in flight still answers it", func(t *testing.T) {
		c := newCarrier(t, func(p *peer, h header, body []byte) bool {
			if h.Command == submitSM {
				go func() { // beside the reader, which brings the answer to unbind
					p.deliver(unbind, nil)
					<-p.carrier.acks
					p.accept(h, body)
				}()
			}
			return h.Command == submitSM
		})
		if _, err := c.open(nil).Send(t.Context(), text("+15552223333", "hello")); err != nil {
			t.Error(err)
		}
	})
	t.Run("I25: a carrier that sends and never reads is cut off with bounded memory", func(t *testing.T) {
		c := newCarrier(t, func(p *peer, h header, _ []byte) bool {
			if h.Command != submitSM {
				return false
			}
			flood := bytes.Repeat(appendPDU(nil, enquireLink, statusOK, 1, nil), 4096)
			for { // this goroutine is the one that would read
				if _, err := p.conn.Write(flood); err != nil {
					return true
				}
			}
		})
		l := c.open(map[string]string{"submit_timeout": "1m"})
		if f := l.sendOnce(t); f.Policy != channel.Unknown {
			t.Errorf("got %+v", f)
		}
	})
}

func TestCheckAndFind(t *testing.T) {
	goodbyes := make(chan header, 1)
	c := newCarrier(t, func(p *peer, h header, body []byte) bool {
		if h.Command == unbind {
			goodbyes <- h
		}
		if h.Command != querySM {
			return false
		}
		f := fields{rest: body}
		id := f.text("message_id", maxMessageID)
		if id == "m1" {
			p.write(querySM|response, statusOK, h.Sequence, append(appendText(appendText(nil, id), ""), 2, 0))
		} else {
			p.write(querySM|response, 0x67, h.Sequence, nil)
		}
		return true
	})
	l := c.open(nil)
	next(t, c.peers, "login")
	r := l.sendEventually(t, text("+15552223333", "hello"))
	t.Run("the check logs in and asks", func(t *testing.T) {
		for _, check := range l.Check(t.Context()) {
			if !check.OK {
				t.Errorf("%+v", check)
			}
		}
	})
	t.Run("a check without a session makes one of its own and leaves it in order", func(t *testing.T) {
		opened, err := Adapter{}.Open(channel.Account{Settings: c.settings(nil), Clock: l.clock, Dial: dial})
		if err != nil {
			t.Fatal(err)
		}
		checks := opened.(channel.Checker).Check(t.Context())
		if len(checks) != 2 || !checks[0].OK || !checks[1].OK {
			t.Errorf("%+v", checks)
		}
		next(t, c.peers, "login of the check")
		if h := next(t, goodbyes, "unbind of the check"); h.Command != unbind {
			t.Errorf("%+v", h)
		}
		_ = opened.Close()
	})
	t.Run("I10: a message with an id can be looked up", func(t *testing.T) {
		status, found, err := l.Find(t.Context(), channel.Tried{ProviderID: r.ProviderID, To: "+15552223333"})
		if err != nil || !found || status.Status != channel.StatusDelivered {
			t.Errorf("%+v, %v, %v", status, found, err)
		}
	})
	t.Run("I10: without an id, or when the carrier has forgotten, there is no evidence either way", func(t *testing.T) {
		for _, id := range []string{"", "m99"} {
			if _, found, err := l.Find(t.Context(), channel.Tried{ProviderID: id}); !errors.Is(err, errNoEvidence) || found {
				t.Errorf("id %q: %v, %v", id, found, err)
			}
		}
	})
}

// lines is a log whose lines can be waited for.
type lines chan string

// Write keeps one line.
func (l lines) Write(raw []byte) (int, error) {
	l <- string(raw)
	return len(raw), nil
}
