package mailbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"parley/internal/db"
	"parley/internal/id"
)

// unit is one transaction that handles items of several people.
type unit struct {
	dropped map[timer]bool // timers set again or cancelled by a handler of this unit
	handled int
	ours    map[who]bool // people whose signals to themselves are handled here too, and not stored before
	more    []Item       // those signals
}

// keep takes the signals that the unit handles itself, and leaves those that must be stored.
func (u *unit) keep(items []Item) []Item {
	if u == nil || len(u.ours) == 0 {
		return items
	}
	return slices.DeleteFunc(items, func(i Item) bool {
		if u.ours[i.who()] {
			u.more = append(u.more, i)
		}
		return u.ours[i.who()]
	})
}

// maxEchoes is how often a unit handles what its handlers sent meanwhile. A handler that answers itself for ever must not
// keep the others waiting.
const maxEchoes = 4

// itemError is a handler that failed. It names the item, so that only its person is set aside.
type itemError struct {
	item  Item
	err   error
	final bool // trying again cannot help
}

func (e *itemError) Error() string { return e.err.Error() }
func (e *itemError) Unwrap() error { return e.err }

// handleAll handles what is due for the people, all in one commit. When a handler fails the commit is repeated without
// its person, who is then handled item by item.
func (m *Mailbox) handleAll(ctx context.Context, found taken) error {
	rest, apart := found.people, []who(nil)
	for len(rest) > 0 && len(apart) < 4 {
		found.people = rest
		err := m.handleTogether(ctx, found)
		if err == nil {
			rest = nil
			break
		}
		var failed *itemError
		if m.isOurs(ctx, err) {
			return err
		}
		if !errors.As(err, &failed) {
			break // nobody knows whose: a queued write failed, or what was done for all
		}
		m.redone.Add(1)
		bad := failed.item.who()
		apart = append(apart, bad)
		rest = without(rest, bad)
	}
	for _, w := range append(apart, rest...) {
		if err := m.handleAlone(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// isOurs says whether the trouble is the database's or the caller's, and no item is to blame.
func (m *Mailbox) isOurs(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, db.ErrUnavailable)
}

func without(people []who, bad who) []who {
	out := make([]who, 0, len(people))
	for _, w := range people {
		if w != bad {
			out = append(out, w)
		}
	}
	return out
}

// handleTogether is one commit for many people.
func (m *Mailbox) handleTogether(ctx context.Context, found taken) error {
	return m.inUnit(ctx, func(tx *db.Tx, u *unit) error {
		items, err := takeAllDue(ctx, tx, found.people, found.until)
		if err != nil {
			return err
		}
		m.hands.missed(found.people, items)
		if !found.more { // else others' items come before what is sent now
			u.ours = map[who]bool{}
			for _, i := range items {
				u.ours[i.who()] = true
			}
		}
		for echoes := 0; len(items) > 0; echoes++ {
			for _, turn := range turns(items) {
				if err := m.handle(ctx, tx, u, turn); err != nil {
					return err
				}
			}
			if items, u.more = u.more, nil; echoes == maxEchoes {
				return m.put(ctx, tx, items)
			}
			sortItems(items)
		}
		return nil
	})
}

// inUnit runs fn as a unit that sends from handlers can find.
func (m *Mailbox) inUnit(ctx context.Context, fn func(*db.Tx, *unit) error) error {
	var u *unit
	err := m.db.Tx(ctx, func(tx *db.Tx) error {
		u = &unit{dropped: map[timer]bool{}}
		m.mu.Lock()
		m.units[tx] = u
		m.mu.Unlock()
		defer func() {
			m.mu.Lock()
			delete(m.units, tx)
			m.mu.Unlock()
		}()
		settle(ctx, tx, m.opts.Lease)
		if err := fn(tx, u); err != nil {
			return err
		}
		m.opts.Faults.Hit("mailbox_before_commit")
		return nil
	})
	if err != nil {
		return err
	}
	m.opts.Faults.Hit("mailbox_after_commit")
	if u.handled > 0 {
		m.handled.Add(int64(u.handled))
		m.commits.Add(1)
	}
	return nil
}

// turns are the items in the order in which they are handled: each turn is of one kind and one workspace and has at most
// one item of a person, and nobody's items change places.
func turns(items []Item) [][]Item {
	type turn struct {
		number    int // of the item among its person's
		workspace id.Workspace
		kind      string
	}
	var order []turn
	lists := map[turn][]Item{}
	last, number := who{}, 0
	for _, item := range items {
		if item.who() != last {
			last, number = item.who(), 0
		}
		t := turn{number, item.Workspace, item.Kind}
		number++
		if lists[t] == nil {
			order = append(order, t)
		}
		lists[t] = append(lists[t], item)
	}
	slices.SortStableFunc(order, func(a, b turn) int { return cmp.Compare(a.number, b.number) })
	out := make([][]Item, len(order))
	for i, t := range order {
		out[i] = lists[t]
	}
	return out
}

// handle runs the handlers of one turn, whose items are removed already: one that sets the same timer again sets a new one.
func (m *Mailbox) handle(ctx context.Context, tx *db.Tx, u *unit, items []Item) error {
	items = slices.DeleteFunc(items, func(i Item) bool { return i.Key != "" && u.dropped[timerOf(i)] })
	if len(items) == 0 {
		return nil
	}
	handlers := m.handlers[items[0].Kind]
	if len(handlers) == 0 {
		return &itemError{items[0], fmt.Errorf("nothing handles %q here", items[0].Kind), true}
	}
	for _, h := range handlers {
		if err := guard(func() error { return h.run(ctx, tx, items) }); err != nil {
			return blamed(items, fmt.Errorf("%s: %w", h.name, err))
		}
	}
	for _, item := range items {
		if item.Attempts > 0 {
			deleteHold(ctx, tx, item.who())
		}
	}
	u.handled += len(items)
	return nil
}

// Blame is the error of a SetHandler that failed because of one item.
func Blame(item Item, err error) error { return &itemError{item: item, err: err} }

// blamed names the item of a failure, if it is known.
func blamed(items []Item, err error) error {
	var known *itemError
	switch {
	case errors.As(err, &known):
		return &itemError{item: known.item, err: err}
	case len(items) == 1:
		return Blame(items[0], err)
	}
	return err
}

// oneByOne makes a handler one of many people.
func oneByOne(h Handler) SetHandler {
	return func(ctx context.Context, tx *db.Tx, items []Item) error {
		for _, item := range items {
			if err := guard(func() error { return h(ctx, tx, item) }); err != nil {
				return Blame(item, err)
			}
		}
		return nil
	}
}

// guard turns a panic of a handler into its error (I6).
func guard(handle func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return handle()
}

// handleAlone handles one person item by item, each in a commit of its own, up to the first that fails.
func (m *Mailbox) handleAlone(ctx context.Context, w who) error {
	for {
		var current Item
		var found bool
		err := m.inUnit(ctx, func(tx *db.Tx, u *unit) error {
			found = false
			got, err := lock(ctx, tx, []who{w})
			if err != nil || len(got) == 0 {
				return err
			}
			items, err := takeFirst(ctx, tx, w, m.clock.Now())
			if err != nil || len(items) == 0 {
				return err
			}
			current, found = items[0], true
			return m.handle(ctx, tx, u, []Item{current})
		})
		switch {
		case err == nil && !found:
			return nil
		case err == nil:
			continue
		case m.isOurs(ctx, err) || !found:
			return err
		}
		goesOn, err := m.blame(ctx, current, err)
		if err != nil || !goesOn {
			return err
		}
	}
}

// blame counts a failed try of the item: it is tried again later, or parked. It is true when the items behind it can go
// on now.
func (m *Mailbox) blame(ctx context.Context, failed Item, cause error) (goesOn bool, err error) {
	var known *itemError
	final := errors.As(cause, &known) && known.final
	err = m.db.Tx(ctx, func(tx *db.Tx) error {
		goesOn = false
		w := failed.who()
		settle(ctx, tx, m.opts.Lease)
		got, err := lock(ctx, tx, []who{w})
		if err != nil || len(got) == 0 {
			return err
		}
		item, found, err := loadItem(ctx, tx, failed)
		if err != nil || !found {
			goesOn = !found // somebody else handled, replaced or cancelled it
			return err
		}
		now := m.clock.Now()
		if final || item.Attempts+1 >= m.opts.MaxAttempts {
			goesOn = true
			m.park(ctx, tx, item, cause, now)
			return nil
		}
		until := now.Add(m.backoff(item.Attempts))
		countAttempt(ctx, tx, item, now, until)
		tx.AfterCommit(func() { m.told(w, until) })
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("count a failed try of %s: %w", failed.ID, err)
	}
	m.failed.Add(1)
	m.opts.Log.Warn("an item failed", "item", failed.ID, "kind", failed.Kind, "workspace", failed.Workspace, "attempts", failed.Attempts+1,
		"parked", goesOn, "error", cause)
	return goesOn, nil
}
