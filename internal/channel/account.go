package channel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/egress"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/secret"
)

// Registration is where a sender stands with the carriers. What it means is judged by package compliance.
type Registration struct {
	Kind  string `json:"kind" enum:",10dlc,toll_free,short_code,alphanumeric,long_code" doc:"sort of sender"`
	State string `json:"state" doc:"as the provider reports it: approved, verified, pending"`
}

// The states of a channel.
const (
	ChannelActive  = "active"
	ChannelStopped = "stopped" // by a member of the team
	ChannelError   = "error"   // its provider refuses it; its queue stays (I12)
)

// Channel is one account of a workspace at a provider. Settings never hold secrets.
type Channel struct {
	Workspace     id.Workspace      `json:"-"`
	ID            ID                `json:"id"`
	Kind          Kind              `json:"kind"`
	Name          string            `json:"name"`
	Settings      map[string]string `json:"settings"`
	SecretsSet    []string          `json:"secrets_set" doc:"keys of the secrets that are stored"`
	State         string            `json:"state" enum:"active,stopped,error"`
	Reason        string            `json:"reason"`
	Registration  Registration      `json:"registration"`
	Capabilities  Capabilities      `json:"capabilities"`
	WebhookURL    string            `json:"webhook_url"`
	Version       int64             `json:"version"`
	CreatedAt     clock.Time        `json:"created_at"`
	LastInboundAt clock.Time        `json:"last_inbound_at"`
	LastReceiptAt clock.Time        `json:"last_receipt_at"`

	sealed       string
	lost         bool // its secrets are sealed under a key that is not on the ring
	backfilledAt clock.Time
}

// Errors of channels.
var (
	ErrUnknown = errs.New(errs.NotFound, "channel_unknown", "There is no such channel.")
	ErrKind    = errs.New(errs.Invalid, "channel_kind_unknown", "There is no such kind of channel.")
)

// account is a channel that is open.
type account struct {
	Channel
	conn Conn
	rate float64 // segments per second of one sender; 0 = any
	stop context.CancelFunc
}

// accounts keeps the open channels.
type accounts struct {
	s *Service

	mu      sync.Mutex
	ctx     context.Context // of Run; nil before
	opened  map[address]*account
	paths   map[string]address     // "slug/name" of a webhook
	refused map[address]clock.Time // could not be opened; when to try again
	opening map[address]chan struct{}
	changes uint64 // counts changed, so that what was opened meanwhile is not kept
	ends    sync.WaitGroup
}

func newAccounts(s *Service) *accounts {
	return &accounts{s: s, opened: map[address]*account{}, paths: map[string]address{}, refused: map[address]clock.Time{},
		opening: map[address]chan struct{}{}}
}

func accountKey(ws id.Workspace, channel ID) address { return address{ws, string(channel)} }

// adapter finds the adapter of a kind.
func (s *Service) adapter(kind Kind) (Adapter, error) {
	for _, a := range s.Adapters {
		if a.Describe().Kind == kind {
			return a, nil
		}
	}
	return nil, ErrKind
}

func (s *Service) capabilities(kind Kind) Capabilities {
	adapter, err := s.adapter(kind)
	if err != nil {
		return Capabilities{}
	}
	return adapter.Describe().Capabilities
}

// open is the open channel, or nil when it is stopped, gone, or cannot be opened now.
func (a *accounts) open(ctx context.Context, ws id.Workspace, channel ID) *account {
	acc, err := a.get(ctx, ws, channel)
	if err != nil {
		if !errors.Is(err, ErrUnknown) && !errors.Is(err, errNotOpen) {
			a.s.failed(ctx, "open a channel", err)
		}
		return nil
	}
	if acc.State != ChannelActive {
		return nil
	}
	return acc
}

// get opens the channel unless it is open. Whoever asks while it is being opened waits: a carrier may allow one login only.
func (a *accounts) get(ctx context.Context, ws id.Workspace, channel ID) (*account, error) {
	key := accountKey(ws, channel)
	for {
		acc, turn, err := a.turn(key)
		if acc != nil || err != nil {
			return acc, err
		}
		if turn == nil {
			if acc, kept, err := a.openNow(ctx, key); kept {
				return acc, err
			}
			continue // it was changed meanwhile
		}
		select {
		case <-turn:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// turn is the open channel, or what to wait for while somebody else opens it, or neither: then it is the caller's to open.
func (a *accounts) turn(key address) (*account, chan struct{}, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.opened[key] != nil:
		return a.opened[key], nil, nil
	case a.refused[key] > a.s.Clock.Now():
		return nil, nil, errNotOpen
	case a.opening[key] != nil:
		return nil, a.opening[key], nil
	}
	a.opening[key] = make(chan struct{})
	return nil, nil, nil
}

// openNow opens the channel and keeps it, unless its row changed meanwhile.
func (a *accounts) openNow(ctx context.Context, key address) (acc *account, kept bool, err error) {
	a.mu.Lock()
	changes := a.changes
	a.mu.Unlock()
	acc, err = a.make(ctx, key.workspace, ID(key.number))
	if err == nil {
		defer a.s.outbox.wakeChannel(key.workspace, ID(key.number)) // what waited for it may go
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.opening[key])
	delete(a.opening, key)
	switch {
	case err != nil:
		if ctx.Err() == nil {
			a.refused[key] = a.s.Clock.Now().Add(10 * time.Second)
		}
		return nil, true, err
	case a.changes != changes:
		a.shut(acc)
		return nil, false, nil
	}
	delete(a.refused, key)
	a.opened[key] = acc
	a.listenTo(acc)
	return acc, true, nil
}

// make reads a channel and opens it.
func (a *accounts) make(ctx context.Context, ws id.Workspace, channel ID) (*account, error) {
	c, err := readChannel(ctx, a.s.DB, ws, channel)
	if err != nil {
		return nil, err
	}
	secrets, err := a.s.unseal(c)
	if err != nil {
		return nil, err
	}
	conn, err := a.s.connect(ctx, a.s.DB, c, secrets)
	if err != nil {
		return nil, err
	}
	rate, err := strconv.ParseFloat(c.Settings["rate"], 64)
	if err != nil || rate < 0 {
		rate = 1
	}
	c.Capabilities = a.s.capabilities(c.Kind)
	return &account{Channel: c, conn: conn, rate: rate, stop: func() {}}, nil
}

// connect opens a channel's settings with their secrets, saved or not.
func (s *Service) connect(ctx context.Context, q db.Queryer, c Channel, secrets map[string]string) (Conn, error) {
	adapter, err := s.adapter(c.Kind)
	if err != nil {
		return nil, err
	}
	ws, err := s.Org.Workspace(ctx, q, c.Workspace)
	if err != nil {
		return nil, fmt.Errorf("open channel %s: %w", c.Name, err)
	}
	settings := map[string]string{}
	for _, list := range []map[string]string{c.Settings, secrets} {
		for k, v := range list {
			settings[k] = v
		}
	}
	return adapter.Open(Account{ID: c.ID, Workspace: c.Workspace, Slug: ws.Slug, Name: c.Name, Settings: settings,
		CallbackURL: s.webhookURL(ws.Slug, c.Name), Clock: s.Clock,
		Log:  s.Log.With("channel", c.Name),
		HTTP: s.Egress.With(egress.Limits{MaxBytes: max(16<<20, s.o.MaxMedia), Timeout: s.o.SendTimeout, Hops: 3}),
		Dial: s.Egress.DialContext,
		Deliver: func(ctx context.Context, in Intake) error {
			return s.take(ctx, c.Workspace, c.ID, in)
		}})
}

func (s *Service) webhookURL(slug, name string) string {
	return s.o.PublicURL + "/hooks/" + slug + "/" + name
}

func bindOf(c Channel) secret.Bind {
	return secret.Bind{Workspace: c.Workspace, Purpose: "channel:" + string(c.ID)}
}

func (s *Service) unseal(c Channel) (map[string]string, error) {
	out := map[string]string{}
	if c.sealed == "" {
		return out, nil
	}
	raw, err := s.Secrets.Open(c.sealed, bindOf(c))
	if err != nil {
		return nil, fmt.Errorf("open the secrets of channel %s: %w", c.Name, err)
	}
	return out, json.Unmarshal(raw, &out)
}

func (s *Service) seal(c Channel, secrets map[string]string) (string, error) {
	if len(secrets) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(secrets)
	if err != nil {
		return "", err
	}
	return s.Secrets.Seal(raw, bindOf(c)), nil
}

// changed closes a channel after its row changed, so that it is opened again with its new settings.
func (a *accounts) changed(ws id.Workspace, channel ID) {
	key := accountKey(ws, channel)
	a.mu.Lock()
	a.changes++
	acc := a.opened[key]
	delete(a.opened, key)
	delete(a.refused, key)
	for path, k := range a.paths {
		if k == key {
			delete(a.paths, path)
		}
	}
	a.mu.Unlock()
	if acc != nil {
		a.shut(acc)
	}
	a.s.outbox.wakeChannel(ws, channel)
}

// shut closes a connection in its own time: what is under way on it may still end.
func (a *accounts) shut(acc *account) {
	acc.stop()
	a.ends.Go(func() {
		if err := acc.conn.Close(); err != nil {
			a.s.Log.Warn("close a channel", "channel", acc.Name, "error", err)
		}
	})
}

func (a *accounts) close() {
	a.mu.Lock()
	all := a.opened
	a.opened = map[address]*account{}
	a.mu.Unlock()
	for _, acc := range all {
		a.shut(acc)
	}
	a.ends.Wait()
}

// stop stops a channel that its provider refuses, and says why; its queue stays (I12).
func (a *accounts) stop(ws id.Workspace, channel ID, f *Failure) {
	key := accountKey(ws, channel)
	a.mu.Lock()
	acc := a.opened[key]
	if acc == nil || acc.State != ChannelActive {
		a.mu.Unlock()
		return
	}
	off := *acc // at once, before the database knows
	off.State = ChannelError
	a.opened[key] = &off
	a.mu.Unlock()
	a.s.Log.Error("the provider refuses a channel; it is stopped and its messages wait", "channel", channel, "code", f.ProviderCode, "text", f.Text)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := a.s.DB.Tx(ctx, func(tx *db.Tx) error {
		tx.AfterCommit(func() { a.changed(ws, channel) })
		return setState(ctx, tx, ws, channel, ChannelError, f.Code+": "+f.Text)
	})
	a.s.failed(ctx, "stop a channel", err)
}

// simulated says whether a channel reaches no real person.
func (a *accounts) simulated(ctx context.Context, ws id.Workspace, channel ID) bool {
	c, err := readChannel(ctx, a.s.DB, ws, channel)
	if err != nil {
		return false
	}
	return a.s.capabilities(c.Kind).Simulated
}

// byName is the open channel behind a webhook's address.
func (s *Service) byName(ctx context.Context, slug, name string) (*account, error) {
	path := slug + "/" + name
	s.accounts.mu.Lock()
	key, ok := s.accounts.paths[path]
	a := s.accounts.opened[key]
	s.accounts.mu.Unlock()
	if ok && a != nil {
		return a, nil
	}
	ws, err := s.Org.BySlug(ctx, s.DB, slug)
	if err != nil {
		return nil, err
	}
	c, err := readChannelByName(ctx, s.DB, ws.ID, name)
	if err != nil {
		return nil, err
	}
	if a, err = s.accounts.get(ctx, ws.ID, c.ID); err != nil {
		return nil, err
	}
	s.accounts.mu.Lock()
	defer s.accounts.mu.Unlock()
	s.accounts.paths[path] = accountKey(ws.ID, c.ID)
	return a, nil
}

// listen opens every active channel, so that those with a connection receive, and keeps doing so: another node may have
// changed one.
func (a *accounts) listen(ctx context.Context) {
	a.mu.Lock()
	a.ctx = ctx
	for _, acc := range a.opened {
		a.listenTo(acc)
	}
	a.mu.Unlock()
	a.s.every(ctx, 10*time.Second, func(ctx context.Context) {
		list, err := activeChannels(ctx, a.s.DB)
		a.s.failed(ctx, "read the channels", err)
		for _, c := range list {
			a.refresh(ctx, c)
		}
	})
}

// refresh opens a channel, again when another node changed it.
func (a *accounts) refresh(ctx context.Context, c Channel) {
	a.mu.Lock()
	acc := a.opened[accountKey(c.Workspace, c.ID)]
	a.mu.Unlock()
	if acc != nil && acc.Version != c.Version {
		a.changed(c.Workspace, c.ID)
	}
	if c.State == ChannelActive {
		a.open(ctx, c.Workspace, c.ID)
	}
}

// listenTo runs a connection's listener until the channel is closed, starting it again after a failure; mu is held.
func (a *accounts) listenTo(acc *account) {
	l, ok := acc.conn.(Listener)
	if !ok || a.ctx == nil || acc.State != ChannelActive {
		return
	}
	ctx, cancel := context.WithCancel(a.ctx)
	acc.stop = cancel
	a.s.running.Go(func() {
		for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
			err := l.Listen(ctx, func(ctx context.Context, in Intake) error { return a.s.take(ctx, acc.Workspace, acc.ID, in) })
			a.s.failed(ctx, "listen to channel "+acc.Name, err)
			pause(ctx, wait)
		}
	})
}
