package mailbox

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// Signal says that something happened to a person. It is due at once.
type Signal struct {
	Workspace id.Workspace
	Person    id.Person
	Kind      string
	Body      any // marshalled to JSON
}

// Timer is a time at which to look at a person again. There is one per (person, kind, key).
type Timer struct {
	Workspace id.Workspace
	Person    id.Person
	Kind      string
	Key       string // not empty
	Due       clock.Time
	Body      any // marshalled to JSON
}

// SendTx puts the signal into the mailbox with the transaction. A handler that sends to the person it handles gets the
// signal after all items that were due when it began, and as a rule in the same transaction.
func (m *Mailbox) SendTx(ctx context.Context, tx *db.Tx, s Signal) error {
	return m.SendAllTx(ctx, tx, []Signal{s})
}

// SendAllTx is SendTx for many signals, in their order.
func (m *Mailbox) SendAllTx(ctx context.Context, tx *db.Tx, signals []Signal) error {
	if len(signals) == 0 {
		return nil
	}
	now := m.clock.Now()
	items := make([]Item, len(signals))
	for i, s := range signals {
		item, err := m.item(who{s.Workspace, s.Person}, s.Kind, s.Body)
		if err != nil {
			return err
		}
		item.Due = now
		items[i] = item
	}
	if err := m.put(ctx, tx, m.unit(tx).keep(items)); err != nil {
		return fmt.Errorf("send %s: %w", signals[0].Kind, err)
	}
	return nil
}

// put stores signals that are due now.
func (m *Mailbox) put(ctx context.Context, tx *db.Tx, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	tx.AfterCommit(func() {
		for _, i := range items {
			m.told(i.who(), i.Due)
		}
	})
	return insertItems(ctx, tx, items)
}

// SetTimerTx sets the timer with the transaction. One of the same person, kind and key is replaced, also if it is due.
func (m *Mailbox) SetTimerTx(ctx context.Context, tx *db.Tx, t Timer) error {
	if t.Key == "" {
		return fmt.Errorf("set timer %s: it needs a key", t.Kind)
	}
	if t.Due.IsZero() {
		return fmt.Errorf("set timer %s: it needs a time", t.Kind)
	}
	item, err := m.item(who{t.Workspace, t.Person}, t.Kind, t.Body)
	if err != nil {
		return err
	}
	item.Key, item.Due = t.Key, t.Due
	m.drop(tx, timerOf(item))
	upsertTimer(ctx, tx, item)
	tx.AfterCommit(func() { m.told(item.who(), t.Due) })
	return nil
}

// CancelTimerTx takes the timer back with the transaction; it is no error when there is none. On PostgreSQL it waits for a
// worker that is just handling it.
func (m *Mailbox) CancelTimerTx(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, kind, key string) error {
	if key == "" {
		return fmt.Errorf("cancel timer %s: it needs a key", kind)
	}
	m.drop(tx, timer{who{ws, person}, kind, key})
	deleteTimer(ctx, tx, ws, person, kind, key)
	return nil
}

// item is a fresh item with the body marshalled.
func (m *Mailbox) item(w who, kind string, body any) (Item, error) {
	if w.workspace == "" || w.person == "" || kind == "" {
		return Item{}, fmt.Errorf("send %q: it needs a workspace, a person and a kind", kind)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return Item{}, fmt.Errorf("send %s: %w", kind, err)
	}
	return Item{ID: m.ids.New("itm"), Workspace: w.workspace, Person: w.person, Kind: kind, Body: raw}, nil
}

// timer names a timer.
type timer struct {
	who
	kind, key string
}

func timerOf(i Item) timer { return timer{i.who(), i.Kind, i.Key} }

// drop tells the unit under way in tx, if any, that a timer it may have loaded does not count any more.
func (m *Mailbox) drop(tx *db.Tx, t timer) {
	if u := m.unit(tx); u != nil {
		u.dropped[t] = true
	}
}

// unit is the one under way in tx; nil outside of handlers.
func (m *Mailbox) unit(tx *db.Tx) *unit {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.units[tx]
}
