package channel

import (
	"context"
	"slices"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/people"
)

// maxIntake is how many units one commit stores.
const maxIntake = 128

// unit is one accepted request or delivery of a connection, on its way to disk.
type unit struct {
	account    *account
	in         Intake
	backfilled bool
	done       chan error
}

// intake stores what comes in. Units that arrive while a commit is under way share the next one.
type intake struct {
	s     *Service
	queue chan *unit
	slots chan struct{} // commits under way
}

func newIntake(s *Service) *intake {
	n := 1
	if s.DB.Engine() == db.Postgres {
		n = 2 // one writes while the other waits for its disk
	}
	return &intake{s: s, queue: make(chan *unit, 1024), slots: make(chan struct{}, n)}
}

// Deliver stores what came in on a channel by another way than its webhook or connection, such as a simulated phone.
func (s *Service) Deliver(ctx context.Context, ws id.Workspace, channel ID, in Intake) error {
	return s.take(ctx, ws, channel, in)
}

// take stores what came in on a channel. When it returns nil, everything is on disk and an opt-out in it is effective
// (I1, I13).
func (s *Service) take(ctx context.Context, ws id.Workspace, channel ID, in Intake) error {
	a, err := s.accounts.get(ctx, ws, channel)
	if err != nil {
		return err
	}
	return s.store(ctx, &unit{account: a, in: in})
}

func (s *Service) store(ctx context.Context, u *unit) error {
	if len(u.in.Inbound) == 0 && len(u.in.Statuses) == 0 {
		return nil
	}
	u.done = make(chan error, 1)
	n := s.intake
	select {
	case n.queue <- u:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		select {
		case err := <-u.done:
			return err
		case n.slots <- struct{}{}:
			// Whoever finds a free slot commits for all that wait; there is no worker to wake.
			n.work()
			<-n.slots
			if err, ok := poll(u.done); ok {
				return err
			}
		}
	}
}

func poll(done chan error) (error, bool) {
	select {
	case err := <-done:
		return err, true
	default:
		return nil, false
	}
}

// work commits what waits. The callers' contexts do not count: one that leaves must not undo the others.
func (n *intake) work() {
	var group []*unit
	for len(group) < maxIntake {
		select {
		case u := <-n.queue:
			group = append(group, u)
			continue
		default:
		}
		break
	}
	if len(group) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err := n.s.storeAll(ctx, group)
	if err != nil && len(group) > 1 && errs.KindOf(err) != errs.Unavailable {
		for _, u := range group {
			u.done <- n.s.storeAll(ctx, []*unit{u})
		}
		return
	}
	for _, u := range group {
		u.done <- err
	}
}

// storeAll stores units in one transaction. A message that another node stores at the same moment makes it run again.
func (s *Service) storeAll(ctx context.Context, group []*unit) error {
	for attempt := 0; ; attempt++ {
		err := s.DB.Tx(ctx, func(tx *db.Tx) error { return s.storeTx(ctx, tx, group) })
		if !db.IsUnique(err) || attempt == 3 {
			return err
		}
	}
}

func (s *Service) storeTx(ctx context.Context, tx *db.Tx, group []*unit) error {
	now := s.Clock.Now()
	for _, workspace := range byWorkspace(group) {
		fresh, err := s.freshTx(ctx, tx, workspace, now)
		if err != nil {
			return err
		}
		if err := s.receiveTx(ctx, tx, fresh); err != nil {
			return err
		}
	}
	for _, a := range accountsOf(group) {
		var list []StatusUpdate
		for _, u := range group {
			if u.account == a {
				list = append(list, u.in.Statuses...)
			}
		}
		if len(list) > 0 {
			if err := s.applyStatuses(ctx, tx, a.Workspace, a, list); err != nil {
				return err
			}
		}
	}
	tx.AfterCommit(func() {
		for _, u := range group {
			s.health.seen(u.account.Workspace, u.account.ID, u.in, now)
		}
	})
	return nil
}

func byWorkspace(group []*unit) map[id.Workspace][]*unit {
	out := map[id.Workspace][]*unit{}
	for _, u := range group {
		if len(u.in.Inbound) > 0 {
			out[u.account.Workspace] = append(out[u.account.Workspace], u)
		}
	}
	return out
}

func accountsOf(group []*unit) []*account {
	var out []*account
	for _, u := range group {
		if !slices.Contains(out, u.account) {
			out = append(out, u.account)
		}
	}
	return out
}

// arrival is one new message on its way into the store.
type arrival struct {
	Inbound
	account    *account
	id         string
	person     id.Person
	phone      bool // its writer is known by a telephone number
	created    bool
	receivedAt clock.Time
	intent     compliance.Intent
	partKey    string
	told       bool
	backfilled bool
	media      []ReceivedMedia
}

// freshTx are the messages that are not stored yet: a repeated one does nothing (I2).
func (s *Service) freshTx(ctx context.Context, tx *db.Tx, group []*unit, now clock.Time) ([]*arrival, error) {
	var list []*arrival
	seen := map[[2]string]bool{}
	for _, u := range group {
		for _, in := range u.in.Inbound {
			key := [2]string{string(u.account.ID), in.ProviderID}
			if in.ProviderID == "" || seen[key] {
				continue
			}
			seen[key] = true
			if in.At.IsZero() || in.At > now {
				in.At = now
			}
			list = append(list, &arrival{Inbound: in, account: u.account, receivedAt: now, backfilled: u.backfilled})
		}
	}
	stored, err := storedInbound(ctx, tx, list)
	if err != nil {
		return nil, err
	}
	fresh := list[:0]
	for _, a := range list {
		if !stored[[2]string{string(a.account.ID), a.ProviderID}] {
			a.id = s.IDs.New("inb")
			fresh = append(fresh, a)
		}
	}
	slices.SortStableFunc(fresh, func(a, b *arrival) int { return int(a.At - b.At) })
	return fresh, nil
}

// receiveTx stores new messages of one workspace, with what they mean for consent, and tells the people's mailboxes.
func (s *Service) receiveTx(ctx context.Context, tx *db.Tx, fresh []*arrival) error {
	if len(fresh) == 0 {
		return nil
	}
	if err := s.recogniseTx(ctx, tx, fresh); err != nil {
		return err
	}
	if err := s.heardTx(ctx, tx, fresh); err != nil {
		return err
	}
	whole := make([]*arrival, 0, len(fresh))
	for _, a := range fresh {
		if a.Concat != nil && a.Concat.Total > 1 {
			a.partKey = partKey(a.Inbound)
			continue
		}
		whole = append(whole, a)
		a.told = true
	}
	for _, a := range whole {
		if err := s.consentTx(ctx, tx, a); err != nil {
			return err
		}
	}
	for _, a := range fresh {
		s.mediaTx(ctx, tx, a)
	}
	if err := insertInbound(ctx, tx, fresh); err != nil {
		return err
	}
	if err := s.tellTx(ctx, tx, whole); err != nil {
		return err
	}
	return s.joinTx(ctx, tx, fresh)
}

// recogniseTx finds or makes the person behind each number.
func (s *Service) recogniseTx(ctx context.Context, tx *db.Tx, fresh []*arrival) error {
	var asked []*arrival
	var subjects []people.Subject
	index := map[string]int{}
	for _, a := range fresh {
		if _, ok := index[a.From]; ok {
			continue
		}
		index[a.From] = len(subjects)
		asked = append(asked, a)
		subjects = append(subjects, people.Subject{
			Identities: []people.Identity{identityOf(a)},
			Hint:       people.Hint{Source: string(a.account.Kind)}})
	}
	got, err := s.People.ResolveAllTx(ctx, tx, asked[0].account.Workspace, subjects)
	if err != nil {
		return err
	}
	for _, a := range fresh {
		r := got[index[a.From]]
		if r.Err != nil {
			// A number that is none: known by what the provider calls them, so that their words are not lost.
			name := people.Identity{Kind: people.Username, Value: string(a.account.Kind) + ":" + a.From, Source: string(a.account.Kind)}
			if r.Person, r.Created, err = s.People.ResolveTx(ctx, tx, a.account.Workspace, name, people.Hint{}); err != nil {
				return err
			}
		}
		a.person, a.created, a.phone = r.Person, r.Created, r.Err == nil && isNumber(a.From)
	}
	return s.placeTx(ctx, tx, fresh)
}

// placeTx keeps where the provider says that a new person's number is from. That is where the number was given out, not
// where the person lives, so it is evidence beside other evidence and no part of the profile.
func (s *Service) placeTx(ctx context.Context, tx *db.Tx, fresh []*arrival) error {
	for _, a := range fresh {
		if !a.created || (a.Place.State == "" && a.Place.Zip == "") {
			continue
		}
		err := s.People.PlaceTx(ctx, tx, a.account.Workspace, a.person, "number", compliance.Evidence{Source: compliance.Provider,
			State: a.Place.State, Zip: a.Place.Zip, Country: a.Place.Country, At: a.receivedAt})
		if err != nil {
			return err
		}
	}
	return nil
}

// isNumber says whether a sender is written like a telephone number. Whether it is one, people decides.
func isNumber(from string) bool {
	digits, plus := strings.CutPrefix(from, "+")
	return plus && len(digits) >= 5 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}

func identityOf(a *arrival) people.Identity {
	i := people.Identity{Kind: people.Phone, Value: a.From, Source: string(a.account.Kind), VerifiedAt: a.receivedAt}
	if !isNumber(a.From) {
		i.Kind, i.Value = people.Username, string(a.account.Kind)+":"+a.From
	}
	return i
}

// tellTx sends a signal for each whole message.
func (s *Service) tellTx(ctx context.Context, tx *db.Tx, list []*arrival) error {
	signals := make([]mailbox.Signal, 0, len(list))
	for _, a := range list {
		signals = append(signals, mailbox.Signal{Workspace: a.account.Workspace, Person: a.person, Kind: SignalReceived, Body: a.received()})
	}
	return s.Mailbox.SendAllTx(ctx, tx, signals)
}

func (a *arrival) received() Received {
	r := Received{InboundID: a.id, ProviderID: a.ProviderID, ChannelID: a.account.ID, ChannelKind: a.account.Kind,
		From: a.From, To: a.To, Text: a.Text, Media: a.media, At: a.At, ReceivedAt: a.receivedAt, Intent: string(a.intent.Kind),
		Answered: a.OptOut != "", Created: a.created, Backfilled: a.backfilled, Place: a.Place,
		Simulated: a.account.Capabilities.Simulated}
	if a.intent.Kind == compliance.None {
		r.Intent = ""
	}
	return r
}

// consentTx reads a message for opt-out, opt-in and help before any other reader, and records what it means in the same
// transaction, so that an opt-out counts before its provider hears 200 (I13).
func (s *Service) consentTx(ctx context.Context, tx *db.Tx, a *arrival) error {
	a.intent = s.Rules.Classify(a.Text, compliance.WordContext{DoubleOptInPending: true, ProviderOptOut: a.OptOut})
	if !a.phone {
		return nil
	}
	base := people.Consent{Workspace: a.account.Workspace, Person: a.person, Medium: people.SMS, Address: a.From, At: a.receivedAt,
		Actor: "person", Source: people.ByKeyword,
		Proof: people.Proof{Method: "text", Text: a.Text, Matcher: a.intent.Matcher, MessageIDs: []string{a.id}, HonouredAt: a.receivedAt}}
	var list []people.Consent
	switch a.intent.Kind {
	case compliance.Stop:
		base.Action, base.Purpose = people.Revoke, people.All
		list = append(list, base)
	case compliance.Review:
		base.Action, base.Source, base.Proof.Doubtful = people.Revoke, people.ByReply, true
		for _, base.Purpose = range []people.Purpose{people.Marketing, people.Cart, people.Loyalty} {
			list = append(list, base)
		}
	case compliance.Start:
		base.Action, base.Purpose, base.Proof.HonouredAt = people.Restore, people.All, 0
		list = append(list, base)
	case compliance.Yes:
		var err error
		if list, err = s.confirmations(ctx, tx, base); err != nil {
			return err
		}
		if len(list) == 0 {
			a.intent = compliance.Intent{Kind: compliance.None}
		}
	}
	if len(list) == 0 {
		return nil
	}
	_, err := s.People.RecordConsentAllTx(ctx, tx, list)
	return err
}

// confirmations answer the opt-ins that wait for a YES; without one, YES means nothing.
func (s *Service) confirmations(ctx context.Context, tx *db.Tx, base people.Consent) ([]people.Consent, error) {
	var list []people.Consent
	for _, purpose := range people.Purposes() {
		r, err := s.People.Consent(ctx, tx, base.Workspace, people.ConsentQuery{Medium: base.Medium, Address: base.Address, Purpose: purpose})
		if err != nil {
			return nil, err
		}
		if r.Reason != "pending" {
			continue
		}
		c := base
		c.Action, c.Purpose, c.Source, c.Proof.HonouredAt = people.Confirm, purpose, people.ByReply, 0
		c.Proof.About = r.Event
		list = append(list, c)
	}
	return list, nil
}
