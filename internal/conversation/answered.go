package conversation

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/org"
)

// HeldByPeople says whether a member of the team has the person's conversation, so that automation neither reads nor asks,
// and whether the person waits for one, so that it does not ask. The conversation stays as it is until the transaction ends.
func (s *Service) HeldByPeople(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person) (held, waits bool, err error) {
	t, err := lockThread(ctx, tx, ws, person)
	if err != nil || !t.open() {
		return false, false, err
	}
	return t.floor == FloorMember || t.owner != "", !t.waitingSince.IsZero(), nil
}

// TakeAnswerTx notes that what the person wrote since a moment was read as an answer: nobody of the team has to read it,
// and the bot speaks next. A person who waited for a human before that goes on waiting.
func (s *Service) TakeAnswerTx(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, since clock.Time) error {
	t, err := lockThread(ctx, tx, ws, person)
	if err != nil {
		return err
	}
	if !t.waitingSince.IsZero() && t.waitingSince < since {
		return nil
	}
	t.waitingSince, t.handled = 0, t.inbound
	if t.open() {
		t.floor = FloorBot
	}
	saveThread(ctx, tx, t)
	return s.tellConversation(ctx, tx, t)
}

// EndAnswersTx closes the work that was only about answers, when the last one was read.
func (s *Service) EndAnswersTx(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, result string) error {
	t, err := lockThread(ctx, tx, ws, person)
	if err != nil || !t.open() || t.floor != FloorBot || t.owner != "" || !t.waitingSince.IsZero() {
		return err
	}
	s.closeTx(ctx, tx, t, org.System(ws), result, "")
	saveThread(ctx, tx, t)
	mirrorEpisode(ctx, tx, t)
	return s.tellConversation(ctx, tx, t)
}
