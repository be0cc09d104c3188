package conversation_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
)

// noon is a Tuesday noon in New York, inside every window.
var noon = clock.From(time.Date(2026, time.November, 17, 17, 0, 0, 0, time.UTC))

const brandNumber = "+15550100001"

// world is a workspace with everything real but the outbox, which is in memory and leaves when it is told.
type world struct {
	*conversation.Service
	t       testing.TB
	d       *db.DB
	clock   *clock.Clock
	ids     *id.Source
	mailbox *mailbox.Mailbox
	people  *people.Service
	org     *org.Service
	outbox  *outbox
	ws      id.Workspace
	ana     org.Actor
	ben     org.Actor
	texts   int
	added   []conversation.Added
	settled []conversation.Settled
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	c := clock.NewManual(noon)
	w := &world{t: t, d: d, clock: c, ids: id.NewSource(c)}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	w.mailbox = mailbox.New(d, c, w.ids, mailbox.Options{Log: log})
	w.people = people.New(people.Deps{DB: d, Clock: c, IDs: w.ids,
		Country: func(context.Context, db.Queryer, id.Workspace) (string, error) { return "US", nil }})
	w.org = org.New(org.Deps{DB: d, Clock: c, IDs: w.ids, Log: log, Dir: t.TempDir()})
	rules, err := compliance.Load()
	must(t, err)
	settings := org.DefaultSettings("Fashion Era")
	settings.SupportContact = "help@fashion.example"
	w.tx(func(tx *db.Tx) error {
		made, err := w.org.CreateWorkspaceTx(t.Context(), tx, org.NewWorkspace{Name: "Fashion Era", Country: "US", Timezone: "America/New_York",
			Currency: "USD", Settings: &settings})
		w.ws = made.ID
		return err
	})
	w.outbox = &outbox{w: w, rows: map[conversation.MessageID]*channel.Delivery{}, states: map[conversation.MessageID]channel.Sent{}}
	w.Service = conversation.New(conversation.Deps{DB: d, Clock: c, IDs: w.ids, Org: w.org, People: w.people, Rules: rules, Channels: w.outbox,
		Senders: senders, Mailbox: w.mailbox, Feed: feed.New(d, c, feed.Options{}), Log: log})
	w.Subscribe()
	w.mailbox.Handle(conversation.SignalAdded, "test", w.onAdded)
	w.mailbox.Handle(conversation.SignalSettled, "test", w.onSettled)
	w.ana, w.ben = w.member("Ana"), w.member("Ben")
	return w
}

// senders is one simulated channel.
func senders(_ context.Context, _ db.Queryer, ws id.Workspace) ([]channel.Channel, error) {
	return []channel.Channel{{Workspace: ws, ID: "chn_sim", Kind: "sim", Name: "sim", State: channel.ChannelActive,
		Settings: map[string]string{"number": brandNumber}, Capabilities: channel.Capabilities{Simulated: true, Receipts: true}}}, nil
}

func (w *world) tx(fn func(tx *db.Tx) error) {
	w.t.Helper()
	must(w.t, w.d.Tx(context.Background(), fn))
}

func (w *world) member(name string) org.Actor {
	w.t.Helper()
	var m org.Member
	w.tx(func(tx *db.Tx) (err error) {
		m, err = w.org.CreateMemberTx(context.Background(), tx, org.NewMember{Workspace: w.ws, Name: name, Email: name + "@fashion.example", Role: org.Agent}, "")
		return err
	})
	return org.Actor{Workspace: w.ws, Member: m.ID, Role: org.Agent, Name: name}
}

// person is somebody with a number and a place.
func (w *world) person(number string, h people.Hint) id.Person {
	w.t.Helper()
	var p id.Person
	w.tx(func(tx *db.Tx) (err error) {
		p, _, err = w.people.ResolveTx(context.Background(), tx, w.ws, people.Identity{Kind: people.Phone, Value: number}, h)
		return err
	})
	return p
}

// newYorker is somebody who agreed to marketing and cart texts.
func (w *world) newYorker(number string) id.Person {
	p := w.person(number, people.Hint{Name: "Maria Rossi", State: "NY", Country: "US"})
	for _, purpose := range []people.Purpose{people.Marketing, people.Cart} {
		w.consent(people.Consent{Person: p, Address: number, Purpose: purpose, Action: people.Grant, Source: people.ByKeyword, Disclosure: "I agree"})
	}
	return p
}

func (w *world) consent(c people.Consent) {
	w.t.Helper()
	c.Workspace = w.ws
	w.tx(func(tx *db.Tx) error {
		_, err := w.people.RecordConsentTx(context.Background(), tx, c)
		return err
	})
}

// says is a text from a person, as the intake of channels tells of it.
func (w *world) says(p id.Person, number, text string) {
	w.t.Helper()
	w.saysAt(p, number, text, w.clock.Now())
}

func (w *world) saysAt(p id.Person, number, text string, at clock.Time) {
	w.t.Helper()
	w.texts++
	w.arrives(p, channel.Received{InboundID: fmt.Sprintf("inb_%d", w.texts), From: number, Text: text, At: at})
}

func (w *world) arrives(p id.Person, r channel.Received) {
	w.t.Helper()
	rules, err := compliance.Load()
	must(w.t, err)
	r.ChannelID, r.ChannelKind, r.To, r.ReceivedAt = "chn_sim", "sim", brandNumber, w.clock.Now()
	if kind := rules.Classify(r.Text, compliance.WordContext{DoubleOptInPending: true}).Kind; kind != compliance.None {
		r.Intent = string(kind)
	}
	w.tx(func(tx *db.Tx) error {
		c := people.Consent{Workspace: w.ws, Person: p, Address: r.From, Source: people.ByKeyword, Actor: "person", At: r.ReceivedAt}
		switch compliance.Kind(r.Intent) {
		case compliance.Stop, compliance.Review:
			c.Action, c.Proof.Doubtful = people.Revoke, r.Intent == string(compliance.Review)
		case compliance.Start:
			c.Action = people.Restore
		case compliance.Yes:
			c.Action = people.Confirm
		}
		if c.Action != "" {
			if _, err := w.people.RecordConsentTx(context.Background(), tx, c); err != nil {
				return err
			}
		}
		return w.mailbox.SendTx(context.Background(), tx, mailbox.Signal{Workspace: w.ws, Person: p, Kind: channel.SignalReceived, Body: r})
	})
	w.drain()
}

func (w *world) drain() {
	w.t.Helper()
	must(w.t, w.mailbox.Drain(context.Background()))
	parked, err := w.mailbox.Parked(context.Background(), w.ws)
	must(w.t, err)
	for _, p := range parked {
		w.t.Fatalf("parked: %+v", p)
	}
	if stats := w.mailbox.Stats(); stats.Failed > 0 {
		w.t.Fatalf("a handler failed: %+v", stats)
	}
}

func (w *world) onAdded(_ context.Context, tx *db.Tx, item mailbox.Item) error {
	var a conversation.Added
	err := item.Decode(&a)
	tx.AfterCommit(func() { w.added = append(w.added, a) })
	return err
}

func (w *world) onSettled(_ context.Context, tx *db.Tx, item mailbox.Item) error {
	var s conversation.Settled
	err := item.Decode(&s)
	tx.AfterCommit(func() { w.settled = append(w.settled, s) })
	return err
}

// send asks the gate about one message.
func (w *world) send(s conversation.Send) conversation.Sent {
	w.t.Helper()
	return w.sendAll(s)[0]
}

func (w *world) sendAll(list ...conversation.Send) []conversation.Sent {
	w.t.Helper()
	for i := range list {
		list[i].Workspace = w.ws
		list[i].Kind = cmp.Or(list[i].Kind, conversation.KindCampaign)
		list[i].Purpose = cmp.Or(list[i].Purpose, people.Marketing)
		list[i].Text = cmp.Or(list[i].Text, "New coats are in")
		list[i].Author = cmp.Or(list[i].Author, conversation.Author{Kind: conversation.ByCampaign, ID: "cmp_1", Name: "Coats"})
	}
	var out []conversation.Sent
	if !slices.ContainsFunc(list, func(s conversation.Send) bool {
		return s.Kind != conversation.KindCampaign && s.Kind != conversation.KindJourney
	}) {
		out, err := w.SendBulk(context.Background(), list)
		must(w.t, err)
		return out
	}
	w.tx(func(tx *db.Tx) (err error) {
		out, err = w.SendBulkTx(context.Background(), tx, list)
		return err
	})
	return out
}

// reply is Ana's answer after having seen everything.
func (w *world) reply(p id.Person, text string) (conversation.Message, error) {
	w.t.Helper()
	c, err := w.Conversation(context.Background(), w.ana, p)
	must(w.t, err)
	return w.Write(context.Background(), w.ana, conversation.Reply{Person: p, Text: text, SeenSeq: c.Seq})
}

func (w *world) thread(p id.Person) []conversation.Message {
	w.t.Helper()
	page, err := w.Thread(context.Background(), w.ana, p, conversation.Pager{Limit: 200})
	must(w.t, err)
	return page.Items
}

func (w *world) conversation(p id.Person) conversation.Conversation {
	w.t.Helper()
	c, err := w.Conversation(context.Background(), w.ana, p)
	must(w.t, err)
	return c
}

// outbox is an outbox in memory. leave hands over what is due, after asking the gate again as the real one does.
type outbox struct {
	w      *world
	mu     sync.Mutex // of what concurrent commits add
	order  []conversation.MessageID
	rows   map[conversation.MessageID]*channel.Delivery
	states map[conversation.MessageID]channel.Sent
	left   []channel.Delivery // handed over, in order
}

func (o *outbox) EnqueueTx(_ context.Context, tx *db.Tx, list []channel.Delivery) error {
	tx.AfterCommit(func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, d := range list {
			o.rows[d.Message] = &d
			o.order = append(o.order, d.Message)
			o.states[d.Message] = sentOf(d, channel.StateQueued)
		}
	})
	return nil
}

func sentOf(d channel.Delivery, state channel.State) channel.Sent {
	return channel.Sent{Outcome: channel.Outcome{Workspace: d.Workspace, Person: d.Person, Message: d.Message, State: state}, From: d.From, To: d.To}
}

func (o *outbox) CancelTx(_ context.Context, tx *db.Tx, _ id.Workspace, message conversation.MessageID, _ string) (bool, error) {
	if o.rows[message] == nil {
		return false, nil
	}
	tx.AfterCommit(func() { o.end(message, channel.StateDropped) })
	return true, nil
}

func (o *outbox) end(message conversation.MessageID, state channel.State) {
	o.states[message] = sentOf(*o.rows[message], state)
	delete(o.rows, message)
}

func (o *outbox) DeliveryStatus(_ context.Context, _ db.Queryer, _ id.Workspace, messages []conversation.MessageID) (map[conversation.MessageID]channel.Sent, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := map[conversation.MessageID]channel.Sent{}
	for _, m := range messages {
		if s, found := o.states[m]; found {
			out[m] = s
		}
	}
	return out, nil
}

// leave hands over everything that is due, up to n messages, and says what left now.
func (o *outbox) leave(n int) []channel.Delivery {
	o.w.t.Helper()
	now := o.w.clock.Now()
	var claims []channel.Claim
	for _, m := range o.order {
		if d := o.rows[m]; d != nil && d.ReadyAt <= now {
			claims = append(claims, channel.Claim{Delivery: *d})
		}
	}
	slices.SortStableFunc(claims, func(a, b channel.Claim) int { return cmp.Compare(a.ReadyAt, b.ReadyAt) })
	claims = claims[:min(n, len(claims))]
	var left []channel.Delivery
	o.w.tx(func(tx *db.Tx) error {
		left = nil
		verdicts, err := o.w.Recheck(context.Background(), tx, claims)
		if err != nil {
			return err
		}
		var outcomes []channel.Outcome
		for i, v := range verdicts {
			d := claims[i].Delivery
			out := channel.Outcome{Workspace: d.Workspace, Person: d.Person, Message: d.Message, At: now, Code: v.Code, Reason: v.Reason}
			switch v.Action {
			case channel.Send:
				out.State, left = channel.StateSent, append(left, d)
			case channel.Hold:
				out.State, out.Until = channel.StateQueued, v.Until
			default:
				out.State = channel.StateDropped
			}
			outcomes = append(outcomes, out)
		}
		tx.AfterCommit(func() { o.took(outcomes) })
		return o.w.OnOutcome(context.Background(), tx, outcomes)
	})
	o.left = append(o.left, left...)
	return left
}

func (o *outbox) took(outcomes []channel.Outcome) {
	for _, out := range outcomes {
		if out.State == channel.StateQueued {
			o.rows[out.Message].ReadyAt = max(out.Until, out.At.Add(time.Second))
			continue
		}
		o.end(out.Message, out.State)
	}
}

// toward is what left for a number.
func (o *outbox) toward(number string) []channel.Delivery {
	return slices.DeleteFunc(slices.Clone(o.left), func(d channel.Delivery) bool { return d.To != number })
}
