package conversation

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
)

// Reply is what a member of the team writes.
type Reply struct {
	Person    id.Person
	Text      string
	Note      bool  // for the team only; never leaves
	SeenSeq   int64 // the newest seq that the member saw
	Media     []File
	Channel   channel.ID
	Purpose   people.Purpose // support when empty and the person wrote lately, else marketing
	Subject   string
	SubjectAt clock.Time
	ClientKey string
	Close     bool
	Why       map[string]any
	Prepared  string // run and step of the prepared text that this is, as "run:step"
}

// Stale is the refusal of a reply that was written without having seen the newest messages. Messages are those.
type Stale struct {
	Messages []Message
	cause    *errs.Error
}

// Error is the refusal in words.
func (e *Stale) Error() string { return e.cause.Error() }

// Unwrap is the refusal as it crosses the border.
func (e *Stale) Unwrap() error { return e.cause }

// staleWith names the messages as the fields of the refusal: the id, and who wrote what.
func staleWith(messages []Message) *Stale {
	e := errs.New(errs.Conflict, "stale_composer",
		"Something was written in this conversation since you last looked. Your text is kept; read the new messages and send again.")
	for _, m := range messages {
		e = e.WithField(string(m.ID), strings.TrimPrefix(m.Author.Name+": "+m.Text, ": "))
	}
	return &Stale{messages, e}
}

// Write sends a member's reply, or keeps their note. It has one effect per client key (I18), refuses what was written
// unaware of newer messages, and sends nothing that the gate refuses.
func (s *Service) Write(ctx context.Context, actor org.Actor, r Reply) (Message, error) {
	var out Message
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		l, earlier, err := s.writeTx(ctx, tx, actor, r)
		if err != nil {
			return err
		}
		if earlier {
			out, err = s.asMessage(ctx, tx, l)
			return err
		}
		out = l.message(channel.Sent{}, false, s.Clock.Now()) // the outbox has just got it, and knows no more
		return nil
	})
	return out, err
}

// writeTx keeps what was written, or finds what its client key stands for already.
func (s *Service) writeTx(ctx context.Context, tx *db.Tx, actor org.Actor, r Reply) (l line, earlier bool, err error) {
	ws := actor.Workspace
	digest := digestOf(string(r.Person), r.Text, fmt.Sprint(r.Note), string(r.Channel), fmt.Sprint(r.Media))
	numbers, err := s.People.PhonesAll(ctx, tx, ws, idsOf(r.Person))
	if err != nil {
		return line{}, false, err
	}
	number, exists := numbers[r.Person]
	if !exists {
		return line{}, false, people.ErrNotFound
	}
	t, err := lockThread(ctx, tx, ws, r.Person)
	if err != nil {
		return line{}, false, err
	}
	// Behind the lock, so that of two clicks at once the second finds what the first did.
	if r.ClientKey != "" {
		r.ClientKey = keyOfClient + r.ClientKey
		used, err := loadKeys(ctx, tx, ws, []string{r.ClientKey})
		if err != nil {
			return line{}, false, err
		}
		if k, found := used[r.ClientKey]; found {
			if k.detail.Digest != digest {
				return line{}, false, errKeyReused
			}
			lines, err := loadLines(ctx, tx, ws, []MessageID{k.message})
			return lines[k.message], true, err
		}
	}
	if err := s.fresh(ctx, tx, t, actor, r); err != nil {
		return line{}, false, err
	}
	write := s.replyTx
	if r.Note {
		write = s.noteTx
	}
	l, err = write(ctx, tx, t, authored{actor, r, digest, string(number)})
	if err != nil {
		return line{}, false, err
	}
	return l, false, s.written(ctx, tx, t, actor, r, l)
}

// keyOfClient stands before the keys that clients give, apart from those that are made here.
const keyOfClient = "c:"

// givenKey is a key as the client gave it; empty when no client did.
func givenKey(key string) string {
	given, found := strings.CutPrefix(key, keyOfClient)
	if !found {
		return ""
	}
	return given
}

// authored is a reply with who wrote it.
type authored struct {
	actor  org.Actor
	reply  Reply
	digest string
	number string // of the person
}

// fresh refuses a reply whose author has not seen what the customer or a colleague wrote.
func (s *Service) fresh(ctx context.Context, tx *db.Tx, t *thread, actor org.Actor, r Reply) error {
	if r.Note || r.SeenSeq >= t.seq {
		return nil
	}
	newer, err := loadSince(ctx, tx, t.workspace, t.person, r.SeenSeq)
	if err != nil {
		return err
	}
	var missed []line
	for _, l := range newer {
		own := l.author == ByAgent && l.authorID == string(actor.Member)
		if (l.direction == In || l.direction == Out) && !own && l.kind != KindCompliance && l.state != StateDropped {
			missed = append(missed, l)
		}
	}
	if len(missed) == 0 {
		return nil
	}
	messages, err := s.asMessages(ctx, tx, t.workspace, missed)
	if err != nil {
		return err
	}
	return staleWith(messages)
}

func (s *Service) replyTx(ctx context.Context, tx *db.Tx, t *thread, a authored) (line, error) {
	w, err := s.Org.Workspace(ctx, tx, t.workspace)
	if err != nil {
		return line{}, err
	}
	send := Send{
		Workspace: t.workspace, Person: t.person, Purpose: a.reply.Purpose, Kind: KindReply, Author: authorOf(a.actor), Text: a.reply.Text,
		Media: a.reply.Media, Channel: a.reply.Channel, Subject: a.reply.Subject, SubjectAt: a.reply.SubjectAt,
		ClientKey: a.reply.ClientKey, Undo: undoFor(w.Settings.UndoSeconds), Why: a.reply.Why, digest: a.digest,
		fresh: true, number: a.number,
	}
	var prepared HandOver
	if a.reply.Prepared != "" {
		if prepared, err = s.preparedFor(ctx, tx, t, a.reply); err != nil {
			return line{}, err
		}
		from := prepared.Send
		send.Purpose, send.Subject, send.SubjectAt, send.JourneyRun, send.Step, send.Why = from.Purpose, from.Subject, from.SubjectAt, from.JourneyRun, from.Step, from.Why
	}
	if send.Purpose == "" {
		send.Purpose = people.Marketing
		if !t.lastInAt.IsZero() && s.Clock.Now().Sub(t.lastInAt) <= conversationLife {
			send.Purpose = people.Support
		}
	}
	// A member who answers work that nobody owns makes it theirs.
	if t.open() && t.owner == "" && a.actor.Member != "" {
		t.owner = a.actor.Member
	}
	b, err := s.pass(ctx, tx, []Send{send}, map[id.Person]*thread{t.person: t})
	if err != nil {
		return line{}, err
	}
	if v := b.sent[0].Verdict; v.Action == channel.Drop {
		return line{}, refused(v)
	}
	if a.reply.Prepared != "" {
		if err := s.preparedSent(ctx, tx, prepared, a.actor.Member, b.sent[0].Message); err != nil {
			return line{}, err
		}
	}
	return b.lines[0], nil
}

// refused is the gate's refusal as an agent is told it. Nothing of the reply is kept.
func refused(v Verdict) error {
	return errs.New(errs.Conflict, v.Code, "%s Nothing was sent.", v.Reason)
}

func authorOf(actor org.Actor) Author {
	if actor.Member == "" && actor.Key == "" {
		return Author{Kind: BySystem, ID: "system", Name: actor.Name}
	}
	if actor.Member == "" {
		return Author{Kind: ByAgent, ID: string(actor.Key), Name: actor.Name}
	}
	return Author{Kind: ByAgent, ID: string(actor.Member), Name: actor.Name}
}

func (s *Service) noteTx(ctx context.Context, tx *db.Tx, t *thread, a authored) (line, error) {
	if strings.TrimSpace(a.reply.Text) == "" {
		return line{}, errs.New(errs.Invalid, "message_empty", "The note is empty. Nothing was kept.")
	}
	if len(a.reply.Text) > maxText {
		return line{}, errs.New(errs.TooLarge, "message_too_long", "The note is longer than %d bytes. Nothing was kept; shorten it.", maxText)
	}
	author, now := authorOf(a.actor), s.Clock.Now()
	l := line{workspace: t.workspace, person: t.person, at: now, id: MessageID(s.IDs.New("msg")), direction: Note, author: author.Kind,
		authorID: author.ID, seq: t.next(), text: a.reply.Text, due: now, clientKey: a.reply.ClientKey,
		detail: detail{AuthorName: author.Name, Digest: a.digest, Media: a.reply.Media}}
	if t.open() {
		l.episode = t.episode
	}
	t.lastAt, t.handled = max(t.lastAt, now), t.inbound
	if err := insertLines(ctx, tx, []line{l}); err != nil {
		return line{}, err
	}
	return l, s.tellMessage(ctx, tx, topicAdded, l)
}

// written ends what a reply or a note begins: the draft is gone, the member has read the thread, the inbox and the
// reactions know.
func (s *Service) written(ctx context.Context, tx *db.Tx, t *thread, actor org.Actor, r Reply, l line) error {
	kind := "reply"
	if r.Note {
		kind = "note"
	}
	if actor.Member != "" {
		deleteDraft(ctx, tx, draftKey{t.workspace, t.person, actor.Member, kind})
		saveSeen(ctx, tx, seenRow{t.workspace, t.person, actor.Member, t.inbound, t.seq, false})
	}
	if r.Close && t.open() {
		s.closeTx(ctx, tx, t, actor, "", "")
	}
	indexText(ctx, tx, l)
	saveThread(ctx, tx, t)
	mirrorEpisode(ctx, tx, t)
	if err := s.tellConversation(ctx, tx, t); err != nil {
		return err
	}
	return s.Mailbox.SendTx(ctx, tx, mailbox.Signal{Workspace: t.workspace, Person: t.person, Kind: SignalAdded, Body: Added{
		Message: l.id, Direction: l.direction, Author: l.author, Text: l.text, Episode: l.episode, Floor: t.floor,
		Channel: l.detail.ChannelID, At: l.at, Seq: l.seq}})
}

// TakeBack undoes a message within its time: it never leaves (CV-1).
func (s *Service) TakeBack(ctx context.Context, actor org.Actor, message MessageID) (Message, error) {
	var out Message
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		l, err := s.ownLine(ctx, tx, actor, message)
		if err != nil {
			return err
		}
		if l.state == StateDropped && l.code == "undone" {
			out, err = s.asMessage(ctx, tx, l)
			return err
		}
		back, err := s.Channels.CancelTx(ctx, tx, l.workspace, message, "undone")
		if err != nil {
			return err
		}
		if !back {
			return errTooLate
		}
		l.state, l.code, l.detail.StateAt = StateDropped, "undone", s.Clock.Now()
		l.detail.Reason = &Reason{Code: "undone", Text: "Taken back before it left.", Action: "retry"}
		saveChange(ctx, tx, l.workspace, change{message: l.id, state: l.state, code: l.code, due: l.due, detail: &l.detail})
		if out, err = s.asMessage(ctx, tx, l); err != nil {
			return err
		}
		if err := s.waitsAgain(ctx, tx, l); err != nil {
			return err
		}
		return s.tellMessage(ctx, tx, topicChanged, l)
	})
	return out, err
}

// waitsAgain puts back that the person waits, after the answer to them did not leave.
func (s *Service) waitsAgain(ctx context.Context, tx *db.Tx, l line) error {
	if l.kind != KindReply {
		return nil
	}
	t, err := lockThread(ctx, tx, l.workspace, l.person)
	if err != nil {
		return err
	}
	if !t.open() || t.waitingSince > 0 {
		return nil
	}
	if t.waitingSince, err = unanswered(ctx, tx, t); err != nil || t.waitingSince.IsZero() {
		return err
	}
	saveThread(ctx, tx, t)
	return s.tellConversation(ctx, tx, t)
}

// Retry sends a member's message that failed or was refused once more, as a new message through the gate.
func (s *Service) Retry(ctx context.Context, actor org.Actor, message MessageID) (Message, error) {
	l, err := s.ownLine(ctx, s.DB, actor, message)
	if err != nil {
		return Message{}, err
	}
	m, err := s.asMessage(ctx, s.DB, l)
	if err != nil {
		return Message{}, err
	}
	if m.State != StateFailed && m.State != StateDropped && m.State != StateUnknown {
		return Message{}, errs.New(errs.Conflict, "nothing_to_retry", "This message has not failed, so it is not sent again.")
	}
	threads, err := loadThreads(ctx, s.DB, l.workspace, idsOf(l.person))
	if err != nil {
		return Message{}, err
	}
	r := Reply{Person: l.person, Text: l.text, Media: l.detail.Media, Purpose: l.purpose, Subject: l.subject, SubjectAt: l.detail.SubjectAt,
		ClientKey: "retry:" + string(l.id), Why: map[string]any{"retry_of": l.id}}
	if t := threads[l.person]; t != nil {
		r.SeenSeq = t.seq
	}
	return s.Write(ctx, actor, r)
}

// ownLine is an outgoing message that the actor may see.
func (s *Service) ownLine(ctx context.Context, q db.Queryer, actor org.Actor, message MessageID) (line, error) {
	lines, err := loadLines(ctx, q, actor.Workspace, []MessageID{message})
	if err != nil {
		return line{}, fmt.Errorf("load message %s: %w", message, err)
	}
	l, found := lines[message]
	if !found || l.direction != Out {
		return line{}, errNoMessage
	}
	if err := s.mustSee(ctx, q, actor, l.person); err != nil {
		return line{}, errNoMessage
	}
	return l, nil
}

func idsOf(person id.Person) []id.Person { return []id.Person{person} }
