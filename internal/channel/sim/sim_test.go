package sim_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/channel"
	"parley/internal/channel/channeltest"
	"parley/internal/channel/sim"
	"parley/internal/clock"
	"parley/internal/id"
)

const (
	brand    = "+15550100001"
	customer = "+15550100042"
)

// bench is a carrier with one open channel that notes what it is handed.
type bench struct {
	carrier *sim.Carrier
	clock   *clock.Clock
	account channel.Account
	conn    channel.Conn

	mu   sync.Mutex
	got  []channel.Intake
	fail int // deliveries to refuse
	came chan struct{}
}

func newBench(t *testing.T) *bench {
	t.Helper()
	c := clock.NewManual(clock.From(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)))
	b := &bench{clock: c, carrier: sim.NewCarrier(c, id.NewSource(c)), came: make(chan struct{}, 64)}
	b.account = channel.Account{ID: "chn_1", Workspace: "ws_1", Settings: map[string]string{"number": brand, "rate": "100"}, Clock: c,
		Deliver: b.deliver}
	conn, err := sim.Adapter{Carrier: b.carrier}.Open(b.account)
	if err != nil {
		t.Fatal(err)
	}
	b.conn = conn
	t.Cleanup(func() { _ = conn.Close() })
	return b
}

func (b *bench) deliver(_ context.Context, in channel.Intake) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { b.came <- struct{}{} }()
	if b.fail > 0 {
		b.fail--
		return errors.New("the database is away")
	}
	b.got = append(b.got, in)
	return nil
}

func (b *bench) intakes() []channel.Intake {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]channel.Intake(nil), b.got...)
}

func TestConformance(t *testing.T) {
	c := clock.New()
	carrier := sim.NewCarrier(c, id.NewSource(c))
	adapter := sim.Adapter{Carrier: carrier}
	channeltest.Run(t, channeltest.Subject{Adapter: adapter, Start: func(t *testing.T) *channeltest.Provider {
		a := channel.Account{Workspace: "ws_1", Settings: map[string]string{"number": brand}, Clock: c,
			Deliver: func(context.Context, channel.Intake) error { return nil }}
		p := &channeltest.Provider{Account: a, Can: []channeltest.Behaviour{channeltest.Accept, channeltest.RefuseOptedOut}}
		p.Next = func(behaviour channeltest.Behaviour) {
			if behaviour == channeltest.RefuseOptedOut {
				carrier.SetDials("ws_1", customer, sim.Dials{CarrierStop: true})
				if err := carrier.Send(t.Context(), sim.Text{Workspace: "ws_1", From: customer, To: brand, Text: "stop"}); err != nil {
					t.Error(err)
				}
				t.Cleanup(func() { carrier.Reset("ws_1", customer) })
			}
		}
		return p
	}})
}

func TestReceiptsComeAfterTheLatencyAndUntilTheyAreTaken(t *testing.T) {
	b := newBench(t)
	b.carrier.SetDials("ws_1", customer, sim.Dials{LatencyMS: 5000, Receipts: true})
	b.fail = 1
	r, err := b.conn.Send(t.Context(), channel.Outgoing{Attempt: "att_m.1", To: customer, Text: "Hi"})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.intakes()) != 0 {
		t.Error("the receipt came before its time")
	}
	for range 2 { // the first is refused
		b.skipUntilDelivery(10 * time.Second)
	}
	got := b.intakes()
	if len(got) != 1 {
		t.Fatalf("receipts: %+v", got)
	}
	u := got[0].Statuses[0]
	if u.Attempt != "att_m.1" || u.ProviderID != r.ProviderID || u.Status != channel.StatusDelivered {
		t.Errorf("receipt %+v", u)
	}
}

// skipUntilDelivery moves the clock until something is delivered: the sleeper may not have gone to sleep yet.
func (b *bench) skipUntilDelivery(step time.Duration) {
	for {
		b.clock.Skip(step)
		select {
		case <-b.came:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestAFailCodeIsReported(t *testing.T) {
	b := newBench(t)
	b.carrier.SetDials("ws_1", customer, sim.Dials{FailCode: "30005"})
	if _, err := b.conn.Send(t.Context(), channel.Outgoing{Attempt: "att_m.1", To: customer, Text: "Hi"}); err != nil {
		t.Fatal(err)
	}
	<-b.came
	if u := b.intakes()[0].Statuses[0]; u.Status != channel.StatusFailed || u.ProviderCode != "30005" || u.Text == "" {
		t.Errorf("receipt %+v", u)
	}
}

func TestALongTextArrivesInPartsBackwards(t *testing.T) {
	b := newBench(t)
	b.carrier.SetDials("ws_1", customer, sim.Dials{OutOfOrder: true})
	text := strings.Repeat("long words ", 40)
	if err := b.carrier.Send(t.Context(), sim.Text{Workspace: "ws_1", From: customer, To: brand, Text: text}); err != nil {
		t.Fatal(err)
	}
	joined, last := "", 1<<30
	for _, in := range b.intakes() {
		m := in.Inbound[0]
		if m.Concat == nil || m.Concat.Seq >= last || m.Concat.Ref != b.intakes()[0].Inbound[0].Concat.Ref {
			t.Fatalf("part %+v", m.Concat)
		}
		last, joined = m.Concat.Seq, m.Text+joined
	}
	if diff := cmp.Diff(text, joined); diff != "" {
		t.Error(diff)
	}
}

func TestADuplicateHasTheSameId(t *testing.T) {
	b := newBench(t)
	b.carrier.SetDials("ws_1", customer, sim.Dials{Duplicate: true})
	if err := b.carrier.Send(t.Context(), sim.Text{Workspace: "ws_1", From: customer, To: brand, Text: "Hi"}); err != nil {
		t.Fatal(err)
	}
	got := b.intakes()
	if len(got) != 2 || got[0].Inbound[0].ProviderID != got[1].Inbound[0].ProviderID {
		t.Errorf("got %+v", got)
	}
}

func TestTheCarrierAnswersStopItself(t *testing.T) {
	b := newBench(t)
	b.carrier.SetDials("ws_1", customer, sim.Dials{CarrierStop: true})
	say := func(text string) {
		t.Helper()
		if err := b.carrier.Send(t.Context(), sim.Text{Workspace: "ws_1", From: customer, To: brand, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	send := func() error {
		_, err := b.conn.Send(t.Context(), channel.Outgoing{Attempt: "att_m.1", To: customer, Text: "Hi"})
		return err
	}
	say(" Stop ")
	var f *channel.Failure
	if err := send(); !errors.As(err, &f) || !f.OptedOut {
		t.Errorf("after STOP: %v", err)
	}
	say("hello")
	if err := send(); err == nil {
		t.Error("an ordinary text lifted the block")
	}
	say("start")
	if err := send(); err != nil {
		t.Errorf("after START: %v", err)
	}
	got := b.intakes()
	if got[0].Inbound[0].OptOut != "STOP" || got[1].Inbound[0].OptOut != "" || got[2].Inbound[0].OptOut != "START" {
		t.Errorf("keywords: %+v", got)
	}
}

func TestOnlyNumbersOfFictionAreSimulated(t *testing.T) {
	for number, want := range map[string]bool{brand: true, "+12125550142": true, "+447700900123": true, "+33639981234": true,
		"+46701740605": true, "+12125550242": false, "+393331234567": false, "": false, "+155501000012": false} {
		if got := sim.Fiction(number); got != want {
			t.Errorf("Fiction(%q) = %v", number, got)
		}
	}
	b := newBench(t)
	if err := b.carrier.Send(t.Context(), sim.Text{Workspace: "ws_2", From: customer, To: brand, Text: "Hi"}); err == nil {
		t.Error("a phone reached the number of another workspace (I27)")
	}
}

func TestAnOlderConnectionThatClosesLeavesTheNumberOpen(t *testing.T) {
	b := newBench(t)
	second, err := sim.Adapter{Carrier: b.carrier}.Open(channel.Account{Workspace: "ws_1", Settings: map[string]string{"number": brand}, Clock: b.clock, Deliver: b.deliver})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.carrier.Send(context.Background(), sim.Text{Workspace: "ws_1", From: customer, To: brand, Text: "still there?"}); err != nil {
		t.Errorf("after the other connection closed: %v", err)
	}
}
