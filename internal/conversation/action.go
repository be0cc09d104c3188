package conversation

import (
	"context"
	"fmt"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
)

// ActionKind is something that a member does to a conversation.
type ActionKind string

// The actions.
const (
	Assign   ActionKind = "assign"
	Claim    ActionKind = "claim"
	Finish   ActionKind = "close"
	Reopen   ActionKind = "reopen"
	Snooze   ActionKind = "snooze"
	Read     ActionKind = "read"
	Unread   ActionKind = "unread"
	TakeOver ActionKind = "take_over"
	HandBack ActionKind = "hand_back"
	Topic    ActionKind = "topic"
	Tag      ActionKind = "tag"
)

// Action is an action with what it needs.
type Action struct {
	Kind   ActionKind
	Member org.MemberID // of assign; empty takes the owner away
	Until  clock.Time   // of snooze
	Result string       // of close
	Reason string       // of close
	Topic  string
	Add    []string // of tag
	Remove []string
}

// undoWithin is how long an action can be undone.
const undoWithin = 10 * time.Minute

// maxSnooze is how far ahead a conversation can be put.
const maxSnooze = 366 * 24 * time.Hour

// Done is what an action did.
type Done struct {
	Count int64  `json:"count"`
	Undo  string `json:"undo_token,omitempty" doc:"for POST /undo/{token}; empty when there is nothing to undo"`
}

// Do does something to one conversation.
func (s *Service) Do(ctx context.Context, actor org.Actor, person id.Person, a Action) (Done, error) {
	var out Done
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := s.mustSee(ctx, tx, actor, person); err != nil {
			return err
		}
		var err error
		out, err = s.doAll(ctx, tx, actor, []id.Person{person}, a, s.IDs.Secret(16))
		return err
	})
	return out, err
}

// doAll does something to conversations and keeps under the token what is needed to undo it.
func (s *Service) doAll(ctx context.Context, tx *db.Tx, actor org.Actor, persons []id.Person, a Action, token string) (Done, error) {
	if err := s.checkAction(ctx, tx, actor, a); err != nil {
		return Done{}, err
	}
	var steps []step
	for _, person := range distinct(persons) {
		st, err := s.doOne(ctx, tx, actor, person, a)
		if err != nil {
			return Done{}, fmt.Errorf("%s of the conversation of %s: %w", a.Kind, person, err)
		}
		if st != nil {
			steps = append(steps, *st)
		}
	}
	out := Done{Count: int64(len(persons))}
	if len(steps) == 0 {
		return out, nil
	}
	now := s.Clock.Now()
	trimSteps(ctx, tx, now)
	out.Undo = token
	return out, saveSteps(ctx, tx, undoSet{actor.Workspace, token, a.Kind, now.Add(undoWithin), steps})
}

func (s *Service) checkAction(ctx context.Context, q db.Queryer, actor org.Actor, a Action) error {
	now := s.Clock.Now()
	switch a.Kind {
	case Assign:
		if a.Member == "" {
			return nil
		}
		m, err := s.Org.Member(ctx, q, actor.Workspace, a.Member)
		if err != nil || m.Disabled || !m.Role.Can(org.ConversationReply) {
			return errBadMember
		}
	case Claim, TakeOver:
		if actor.Member == "" || !actor.Can(org.ConversationReply) {
			return errBadMember
		}
	case Snooze:
		if a.Until <= now || a.Until > now.Add(maxSnooze) {
			return errSnoozePast
		}
	case Finish, Reopen, Read, Unread, HandBack, Tag:
	case Topic:
		if len(a.Topic) > 120 {
			return errs.New(errs.Invalid, "topic_long", "A topic has at most 120 bytes. Nothing was changed.")
		}
	default:
		return errs.New(errs.Invalid, "action_unknown", "There is no such action.")
	}
	return nil
}

// doOne does it to one conversation; the step is nil when there is nothing to undo.
func (s *Service) doOne(ctx context.Context, tx *db.Tx, actor org.Actor, person id.Person, a Action) (*step, error) {
	if a.Kind == Tag {
		_, err := s.People.UpdateTx(ctx, tx, actor.Workspace, person, people.Update{AddTags: a.Add, RemoveTags: a.Remove, Source: actor.Ref()})
		return nil, err
	}
	t, err := lockThread(ctx, tx, actor.Workspace, person)
	if err != nil {
		return nil, err
	}
	was := beforeOf(t)
	if err := s.change(ctx, tx, t, actor, a); err != nil {
		return nil, err
	}
	saveThread(ctx, tx, t)
	mirrorEpisode(ctx, tx, t)
	if err := s.tellConversation(ctx, tx, t); err != nil {
		return nil, err
	}
	if beforeOf(t) == was || a.Kind == Read || a.Kind == Unread {
		return nil, nil
	}
	return &step{person: person, member: actor.Member, version: t.version, before: was}, nil
}

// change applies an action to a locked conversation.
func (s *Service) change(ctx context.Context, tx *db.Tx, t *thread, actor org.Actor, a Action) error {
	switch a.Kind {
	case Assign:
		return s.assignTx(ctx, tx, t, actor, a.Member)
	case Claim:
		if t.owner != "" && t.owner != actor.Member {
			return errClaimed
		}
		return s.assignTx(ctx, tx, t, actor, actor.Member)
	case Finish:
		s.closeTx(ctx, tx, t, actor, a.Result, a.Reason)
	case Reopen:
		return s.reopenTx(ctx, tx, t, actor)
	case Snooze:
		return s.snoozeTx(ctx, tx, t, actor, a.Until)
	case Read:
		saveSeen(ctx, tx, seenRow{t.workspace, t.person, actor.Member, t.inbound, t.seq, false})
	case Unread:
		saveSeen(ctx, tx, seenRow{t.workspace, t.person, actor.Member, t.handled, t.seq, true})
	case TakeOver:
		return s.takeOverTx(ctx, tx, t, actor)
	case HandBack:
		return s.handBackTx(ctx, tx, t, actor)
	case Topic:
		setTopic(ctx, tx, t, a.Topic)
	}
	return nil
}

func (s *Service) assignTx(ctx context.Context, tx *db.Tx, t *thread, actor org.Actor, to org.MemberID) error {
	if t.owner == to {
		return nil
	}
	if t.number == 0 || t.status == Quiet {
		if err := s.openEpisode(ctx, tx, t, s.Clock.Now(), to); err != nil {
			return err
		}
	}
	t.owner = to
	title := "Given back to everybody by " + actor.Name
	if to == actor.Member && to != "" {
		title = "Taken by " + actor.Name
	} else if to != "" {
		m, err := s.Org.Member(ctx, tx, t.workspace, to)
		if err != nil {
			return err
		}
		title = "Given to " + m.Name + " by " + actor.Name
	}
	return s.lineTx(ctx, tx, t, "conversation.assigned", title)
}

// lineTx adds a line to a locked conversation's thread.
func (s *Service) lineTx(ctx context.Context, tx *db.Tx, t *thread, kind, title string) error {
	return s.AddEventTx(ctx, tx, EventLine{Workspace: t.workspace, Person: t.person, Type: kind, Title: title})
}

// closeTx ends the work in hand. Nobody waits any more, and everything counts as read.
func (s *Service) closeTx(ctx context.Context, tx *db.Tx, t *thread, actor org.Actor, result, reason string) {
	if !t.open() {
		return
	}
	t.status, t.closedAt, t.snoozedUntil = Closed, s.Clock.Now(), 0
	t.waitingSince, t.handled, t.floor, t.needsReview = 0, t.inbound, FloorNone, false
	closeEpisode(ctx, tx, t, actor.Ref(), result, reason)
}

// reopenTx continues the episode that was closed last.
func (s *Service) reopenTx(ctx context.Context, tx *db.Tx, t *thread, actor org.Actor) error {
	if t.open() {
		t.status, t.snoozedUntil = Open, 0
		return nil
	}
	if t.number == 0 {
		return s.openEpisode(ctx, tx, t, s.Clock.Now(), actor.Member)
	}
	t.status, t.closedAt = Open, 0
	closeEpisode(ctx, tx, t, "", "", "")
	return s.lineTx(ctx, tx, t, "episode.reopened", "Opened again by "+actor.Name)
}

func (s *Service) snoozeTx(ctx context.Context, tx *db.Tx, t *thread, actor org.Actor, until clock.Time) error {
	if !t.open() {
		return errNoFloor
	}
	t.status, t.snoozedUntil = Snoozed, until
	return s.Mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: t.workspace, Person: t.person, Kind: wakeTimer, Key: "snooze",
		Due: until, Body: map[string]any{"by": actor.Name}})
}

// wake ends a snooze whose time has come. One that was moved or ended meanwhile is left alone.
func (s *Service) wake(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	t, err := lockThread(ctx, tx, item.Workspace, item.Person)
	if err != nil {
		return err
	}
	if t.status != Snoozed || t.snoozedUntil > s.Clock.Now() {
		return nil
	}
	t.status, t.snoozedUntil = Open, 0
	saveThread(ctx, tx, t)
	mirrorEpisode(ctx, tx, t)
	if err := s.lineTx(ctx, tx, t, "conversation.woke", "Back from snooze"); err != nil {
		return err
	}
	return s.tellConversation(ctx, tx, t)
}

// Undo puts back what an action changed, for conversations that nobody changed since.
func (s *Service) Undo(ctx context.Context, actor org.Actor, token string) (Done, error) {
	var out Done
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		out = Done{}
		steps, err := takeSteps(ctx, tx, actor.Workspace, token, s.Clock.Now())
		if err != nil {
			return err
		}
		if len(steps) == 0 || steps[0].member != actor.Member {
			return errUndoGone
		}
		for _, st := range steps {
			done, err := s.undoOne(ctx, tx, actor, st)
			if err != nil {
				return fmt.Errorf("undo for %s: %w", st.person, err)
			}
			out.Count += done
		}
		return nil
	})
	return out, err
}

func (s *Service) undoOne(ctx context.Context, tx *db.Tx, actor org.Actor, st step) (int64, error) {
	t, err := lockThread(ctx, tx, actor.Workspace, st.person)
	if err != nil {
		return 0, err
	}
	// Taking the lock counted one up: somebody who came in between is one more, and wins.
	if t.version != st.version+1 {
		return 0, nil
	}
	st.before.restore(t)
	saveThread(ctx, tx, t)
	mirrorEpisode(ctx, tx, t)
	if t.status == Snoozed {
		err := s.Mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: t.workspace, Person: t.person, Kind: wakeTimer, Key: "snooze",
			Due: t.snoozedUntil, Body: map[string]any{"by": actor.Name}})
		if err != nil {
			return 0, err
		}
	}
	return 1, s.tellConversation(ctx, tx, t)
}

// OptOut records that the customer asked, outside of the thread, not to be texted.
func (s *Service) OptOut(ctx context.Context, actor org.Actor, person id.Person, purpose people.Purpose, note string) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := s.mustSee(ctx, tx, actor, person); err != nil {
			return err
		}
		p, err := s.People.Get(ctx, tx, actor.Workspace, person)
		if err != nil {
			return err
		}
		var list []people.Consent
		for _, i := range p.Identities {
			if i.Kind == people.Phone {
				list = append(list, people.Consent{Workspace: actor.Workspace, Person: p.ID, Medium: people.SMS, Address: i.Value,
					Purpose: purpose, Action: people.Revoke, Source: people.ByMember, Actor: actor.Ref(),
					Proof: people.Proof{Method: "button", Note: note, HonouredAt: s.Clock.Now()}})
			}
		}
		if len(list) == 0 {
			return errs.New(errs.Invalid, "no_number", "This customer has no number, so there is nothing to opt out.")
		}
		if _, err := s.People.RecordConsentAllTx(ctx, tx, list); err != nil {
			return err
		}
		t, err := lockThread(ctx, tx, actor.Workspace, p.ID)
		if err != nil {
			return err
		}
		t.needsReview = false
		saveThread(ctx, tx, t)
		return s.AddEventTx(ctx, tx, EventLine{Workspace: actor.Workspace, Person: p.ID, Type: "consent.revoked",
			Title: "Opted out by " + actor.Name + " on the customer's behalf", Props: map[string]any{"note": note, "purpose": string(purpose)}})
	})
}
