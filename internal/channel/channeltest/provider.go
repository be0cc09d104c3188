package channeltest

import (
	"context"
	"testing"

	"parley/internal/channel"
)

// Behaviour is what the imitated provider does with the next message.
type Behaviour string

// The behaviours.
const (
	Accept            Behaviour = "accept"
	AcceptThenSilence Behaviour = "accept, then give no answer"
	AcceptThenReset   Behaviour = "accept, then break the connection"
	AcceptThenError   Behaviour = "accept, then answer with an error of its own"
	AcceptThenGarble  Behaviour = "accept, then answer half"
	Throttle          Behaviour = "ask to slow down"
	RefuseOptedOut    Behaviour = "refuse: the recipient opted out"
	RefuseNumber      Behaviour = "refuse: no such number"
	RefuseAccount     Behaviour = "refuse the account"
)

// Accepted is one message in the journal of the imitated provider.
type Accepted struct {
	From, To, Text string
	Media          []string
	Callback       string // where it would report statuses, if the message says so
}

// Provider is one imitated provider with an account that is open at it. Functions that are nil mean that the protocol
// has no such thing.
type Provider struct {
	Account channel.Account
	Secrets []string                                       // must never show in an error
	Can     []Behaviour                                    // what Next understands
	Next    func(Behaviour)                                // what happens to the next message
	Journal func() []Accepted                              // what it took, in order; nil if it keeps nothing
	Down    func()                                         // from now on nobody answers the door
	Inbound func(from, text string) channel.WebhookRequest // a signed request that carries a text to the account's number
	Status  func(a channel.AttemptID, providerID, status, code string) channel.WebhookRequest
	Arrive  func(from, text string) // a text over the connection of a Listener
}

// Subject is an adapter and how to imitate its provider.
type Subject struct {
	Adapter channel.Adapter
	Start   func(t *testing.T) *Provider // a fresh provider each time
}

func (p *Provider) can(b Behaviour) bool {
	for _, c := range p.Can {
		if c == b {
			return true
		}
	}
	return false
}

// open opens the account and closes it with the test.
func (s Subject) open(t *testing.T) (*Provider, channel.Conn) {
	t.Helper()
	p := s.Start(t)
	conn, err := s.Adapter.Open(p.Account)
	if err != nil {
		t.Fatalf("open the account: %v", err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("close the account: %v", err)
		}
	})
	return p, conn
}

// send hands one message over, through the window if the adapter has one, and waits for its outcome.
func send(ctx context.Context, conn channel.Conn, out channel.Outgoing) (channel.Receipt, error) {
	s, ok := conn.(channel.Submitter)
	if !ok {
		return conn.Send(ctx, out)
	}
	type outcome struct {
		receipt channel.Receipt
		err     error
	}
	done := make(chan outcome, 1)
	if err := s.Submit(ctx, out, func(r channel.Receipt, err error) { done <- outcome{r, err} }); err != nil {
		return channel.Receipt{}, err
	}
	o := <-done
	return o.receipt, o.err
}
