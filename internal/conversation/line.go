package conversation

import (
	"context"
	"fmt"

	"parley/internal/db"
)

// AddEventTx adds a line about something that happened to the thread. It counts as unread for nobody and moves nothing in
// the inbox. A line whose key was used before is none.
func (s *Service) AddEventTx(ctx context.Context, tx *db.Tx, e EventLine) error {
	now := s.Clock.Now()
	if e.At.IsZero() || e.At > now {
		e.At = now
	}
	l := line{workspace: e.Workspace, person: e.Person, at: e.At, id: MessageID(s.IDs.New("msg")), direction: Event, author: BySystem,
		due: e.At, detail: detail{Event: &e, ReceivedAt: now}}
	if e.Key != "" {
		l.clientKey = "ev:" + e.Key
		used, err := loadKeys(ctx, tx, e.Workspace, []string{l.clientKey})
		if err != nil || len(used) > 0 {
			return err
		}
	}
	threads, err := loadThreads(ctx, tx, e.Workspace, idsOf(e.Person))
	if err != nil {
		return fmt.Errorf("load the conversation of %s: %w", e.Person, err)
	}
	if t := threads[e.Person]; t != nil && t.open() {
		l.episode = t.episode
	}
	if err := insertLines(ctx, tx, []line{l}); err != nil {
		return fmt.Errorf("add %s to the thread of %s: %w", e.Type, e.Person, err)
	}
	return s.tellMessage(ctx, tx, topicAdded, l)
}
