package conversation

import (
	"context"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
)

// SignalHandedOver tells that a member sent a prepared text; its body is HandedOver.
const SignalHandedOver = "handover.sent"

// HandOver is a text that a journey prepared for a member of the team, who may change it and sends it.
type HandOver struct {
	Send   Send // the text with what it rests on; JourneyRun and Step name it
	Title  string
	MadeAt clock.Time
	Until  clock.Time // after this the journey goes on without anybody
}

// HandedOver is the body of SignalHandedOver.
type HandedOver struct {
	Run     string       `json:"run"`
	Step    string       `json:"step"`
	Member  org.MemberID `json:"member_id"`
	Message MessageID    `json:"message_id"`
}

// HandOverTx puts a prepared text before the team: the conversation is work, and whoever opens it finds the text.
func (s *Service) HandOverTx(ctx context.Context, tx *db.Tx, h HandOver) error {
	now := s.Clock.Now()
	fresh, err := insertHandover(ctx, tx, h, now)
	if err != nil || !fresh {
		return err
	}
	t, err := lockThread(ctx, tx, h.Send.Workspace, h.Send.Person)
	if err != nil {
		return err
	}
	if !t.open() {
		if err := s.openEpisode(ctx, tx, t, now, ""); err != nil {
			return err
		}
	}
	if t.waitingSince.IsZero() {
		t.waitingSince = now
	}
	t.lastAt = max(t.lastAt, now)
	saveThread(ctx, tx, t)
	mirrorEpisode(ctx, tx, t)
	err = s.AddEventTx(ctx, tx, EventLine{Workspace: t.workspace, Person: t.person, Type: "handover.prepared", Title: "A text is prepared: " + h.Title,
		Key: "handover:" + h.Send.JourneyRun + ":" + h.Send.Step, Props: map[string]any{"until": h.Until, "text": h.Send.Text}})
	if err != nil {
		return err
	}
	return s.tellConversation(ctx, tx, t)
}

// WithdrawTx takes a prepared text back that nobody sent in time. Work that was only about it is closed.
func (s *Service) WithdrawTx(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, run, step string) error {
	ended, err := endHandover(ctx, tx, HandOver{Send: Send{Workspace: ws, Person: person, JourneyRun: run, Step: step}}, "withdrawn")
	if err != nil || !ended {
		return err
	}
	t, err := lockThread(ctx, tx, ws, person)
	if err != nil {
		return err
	}
	left, err := openHandovers(ctx, tx, ws, person)
	if err != nil {
		return err
	}
	if t.open() && t.owner == "" && t.handled == t.inbound && len(left) == 0 {
		s.closeTx(ctx, tx, t, org.System(ws), "prepared text not sent", "")
	}
	saveThread(ctx, tx, t)
	mirrorEpisode(ctx, tx, t)
	return s.tellConversation(ctx, tx, t)
}

// Prepared are the prepared texts of a person that wait for somebody.
func (s *Service) Prepared(ctx context.Context, actor org.Actor, person id.Person) ([]HandOver, error) {
	if err := s.mustSee(ctx, s.DB, actor, person); err != nil {
		return nil, err
	}
	return openHandovers(ctx, s.DB, actor.Workspace, person)
}

// errPreparedGone is returned when a prepared text was sent by a colleague or withdrawn meanwhile.
var errPreparedGone = errs.New(errs.Conflict, "prepared_gone",
	"The prepared text was sent by a colleague or withdrawn meanwhile. Nothing was sent; look at the conversation again.")

// preparedFor finds the prepared text that a reply wants to send.
func (s *Service) preparedFor(ctx context.Context, tx *db.Tx, t *thread, r Reply) (HandOver, error) {
	open, err := openHandovers(ctx, tx, t.workspace, t.person)
	if err != nil {
		return HandOver{}, err
	}
	for _, h := range open {
		if h.Send.JourneyRun+":"+h.Send.Step == r.Prepared {
			return h, nil
		}
	}
	return HandOver{}, errPreparedGone
}

// preparedSent ends a prepared text and tells the journey that it was sent.
func (s *Service) preparedSent(ctx context.Context, tx *db.Tx, h HandOver, member org.MemberID, message MessageID) error {
	ended, err := endHandover(ctx, tx, h, "sent")
	if err != nil {
		return fmt.Errorf("end the prepared text: %w", err)
	}
	if !ended {
		return errPreparedGone
	}
	return s.Mailbox.SendTx(ctx, tx, mailbox.Signal{Workspace: h.Send.Workspace, Person: h.Send.Person, Kind: SignalHandedOver,
		Body: HandedOver{h.Send.JourneyRun, h.Send.Step, member, message}})
}

// LastAgent is the member who wrote last to a person between two moments; empty when nobody did.
func (s *Service) LastAgent(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person, from, to clock.Time) (org.MemberID, error) {
	return lastAgent(ctx, q, ws, person, from, to)
}
