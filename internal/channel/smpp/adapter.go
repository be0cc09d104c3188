package smpp

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"parley/internal/channel"
)

// Kind is the name of this adapter.
const Kind channel.Kind = "smpp"

// Adapter makes connections to carriers that speak SMPP 3.4.
type Adapter struct{}

// Open checks the settings of an account. The connection is made at the first use, in the background.
func (Adapter) Open(account channel.Account) (channel.Conn, error) {
	o, err := parseOptions(account.Settings)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &conn{account: account, log: account.Log, options: &o, book: newBook(o.ids), ctx: ctx, stop: stop}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.reference.Store(rand.Uint32()) // two processes should not begin with the same
	c.arrivals = newArrivals(c)
	for range o.sessions {
		if o.mode == oneBind {
			c.senders = append(c.senders, c.link(bindTransceiver))
			continue
		}
		c.senders = append(c.senders, c.link(bindTransmitter))
		c.receivers = append(c.receivers, c.link(bindReceiver))
	}
	return c, nil
}

var (
	_ channel.Adapter   = Adapter{}
	_ channel.Conn      = (*conn)(nil)
	_ channel.Submitter = (*conn)(nil)
	_ channel.Listener  = (*conn)(nil)
	_ channel.Finder    = (*conn)(nil)
	_ channel.Checker   = (*conn)(nil)
)

// sink is where units go that the carrier delivered.
type sink func(context.Context, channel.Intake) error

// conn is one account at a carrier, with all its sessions.
type conn struct {
	account   channel.Account
	log       *slog.Logger
	options   *options
	book      *book
	arrivals  *arrivals
	senders   []*link // links that may submit
	receivers []*link // links that only receive
	reference atomic.Uint32
	turn      atomic.Uint32

	ctx  context.Context // ends at Close
	stop context.CancelFunc

	mu       sync.Mutex
	closed   bool
	sending  bool // the links that submit run
	hearing  bool // those that only receive run too
	sink     sink
	sinkCtx  context.Context
	running  sync.WaitGroup // links, and what was spawned
	delivery sync.WaitGroup // units at the sink
}

func (c *conn) link(command command) *link {
	l := newLink(c.options, c.account.Dial, command)
	l.serve = c.arrivals.take
	l.ended = func(s *session) { c.arrivals.doubts.sessionEnded(s, c.account.Clock.Now()) }
	return l
}

// Send submits one message and waits for the carrier's answer.
func (c *conn) Send(ctx context.Context, out channel.Outgoing) (channel.Receipt, error) {
	type result struct {
		receipt channel.Receipt
		err     error
	}
	done := make(chan result, 1)
	f, err := c.submit(ctx, out, func(r channel.Receipt, err error) { done <- result{r, err} })
	if err != nil {
		return channel.Receipt{}, err
	}
	select {
	case r := <-done:
		return r.receipt, r.err
	case <-ctx.Done():
		if f.abandon() {
			return channel.Receipt{}, noAnswer(ctx.Err())
		}
		r := <-done
		return r.receipt, r.err
	}
}

// Submit puts one message into the window. When it returns an error, nothing left and done is never called.
func (c *conn) Submit(ctx context.Context, out channel.Outgoing, done func(channel.Receipt, error)) error {
	_, err := c.submit(ctx, out, done)
	return err
}

func (c *conn) submit(ctx context.Context, out channel.Outgoing, done func(channel.Receipt, error)) (*flight, error) {
	parts, failure := c.options.compose(out, c.account.Clock.Now(), uint16(c.reference.Add(1)))
	if failure != nil {
		return nil, failure
	}
	f := newFlight(c, out, parts, done)
	return f, f.start(ctx)
}

// pick is a session to submit on: they take turns, and one with a free place goes before a full one. While the first
// login is still going on it waits; after that no session means a refusal at once.
func (c *conn) pick(ctx context.Context) (*session, *channel.Failure) {
	if !c.startSending() {
		return nil, notConnected(errClosed, 0)
	}
	first := int(c.turn.Add(1))
	for {
		s, trying, err := c.bound(first)
		if s != nil {
			return s, nil
		}
		if trying == nil {
			return nil, c.unreachable(err)
		}
		select {
		case <-trying:
		case <-ctx.Done():
			return nil, notConnected(ctx.Err(), 0)
		}
	}
}

// bound looks for a session, beginning with the link whose turn it is. trying is closed when a first try has ended.
func (c *conn) bound(first int) (best *session, trying <-chan struct{}, err error) {
	for i := range c.senders {
		l := c.senders[(first+i)%len(c.senders)]
		s, failure := l.session()
		switch {
		case s != nil && len(s.slots) < cap(s.slots) && s.open():
			return s, nil, nil
		case s != nil && best == nil && s.open():
			best = s
		case failure != nil:
			err = failure
		case s == nil:
			trying = l.tried
		}
	}
	return best, trying, err
}

// unreachable is the refusal when no session is there: that of the account if the carrier refused it.
func (c *conn) unreachable(err error) *channel.Failure {
	var f *channel.Failure
	if refusedAccount(err) && errors.As(err, &f) {
		refusal := *f
		return &refusal
	}
	return notConnected(err, c.options.backoff)
}

// Listen takes what the carrier delivers until ctx ends.
func (c *conn) Listen(ctx context.Context, to func(context.Context, channel.Intake) error) error {
	c.mu.Lock()
	if c.closed || c.sink != nil {
		c.mu.Unlock()
		return errors.New("smpp: the connection is closed or already listened to")
	}
	c.sink, c.sinkCtx = to, ctx
	c.mu.Unlock()
	c.startSending()
	c.startHearing()
	select {
	case <-ctx.Done():
	case <-c.ctx.Done():
	}
	c.mu.Lock()
	c.sink = nil
	c.mu.Unlock()
	c.delivery.Wait()
	return nil
}

var errNobodyListens = errors.New("nobody listens")

// toSink hands a unit over; nil means that it is stored.
func (c *conn) toSink(in channel.Intake) error {
	c.mu.Lock()
	to, ctx := c.sink, c.sinkCtx
	if to == nil {
		c.mu.Unlock()
		return errNobodyListens
	}
	c.delivery.Add(1)
	c.mu.Unlock()
	defer c.delivery.Done()
	if len(in.Inbound) == 0 && len(in.Statuses) == 0 {
		return nil
	}
	// What has begun to be stored should be: the end of listening must not make the carrier send it again.
	return to(context.WithoutCancel(ctx), in)
}

// news passes on what came to light after an outcome was reported as unknown. Evidence that cannot be stored is lost:
// the outcome then stays unknown, which is safe.
func (c *conn) news(attempt channel.AttemptID, r channel.Receipt, err error) {
	update := channel.StatusUpdate{Attempt: attempt, ProviderID: r.ProviderID, Status: channel.StatusSent}
	var f *channel.Failure
	if errors.As(err, &f) {
		if f.Policy == channel.Unknown {
			return
		}
		update.Status, update.ProviderCode, update.Text, update.OptedOut = channel.StatusFailed, f.ProviderCode, f.Text, f.OptedOut
	}
	c.spawn(func(context.Context) { _ = c.toSink(channel.Intake{Statuses: []channel.StatusUpdate{update}}) })
}

// spawn runs work that Close waits for. After Close it runs nothing anew, and says so.
func (c *conn) spawn(work func(ctx context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spawnLocked(work)
}

func (c *conn) spawnLocked(work func(ctx context.Context)) bool {
	if !c.closed {
		c.running.Go(func() { work(c.ctx) })
	}
	return !c.closed
}

// startSending starts what Close ends, so it happens whole before Close or not at all.
func (c *conn) startSending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.sending {
		return !c.closed
	}
	c.sending = true
	c.arrivals.start()
	for _, l := range c.senders {
		c.spawnLocked(l.run)
	}
	return true
}

func (c *conn) startHearing() {
	c.mu.Lock()
	begin := !c.hearing
	c.hearing = true
	c.mu.Unlock()
	if begin {
		for _, l := range c.receivers {
			c.spawn(l.run)
		}
	}
}

// Close takes no more messages, waits for the answers to those in flight, logs out, and returns.
func (c *conn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	c.running.Wait() // the sessions wait for the units in work, so the workers end after them
	c.arrivals.stop()
	return nil
}
