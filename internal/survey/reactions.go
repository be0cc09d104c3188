package survey

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/people"
	"parley/internal/survey/reading"
)

// The timers of a run.
const (
	timerRead = "survey.read" // the person has finished writing
	timerWake = "survey.wake" // the time to wait is over
)

// pauseFor is how long the team has before a question that was interrupted is asked again.
const pauseFor = 24 * time.Hour

// untilMorning is how much longer than its wait a question stays worth asking: quiet hours and a weekend may hold it.
const untilMorning = 48 * time.Hour

// timer is the body of both.
type timer struct {
	Run  RunID `json:"run"`
	Stay int   `json:"stay"`
}

// Handle registers what surveys react to.
func (s *Service) Handle(m *mailbox.Mailbox) {
	m.HandleSet(conversation.SignalAdded, "survey", s.onMessages)
	m.Handle(timerRead, "survey", s.onRead)
	m.Handle(timerWake, "survey", s.onWake)
}

// onMessages keeps what people write who are being asked, to be read when they have finished writing.
func (s *Service) onMessages(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
	heard := make([]conversation.Added, len(items))
	var persons []id.Person
	for i, item := range items {
		if err := item.Decode(&heard[i]); err != nil {
			return mailbox.Blame(item, err)
		}
		if heard[i].Direction == conversation.In {
			persons = append(persons, item.Person)
		}
	}
	if len(persons) == 0 {
		return nil
	}
	runs, err := activeRuns(ctx, tx, items[0].Workspace, persons)
	if err != nil {
		return err
	}
	for i, item := range items {
		n := runs[item.Person]
		if n == nil || heard[i].Direction != conversation.In {
			continue
		}
		if err := s.heard(ctx, tx, item, n, heard[i]); err != nil {
			return mailbox.Blame(item, fmt.Errorf("run %s: %w", n.ID, err))
		}
	}
	return nil
}

// heard keeps one message. The words of the law are not for us; an opt-out ends the run.
func (s *Service) heard(ctx context.Context, tx *db.Tx, item mailbox.Item, n *Run, m conversation.Added) error {
	if m.Intent == string(compliance.Stop) {
		p, err := s.plan(ctx, tx, item.Workspace, n.Survey, n.Version)
		if err != nil {
			return err
		}
		return s.do(ctx, tx, &visit{ws: item.Workspace, run: n, plan: p}, p.end(n, "opted_out", sayNothing))
	}
	if m.Intent != "" || n.Stage == Paused || strings.TrimSpace(m.Text) == "" {
		return nil
	}
	n.Vars.Heard = append(n.Vars.Heard, Heard{m.Message, m.Text, m.At})
	saveRun(ctx, tx, item.Workspace, n)
	return s.Mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: item.Workspace, Person: item.Person, Kind: timerRead, Key: string(n.ID),
		Due: s.Clock.Now().Add(s.Conversations.Settle), Body: timer{n.ID, n.Vars.Stay}})
}

// visit is one reaction of one run.
type visit struct {
	ws      id.Workspace
	run     *Run
	plan    *plan
	who     people.Person
	since   clock.Time // of the answer that was read; 0: none was
	unasked bool       // the person did not write just now
}

// open loads the run that a timer is about; nil when it is over or the timer is an old one.
func (s *Service) open(ctx context.Context, tx *db.Tx, item mailbox.Item) (*visit, error) {
	var t timer
	if err := item.Decode(&t); err != nil {
		return nil, err
	}
	n, err := findRun(ctx, tx, item.Workspace, t.Run)
	if errors.Is(err, ErrUnknown) {
		return nil, nil
	}
	if err != nil || n.Stage == Ended || n.Vars.Stay != t.Stay {
		return nil, err
	}
	v := &visit{ws: item.Workspace, run: n}
	if v.plan, err = s.plan(ctx, tx, v.ws, n.Survey, n.Version); err != nil {
		return nil, err
	}
	v.who, err = s.People.Get(ctx, tx, v.ws, n.Person)
	return v, err
}

// onRead reads what the person wrote, unless a member of the team has the conversation: then it is theirs.
func (s *Service) onRead(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	v, err := s.open(ctx, tx, item)
	if err != nil || v == nil || len(v.run.Vars.Heard) == 0 {
		return err
	}
	held, _, err := s.Conversations.HeldByPeople(ctx, tx, v.ws, v.run.Person)
	if err != nil {
		return err
	}
	heard := v.run.Vars.Heard
	v.run.Vars.Heard = nil
	if held {
		return s.do(ctx, tx, v, v.plan.yield(v.run))
	}
	now, err := s.clockOf(ctx, tx, v.ws, v.who)
	if err != nil {
		return err
	}
	texts := make([]string, len(heard))
	for i, h := range heard {
		texts[i] = h.Text
	}
	t := v.plan.hear(s.Reader, v.run, strings.Join(texts, "\n"), now)
	v.since = heard[0].At
	return s.do(ctx, tx, v, t)
}

// onWake goes on when nobody answered, or when the team had its time.
func (s *Service) onWake(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	v, err := s.open(ctx, tx, item)
	if err != nil || v == nil || len(v.run.Vars.Heard) > 0 {
		return err // what was heard is read in a moment, and sets the time anew
	}
	held, waits, err := s.Conversations.HeldByPeople(ctx, tx, v.ws, v.run.Person)
	if err != nil {
		return err
	}
	v.unasked = true
	return s.do(ctx, tx, v, v.plan.wake(v.run, held || waits))
}

// do makes a turn real: it keeps the answer, says what is to be said, gives the conversation to people, and sets the
// time to wait.
func (s *Service) do(ctx context.Context, tx *db.Tx, v *visit, t turn) error {
	if t.record != nil {
		if err := s.keep(ctx, tx, v, *t.record); err != nil {
			return err
		}
	}
	if err := s.talk(ctx, tx, v, t); err != nil {
		return err
	}
	until := s.Clock.Now().Add(time.Duration(v.plan.def.WaitHours) * time.Hour)
	if v.run.Stage == Paused {
		until = s.Clock.Now().Add(pauseFor)
	}
	if t.say != sayNothing {
		released, err := s.say(ctx, tx, v, t.say)
		if err != nil {
			return err
		}
		until = until.Add(released)
	}
	if v.run.Stage == Ended && v.run.EndedAt.IsZero() {
		v.run.EndedAt = s.Clock.Now()
	}
	if t.ended && t.hand == "" {
		if err := s.Conversations.EndAnswersTx(ctx, tx, v.ws, v.run.Person, "survey: "+v.run.Result); err != nil {
			return err
		}
	}
	v.run.Vars.Stay++
	saveRun(ctx, tx, v.ws, v.run)
	if v.run.Stage == Ended {
		return s.Mailbox.CancelTimerTx(ctx, tx, v.ws, v.run.Person, timerWake, string(v.run.ID))
	}
	return s.Mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: v.ws, Person: v.run.Person, Kind: timerWake, Key: string(v.run.ID),
		Due: until, Body: timer{v.run.ID, v.run.Vars.Stay}})
}

// talk settles who speaks next: the survey, because it read an answer, or people.
func (s *Service) talk(ctx context.Context, tx *db.Tx, v *visit, t turn) error {
	if t.hand != "" {
		return s.Conversations.HandToPeopleTx(ctx, tx, conversation.Handover{Workspace: v.ws, Person: v.run.Person, Why: t.hand})
	}
	if v.since.IsZero() || v.run.Stage == Paused {
		return nil
	}
	return s.Conversations.TakeAnswerTx(ctx, tx, v.ws, v.run.Person, v.since)
}

// keep writes an answer down and makes it an attribute of the person. An attribute that was defined anew meanwhile
// refuses it; the answer stays with the survey.
func (s *Service) keep(ctx context.Context, tx *db.Tx, v *visit, r Record) error {
	r.At = s.Clock.Now()
	insertAnswer(ctx, tx, v.ws, v.run.ID, r)
	q := v.plan.def.Questions[v.plan.place[r.Question]]
	if q.Attribute == "" || r.State != reading.Sure {
		return nil
	}
	_, err := s.People.UpdateTx(ctx, tx, v.ws, v.run.Person, people.Update{Attributes: map[string]any{q.Attribute: r.Value}, Source: "survey:" + string(v.run.Survey)})
	if errs.KindOf(err) == errs.Invalid {
		s.Log.WarnContext(ctx, "an answer does not fit its attribute; it stays with the survey", "survey", v.run.Survey, "attribute", q.Attribute, "error", err)
		return nil
	}
	return err
}

// say asks the gate for a text, and gives how long it is held. A refused question ends the run.
func (s *Service) say(ctx context.Context, tx *db.Tx, v *visit, what utterance) (held time.Duration, err error) {
	text, err := s.words(ctx, tx, v, what)
	if errs.KindOf(err) == errs.Invalid {
		s.fail(v, errs.CodeOf(err))
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	now := s.Clock.Now()
	v.run.Vars.Said++
	send := conversation.Send{Workspace: v.ws, Person: v.run.Person, Purpose: v.plan.def.Purpose, Kind: conversation.KindBot,
		Author: conversation.Author{Kind: conversation.ByBot, ID: string(v.run.Survey), Name: v.plan.def.Name}, Text: text,
		ClientKey: string(v.run.ID) + ":" + strconv.Itoa(v.run.Vars.Said),
		ExpiresAt: now.Add(time.Duration(v.plan.def.WaitHours)*time.Hour + untilMorning),
		Why: map[string]any{"survey_id": v.run.Survey, "survey": v.plan.def.Name, "version": v.run.Version, "question": v.run.Question,
			"run_id": v.run.ID, "started_at": v.run.StartedAt}}
	if v.unasked {
		send.Kind = conversation.KindJourney // it opens a talk, so the rules for what nobody asked for hold
	}
	sent, err := s.Conversations.SendTx(ctx, tx, send)
	if err != nil {
		return 0, err
	}
	v.run.Vars.Code = sent.Verdict.Code
	switch sent.Verdict.Action {
	case "drop":
		s.fail(v, sent.Verdict.Code)
	case "hold":
		return max(0, sent.Verdict.Until.Sub(now)), nil
	}
	return 0, nil
}

// fail ends a run whose question cannot be sent.
func (s *Service) fail(v *visit, code string) {
	v.run.Vars.Code = code
	if v.run.Stage != Ended {
		v.plan.end(v.run, "not_sent", sayNothing)
	}
}

// words are the text of an utterance, filled in, with the options of a choice below it.
func (s *Service) words(ctx context.Context, tx *db.Tx, v *visit, what utterance) (string, error) {
	language := v.run.Vars.Language
	if what == sayDoubt {
		return s.Reader.Sentence(v.run.Vars.Doubt.Question, v.run.Vars.Tag, v.run.Vars.Doubt.Answer), nil
	}
	source, q := v.plan.def.Thanks[language], Question{}
	if what != sayThanks {
		q = v.plan.question(v.run)
		source = q.Ask[language]
		if again := q.Again[language]; what == sayAgain && again != "" {
			source = again
		}
	}
	ws, err := s.Org.Workspace(ctx, tx, v.ws)
	if err != nil {
		return "", err
	}
	facts := map[string]any{}
	for k, value := range v.who.Attributes {
		facts[k] = value
	}
	for k, value := range map[string]string{"name": v.who.Name, "given_name": v.who.GivenName, "family_name": v.who.FamilyName} {
		if strings.TrimSpace(value) != "" {
			facts[k] = value
		}
	}
	rendered, err := s.Content.Render(source, map[string]any{"person": facts, "brand": map[string]any{"name": ws.Settings.Brand}})
	if err != nil {
		return "", err
	}
	text := rendered.Text()
	for i, o := range q.Options {
		text += "\n" + strconv.Itoa(i+1) + ") " + o.Label[language]
	}
	return text, nil
}
