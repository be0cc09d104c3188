package conversation

import (
	"context"

	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/org"
)

// takeOverTx gives the floor to a member. The bot is silent from the commit on: what it has queued is taken back here, and
// what it says later is refused by the gate (CV-10).
func (s *Service) takeOverTx(ctx context.Context, tx *db.Tx, t *thread, actor org.Actor) error {
	if !t.open() {
		return errNoFloor
	}
	if t.floor == FloorMember && t.owner == actor.Member {
		return nil
	}
	t.floor, t.owner = FloorMember, actor.Member
	pending, err := botLines(ctx, tx, t.workspace, t.person, s.Clock.Now().Add(-memory))
	if err != nil {
		return err
	}
	for _, l := range pending {
		back, err := s.Channels.CancelTx(ctx, tx, t.workspace, l.id, "floor_taken")
		if err != nil {
			return err
		}
		if back {
			l.detail.Reason, l.detail.StateAt = &Reason{Code: "floor_taken", Text: "Not sent, because " + actor.Name + " took over."}, s.Clock.Now()
			saveChange(ctx, tx, t.workspace, change{message: l.id, state: StateDropped, code: "floor_taken", due: l.due, detail: &l.detail})
		}
	}
	return s.lineTx(ctx, tx, t, "floor.taken", actor.Name+" took over")
}

// handBackTx gives the floor back to the bot, on purpose only.
func (s *Service) handBackTx(ctx context.Context, tx *db.Tx, t *thread, actor org.Actor) error {
	if !t.open() {
		return errNoFloor
	}
	t.floor, t.owner, t.waitingSince = FloorBot, "", 0
	return s.lineTx(ctx, tx, t, "floor.bot", "Handed to the bot by "+actor.Name)
}

// GrantFloorTx gives the floor to the bot when a conversation is open and no member has it. It is false when a member has.
func (s *Service) GrantFloorTx(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person) (bool, error) {
	t, err := lockThread(ctx, tx, ws, person)
	if err != nil {
		return false, err
	}
	if !t.open() || t.floor == FloorMember || t.owner != "" {
		return false, nil
	}
	if t.floor == FloorBot {
		return true, nil
	}
	t.floor = FloorBot
	saveThread(ctx, tx, t)
	return true, s.tellConversation(ctx, tx, t)
}

// HandToPeopleTx gives a conversation from the bot, or from a journey, to people: from now on the person waits for a
// human. why is a sentence for the thread.
func (s *Service) HandToPeopleTx(ctx context.Context, tx *db.Tx, h Handover) error {
	t, err := lockThread(ctx, tx, h.Workspace, h.Person)
	if err != nil {
		return err
	}
	if !t.open() {
		if err := s.openEpisode(ctx, tx, t, s.Clock.Now(), h.Owner); err != nil {
			return err
		}
	}
	t.status, t.snoozedUntil, t.floor = Open, 0, FloorNone
	if h.Owner != "" {
		t.owner, t.floor = h.Owner, FloorMember
	}
	if t.waitingSince.IsZero() {
		t.waitingSince = s.Clock.Now()
	}
	if h.Topic != "" {
		setTopic(ctx, tx, t, h.Topic)
	}
	saveThread(ctx, tx, t)
	mirrorEpisode(ctx, tx, t)
	if err := s.lineTx(ctx, tx, t, "floor.people", h.Why); err != nil {
		return err
	}
	return s.tellConversation(ctx, tx, t)
}

// Handover is a conversation that is given to people.
type Handover struct {
	Workspace id.Workspace
	Person    id.Person
	Owner     org.MemberID // empty: whoever takes it
	Topic     string
	Why       string
}
