package conversation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/gsm"
	"parley/internal/id"
	"parley/internal/people"
)

// SendTx asks the gate about one message and, unless it refuses, puts it into the thread and the outbox.
func (s *Service) SendTx(ctx context.Context, tx *db.Tx, send Send) (Sent, error) {
	out, err := s.SendBulkTx(ctx, tx, []Send{send})
	if err != nil {
		return Sent{}, err
	}
	return out[0], nil
}

// SendBulkTx is SendTx for many messages of one workspace, in a handful of statements for all of them. The answers are in
// the order of the messages; a refused one is kept in the thread with its reason and disturbs no other.
func (s *Service) SendBulkTx(ctx context.Context, tx *db.Tx, sends []Send) ([]Sent, error) {
	return s.sendAll(ctx, tx, sends, nil)
}

// SendBulk is SendBulkTx in a unit of its own, for messages that nobody asked for: of campaigns, journeys and tests. The gate
// is asked before the unit begins, so that what it takes keeps no other write waiting; a change of consent that comes in
// between stops the message when it is about to leave, as one that comes later does (I13).
func (s *Service) SendBulk(ctx context.Context, sends []Send) ([]Sent, error) {
	if len(sends) == 0 {
		return nil, nil
	}
	b := s.batchOf(sends, nil)
	for _, send := range sends {
		if send.Kind.conversational() {
			return nil, fmt.Errorf("send to %s: a %s takes a place in the conversation, which must be held", send.Person, send.Kind)
		}
	}
	if err := errors.Join(b.check(), b.duplicates(ctx, s.DB)); err != nil {
		return nil, err
	}
	if err := b.judge(ctx, s.DB); err != nil {
		return nil, err
	}
	var sent []Sent
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		stale, err := b.overtaken(ctx, tx)
		if err != nil {
			return err
		}
		if stale {
			sent, err = s.SendBulkTx(ctx, tx, sends)
			return err
		}
		sent = b.sent
		return b.store(ctx, tx)
	})
	return sent, err
}

// overtaken says whether a client key was used after the messages were judged.
func (b *batch) overtaken(ctx context.Context, tx *db.Tx) (bool, error) {
	var keys []string
	for i, send := range b.sends {
		if send.ClientKey != "" && !b.skip[i] {
			keys = append(keys, send.ClientKey)
		}
	}
	if len(keys) == 0 {
		return false, nil
	}
	used, err := loadKeys(ctx, tx, b.ws, distinct(keys))
	return len(used) > 0, err
}

// sendAll is SendBulkTx for a caller that may have locked conversations; it saves what it locks itself, and leaves the
// caller's to the caller.
func (s *Service) sendAll(ctx context.Context, tx *db.Tx, sends []Send, locked map[id.Person]*thread) ([]Sent, error) {
	if len(sends) == 0 {
		return nil, nil
	}
	b, err := s.pass(ctx, tx, sends, locked)
	if err != nil {
		return nil, err
	}
	return b.sent, nil
}

// pass takes messages through the gate and to where they go.
func (s *Service) pass(ctx context.Context, tx *db.Tx, sends []Send, locked map[id.Person]*thread) (*batch, error) {
	b := s.batchOf(sends, locked)
	if err := b.check(); err != nil {
		return nil, err
	}
	if err := b.duplicates(ctx, tx); err != nil {
		return nil, err
	}
	if err := b.lock(ctx, tx); err != nil {
		return nil, err
	}
	if err := b.judge(ctx, tx); err != nil {
		return nil, err
	}
	return b, b.store(ctx, tx)
}

func (s *Service) batchOf(sends []Send, locked map[id.Person]*thread) *batch {
	return &batch{s: s, ws: sends[0].Workspace, sends: sends, sent: make([]Sent, len(sends)), skip: make([]bool, len(sends)), locked: locked}
}

// judge reads what the gate needs, and asks it about each message.
func (b *batch) judge(ctx context.Context, q db.Queryer) error {
	if err := b.learn(ctx, q); err != nil {
		return err
	}
	b.decide()
	return nil
}

// batch is one run of the gate over messages of one workspace.
type batch struct {
	s      *Service
	ws     id.Workspace
	sends  []Send
	sent   []Sent
	skip   []bool                // duplicates
	locked map[id.Person]*thread // conversations that the caller holds
	held   []*thread             // conversations that the batch holds
	know   *knowledge
	asked  []question
	lines  []line
	out    []channel.Delivery
}

func (b *batch) check() error {
	for _, send := range b.sends {
		switch {
		case send.Workspace != b.ws || send.Person == "":
			return fmt.Errorf("send: a batch is for persons of one workspace")
		case send.Kind == "" || send.Purpose == "" || send.Author.Kind == "":
			return fmt.Errorf("send to %s: kind, purpose and author are needed", send.Person)
		case strings.TrimSpace(send.Text) == "" && len(send.Media) == 0:
			return errs.New(errs.Invalid, "message_empty", "The message is empty. Nothing was sent.")
		case len(send.Text) > maxText:
			return errs.New(errs.TooLarge, "message_too_long", "The message is longer than %d characters. Nothing was sent; shorten it.", maxText)
		}
	}
	return nil
}

// maxText bounds a text, in bytes; ten segments of UCS-2 are far below it.
const maxText = 8000

// duplicates finds client keys that were used before, here or in the batch (I18).
func (b *batch) duplicates(ctx context.Context, q db.Queryer) error {
	var keys []string
	for _, send := range b.sends {
		if send.ClientKey != "" && !send.fresh {
			keys = append(keys, send.ClientKey)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	used, err := loadKeys(ctx, q, b.ws, distinct(keys))
	if err != nil {
		return fmt.Errorf("look for client keys: %w", err)
	}
	seen := map[string]bool{}
	for i, send := range b.sends {
		was, found := used[send.ClientKey]
		switch {
		case send.ClientKey == "":
		case found && send.digest != "" && was.detail.Digest != send.digest:
			return errKeyReused
		case found:
			b.skip[i], b.sent[i] = true, was.sent()
		case seen[send.ClientKey]:
			return fmt.Errorf("send: the client key %q is twice in one batch", send.ClientKey)
		}
		seen[send.ClientKey] = true
	}
	return nil
}

// sent is the answer that the first use of a client key got.
func (k keyed) sent() Sent {
	v := Verdict{Action: channel.Send, Code: k.code}
	if why := k.detail.Why; why != nil {
		v = Verdict{Action: why.Action, Code: why.Code, Reason: why.Text, Until: why.HeldUntil, Consent: why.Consent,
			PlaceSource: why.PlaceSource, LocalTime: why.LocalTime}
	}
	return Sent{Message: k.message, Verdict: v, Duplicate: true}
}

// conversational says whether a message belongs to what is said in the conversation, so that it takes a place in it.
// What automation sends unasked does not, which keeps bulk sends away from the conversations' rows.
func (k MessageKind) conversational() bool {
	return k == KindReply || k == KindBot || k == KindCompliance
}

// lock takes the conversations that get something said in them, in one order for all transactions.
func (b *batch) lock(ctx context.Context, tx *db.Tx) error {
	var wanted []id.Person
	for i, send := range b.sends {
		if !b.skip[i] && send.Kind.conversational() && b.locked[send.Person] == nil {
			wanted = append(wanted, send.Person)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	all := map[id.Person]*thread{}
	for person, t := range b.locked {
		all[person] = t
	}
	for _, person := range distinct(wanted) {
		t, err := lockThread(ctx, tx, b.ws, person)
		if err != nil {
			return fmt.Errorf("take the conversation of %s: %w", person, err)
		}
		all[person] = t
		b.held = append(b.held, t)
	}
	b.locked = all
	return nil
}

func (b *batch) learn(ctx context.Context, q db.Queryer) (err error) {
	now := b.s.Clock.Now()
	for i, send := range b.sends {
		if b.skip[i] {
			continue
		}
		b.asked = append(b.asked, question{
			person: send.Person, purpose: send.Purpose, kind: send.Kind, answer: compliance.ExemptKind(send.Answer),
			subject: send.Subject, subjectAt: send.SubjectAt, expires: send.ExpiresAt,
			planned: max(now.Add(send.Undo), send.NotBefore), channel: send.Channel, number: send.number,
		})
	}
	if len(b.asked) == 0 {
		return nil
	}
	threads := map[id.Person]*thread{}
	for person, t := range b.locked {
		threads[person] = t
	}
	b.know, err = b.s.learn(ctx, q, b.ws, b.asked, threads)
	return err
}

// decide asks the gate about each message in turn; a later one counts the earlier ones of the same person.
func (b *batch) decide() {
	n := 0
	for i, send := range b.sends {
		if b.skip[i] {
			continue
		}
		a := b.asked[n]
		n++
		facts := b.know.facts(a, compliance.Verdict{})
		text, told := send.Text, false
		if send.Kind != KindCompliance {
			text, told, facts.Lint = b.know.dress(send, facts)
		}
		l := b.line(send, facts, Decide(b.s.Rules, facts))
		l.text, l.told = text, told
		b.measure(&l)
		b.sent[i] = Sent{Message: l.id, Verdict: l.detail.Why.verdict()}
		b.lines = append(b.lines, l)
		if l.state != StateDropped {
			b.know.remember(l)
			b.out = append(b.out, delivery(l, send, a.address))
		}
	}
}

// line is the row of one message with its verdict.
func (b *batch) line(send Send, f Facts, v Verdict) line {
	now := b.know.now
	route, _ := b.know.routes.Pick(send.Channel, b.know.lastChannel(send.Person))
	l := line{
		workspace: b.ws, person: send.Person, at: now, id: MessageID(b.s.IDs.New("msg")), direction: Out,
		author: send.Author.Kind, authorID: send.Author.ID, purpose: send.Purpose, kind: send.Kind, subject: send.Subject,
		run: send.JourneyRun, state: StateQueued, code: v.Code, due: max(now.Add(send.Undo), send.NotBefore),
		asked: asked(f), clientKey: send.ClientKey,
		detail: detail{
			AuthorName: send.Author.Name, ChannelID: route.Channel, ChannelKind: route.Kind, Simulated: route.Simulated,
			From: route.Number, To: f.Address, Media: send.Media, Step: send.Step, ExpiresAt: send.ExpiresAt,
			SubjectAt: send.SubjectAt, Digest: send.digest, Why: why(v, now, send.Why),
		},
	}
	if send.Undo > 0 {
		l.detail.UndoUntil = now.Add(send.Undo)
	}
	switch v.Action {
	case channel.Hold:
		l.state, l.due, l.detail.Why.HeldFrom = StateHeld, v.Until, now
	case channel.Drop:
		l.state, l.detail.Reason = StateDropped, &Reason{Code: v.Code, Text: v.Reason, Action: actionOf(v.Code)}
	}
	return l
}

// asked says whether the message belongs to a conversation that the person began, so that no cap counts it.
func asked(f Facts) bool {
	q := inquiry{Facts: f}
	return f.Kind == KindCompliance || (f.Kind == KindReply && q.live()) || (!q.promotional() && q.answers())
}

func why(v Verdict, now clock.Time, caller map[string]any) *Why {
	return &Why{Action: v.Action, Code: v.Code, Text: v.Reason, HeldUntil: v.Until, Consent: v.Consent, CheckedAt: now,
		PlaceSource: v.PlaceSource, LocalTime: v.LocalTime, Caller: caller}
}

func (w Why) verdict() Verdict {
	return Verdict{Action: w.Action, Until: w.HeldUntil, Code: w.Code, Reason: w.Text, Consent: w.Consent,
		PlaceSource: w.PlaceSource, LocalTime: w.LocalTime}
}

func (b *batch) measure(l *line) {
	route, _ := b.know.routes.Pick(l.detail.ChannelID)
	size := gsm.Measure(l.text, route.Limits)
	l.segments, l.detail.Encoding = max(1, size.Segments), string(size.Encoding)
}

// delivery is what the outbox gets of a message.
func delivery(l line, send Send, to string) channel.Delivery {
	d := channel.Delivery{
		Workspace: l.workspace, Person: l.person, Message: l.id, Channel: l.detail.ChannelID, From: l.detail.From, To: to,
		Text: l.text, Segments: l.segments, Priority: priority(send), Purpose: string(l.purpose), Kind: string(l.kind),
		Subject: l.subject, ReadyAt: l.due, ExpiresAt: send.ExpiresAt,
	}
	if send.Author.Kind == ByJourney {
		d.Source = "journey:" + send.Author.ID + "/" + send.Step
	}
	if l.kind == KindCompliance {
		d.Subject = send.Answer
	}
	for _, f := range send.Media {
		d.Media = append(d.Media, channel.MediaRef{URL: f.URL, ContentType: f.ContentType, Name: f.Name, Size: f.Size})
	}
	return d
}

func priority(send Send) channel.Priority {
	switch {
	case send.Kind.conversational() || send.Kind == KindTest:
		return channel.PriorityReply
	case send.Purpose == people.Transactional || send.Purpose == people.Support:
		return channel.PriorityTransactional
	}
	return channel.PriorityBulk
}

// digestOf names what a client key stands for, so that the same key for another request is noticed (I18).
func digestOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// undoFor is how long an agent may take a message back in this workspace.
func undoFor(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
