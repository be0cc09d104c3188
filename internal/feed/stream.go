package feed

import (
	"context"
	"errors"
	"sync"

	"parley/internal/errs"
	"parley/internal/id"
)

// ErrSlow is why a subscriber was cut off that did not read for too long.
var ErrSlow = errs.New(errs.TooMany, "feed_slow", "The connection could not keep up and was closed. Nothing is lost: connect again with the last number.")

// errGap cuts off everybody when events were trimmed before they could be handed out.
var errGap = errs.New(errs.Conflict, "feed_gap", "Events are gone that were not handed out yet. Connect again with the last number.")

// readLimit is how many events the feed reads at once for all subscribers of a workspace.
const readLimit = 500

// stream is a workspace that somebody follows.
type stream struct {
	last int64 // number of the last event handed out
	subs map[*Subscription]bool
}

// Subscription is one follower of a workspace.
type Subscription struct {
	feed   *Feed
	ws     id.Workspace
	events chan *Event

	once sync.Once
	err  error // why it was cut off; written before events is closed
}

// Events are what was appended after Subscribe returned, in order without a gap. Events are shared: do not change them.
// The channel is closed when the subscriber is cut off or closed.
func (s *Subscription) Events() <-chan *Event { return s.events }

// Err is why the channel was closed: ErrSlow when this subscriber was too slow. Ask when the channel is closed.
func (s *Subscription) Err() error { return s.err }

// Close ends the subscription. It may be called twice.
func (s *Subscription) Close() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.feed.cut(s, nil)
}

// Subscribe follows the workspace. To miss nothing, subscribe first, then read Since the last number known, then the
// subscription, leaving out numbers already seen.
func (f *Feed) Subscribe(ctx context.Context, ws id.Workspace) (*Subscription, error) {
	head, err := findHead(ctx, f.db, ws)
	if err != nil {
		return nil, err
	}
	s := &Subscription{feed: f, ws: ws, events: make(chan *Event, f.opts.Buffer)}
	f.mu.Lock()
	st := f.streams[ws]
	if st == nil {
		st = &stream{last: head, subs: map[*Subscription]bool{}}
		f.streams[ws] = st
		f.dirty[ws] = true // what came since the look at the head
	}
	st.subs[s] = true
	f.mu.Unlock()
	f.call()
	return s, nil
}

// Subscribers is how many follow now, for metrics.
func (f *Feed) Subscribers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, st := range f.streams {
		n += len(st.subs)
	}
	return n
}

// cut ends a subscription; the caller holds the lock. What it did not read is let go at once: it resumes by number.
func (f *Feed) cut(s *Subscription, why error) {
	s.once.Do(func() {
		if st := f.streams[s.ws]; st != nil {
			delete(st.subs, s)
			if len(st.subs) == 0 {
				delete(f.streams, s.ws)
				delete(f.dirty, s.ws)
			}
		}
		s.err = why
		for why != nil && len(s.events) > 0 {
			select {
			case <-s.events:
			default:
			}
		}
		close(s.events)
	})
}

// Run hands out what is appended until ctx ends, and returns nil then.
func (f *Feed) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		polled := f.clock.Now().Add(f.opts.Poll)
		if err := f.clock.Wait(ctx, polled, f.wake); err != nil {
			return nil //nolint:nilerr // asked to stop
		}
		f.deliver(ctx, !f.clock.Now().Before(polled))
	}
	return nil
}

// deliver reads what is new in the workspaces that were told of, or in all that are followed.
func (f *Feed) deliver(ctx context.Context, all bool) {
	f.mu.Lock()
	var told []id.Workspace
	for ws := range f.streams {
		if all || f.dirty[ws] {
			told = append(told, ws)
		}
	}
	clear(f.dirty)
	f.mu.Unlock()
	for _, ws := range told {
		if err := f.deliverTo(ctx, ws); err != nil && ctx.Err() == nil {
			f.opts.Log.Error("the feed could not be read; it is read again", "workspace", ws, "error", err)
			f.mu.Lock()
			if f.streams[ws] != nil {
				f.dirty[ws] = true // with the next event or the poll
			}
			f.mu.Unlock()
		}
	}
}

// deliverTo hands out what is new in one workspace. What is read is what is handed out, so that the order holds whoever
// appended.
func (f *Feed) deliverTo(ctx context.Context, ws id.Workspace) error {
	for {
		f.mu.Lock()
		st := f.streams[ws]
		f.mu.Unlock()
		if st == nil {
			return nil
		}
		events, err := listEvents(ctx, f.db, ws, st.last, readLimit) // only Run changes last
		if err != nil {
			return err
		}
		f.handOut(ws, st, events)
		if len(events) < readLimit {
			return nil
		}
	}
}

func (f *Feed) handOut(ws id.Workspace, st *stream, events []Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.streams[ws] != st {
		return // everybody left, and perhaps somebody came, who starts at a head of their own
	}
	for i := range events {
		e := &events[i]
		why := error(ErrSlow)
		if e.Seq != st.last+1 {
			why = errGap
		}
		for s := range st.subs {
			if errors.Is(why, errGap) {
				f.cut(s, why)
				continue
			}
			select {
			case s.events <- e:
			default:
				f.cut(s, why)
			}
		}
		st.last = e.Seq
	}
}
