package smpp

import (
	"slices"
	"sync"
	"testing"

	"parley/internal/channel"
	"parley/internal/channel/channeltest"
	"parley/internal/clock"
)

// shop is the account's number at the imitated carrier.
const shop = "+15550001111"

func TestConformance(t *testing.T) {
	channeltest.Run(t, channeltest.Subject{Adapter: Adapter{}, Start: imitate})
}

// imitated is a carrier that keeps a journal and does to the next message what it is told.
type imitated struct {
	*carrier
	mu      sync.Mutex
	next    channeltest.Behaviour
	parts   []channel.Inbound
	journal []channeltest.Accepted
}

func imitate(t *testing.T) *channeltest.Provider {
	o := optionsWith(t, nil)
	f := &imitated{next: channeltest.Accept}
	f.carrier = newCarrier(t, func(p *peer, h header, body []byte) bool {
		switch {
		case h.Command == submitSM:
			f.submitted(t, o, p, h, body)
		case h.Command == bindTransceiver && f.behaviour() == channeltest.RefuseAccount:
			p.write(h.Command|response, 0x0e, h.Sequence, nil)
		default:
			return false
		}
		return true
	})
	p := &channeltest.Provider{
		Account: channel.Account{ID: "chn_1", Settings: f.settings(map[string]string{"opt_out_codes": "0x45e"}), Clock: clock.New(), Dial: dial},
		Secrets: []string{"s3cret-x"},
		Can: []channeltest.Behaviour{channeltest.Accept, channeltest.AcceptThenSilence, channeltest.AcceptThenReset, channeltest.AcceptThenError,
			channeltest.AcceptThenGarble, channeltest.Throttle, channeltest.RefuseOptedOut, channeltest.RefuseNumber, channeltest.RefuseAccount},
		Next:    func(b channeltest.Behaviour) { f.mu.Lock(); defer f.mu.Unlock(); f.next = b },
		Journal: func() []channeltest.Accepted { f.mu.Lock(); defer f.mu.Unlock(); return slices.Clone(f.journal) },
		Down:    func() { _ = f.listener.Close() },
		Arrive:  func(from, text string) { f.arrive(t, o, from, text) },
	}
	return p
}

func (f *imitated) behaviour() channeltest.Behaviour {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next
}

// submitted does to a submit_sm what was asked for.
func (f *imitated) submitted(t *testing.T, o *options, p *peer, h header, body []byte) {
	refused := map[channeltest.Behaviour]status{channeltest.AcceptThenError: 0xff, channeltest.Throttle: statusThrottled,
		channeltest.RefuseOptedOut: 0x45e, channeltest.RefuseNumber: 0x0b}
	switch b := f.behaviour(); b {
	case channeltest.Accept:
		f.keep(t, o, body)
		p.accept(h, body)
	case channeltest.AcceptThenSilence:
	case channeltest.AcceptThenReset:
		_ = p.conn.Close()
	case channeltest.AcceptThenGarble:
		p.octets(appendPDU(nil, submitSM|response, statusOK, h.Sequence, nil)[:9])
	default:
		p.write(submitSM|response, refused[b], h.Sequence, nil)
	}
}

// keep writes a message into the journal when its last part is there, as the phone would show it.
func (f *imitated) keep(t *testing.T, o *options, body []byte) {
	m, err := parseMessage(slices.Clone(body))
	if err != nil {
		t.Errorf("submit_sm: %v", err)
		return
	}
	in := arrive(t, o, *m)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.parts = append(f.parts, in)
	whole, complete := in, in.Concat == nil
	if !complete {
		whole, complete = join(f.parts, o.alphabet)
	}
	if complete {
		f.parts = nil
		f.journal = append(f.journal, channeltest.Accepted{From: "+" + m.Source.Digits, To: whole.To, Text: whole.Text})
	}
}

// arrive delivers a text in as many parts as it takes.
func (f *imitated) arrive(t *testing.T, o *options, from, text string) {
	parts, failure := o.compose(channel.Outgoing{From: from, To: shop, Text: text}, 0, 7)
	if failure != nil {
		t.Error(failure)
		return
	}
	p := next(t, f.peers, "login")
	for _, m := range parts {
		p.deliver(deliverSM, m.append(nil))
	}
}
