package channel

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/egress"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/secret"
)

// The model drives the outbox step by step, without its goroutines, so that every order of claim, hand-over, outcome,
// callback, STOP, crash and clock jump can happen, and checks after each step what must always hold: I2, I8-I13, I17.
func TestOutboxModel(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		must(t, flag.Set("rapid.checks", "30"))
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		runs := 0
		rapid.Check(t, func(rt *rapid.T) {
			runs++
			m := newModel(t, rt, d, runs)
			rt.Repeat(map[string]func(*rapid.T){
				"enqueue":  m.enqueue,
				"claim":    m.claim,
				"hand":     m.hand,
				"outcome":  m.outcome,
				"callback": m.callback,
				"text":     m.text,
				"look":     m.look,
				"crash":    m.crash,
				"clock":    m.moveClock,
				"cancel":   m.cancel,
				"":         m.check,
			})
			m.end(rt)
		})
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// book is what the model knows about one message.
type book struct {
	Delivery
	requests  int // that reached the provider
	accepted  []AttemptID
	refused   bool // for good
	doubtful  bool // a request ended without a clear answer and was not accepted
	rank      int  // highest state seen
	notBefore clock.Time
	cancelled bool
}

type model struct {
	t       *testing.T
	d       *db.DB
	clock   *clock.Clock
	ids     *id.Source
	mailbox *mailbox.Mailbox
	people  *people.Service
	org     *org.Service
	rules   *compliance.Rules
	box     *secret.Box
	ws      id.Workspace
	channel ID
	person  map[string]id.Person

	s       *Service
	nodes   int
	books   map[MessageID]*book
	order   []MessageID
	open    []result // ended at the provider, not stored yet
	stopped map[string]bool
	texts   map[string]int // signals by provider's id
	sids    []string
	next    func(Outgoing) (Receipt, error)
}

// modelAdapter is a provider that does what the model says.
type modelAdapter struct{ m *model }

func (a modelAdapter) Describe() Descriptor {
	return Descriptor{Kind: "model", Name: "Model", Settings: []Setting{{Key: "rate", Type: "number", Default: "0"}},
		Capabilities: Capabilities{MaxUnits: 1600, Receipts: true}}
}

func (a modelAdapter) Open(Account) (Conn, error) { return modelConn(a), nil }

type modelConn struct{ m *model }

func (c modelConn) Send(_ context.Context, out Outgoing) (Receipt, error) { return c.m.next(out) }
func (c modelConn) Close() error                                          { return nil }

func (c modelConn) Find(_ context.Context, try Tried) (*StatusUpdate, bool, error) {
	m, _, _ := try.Attempt.Message()
	for _, a := range c.m.books[m].accepted {
		if a == try.Attempt {
			return &StatusUpdate{Attempt: a, ProviderID: "p" + string(a), Status: StatusSent}, true, nil
		}
	}
	return nil, false, nil
}

func newModel(t *testing.T, rt *rapid.T, d *db.DB, run int) *model {
	c := clock.NewManual(clock.From(time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)))
	m := &model{t: t, d: d, clock: c, ids: id.NewSource(c), books: map[MessageID]*book{}, stopped: map[string]bool{}, texts: map[string]int{},
		person: map[string]id.Person{}}
	m.org = org.New(org.Deps{DB: d, Clock: c, IDs: m.ids, Log: slog.New(slog.DiscardHandler), Dir: t.TempDir()})
	var err error
	m.rules, err = compliance.Load()
	must(t, err)
	m.box, err = secret.Load(filepath.Join(t.TempDir(), "secret.key"), "")
	must(t, err)
	must(t, d.Tx(t.Context(), func(tx *db.Tx) error {
		ws, err := m.org.CreateWorkspaceTx(t.Context(), tx, org.NewWorkspace{Name: "Era", Slug: fmt.Sprintf("era-%d-%d", run, rapid.IntRange(0, 1<<40).Draw(rt, "slug")),
			Country: "US", Timezone: "America/New_York", Currency: "USD"})
		m.ws = ws.ID
		if err == nil {
			err = writeBeat(t.Context(), tx, c.Now())
		}
		return err
	}))
	m.start()
	ch, err := m.s.Create(t.Context(), org.System(m.ws), Draft{Kind: "model", Name: "sms", Settings: map[string]string{}})
	must(t, err)
	m.channel = ch.ID
	return m
}

// start is a fresh process over the same database.
func (m *model) start() {
	m.nodes++
	m.mailbox = mailbox.New(m.d, m.clock, m.ids, mailbox.Options{Log: slog.New(slog.DiscardHandler)})
	m.people = people.New(people.Deps{DB: m.d, Clock: m.clock, IDs: m.ids,
		Country: func(context.Context, db.Queryer, id.Workspace) (string, error) { return "US", nil }})
	m.s = New(Deps{DB: m.d, Clock: m.clock, IDs: m.ids, Log: slog.New(slog.DiscardHandler), Mailbox: m.mailbox, People: m.people, Org: m.org,
		Rules: m.rules, Egress: egress.New(egress.Options{}), Secrets: m.box, Adapters: []Adapter{modelAdapter{m}}},
		Options{Node: fmt.Sprintf("node-%d", m.nodes), Window: 8})
	m.s.SetHooks(Hooks{Recheck: m.gate})
	m.mailbox.Handle(SignalReceived, "model", func(_ context.Context, tx *db.Tx, item mailbox.Item) error {
		var r Received
		if err := item.Decode(&r); err != nil {
			return err
		}
		tx.AfterCommit(func() { m.texts[r.ProviderID]++ })
		return nil
	})
	must(m.t, m.s.outbox.learnLanes(m.t.Context()))
}

// gate is a gate that asks for consent as it is in the transaction.
func (m *model) gate(ctx context.Context, tx *db.Tx, claims []Claim) ([]Verdict, error) {
	out := make([]Verdict, len(claims))
	for i, c := range claims {
		out[i] = Verdict{Action: Send}
		r, err := m.people.Consent(ctx, tx, c.Workspace, people.ConsentQuery{Address: c.To, Purpose: people.Purpose(c.Purpose)})
		if err != nil {
			return nil, err
		}
		if r.Reason == "opted_out" || r.Reason == "provider_blocked" {
			out[i] = Verdict{Action: Drop, Code: "suppressed"}
		}
	}
	return out, nil
}

func number(i int) string { return fmt.Sprintf("+1555010%04d", i) }

func (m *model) enqueue(rt *rapid.T) {
	to := number(rapid.IntRange(0, 2).Draw(rt, "to"))
	d := Delivery{Workspace: m.ws, Person: id.Person("per_" + to), Message: MessageID(m.ids.New("msg")), Channel: m.channel, To: to, Text: "Hello",
		Segments: 1, Priority: PriorityBulk, Purpose: "marketing", Kind: "campaign"}
	if rapid.Bool().Draw(rt, "transactional") {
		d.Purpose, d.Kind, d.Priority = "transactional", "journey", PriorityTransactional
	}
	switch rapid.IntRange(0, 4).Draw(rt, "when") {
	case 0:
		d.ReadyAt = m.clock.Now().Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "delay")) * time.Minute)
	case 1:
		d.ExpiresAt = m.clock.Now().Add(time.Duration(rapid.IntRange(1, 60).Draw(rt, "life")) * time.Minute)
	}
	must(m.t, m.d.Tx(m.t.Context(), func(tx *db.Tx) error { return m.s.EnqueueTx(m.t.Context(), tx, []Delivery{d, d}) }))
	m.books[d.Message] = &book{Delivery: d, notBefore: d.ReadyAt}
	m.order = append(m.order, d.Message)
}

func (m *model) lane() *lane {
	for _, l := range m.s.outbox.lanesOf(m.ws) {
		return l
	}
	return nil
}

func (m *model) claim(rt *rapid.T) {
	l := m.lane()
	if l == nil {
		return
	}
	a := m.s.accounts.open(m.t.Context(), m.ws, m.channel)
	if a == nil {
		rt.Fatal("the channel is not open")
	}
	l.claimDue(m.t.Context(), a, [priorities]bool{true, true, true}, rapid.IntRange(1, 4).Draw(rt, "n"), PriorityBulk)
}

// hand hands one claimed message to the provider, which does one of everything a provider does.
func (m *model) hand(rt *rapid.T) {
	l := m.lane()
	if l == nil {
		return
	}
	p := l.pop()
	if p == nil {
		return
	}
	if !l.fit(m.t.Context(), p) {
		m.open = append(m.open, result{parcel: p, err: errNotHanded, lane: l})
		return
	}
	m.judgeRequest(rt, p)
	b := m.books[p.Message]
	m.next = func(out Outgoing) (Receipt, error) {
		b.requests++
		accept := func() { b.accepted = append(b.accepted, out.Attempt) }
		switch rapid.SampledFrom([]string{"accept", "accept", "accept", "lost answer", "no answer", "throttle", "refuse", "opted out"}).Draw(rt, "provider") {
		case "accept":
			accept()
			return Receipt{ProviderID: "p" + string(out.Attempt), Status: StatusQueued}, nil
		case "lost answer":
			accept()
			return Receipt{}, errors.New("connection reset")
		case "no answer":
			b.doubtful = true
			return Receipt{}, &Failure{Policy: Unknown, Code: "no_answer"}
		case "throttle":
			return Receipt{}, &Failure{Policy: Later, Code: "throttled", RetryAfter: 7 * time.Second}
		case "refuse":
			return Receipt{}, &Failure{Policy: Never, Code: "bad_number", ProviderCode: "21211"}
		}
		return Receipt{}, &Failure{Policy: Never, Code: "opted_out", ProviderCode: "21610", OptedOut: true}
	}
	r, err := p.account.conn.Send(m.t.Context(), p.outgoing())
	m.open = append(m.open, result{parcel: p, receipt: r, err: err, lane: l})
}

// judgeRequest is what must hold when a request starts.
func (m *model) judgeRequest(rt *rapid.T, p *parcel) {
	b, now := m.books[p.Message], m.clock.Now()
	stored := m.stored(p.Message)
	switch {
	case stored.State != StateSending || stored.Attempt != p.Attempt:
		// Only a node whose lane was taken over may still hold a claim; then the row says unknown.
		if stored.State != StateUnknown {
			rt.Fatalf("I9: the attempt of %s is not on disk: %+v", p.Message, stored)
		}
	case len(b.accepted) > 0:
		rt.Fatalf("I9: %s was accepted by %v and is sent again", p.Message, b.accepted)
	case b.refused:
		rt.Fatalf("I12: %s was refused for good and is sent again", p.Message)
	case b.doubtful && b.Purpose == "marketing":
		rt.Fatalf("I10: %s is marketing of unknown outcome and is sent again", p.Message)
	case b.cancelled:
		rt.Fatalf("%s was taken back and is sent", p.Message)
	case m.stopped[p.To]:
		rt.Fatalf("I13: %s goes to %s, who opted out", p.Message, p.To)
	case !b.ExpiresAt.IsZero() && now > b.ExpiresAt.Add(2*time.Second):
		rt.Fatalf("I11: %s is out of date", p.Message)
	case now < b.notBefore.Add(-2*time.Second):
		rt.Fatalf("I17: %s is sent before its time", p.Message)
	}
}

// outcome stores some of what ended.
func (m *model) outcome(rt *rapid.T) {
	if len(m.open) == 0 {
		return
	}
	n := rapid.IntRange(1, len(m.open)).Draw(rt, "n")
	m.store(m.open[:n])
	m.open = m.open[n:]
}

func (m *model) store(group []result) {
	for _, r := range group {
		var f *Failure
		if errors.As(r.err, &f) && f.Policy == Never {
			m.books[r.Message].refused = true // known only once it is stored: a crash before leaves it unknown
			m.stopped[r.To] = m.stopped[r.To] || f.OptedOut
		}
	}
	m.s.outbox.commit(m.t.Context(), group)
}

// callback brings a status of an accepted message, in any order and any number.
func (m *model) callback(rt *rapid.T) {
	var all []AttemptID
	for _, id := range m.order {
		all = append(all, m.books[id].accepted...)
	}
	if len(all) == 0 {
		return
	}
	a := rapid.SampledFrom(all).Draw(rt, "attempt")
	u := StatusUpdate{Attempt: a, ProviderID: "p" + string(a), Status: rapid.SampledFrom([]Status{StatusQueued, StatusSent, StatusDelivered, StatusFailed}).Draw(rt, "status")}
	if u.Status == StatusFailed {
		u.ProviderCode = rapid.SampledFrom([]string{"30005", "30007", "99999", "21610"}).Draw(rt, "code")
		u.OptedOut = u.ProviderCode == "21610"
	}
	must(m.t, m.s.take(m.t.Context(), m.ws, m.channel, Intake{Statuses: []StatusUpdate{u, u}}))
	message, _, _ := a.Message()
	if u.OptedOut && m.stored(message).Code == "opted_out" {
		m.stopped[m.books[message].To] = true
	}
}

// text brings a text in, perhaps again.
func (m *model) text(rt *rapid.T) {
	from := number(rapid.IntRange(0, 2).Draw(rt, "from"))
	word := rapid.SampledFrom([]string{"STOP", "START", "thanks"}).Draw(rt, "word")
	in := Inbound{ProviderID: m.ids.New("in"), From: from, To: number(9000), Text: word, Raw: []byte(url.QueryEscape(word))}
	for range rapid.IntRange(1, 3).Draw(rt, "times") {
		must(m.t, m.s.take(m.t.Context(), m.ws, m.channel, Intake{Inbound: []Inbound{in, in}}))
	}
	m.sids = append(m.sids, in.ProviderID)
	r, err := m.people.Consent(m.t.Context(), m.d, m.ws, people.ConsentQuery{Address: from, Purpose: people.Marketing})
	must(m.t, err)
	out := r.Reason == "opted_out" || r.Reason == "provider_blocked"
	if word == "STOP" && !out {
		rt.Fatalf("I13: STOP is answered and consent reads %+v", r)
	}
	m.stopped[from] = out
}

func (m *model) look(*rapid.T) {
	m.clock.Skip(31 * time.Second)
	must(m.t, m.s.LookUp(m.t.Context()))
}

// crash loses what the process held in memory. The next one waits for the lease.
func (m *model) crash(*rapid.T) {
	m.open = nil
	m.clock.Skip(11 * time.Second)
	m.start()
}

func (m *model) moveClock(rt *rapid.T) {
	by := rapid.SampledFrom([]time.Duration{500 * time.Millisecond, 2 * time.Second, time.Minute, 20 * time.Minute, -10 * time.Minute, 26 * time.Hour}).Draw(rt, "by")
	if by > time.Hour {
		must(m.t, m.s.outbox.beat(m.t.Context()))
		due := m.dueBulk()
		m.clock.Skip(by)
		must(m.t, m.s.outbox.beat(m.t.Context()))
		for _, id := range m.dueBulk() {
			rt.Fatalf("I17: %s came due in a gap and is not held (before the gap due: %v)", id, due)
		}
		return
	}
	m.clock.Skip(by)
}

// dueBulk are bulk messages that would be claimed now.
func (m *model) dueBulk() []MessageID {
	var out []MessageID
	for id, s := range m.all() {
		if s.State == StateQueued && m.books[id].Priority == PriorityBulk && s.Until <= m.clock.Now() {
			out = append(out, id)
		}
	}
	return out
}

func (m *model) cancel(rt *rapid.T) {
	if len(m.order) == 0 {
		return
	}
	id := rapid.SampledFrom(m.order).Draw(rt, "message")
	before := m.stored(id).State
	var ok bool
	must(m.t, m.d.Tx(m.t.Context(), func(tx *db.Tx) (err error) {
		ok, err = m.s.CancelTx(m.t.Context(), tx, m.ws, id, "undone")
		return err
	}))
	if ok != (before == StateQueued || before == StateHeld) {
		rt.Fatalf("taking back a message that is %s: %v", before, ok)
	}
	m.books[id].cancelled = m.books[id].cancelled || ok
}

func (m *model) all() map[MessageID]Sent {
	got, err := m.s.DeliveryStatus(m.t.Context(), m.d, m.ws, m.order)
	must(m.t, err)
	return got
}

func (m *model) stored(id MessageID) Sent {
	got, err := m.s.DeliveryStatus(m.t.Context(), m.d, m.ws, []MessageID{id})
	must(m.t, err)
	return got[id]
}

// check is what holds at every moment.
func (m *model) check(rt *rapid.T) {
	for id, s := range m.all() {
		b := m.books[id]
		if len(b.accepted) > 1 {
			rt.Fatalf("I9: %s was accepted %d times: %v", id, len(b.accepted), b.accepted)
		}
		if s.State.Rank() < b.rank {
			rt.Fatalf("I8: %s went back to %s", id, s.State)
		}
		b.rank = max(b.rank, s.State.Rank())
		if b.rank > 0 && b.rank != StateFailed.Rank() && len(b.accepted) == 0 {
			rt.Fatalf("%s counts as %s and was never accepted", id, s.State)
		}
	}
}

// end lets everything finish: nothing is lost, nothing stays under way, every text was told once.
func (m *model) end(rt *rapid.T) {
	for range 400 {
		m.store(m.open)
		m.open = nil
		l := m.lane()
		if l == nil {
			break
		}
		must(m.t, m.d.Tx(m.t.Context(), func(tx *db.Tx) error {
			_, err := m.s.ReleaseTx(m.t.Context(), tx, m.ws, nil)
			return err
		}))
		must(m.t, m.s.LookUp(m.t.Context()))
		m.claim(rt)
		for l.held > 0 {
			m.hand(rt)
		}
		if m.quiet() && len(m.open) == 0 {
			break
		}
		m.clock.Skip(7 * time.Minute)
	}
	m.check(rt)
	for id, s := range m.all() {
		if !slicesHas([]State{StateSent, StateFailed, StateDelivered, StateDropped, StateUnknown}, s.State) {
			rt.Fatalf("I16: %s ends as %s: %+v, expires %s", id, s.State, s, m.books[id].ExpiresAt)
		}
		if len(m.books[id].accepted) > 0 && (s.State == StateDropped) {
			rt.Fatalf("%s was accepted and ends as %s", id, s.State)
		}
	}
	m.clock.Skip(24 * time.Hour) // it may have gone back since a text came
	must(m.t, m.mailbox.Drain(m.t.Context()))
	for _, sid := range m.sids {
		if m.texts[sid] != 1 {
			rt.Fatalf("I2: the text %s was told %d times", sid, m.texts[sid])
		}
	}
}

func (m *model) quiet() bool {
	for _, s := range m.all() {
		if s.State == StateQueued || s.State == StateSending || s.State == StateHeld || s.State == StateUnknown {
			return false
		}
	}
	return true
}

func slicesHas(list []State, s State) bool {
	return strings.Contains(fmt.Sprint(list), string(s))
}
