package survey

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/content"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/survey/reading"
)

// Deps are what the service stands on.
type Deps struct {
	DB            *db.DB
	Clock         *clock.Clock
	IDs           *id.Source
	Org           *org.Service
	People        *people.Service
	Conversations *conversation.Service
	Content       *content.Engine
	Rules         *compliance.Rules
	Reader        *reading.Reader
	Mailbox       *mailbox.Mailbox
	Log           *slog.Logger
}

// Service keeps surveys and asks people. It is safe for concurrent use.
type Service struct {
	Deps

	mu    sync.RWMutex
	known map[versionKey]*plan // versions never change
}

type versionKey struct {
	workspace id.Workspace
	survey    ID
	number    int
}

// New makes the service.
func New(d Deps) *Service { return &Service{Deps: d, known: map[versionKey]*plan{}} }

// SaveDraftTx stores the draft of a survey, new when survey is empty. edit is the number that the editor began with; a
// save by somebody else in between is a conflict, not a loss.
func (s *Service) SaveDraftTx(ctx context.Context, tx *db.Tx, actor org.Actor, survey ID, edit int, d Definition) (Survey, error) {
	now := s.Clock.Now()
	out := Survey{ID: ID(s.IDs.New("srv")), CreatedAt: now}
	if survey != "" {
		var err error
		if out, err = findSurvey(ctx, tx, actor.Workspace, survey); err != nil {
			return Survey{}, err
		}
		if edit != out.Edit {
			return Survey{}, ErrEdited
		}
	}
	if d.Name == "" {
		return Survey{}, invalid("The survey has no name. Nothing was saved.")
	}
	before := out.Draft
	out.Name, out.Draft, out.UpdatedAt = d.Name, d, now
	out.Edit++
	if err := saveSurvey(ctx, tx, actor.Workspace, out); err != nil {
		return Survey{}, err
	}
	return out, s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "survey.saved", Object: string(out.ID), Before: before, After: d})
}

// PublishTx makes the draft the version that people are asked from now on. Those who are being asked finish on theirs.
func (s *Service) PublishTx(ctx context.Context, tx *db.Tx, actor org.Actor, survey ID) (Survey, error) {
	out, err := findSurvey(ctx, tx, actor.Workspace, survey)
	if err != nil {
		return Survey{}, err
	}
	problems, err := s.Problems(ctx, tx, actor.Workspace, out.Draft)
	if err != nil {
		return Survey{}, err
	}
	if len(problems) > 0 {
		return Survey{}, invalid("The survey was not published: %s: %s", problems[0].Question, problems[0].Text)
	}
	out.Live++
	out.UpdatedAt = s.Clock.Now()
	insertVersion(ctx, tx, actor.Workspace, out, actor.Ref())
	if err := saveSurvey(ctx, tx, actor.Workspace, out); err != nil {
		return Survey{}, err
	}
	return out, s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "survey.published", Object: string(survey), After: map[string]any{"version": out.Live}})
}

// Problems are what keeps a definition from being published, templates that cannot be filled in among it.
func (s *Service) Problems(ctx context.Context, q db.Queryer, ws id.Workspace, d Definition) ([]Problem, error) {
	attributes, err := s.People.Definitions(ctx, q, ws)
	if err != nil {
		return nil, err
	}
	problems := check(d, s.Rules, s.Reader.Languages(), attributes)
	lint := func(at string, t Text) {
		for language, text := range t {
			for _, p := range s.Content.Lint(text) {
				problems = append(problems, Problem{at, fmt.Sprintf("In %q: %s", language, p.Text)})
			}
		}
	}
	lint("survey", d.Thanks)
	for _, question := range d.Questions {
		lint(question.ID, question.Ask)
		lint(question.ID, question.Again)
	}
	return problems, nil
}

// Start is a person who is to be asked.
type Start struct {
	Person id.Person
	Survey ID
	Key    string // a second start with the same key is the first one; empty: once in a life
}

// StartTx asks a person the first question of a survey's live version.
func (s *Service) StartTx(ctx context.Context, tx *db.Tx, ws id.Workspace, start Start) (*Run, error) {
	found, err := findSurvey(ctx, tx, ws, start.Survey)
	if err != nil {
		return nil, err
	}
	if found.Live == 0 {
		return nil, invalid("The survey was never published, so nobody can be asked. Nothing was sent.")
	}
	p, err := s.plan(ctx, tx, ws, found.ID, found.Live)
	if err != nil {
		return nil, err
	}
	who, err := s.People.Get(ctx, tx, ws, start.Person)
	if err != nil {
		return nil, err
	}
	n := &Run{ID: RunID(s.IDs.New("srn")), Survey: found.ID, Version: found.Live, Person: start.Person, Key: start.Key, StartedAt: s.Clock.Now()}
	n.Vars.Language = p.def.languageFor(who.Language)
	n.Vars.Tag = tag(n.Vars.Language, who)
	if earlier, err := findEntry(ctx, tx, ws, n); err != nil || earlier != nil {
		return earlier, err
	}
	// The conversation is the lock that keeps two surveys from asking one person at once.
	if _, _, err := s.Conversations.HeldByPeople(ctx, tx, ws, start.Person); err != nil {
		return nil, err
	}
	busy, err := activeRuns(ctx, tx, ws, []id.Person{start.Person})
	if err != nil {
		return nil, err
	}
	if busy[start.Person] != nil {
		return nil, ErrBusy
	}
	t := p.begin(n)
	if _, err := insertRun(ctx, tx, ws, n); err != nil {
		return nil, err
	}
	return n, s.do(ctx, tx, &visit{ws: ws, run: n, plan: p, who: who, unasked: true}, t)
}

// StopTx ends a run by hand.
func (s *Service) StopTx(ctx context.Context, tx *db.Tx, actor org.Actor, run RunID) error {
	n, err := findRun(ctx, tx, actor.Workspace, run)
	if err != nil || n.Stage == Ended {
		return err
	}
	p, err := s.plan(ctx, tx, actor.Workspace, n.Survey, n.Version)
	if err != nil {
		return err
	}
	v := &visit{ws: actor.Workspace, run: n, plan: p}
	if err := s.do(ctx, tx, v, p.end(n, "stopped by "+actor.Name, sayNothing)); err != nil {
		return err
	}
	return s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "survey.stopped", Object: string(run)})
}

// plan is a published version.
func (s *Service) plan(ctx context.Context, q db.Queryer, ws id.Workspace, survey ID, number int) (*plan, error) {
	key := versionKey{ws, survey, number}
	s.mu.RLock()
	p := s.known[key]
	s.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	d, err := findVersion(ctx, q, ws, survey, number)
	if err != nil {
		return nil, fmt.Errorf("version %d of survey %s: %w", number, survey, err)
	}
	p = newPlan(survey, number, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[key] = p
	return p, nil
}

// tag is the language and the country by which a person's answers are read.
func tag(language string, p people.Person) string {
	country := p.Country
	if country == "" && p.Phone() != "" {
		country = p.Phone().Country()
	}
	if country == "" {
		return language
	}
	return language + "-" + country
}

// clockOf is now on the person's clock, else on the brand's.
func (s *Service) clockOf(ctx context.Context, q db.Queryer, ws id.Workspace, p people.Person) (time.Time, error) {
	zone := p.Timezone
	if zones := p.Phone().Zones(); zone == "" && p.Phone() != "" && len(zones) == 1 {
		zone = zones[0]
	}
	if zone == "" {
		w, err := s.Org.Workspace(ctx, q, ws)
		if err != nil {
			return time.Time{}, err
		}
		zone = w.Timezone
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		location = time.UTC
	}
	return s.Clock.Now().Std().In(location), nil
}
