package conversation

import (
	"context"
	"fmt"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/feed"
	"parley/internal/id"
)

// store writes the thread, the outbox and the news of the batch.
func (b *batch) store(ctx context.Context, tx *db.Tx) error {
	for i := range b.lines {
		if t := b.locked[b.lines[i].person]; t != nil && b.lines[i].kind.conversational() {
			speak(ctx, tx, t, &b.lines[i])
		}
	}
	if err := insertLines(ctx, tx, b.lines); err != nil {
		return fmt.Errorf("write messages: %w", err)
	}
	if len(b.out) > 0 {
		if err := b.s.Channels.EnqueueTx(ctx, tx, b.out); err != nil {
			return fmt.Errorf("hand messages to the outbox: %w", err)
		}
	}
	for _, t := range b.held {
		saveThread(ctx, tx, t)
	}
	return b.tell(ctx, tx)
}

// speak gives a message its place in the conversation, and lets it change what it changes there.
func speak(ctx context.Context, tx *db.Tx, t *thread, l *line) {
	l.seq = t.next()
	if l.state == StateDropped {
		return
	}
	t.lastAt = max(t.lastAt, l.at)
	if t.open() {
		l.episode = t.episode
		countMessage(ctx, tx, t)
	}
	if l.kind != KindReply {
		return
	}
	// Only a person's answer ends the wait for a person (IN-1); it also takes the floor from the bot.
	t.waitingSince, t.handled = 0, t.inbound
	if t.open() {
		t.floor = FloorMember
	}
}

// tell puts the news on the feed: each message by itself, or one line for a bulk.
func (b *batch) tell(ctx context.Context, tx *db.Tx) error {
	if len(b.lines) == 0 {
		return nil
	}
	if len(b.lines) > 1 {
		return b.tellBulk(ctx, tx)
	}
	l := b.lines[0]
	if err := b.s.tellMessage(ctx, tx, topicAdded, l); err != nil {
		return err
	}
	if t := b.locked[l.person]; t != nil && l.kind.conversational() {
		return b.s.tellConversation(ctx, tx, t)
	}
	return nil
}

func (b *batch) tellBulk(ctx context.Context, tx *db.Tx) error {
	persons := make([]id.Person, len(b.lines))
	for i, l := range b.lines {
		persons[i] = l.person
	}
	return b.s.Feed.AppendTx(ctx, tx, feed.Event{Workspace: b.ws, Topic: topicAdded, Body: bulkNews{Persons: distinct(persons)}})
}

// The topics of the feed that this package writes.
const (
	topicConversation = "conversation.changed"
	topicAdded        = "message.added"
	topicChanged      = "message.changed"
	topicPresence     = "presence.changed"
)

// bulkNews is the body of a feed event about many people at once.
type bulkNews struct {
	Persons []id.Person `json:"person_ids"`
}

// conversationNews is the body of conversation.changed.
type conversationNews struct {
	Status  Status     `json:"status"`
	Floor   Floor      `json:"floor"`
	Owner   string     `json:"owner_id"`
	Waiting clock.Time `json:"waiting_since"`
	Seq     int64      `json:"seq"`
	Version int64      `json:"version"`
}

// messageNews is the body of message.added and message.changed.
type messageNews struct {
	Message Message `json:"message"`
}

func (s *Service) tellMessage(ctx context.Context, tx *db.Tx, topic string, l line) error {
	err := s.Feed.AppendTx(ctx, tx, feed.Event{Workspace: l.workspace, Topic: topic, Person: l.person,
		Body: messageNews{l.message(channel.Sent{}, false, s.Clock.Now())}})
	if err != nil {
		return fmt.Errorf("tell the feed of message %s: %w", l.id, err)
	}
	return nil
}

func (s *Service) tellConversation(ctx context.Context, tx *db.Tx, t *thread) error {
	err := s.Feed.AppendTx(ctx, tx, feed.Event{Workspace: t.workspace, Topic: topicConversation, Person: t.person,
		Body: conversationNews{t.status, t.floor, string(t.owner), t.waitingSince, t.seq, t.version}})
	if err != nil {
		return fmt.Errorf("tell the feed of the conversation of %s: %w", t.person, err)
	}
	return nil
}
