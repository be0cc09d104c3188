package org

import (
	"context"

	"parley/internal/db"
	"parley/internal/id"
)

// The steps of the checklist, ticked by whoever sees them happen.
const (
	TickInbound   = "inbound"   // the first text of a customer arrived
	TickReply     = "reply"     // somebody answered
	TickEvent     = "event"     // a shop or another program sent an event
	TickChannel   = "channel"   // a real number is connected
	TickColleague = "colleague" // somebody who was invited joined
)

// ChecklistItem is a step of the checklist.
type ChecklistItem struct {
	Key, Title, Link string
	Done             bool
}

func checklist() []ChecklistItem {
	return []ChecklistItem{
		{Key: TickInbound, Title: "Receive a text from a simulated phone", Link: "/sim"},
		{Key: TickReply, Title: "Answer it", Link: "/inbox"},
		{Key: TickEvent, Title: "Connect your shop, or send an event", Link: "/settings/shop"},
		{Key: TickChannel, Title: "Connect a number", Link: "/settings/channels"},
		{Key: TickColleague, Title: "Invite a colleague", Link: "/settings/team"},
	}
}

// TickTx notes that a step has happened. It may be called each time it happens: only the first counts.
func (s *Service) TickTx(ctx context.Context, tx *db.Tx, ws id.Workspace, key string) error {
	fresh, err := insertTick(ctx, tx, ws, key, s.clock.Now())
	if err != nil || !fresh {
		return wrap(err, "tick %s", key)
	}
	return s.changed(ctx, tx, ws)
}

// Checklist is where the workspace stands.
func (s *Service) Checklist(ctx context.Context, ws id.Workspace) ([]ChecklistItem, error) {
	done, err := ticksOf(ctx, s.db, ws)
	items := checklist()
	for i := range items {
		items[i].Done = done[items[i].Key] != 0
	}
	return items, wrap(err, "read the checklist of %s", ws)
}

// HideChecklist hides it for the actor alone, or shows it again.
func (s *Service) HideChecklist(ctx context.Context, actor Actor, hidden bool) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		m, err := memberByID(ctx, tx, actor.Workspace, actor.Member)
		if err != nil {
			return err
		}
		m.checklistHidden = hidden
		return updateMember(ctx, tx, m)
	})
	return wrap(err, "hide the checklist")
}
