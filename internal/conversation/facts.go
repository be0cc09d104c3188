package conversation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/phone"
)

// question is one message that the gate is asked about, new or stored.
type question struct {
	person    id.Person
	purpose   people.Purpose
	kind      MessageKind
	answer    compliance.ExemptKind
	subject   string
	subjectAt clock.Time
	expires   clock.Time
	planned   clock.Time // when it is to leave, if later than now
	address   string     // empty: where the person wrote from last, else their number
	number    string     // theirs, when the asker has read it
	channel   channel.ID // empty: the one they used last, else the workspace's first
	self      MessageID  // of a stored message, so that it does not count against itself
}

// memory is how far back outgoing messages count: the month of R-19, and how long a message may wait for its hour.
const memory = month + 14*24*time.Hour

// knowledge is everything that the questions of one workspace need, read in a handful of statements for all of them.
type knowledge struct {
	now       clock.Time
	rules     *compliance.Rules
	workspace org.Workspace
	brand     Brand
	routes    Routes
	threads   map[id.Person]*thread
	places    map[id.Person][]compliance.Evidence
	readings  map[people.Purpose]map[string]people.Reading
	earlier   map[id.Person][]earlierRow
	left      map[MessageID]bool // later messages that the outbox has handed over
	stills    map[string]map[string]Still
	linted    map[compliance.Draft][]compliance.Finding
}

// learn reads what the questions need. threads may bring conversations that the caller has locked.
func (s *Service) learn(ctx context.Context, q db.Queryer, ws id.Workspace, asked []question, threads map[id.Person]*thread) (*knowledge, error) {
	k := &knowledge{now: s.Clock.Now(), rules: s.Rules, threads: threads, linted: map[compliance.Draft][]compliance.Finding{}}
	steps := [...]func() error{
		func() error { return k.readBrand(ctx, q, s, ws) },
		func() error { return k.readThreads(ctx, q, ws, asked) },
		func() error { return k.readAddresses(ctx, q, s, asked) },
		func() error { return k.readMany(ctx, q, s, asked) },
		func() error { return k.readLeft(ctx, q, s, asked) },
		func() error { return k.readStills(ctx, q, s, asked) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("facts for the send gate: %w", err)
		}
	}
	return k, nil
}

func (k *knowledge) readBrand(ctx context.Context, q db.Queryer, s *Service, ws id.Workspace) (err error) {
	if k.workspace, err = s.Org.Workspace(ctx, q, ws); err != nil {
		return err
	}
	if k.routes, err = s.routes(ctx, q, k.workspace); err != nil {
		return err
	}
	k.brand = brandOf(k.workspace.Settings)
	return nil
}

// brandOf is the workspace's part of the rules. A window that cannot be read means the default one.
func brandOf(settings org.Settings) Brand {
	b := Brand{MonthlyCap: settings.FrequencyPerMonth, TransactionalExempt: settings.TransactionalQuietExempt}
	sunday := settings.SundayStart
	if sunday < settings.QuietEnd {
		sunday = settings.QuietEnd
	}
	week, err := compliance.ParseWeek(settings.QuietEnd+"-"+settings.QuietStart, sunday+"-"+settings.QuietStart)
	if err == nil {
		b.Week = week
	}
	return b
}

func (k *knowledge) readThreads(ctx context.Context, q db.Queryer, ws id.Workspace, asked []question) error {
	if k.threads == nil {
		k.threads = map[id.Person]*thread{}
	}
	var missing []id.Person
	for _, a := range asked {
		if k.threads[a.person] == nil {
			missing = append(missing, a.person)
		}
	}
	found, err := loadThreads(ctx, q, ws, distinct(missing))
	for person, t := range found {
		k.threads[person] = t
	}
	return err
}

// readAddresses fills the address of each question that names none; numbers are read only for those.
func (k *knowledge) readAddresses(ctx context.Context, q db.Queryer, s *Service, asked []question) error {
	var missing []id.Person
	for i, a := range asked {
		if t := k.threads[a.person]; a.address == "" && t != nil {
			asked[i].address = t.address
		}
		if asked[i].address == "" {
			asked[i].address = a.number
		}
		if asked[i].address == "" {
			missing = append(missing, a.person)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	numbers, err := s.People.PhonesAll(ctx, q, k.workspace.ID, distinct(missing))
	if err != nil {
		return err
	}
	for i, a := range asked {
		if a.address == "" {
			asked[i].address = string(numbers[a.person])
		}
	}
	return nil
}

// readMany reads consent, places, and what was sent before, of all at once.
func (k *knowledge) readMany(ctx context.Context, q db.Queryer, s *Service, asked []question) (err error) {
	addresses := map[people.Purpose][]string{}
	for _, a := range asked {
		if a.address != "" {
			addresses[a.purpose] = append(addresses[a.purpose], a.address)
		}
	}
	for purpose, list := range addresses {
		addresses[purpose] = distinct(list)
	}
	ws, persons := k.workspace.ID, personsOf(asked)
	k.earlier = map[id.Person][]earlierRow{}
	k.readings, k.places, err = s.People.ForGate(ctx, q, ws, people.GateAsk{Addresses: addresses, Persons: persons,
		With: askEarlier(ws, k.now.Add(-memory), persons, k.earlier)})
	return err
}

// readLeft reads which of the messages that were written after a stored one have left.
func (k *knowledge) readLeft(ctx context.Context, q db.Queryer, s *Service, asked []question) error {
	var later []MessageID
	for _, a := range asked {
		if a.self == "" {
			continue
		}
		own := selfOf(k.earlier[a.person], a.self)
		for _, e := range k.earlier[a.person] {
			if e.after(own) {
				later = append(later, e.id)
			}
		}
	}
	k.left = map[MessageID]bool{}
	if len(later) == 0 {
		return nil
	}
	states, err := s.Channels.DeliveryStatus(ctx, q, k.workspace.ID, distinct(later))
	for message, sent := range states {
		k.left[message] = sent.State != channel.StateQueued && sent.State != channel.StateHeld && sent.State != channel.StateDropped
	}
	return err
}

func selfOf(rows []earlierRow, self MessageID) earlierRow {
	for _, e := range rows {
		if e.id == self {
			return e
		}
	}
	return earlierRow{id: self}
}

func (e earlierRow) after(own earlierRow) bool {
	return cmp.Or(cmp.Compare(e.at, own.at), cmp.Compare(e.id, own.id)) > 0
}

func (k *knowledge) readStills(ctx context.Context, q db.Queryer, s *Service, asked []question) (err error) {
	subjects := map[string][]string{}
	for _, a := range asked {
		if key := subjectKey(a.purpose, a.subject); a.subject != "" && s.stillTrue[key] != nil {
			subjects[key] = append(subjects[key], a.subject)
		}
	}
	k.stills = map[string]map[string]Still{}
	for key, list := range subjects {
		if k.stills[key], err = s.stillTrue[key](ctx, q, k.workspace.ID, distinct(list)); err != nil {
			return fmt.Errorf("ask whether %s still holds: %w", key, err)
		}
	}
	return nil
}

// subjectKey is the name under which somebody answers for a subject: the part before the colon, else the purpose.
func subjectKey(purpose people.Purpose, subject string) string {
	if kind, _, found := strings.Cut(subject, ":"); found {
		return kind
	}
	return string(purpose)
}

// facts are all that Decide needs for one question; lint is the judgement on its text.
func (k *knowledge) facts(a question, lint compliance.Verdict) Facts {
	route, routed := k.routes.Pick(a.channel, k.lastChannel(a.person))
	places := k.rules.Places(k.places[a.person], phone.Number(a.address))
	f := Facts{
		Now: max(k.now, a.planned), Purpose: a.purpose, Kind: a.kind, Answer: a.answer, Subject: a.subject,
		SubjectAt: a.subjectAt, ExpiresAt: a.expires, Address: a.address, Reading: k.readings[a.purpose][a.address],
		Places: places, Lint: lint, Brand: k.brand, Thread: k.standing(a.person), Earlier: k.counted(a),
		Subjects: k.stills[subjectKey(a.purpose, a.subject)][a.subject],
		Approved: !k.workspace.Pilot || route.Simulated,
	}
	f.Sender = k.sender(route, routed, places)
	return f
}

func (k *knowledge) sender(route Route, routed bool, places []compliance.Place) compliance.Verdict {
	if !routed {
		return compliance.Verdict{Code: "no_channel", Why: "No channel can carry this message. Connect one in the settings, or switch one on."}
	}
	country := ""
	if len(places) > 0 {
		country = places[0].Country
	}
	return k.rules.Registered(compliance.Sender{Kind: route.Sender, Registration: route.Registration, Country: country})
}

func (k *knowledge) lastChannel(person id.Person) channel.ID {
	if t := k.threads[person]; t != nil {
		return t.channel
	}
	return ""
}

func (k *knowledge) standing(person id.Person) Standing {
	t := k.threads[person]
	if t == nil {
		return Standing{Status: Quiet, Floor: FloorNone}
	}
	return Standing{Known: true, Status: t.status, Owned: t.owner != "", Floor: t.floor, LastInbound: t.lastInAt, Review: t.needsReview}
}

// counted are the messages that count beside the one asked about: those written before it, and those written after it
// that have left already. So of two that exclude each other, exactly one can pass.
func (k *knowledge) counted(a question) []Earlier {
	rows := k.earlier[a.person]
	out := make([]Earlier, 0, len(rows))
	own := earlierRow{}
	if a.self != "" {
		own = selfOf(rows, a.self)
	}
	for _, e := range rows {
		if a.self != "" && (e.id == a.self || (e.after(own) && !k.left[e.id])) {
			continue
		}
		out = append(out, e.Earlier)
	}
	return out
}

// toldAt is when the person was last told how to opt out.
func (k *knowledge) toldAt(person id.Person) clock.Time {
	var at clock.Time
	for _, e := range k.earlier[person] {
		if e.told {
			at = max(at, e.At)
		}
	}
	return at
}

// remember adds a message of this batch, so that the next one for the same person counts it.
func (k *knowledge) remember(l line) {
	k.earlier[l.person] = append(k.earlier[l.person], earlierRow{
		Earlier: Earlier{At: l.due, Purpose: l.purpose, Kind: l.kind, Subject: l.subject, Asked: l.asked},
		person:  l.person, at: l.at, id: l.id, told: l.told,
	})
}

func personsOf(asked []question) []id.Person {
	out := make([]id.Person, len(asked))
	for i, a := range asked {
		out[i] = a.person
	}
	return distinct(out)
}

// distinct sorts a list and drops what is in it twice.
func distinct[T ~string](list []T) []T {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}
