package conversation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
)

// Times of the reaction to what comes in; the design leaves them to us.
const (
	// delayedAfter is from when on a message counts as late.
	delayedAfter = 2 * time.Minute
	// courtesyGrace is how long after the end of an episode thanks do not begin another.
	courtesyGrace = 24 * time.Hour
	// stickyFor is how long a member's own text makes the answer theirs.
	stickyFor = 72 * time.Hour
)

// arrival is one inbound message on its way into the thread.
type arrival struct {
	s      *Service
	item   mailbox.Item
	ws     id.Workspace
	person id.Person
	got    channel.Received
	intent compliance.Kind
	thread *thread
	line   line
	last   earlierOut // our last message before it
	thanks bool
}

// received puts inbound messages of several people into their threads, once each, and does what must follow before anybody
// else reads them.
func (s *Service) received(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
	list, err := s.arrivals(ctx, tx, items)
	if err != nil || len(list) == 0 {
		return err
	}
	for _, step := range [...]func(*arrival, context.Context, *db.Tx) error{(*arrival).place, (*arrival).work} {
		if err := each(ctx, tx, list, step); err != nil {
			return err
		}
	}
	if err := insertArrivals(ctx, tx, list); err != nil {
		return fmt.Errorf("write %d messages: %w", len(list), err)
	}
	for _, step := range [...]func(*arrival, context.Context, *db.Tx) error{(*arrival).doubt, (*arrival).answer, (*arrival).tell} {
		if err := each(ctx, tx, list, step); err != nil {
			return err
		}
	}
	return s.announce(ctx, tx, list)
}

// each takes a step for all messages; the one that fails is blamed.
func each(ctx context.Context, tx *db.Tx, list []*arrival, step func(*arrival, context.Context, *db.Tx) error) error {
	for _, a := range list {
		if err := step(a, ctx, tx); err != nil {
			return mailbox.Blame(a.item, fmt.Errorf("take in message %s: %w", a.got.InboundID, err))
		}
	}
	return nil
}

// arrivals are the messages that are not in their threads yet, with the conversations taken and our last words in them.
func (s *Service) arrivals(ctx context.Context, tx *db.Tx, items []mailbox.Item) ([]*arrival, error) {
	ws := items[0].Workspace
	all, keys, persons := make([]*arrival, len(items)), make([]string, len(items)), make([]id.Person, len(items))
	for i, item := range items {
		a := &arrival{s: s, item: item, ws: ws, person: item.Person}
		if err := item.Decode(&a.got); err != nil {
			return nil, mailbox.Blame(item, err)
		}
		a.intent = compliance.Kind(a.got.Intent)
		if a.intent == "" {
			a.intent = compliance.None
		}
		all[i], keys[i], persons[i] = a, "in:"+a.got.InboundID, a.person
	}
	threads, err := lockThreads(ctx, tx, ws, persons)
	if err != nil {
		return nil, fmt.Errorf("take the conversations of %d people: %w", len(persons), err)
	}
	used, err := loadKeys(ctx, tx, ws, distinct(keys))
	if err != nil {
		return nil, fmt.Errorf("look which messages are there: %w", err)
	}
	last, err := lastOuts(ctx, tx, ws, persons, s.Clock.Now().Add(-stickyFor))
	if err != nil {
		return nil, fmt.Errorf("look for our last messages: %w", err)
	}
	var out []*arrival
	for i, a := range all {
		if _, there := used[keys[i]]; !there {
			a.thread, a.last = threads[a.person], last[a.person]
			out = append(out, a)
		}
	}
	return out, nil
}

// place finds where in the thread the message belongs: at the time the provider says that it was sent (I8).
func (a *arrival) place(context.Context, *db.Tx) error {
	got, t := a.got, a.thread
	received := got.ReceivedAt
	if received.IsZero() {
		received = a.s.Clock.Now()
	}
	at := got.At
	if at.IsZero() || at > received {
		at = received
	}
	a.line = line{
		workspace: a.ws, person: a.person, at: at, id: MessageID(a.s.IDs.New("msg")), direction: In, author: ByCustomer,
		authorID: string(a.person), seq: t.next(), text: got.Text, state: StateReceived, due: received, segments: 1,
		clientKey: "in:" + got.InboundID,
		detail: detail{
			ChannelID: got.ChannelID, ChannelKind: got.ChannelKind, Simulated: got.Simulated, From: got.From, To: got.To,
			ReceivedAt: received, ProviderID: got.ProviderID, Intent: a.word(),
			Delayed: received.Sub(at) > delayedAfter || (t.lastInAt > at && t.inbound > 0),
		},
	}
	for _, m := range got.Media {
		a.line.detail.Media = append(a.line.detail.Media, File{URL: m.URL, ContentType: m.ContentType, Name: m.Name})
	}
	if t.lastReceivedAt.IsZero() || received.Sub(t.lastReceivedAt) > a.s.Settle {
		t.burstSeq = a.line.seq
	}
	t.inbound++
	t.address, t.channel, t.channelKind = got.From, got.ChannelID, got.ChannelKind
	t.lastInAt, t.lastReceivedAt, t.lastAt = max(t.lastInAt, at), max(t.lastReceivedAt, received), max(t.lastAt, at)
	return nil
}

// word is the intent as it is told; an ordinary message has none.
func (a *arrival) word() string {
	if a.intent == compliance.None {
		return ""
	}
	return string(a.intent)
}

// work opens, wakes or continues an episode. What the law answers by itself needs no person, and thanks after the end
// open nothing.
func (a *arrival) work(ctx context.Context, tx *db.Tx) error {
	t := a.thread
	switch {
	case a.intent != compliance.None && a.intent != compliance.Review:
		t.handled++ // answered by itself: nobody needs to read it
	case t.open():
		a.wait()
	case a.courtesy():
		a.thanks = true
		t.handled++
	default:
		a.s.beginEpisode(t, a.sticky(ctx, tx))
		a.wait()
	}
	switch a.intent {
	case compliance.Review:
		t.needsReview = true
	case compliance.Stop, compliance.Start, compliance.Yes:
		t.needsReview = false // now it is clear what they want
	}
	if t.open() {
		a.line.episode = t.episode
	}
	return nil
}

// wait notes that the person waits for a human, and ends a snooze.
func (a *arrival) wait() {
	t := a.thread
	if t.status == Snoozed {
		t.status, t.snoozedUntil = Open, 0
	}
	if t.waitingSince.IsZero() {
		t.waitingSince = a.line.at
	}
}

// sticky is the member whose own text this answers, if that was lately.
func (a *arrival) sticky(ctx context.Context, tx *db.Tx) org.MemberID {
	if a.last.author != ByAgent {
		return ""
	}
	m, err := a.s.Org.Member(ctx, tx, a.ws, org.MemberID(a.last.authorID))
	if err != nil || m.Disabled || !m.Role.Can(org.ConversationReply) {
		return ""
	}
	return m.ID
}

// courtesy says whether this is no more than thanks for what was just finished.
func (a *arrival) courtesy() bool {
	t := a.thread
	if t.status != Closed || a.line.at.Sub(t.closedAt) > courtesyGrace || len(a.got.Media) > 0 {
		return false
	}
	return isCourtesy(a.got.Text)
}

// doubt leaves a line in the thread about words that may have been an opt-out.
func (a *arrival) doubt(ctx context.Context, tx *db.Tx) error {
	if a.intent != compliance.Review {
		return nil
	}
	return a.s.AddEventTx(ctx, tx, EventLine{Workspace: a.ws, Person: a.person, Type: "consent.review",
		Title: "May be an opt-out: marketing is stopped until somebody decides", Key: "review:" + string(a.line.id),
		Props: map[string]any{"message_id": a.line.id}})
}

// tell tells the inbox.
func (a *arrival) tell(ctx context.Context, tx *db.Tx) error {
	if err := a.s.tellMessage(ctx, tx, topicAdded, a.line); err != nil {
		return err
	}
	return a.s.tellConversation(ctx, tx, a.thread)
}

// announce saves the conversations and tells the reactions. Words of the law never start the timer of bots and journeys.
func (s *Service) announce(ctx context.Context, tx *db.Tx, list []*arrival) error {
	threads, signals := make([]*thread, len(list)), make([]mailbox.Signal, len(list))
	for i, a := range list {
		threads[i], signals[i] = a.thread, mailbox.Signal{Workspace: a.ws, Person: a.person, Kind: SignalAdded, Body: a.added()}
	}
	if err := saveThreads(ctx, tx, threads); err != nil {
		return fmt.Errorf("save %d conversations: %w", len(list), err)
	}
	if err := followEpisodes(ctx, tx, list); err != nil {
		return fmt.Errorf("save the episodes of %d conversations: %w", len(list), err)
	}
	if err := s.Mailbox.SendAllTx(ctx, tx, signals); err != nil {
		return err
	}
	return each(ctx, tx, list, (*arrival).settle)
}

// added is what the reactions are told.
func (a *arrival) added() Added {
	return Added{Message: a.line.id, Direction: In, Author: ByCustomer, Text: a.line.text, Intent: a.word(), Episode: a.line.episode,
		Floor: a.thread.floor, Channel: a.got.ChannelID, At: a.line.at, Seq: a.line.seq, Answers: a.last.id, AnswerRun: a.last.run,
		Courtesy: a.thanks}
}

// settle sets the timer that fires when the person has finished writing.
func (a *arrival) settle(ctx context.Context, tx *db.Tx) error {
	if a.intent != compliance.None || !a.s.Mailbox.Handles(SignalSettled) {
		return nil
	}
	t := a.thread
	parts, err := loadBurst(ctx, tx, a.ws, a.person, t.burstSeq)
	if err != nil {
		return err
	}
	body := Settled{Episode: a.line.episode, Floor: t.floor, Seq: t.seq}
	texts := make([]string, 0, len(parts))
	for _, p := range parts {
		body.Messages = append(body.Messages, p.id)
		texts = append(texts, p.text)
	}
	body.Text = strings.Join(texts, "\n")
	return a.s.Mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: a.ws, Person: a.person, Kind: SignalSettled, Key: "burst",
		Due: a.s.Clock.Now().Add(a.s.Settle), Body: body})
}

// reading is where the number stands for a purpose.
func (a *arrival) reading(ctx context.Context, tx *db.Tx, p people.Purpose) (people.Reading, error) {
	return a.s.People.Consent(ctx, tx, a.ws, people.ConsentQuery{Medium: people.SMS, Address: a.got.From, Purpose: p})
}

// openEpisode begins work in a conversation.
func (s *Service) openEpisode(ctx context.Context, tx *db.Tx, t *thread, at clock.Time, owner org.MemberID) error {
	s.beginEpisode(t, owner)
	insertEpisode(ctx, tx, t, at, "customer")
	return nil
}

// beginEpisode is openEpisode for a caller that writes the episode itself.
func (s *Service) beginEpisode(t *thread, owner org.MemberID) {
	t.number++
	t.episode = EpisodeID(s.IDs.New("epi"))
	t.status, t.owner, t.closedAt, t.snoozedUntil = Open, owner, 0, 0
	t.floor = FloorNone
}
