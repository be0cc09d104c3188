package app

import (
	"context"
	"sync"

	"parley/internal/channel"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
)

// ticks tick the checklist of first steps from what really happens. Each step is remembered, so that only the first of
// millions costs anything.
type ticks struct {
	org *org.Service

	mu   sync.Mutex
	done map[tick]bool
}

type tick struct {
	workspace id.Workspace
	step      string
}

func (t *ticks) tx(ctx context.Context, tx *db.Tx, ws id.Workspace, step string) error {
	t.mu.Lock()
	done := t.done[tick{ws, step}]
	t.mu.Unlock()
	if done {
		return nil
	}
	tx.AfterCommit(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.done[tick{ws, step}] = true
	})
	return t.org.TickTx(ctx, tx, ws, step)
}

// received ticks the first text of a customer, and the first real number when it did not come from a simulated phone.
func (t *ticks) received(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var r channel.Received
	if err := item.Decode(&r); err != nil {
		return err
	}
	if !r.Simulated {
		if err := t.tx(ctx, tx, item.Workspace, org.TickChannel); err != nil {
			return err
		}
	}
	return t.tx(ctx, tx, item.Workspace, org.TickInbound)
}

// added ticks the first answer of a member of the team.
func (t *ticks) added(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var a conversation.Added
	if err := item.Decode(&a); err != nil {
		return err
	}
	if a.Direction == conversation.Out && a.Author == conversation.ByAgent {
		return t.tx(ctx, tx, item.Workspace, org.TickReply)
	}
	return nil
}

// happened ticks the first event that somebody outside sent: a shop, or another program.
func (t *ticks) happened(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var e event.Happened
	if err := item.Decode(&e); err != nil {
		return err
	}
	if e.Source == "api" || e.Source == "commerce" {
		return t.tx(ctx, tx, item.Workspace, org.TickEvent)
	}
	return nil
}
