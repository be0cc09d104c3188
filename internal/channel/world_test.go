package channel_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/channel/sim"
	"parley/internal/channel/twilio"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/egress"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/secret"
)

// world is a workspace with a Twilio channel whose provider is an imitation, and everything around it real.
type world struct {
	t        testing.TB
	d        *db.DB
	clock    *clock.Clock
	ids      *id.Source
	mailbox  *mailbox.Mailbox
	people   *people.Service
	org      *org.Service
	deps     channel.Deps
	options  channel.Options
	service  *channel.Service
	phones   *sim.Carrier
	fake     *twiliotest.Fake
	hooks    *httptest.Server // where the provider calls
	ws       org.Workspace
	actor    org.Actor
	channel  channel.Channel
	person   id.Person
	messages int

	mu       sync.Mutex
	outcomes []channel.Outcome
	received []channel.Received
	verdict  func(channel.Claim) channel.Verdict
	news     chan struct{}
	stop     func()
}

const customer = "+15550100042"

func newWorld(t testing.TB, d *db.DB, change func(*channel.Options)) *world {
	t.Helper()
	c := clock.New()
	w := &world{t: t, d: d, clock: c, ids: id.NewSource(c), news: make(chan struct{}, 1), stop: func() {}}
	log := slog.New(slog.DiscardHandler)
	w.fake = twiliotest.New()
	t.Cleanup(func() { w.fake.CloseClientConnections(); w.fake.Close() })
	w.hooks = httptest.NewServer(http.HandlerFunc(w.webhook))
	t.Cleanup(w.hooks.Close)
	w.mailbox = mailbox.New(d, c, w.ids, mailbox.Options{Log: log})
	w.people = people.New(people.Deps{DB: d, Clock: c, IDs: w.ids,
		Country: func(context.Context, db.Queryer, id.Workspace) (string, error) { return "US", nil }})
	w.org = org.New(org.Deps{DB: d, Clock: c, IDs: w.ids, Log: log, Dir: t.TempDir()})
	rules, err := compliance.Load()
	must(t, err)
	box, err := secret.Load(filepath.Join(t.TempDir(), "secret.key"), "")
	must(t, err)
	must(t, d.Tx(t.Context(), func(tx *db.Tx) (err error) {
		w.ws, err = w.org.CreateWorkspaceTx(t.Context(), tx, org.NewWorkspace{Name: "Era", Slug: "era", Country: "US", Timezone: "America/New_York", Currency: "USD"})
		return err
	}))
	w.actor = org.System(w.ws.ID)
	w.phones = sim.NewCarrier(c, w.ids)
	o := channel.Options{PublicURL: w.hooks.URL, Dir: t.TempDir(), SendTimeout: 2 * time.Second, Poll: 50 * time.Millisecond}
	if change != nil {
		change(&o)
	}
	w.deps = channel.Deps{DB: d, Clock: c, IDs: w.ids, Log: log, Mailbox: w.mailbox, People: w.people, Org: w.org,
		Rules: rules, Egress: egress.New(egress.Options{Allow: []egress.Rule{egress.Prefix(netip.MustParsePrefix("127.0.0.0/8"))}}),
		Secrets: box, Adapters: []channel.Adapter{twilio.Adapter{}, sim.Adapter{Carrier: w.phones}}}
	w.options = o
	w.service = channel.New(w.deps, o)
	w.service.SetHooks(channel.Hooks{Recheck: w.recheck, OnOutcome: w.onOutcome})
	w.mailbox.Handle(channel.SignalReceived, "test", w.onReceived)
	w.channel, err = w.service.Create(t.Context(), w.actor, channel.Draft{Kind: twilio.Kind, Name: "sms", Settings: w.fake.Settings()})
	must(t, err)
	must(t, d.Tx(t.Context(), func(tx *db.Tx) (err error) {
		w.person, _, err = w.people.ResolveTx(t.Context(), tx, w.ws.ID, people.Identity{Kind: people.Phone, Value: customer}, people.Hint{})
		return err
	}))
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run starts the outbox until the test ends or stop is called.
func (w *world) run() {
	w.t.Helper()
	w.stop = w.runService(w.service)
}

// runService runs one node and returns what stops it.
func (w *world) runService(s *channel.Service) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

func (w *world) webhook(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), 400)
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	req := channel.WebhookRequest{Method: r.Method, PublicURL: w.hooks.URL + r.URL.RequestURI(), Query: r.URL.Query(), Header: r.Header, Body: body}
	if len(parts) == 4 {
		req.Path = parts[3]
	}
	answer, err := w.service.Webhook(r.Context(), parts[1], parts[2], req)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusServiceUnavailable)
		return
	}
	rw.WriteHeader(max(answer.Status, 200))
	_, _ = rw.Write(answer.Body)
}

func (w *world) recheck(_ context.Context, _ *db.Tx, claims []channel.Claim) ([]channel.Verdict, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]channel.Verdict, len(claims))
	for i, c := range claims {
		out[i] = channel.Verdict{Action: channel.Send}
		if w.verdict != nil {
			out[i] = w.verdict(c)
		}
	}
	return out, nil
}

func (w *world) onOutcome(_ context.Context, tx *db.Tx, list []channel.Outcome) error {
	tx.AfterCommit(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.outcomes = append(w.outcomes, list...)
		select {
		case w.news <- struct{}{}:
		default:
		}
	})
	return nil
}

func (w *world) onReceived(_ context.Context, tx *db.Tx, item mailbox.Item) error {
	var r channel.Received
	if err := item.Decode(&r); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.received = append(w.received, r)
	})
	return nil
}

// delivery is a message to the customer.
func (w *world) delivery(text string) channel.Delivery {
	w.messages++
	return channel.Delivery{Workspace: w.ws.ID, Person: w.person, Message: channel.MessageID(fmt.Sprintf("msg_%06d", w.messages)),
		Channel: w.channel.ID, From: twiliotest.Number, To: customer, Text: text, Segments: 1, Priority: channel.PriorityBulk,
		Purpose: "marketing", Kind: "campaign"}
}

func (w *world) enqueue(list ...channel.Delivery) {
	w.t.Helper()
	must(w.t, w.d.Tx(context.Background(), func(tx *db.Tx) error { return w.service.EnqueueTx(context.Background(), tx, list) }))
}

func (w *world) sent(m channel.MessageID) channel.Sent {
	w.t.Helper()
	got, err := w.service.DeliveryStatus(context.Background(), w.d, w.ws.ID, []channel.MessageID{m})
	must(w.t, err)
	return got[m]
}

// until waits for an outcome that makes ok true.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-w.news:
		case <-time.After(5 * time.Millisecond): // not every change is an outcome
		case <-deadline:
			w.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

func (w *world) untilState(m channel.MessageID, s channel.State) channel.Sent {
	w.t.Helper()
	w.until(string(m)+" is "+string(s), func() bool { return w.sent(m).State == s })
	return w.sent(m)
}

// text has the provider bring a text in, and returns what the webhook answered.
func (w *world) text(sid, body string, more url.Values) error {
	form := url.Values{"MessageSid": {sid}, "From": {customer}, "To": {twiliotest.Number}, "Body": {body}, "NumMedia": {"0"}}
	for k, v := range more {
		form[k] = v
	}
	return w.fake.Post(w.hooks.URL+"/hooks/era/sms", form)
}

// inbox handles the signals and returns what was received so far.
func (w *world) inbox() []channel.Received {
	w.t.Helper()
	must(w.t, w.mailbox.Drain(context.Background()))
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]channel.Received(nil), w.received...)
}

func (w *world) consent(p people.Purpose) people.Reading {
	w.t.Helper()
	r, err := w.people.Consent(context.Background(), w.d, w.ws.ID, people.ConsentQuery{Address: customer, Purpose: p})
	must(w.t, err)
	return r
}

// signedForm is a request as Twilio signs it.
func signedForm(address string, form url.Values) channel.WebhookRequest {
	req := channel.WebhookRequest{Method: http.MethodPost, PublicURL: address, Body: []byte(form.Encode()), Header: http.Header{}}
	req.Header.Set("X-Twilio-Signature", twiliotest.Sign(twiliotest.Token, address, form))
	return req
}
