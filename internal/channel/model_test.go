package channel

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
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
// callback, STOP, crash and clock jump can happen, and checks after each step what must always hold. What it expects is
// written here anew and not asked of the program, so that a wrong order of states, say, is seen.
func TestI2I8I9I10I11I12I13I16I17I23TheLifeOfAMessageHoldsInEveryOrderOfEvents(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		must(t, flag.Set("rapid.checks", "40"))
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
				"go on":    m.goOn, // else most of a life would be spent on accidents
				"go on!":   m.goOn,
				"receipts": m.callback,
				"text":     m.text,
				"look":     m.look,
				"crash":    m.crash,
				"clock":    m.moveClock,
				"cancel":   m.cancel,
				"mend":     m.mend,
				"wake":     m.wake,
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
	accepted  []AttemptID
	refused   bool // for good
	doubtful  bool // a request ended without a clear answer and was not accepted
	failed    bool // the provider said so of an attempt that it had accepted
	rank      int  // highest state seen
	notBefore clock.Time
	cancelled bool
}

// order ranks states as I8 has it: nothing goes back, failed is an end, and delivered wins over it.
func order(s State) int {
	return slices.Index([]State{StateSent, StateFailed, StateDelivered, StateRead}, s) + 1
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
	open    []result        // ended at the provider, not stored yet
	asleep  []sleeper       // nodes whose lane another may have taken over
	latest  clock.Time      // the clock may go back
	stopped map[string]bool // opted out now
	ever    map[string]bool // or at some time
	texts   map[string]int  // signals by provider's id
	sids    []string
	next    func(Outgoing) (Receipt, error)
}

// sleeper is a node that stood still for longer than its lease, with what it had not stored yet.
type sleeper struct {
	s    *Service
	open []result
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
	m := &model{t: t, d: d, clock: c, ids: id.NewSource(c), books: map[MessageID]*book{}, stopped: map[string]bool{}, ever: map[string]bool{}, texts: map[string]int{},
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
	if (a == nil) != m.broken() {
		rt.Fatalf("I12: the channel is open: %v, and refused: %v", a != nil, m.broken())
	}
	if a == nil {
		return
	}
	before, now := m.all(), m.clock.Now()
	l.claimDue(m.t.Context(), a, [priorities]bool{true, true, true}, rapid.IntRange(1, 4).Draw(rt, "n"), PriorityBulk)
	for id, s := range m.all() {
		was := before[id]
		if s.State == StateSending && s.Attempt != was.Attempt && (was.State != StateQueued || was.Until > now) {
			rt.Fatalf("I11, I17: %s is claimed at %s and was %s until %s", id, now, was.State, was.Until)
		}
	}
}

// goOn takes some messages all the way.
func (m *model) goOn(rt *rapid.T) {
	m.enqueue(rt)
	m.claim(rt)
	for range 3 {
		m.hand(rt)
	}
	m.outcome(rt)
	m.callback(rt)
}

// broken says whether the provider refuses the account.
func (m *model) broken() bool {
	c, err := m.s.Channel(m.t.Context(), m.d, m.ws, m.channel)
	must(m.t, err)
	return c.State == ChannelError
}

// mend has a person give the account in order again.
func (m *model) mend(*rapid.T) {
	if m.broken() {
		_, err := m.s.Update(m.t.Context(), org.System(m.ws), m.channel, Draft{Name: "sms", Settings: map[string]string{}})
		must(m.t, err)
	}
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
		accept := func() { b.accepted = append(b.accepted, out.Attempt) }
		switch rapid.SampledFrom([]string{"accept", "accept", "accept", "lost answer", "no answer", "throttle", "refuse", "opted out", "account"}).Draw(rt, "provider") {
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
		case "account":
			return Receipt{}, &Failure{Policy: Stop, Code: "account_refused", ProviderCode: "20003"}
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
	group := m.open[:n]
	m.open = m.open[n:]
	m.store(rt, m.s, group)
}

// store has a node store what ended, and looks what became of it.
func (m *model) store(rt *rapid.T, s *Service, group []result) {
	before := m.all()
	for _, r := range group {
		var f *Failure
		if errors.As(r.err, &f) && f.Policy == Never {
			// Known only once it is stored: a crash before leaves it unknown.
			m.books[r.Message].refused = m.books[r.Message].refused || underWay(before[r.Message], r)
			m.optedOut(r.To, f.OptedOut)
		}
	}
	s.outbox.commit(m.t.Context(), group)
	after := m.all()
	for _, r := range group {
		if underWay(before[r.Message], r) {
			m.judgeOutcome(rt, r, after[r.Message])
		}
	}
}

func underWay(s Sent, r result) bool {
	return s.Attempt == r.Attempt && (s.State == StateSending || s.State == StateUnknown)
}

func (m *model) optedOut(number string, out bool) {
	m.stopped[number] = m.stopped[number] || out
	m.ever[number] = m.ever[number] || out
}

// judgeOutcome is what each end of an attempt must become.
func (m *model) judgeOutcome(rt *rapid.T, r result, s Sent) {
	now, late := m.clock.Now(), m.books[r.Message].ExpiresAt
	var f *Failure
	errors.As(r.err, &f)
	switch {
	case r.err == nil:
		if order(s.State) == 0 {
			rt.Fatalf("I9: %s was accepted and is %s", r.Message, s.State)
		}
	case errors.Is(r.err, errNotHanded):
		if s.State != StateQueued || s.Attempt != r.Attempt-1 {
			rt.Fatalf("I16: %s was not handed over and is %s at attempt %d", r.Message, s.State, s.Attempt)
		}
	case f == nil || f.Policy == Unknown:
		if s.State != StateUnknown {
			rt.Fatalf("I10: the outcome of %s is not known and it is %s", r.Message, s.State)
		}
	case f.Policy == Later:
		again := s.State == StateQueued && s.Until >= now.Add(max(f.RetryAfter, 500*time.Millisecond))
		gone := s.State == StateDropped && !late.IsZero() && late <= now.Add(7*time.Minute)
		if !again && !gone {
			rt.Fatalf("I11: %s was throttled at %s and is %s until %s", r.Message, now, s.State, s.Until)
		}
	case f.Policy == Stop:
		if s.State != StateQueued || !m.broken() {
			rt.Fatalf("I12: the account was refused, %s is %s, and the channel is stopped: %v", r.Message, s.State, m.broken())
		}
	default:
		if s.State != StateFailed {
			rt.Fatalf("I12: %s was refused for good and is %s", r.Message, s.State)
		}
		m.judgeOptOut(rt, r.To, f.OptedOut)
	}
}

// judgeOptOut says that the provider's word about an opt-out is in the ledger.
func (m *model) judgeOptOut(rt *rapid.T, number string, said bool) {
	r, err := m.people.Consent(m.t.Context(), m.d, m.ws, people.ConsentQuery{Address: number, Purpose: people.Marketing})
	must(m.t, err)
	if said && r.Reason != "opted_out" && r.Reason != "provider_blocked" {
		rt.Fatalf("I12: the provider says that %s opted out and consent reads %+v", number, r)
	}
}

// callback brings statuses of an accepted message, in any order and any number.
func (m *model) callback(rt *rapid.T) {
	var all []AttemptID
	for _, id := range m.order {
		all = append(all, m.books[id].accepted...)
	}
	if len(all) == 0 {
		return
	}
	a := rapid.SampledFrom(all).Draw(rt, "attempt")
	for range rapid.IntRange(1, 3).Draw(rt, "statuses") {
		m.status(rt, a)
	}
}

// status brings one status, twice.
func (m *model) status(rt *rapid.T, a AttemptID) {
	u := StatusUpdate{Attempt: a, ProviderID: "p" + string(a), Status: rapid.SampledFrom([]Status{StatusQueued, StatusSent, StatusDelivered, StatusFailed}).Draw(rt, "status")}
	if u.Status == StatusFailed {
		u.ProviderCode = rapid.SampledFrom([]string{"30005", "30007", "99999", "21610"}).Draw(rt, "code")
		u.OptedOut = u.ProviderCode == "21610"
	}
	message, attempt, _ := a.Message()
	b, before := m.books[message], m.stored(message)
	must(m.t, m.s.take(m.t.Context(), m.ws, m.channel, Intake{Statuses: []StatusUpdate{u, u}}))
	after := m.stored(message)
	now := before.Attempt == attempt || before.State != StateSending && u.Status != StatusFailed // it is about the present attempt, or about the whole
	switch {
	case now && u.Status == StatusDelivered && after.State != StateDelivered:
		rt.Fatalf("I8: %s was %s, is delivered, and reads %s", message, before.State, after.State)
	case now && u.Status == StatusFailed && order(before.State) < order(StateFailed):
		if b.failed = true; after.State != StateFailed {
			rt.Fatalf("I8: %s was %s, failed, and reads %s", message, before.State, after.State)
		}
		m.judgeOptOut(rt, b.To, u.OptedOut)
		m.optedOut(b.To, u.OptedOut)
	case after != before && order(before.State) >= order(State(u.Status)) && order(before.State) > 0:
		rt.Fatalf("I8: %s was %+v and %s made it %+v", message, before, u.Status, after)
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
	m.ever[from] = m.ever[from] || out
}

func (m *model) look(*rapid.T) {
	m.clock.Skip(31 * time.Second)
	must(m.t, m.s.LookUp(m.t.Context()))
}

// crash loses what the process held in memory, or has it stand still for longer than its lease. Another takes over.
func (m *model) crash(rt *rapid.T) {
	if rapid.Bool().Draw(rt, "stands still") {
		// What a sleeping node learned of opt-outs and of its account reaches the others within a moment: see the tests of two nodes.
		open := slices.DeleteFunc(m.open, func(r result) bool {
			var f *Failure
			return errors.As(r.err, &f) && (f.OptedOut || f.Policy == Stop)
		})
		m.asleep = append(m.asleep, sleeper{m.s, open})
	}
	m.open = nil
	m.clock.Skip(11 * time.Second)
	m.start()
}

// wake has a node that stood still go on where it was: it hands nothing over and claims nothing under its old lease, and
// what it knows of requests that had left is still worth storing.
func (m *model) wake(rt *rapid.T) {
	if len(m.asleep) == 0 {
		return
	}
	old := m.asleep[0]
	m.asleep = m.asleep[1:]
	must(m.t, m.s.outbox.beat(m.t.Context()))
	due := len(m.dueBulk())
	if must(m.t, old.s.outbox.beat(m.t.Context())); len(m.dueBulk()) != due {
		rt.Fatal("I17: a node that slept holds messages though another was awake")
	}
	for _, l := range old.s.outbox.lanesOf(m.ws) {
		for p := l.pop(); p != nil; p = l.pop() {
			age := m.clock.Now().Sub(p.AttemptAt)
			if (age < 0 || age > 10*time.Second) && l.fit(m.t.Context(), p) {
				rt.Fatalf("I23: a node that slept hands over %s, claimed %s ago", p.Message, age)
			}
			old.open = append(old.open, result{parcel: p, err: errNotHanded, lane: l})
		}
		m.wakeClaim(rt, old.s, l)
	}
	if len(old.open) > 0 {
		m.store(rt, old.s, old.open)
	}
}

// wakeClaim has the node claim as if its lease still held.
func (m *model) wakeClaim(rt *rapid.T, s *Service, l *lane) {
	now := m.lane()
	a := s.accounts.open(m.t.Context(), m.ws, m.channel)
	if now == nil || now.fence <= l.fence || a == nil {
		return // nobody took over: the lane is the sleeper's
	}
	before := m.all()
	if got, err := l.claimTx(m.t.Context(), a, [priorities]bool{true, true, true}, 4, PriorityBulk); err == nil || len(got) > 0 {
		rt.Fatalf("I23: a node claims %d messages under a lease that another has", len(got))
	}
	for id, after := range m.all() {
		if was := before[id]; after.Attempt != was.Attempt || after.State != was.State && after.State != StateHeld {
			rt.Fatalf("I23: a node under a lost lease made %+v of %+v", after, was)
		}
	}
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
	m.latest = max(m.latest, m.clock.Now())
	for id, s := range m.all() {
		b := m.books[id]
		if len(b.accepted) > 1 {
			rt.Fatalf("I9: %s was accepted %d times: %v", id, len(b.accepted), b.accepted)
		}
		if order(s.State) < b.rank {
			rt.Fatalf("I8: %s went back to %s", id, s.State)
		}
		b.rank = max(b.rank, order(s.State))
		if b.rank > 0 && s.State != StateFailed && len(b.accepted) == 0 {
			rt.Fatalf("%s counts as %s and was never accepted", id, s.State)
		}
		late := !b.ExpiresAt.IsZero() && b.ExpiresAt <= m.latest.Add(7*time.Minute)
		if s.State == StateDropped && !b.cancelled && !late && !m.ever[b.To] {
			rt.Fatalf("I16: %s was given up without a reason: %+v", id, s)
		}
	}
}

// end lets everything finish: nothing is lost, nothing stays under way, every text was told once.
func (m *model) end(rt *rapid.T) {
	for range 400 {
		m.store(rt, m.s, m.open)
		m.open = nil
		m.mend(rt)
		m.wake(rt)
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
		b := m.books[id]
		if !slices.Contains([]State{StateSent, StateFailed, StateDelivered, StateDropped}, s.State) {
			rt.Fatalf("I16: %s ends as %s though the provider knows: %+v, expires %s", id, s.State, s, b.ExpiresAt)
		}
		if len(b.accepted) > 0 && (s.State == StateDropped || s.State == StateFailed && !b.failed) {
			rt.Fatalf("I10: %s was accepted and ends as %s", id, s.State)
		}
		// What is absent at the provider is sent again, unless it is marketing or out of date.
		if s.State == StateFailed && !b.failed && !b.refused && b.Purpose != "marketing" && b.ExpiresAt.IsZero() {
			rt.Fatalf("I16: %s failed without a reason: %+v", id, s)
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
