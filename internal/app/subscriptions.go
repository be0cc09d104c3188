package app

import (
	"context"

	"parley/internal/channel"
	"parley/internal/commerce"
	"parley/internal/compliance"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/job"
	"parley/internal/mailbox"
)

// subscribe is the answer to "who reacts to this?". Handlers of one kind run in the order in which they stand here.
func (a *App) subscribe() {
	// message.received, message.settled: the thread first, everybody else after it.
	a.Conversations.Subscribe()

	// event.happened: codes are redeemed before journeys look, so that an order ends a journey with its code known.
	a.Mailbox.Handle(event.Signal, "offer", a.Offers.OnEvent)
	a.Mailbox.Handle(event.Signal, "conversation", a.eventLine)
	a.Commerce.Handle(a.Mailbox)
	a.Journeys.Handle(a.Mailbox)
	a.Surveys.Handle(a.Mailbox) // message.added: what somebody who is asked writes is read when they have finished writing

	// A YES to a double opt-in is an event, so that a journey can welcome whoever gave it.
	a.Mailbox.Handle(conversation.SignalAdded, "consent", a.consentConfirmed)

	// First steps tick themselves off.
	t := &ticks{org: a.Org, done: map[tick]bool{}}
	a.Mailbox.Handle(channel.SignalReceived, "checklist", t.received)
	a.Mailbox.Handle(conversation.SignalAdded, "checklist", t.added)
	a.Mailbox.Handle(event.Signal, "checklist", t.happened)

	// The timeline and the inbox show what other domains know.
	a.People.OnTimeline(a.Conversations.Timeline())
	a.People.OnTimeline(a.Journeys.Timeline())
	a.People.OnTimeline(a.Surveys.Timeline())
	a.Conversations.Decorate(a.withCarts)

	// Held messages about a cart ask again whether it still waits.
	a.Conversations.RegisterStillTrue("cart", a.cartStill)

	// Work that belongs to no person.
	a.Jobs.Handle("org.sweep", func(ctx context.Context, _ job.Job) error { return a.Org.Sweep(ctx) })
	a.Jobs.Handle("feed.trim", func(ctx context.Context, _ job.Job) error { return a.Feed.Trim(ctx) })
	a.Jobs.Every("commerce.reconcile", commerce.ReconcileEvery)
	a.Jobs.Every("org.sweep", a.Config.SweepEvery)
	a.Jobs.Every("feed.trim", a.Config.SweepEvery)
}

// eventLine shows what happened as a line in the thread.
func (a *App) eventLine(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var e event.Happened
	if err := item.Decode(&e); err != nil {
		return err
	}
	title, known := event.Title(e.Type)
	if !known {
		return nil
	}
	return a.Conversations.AddEventTx(ctx, tx, conversation.EventLine{Workspace: item.Workspace, Person: item.Person, At: e.At,
		Key: "event:" + string(e.EventID), Type: e.Type, Title: title, Props: e.Props})
}

// consentConfirmed puts a confirmed opt-in on the person's timeline. The word counts as a YES only when one was waited for.
func (a *App) consentConfirmed(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var m conversation.Added
	if err := item.Decode(&m); err != nil {
		return err
	}
	if m.Direction != conversation.In || m.Intent != string(compliance.Yes) {
		return nil
	}
	_, err := a.Events.IngestTx(ctx, tx, item.Workspace, "consent", []event.Incoming{{
		Type: "consent_confirmed", Person: event.Who{ID: item.Person}, At: m.At, Key: "consent_confirmed:" + string(m.Message),
		Props: map[string]any{"message_id": string(m.Message), "by": "text"},
	}})
	return err
}

// cartStill answers the gate for cart tokens.
func (a *App) cartStill(ctx context.Context, q db.Queryer, ws id.Workspace, tokens []string) (map[string]conversation.Still, error) {
	found, err := a.Commerce.StillOpen(ctx, q, ws, tokens)
	out := make(map[string]conversation.Still, len(found))
	for token, over := range found {
		out[token] = conversation.Still{Gone: over.Code != "", Code: over.Code, Reason: over.Text, Since: over.Since}
	}
	return out, err
}

// withCarts shows in the inbox which cart is open.
func (a *App) withCarts(ctx context.Context, q db.Queryer, ws id.Workspace, rows []*conversation.Conversation) error {
	persons := make([]id.Person, len(rows))
	for i, r := range rows {
		persons[i] = r.Person
	}
	carts, err := a.Commerce.OpenCarts(ctx, q, ws, persons)
	for _, r := range rows {
		if c, ok := carts[r.Person]; ok {
			r.Cart = &conversation.CartRef{ID: string(c.ID), State: string(c.State), Total: c.Total}
		}
	}
	return err
}
