package channel

import (
	"context"
	"fmt"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/people"
)

// Thresholds are when answers of carriers that repeat have consequences. The zero value of each is its usual figure.
type Thresholds struct {
	Retries          int     // of a message to a phone that is off, over 24 h; 2
	Strikes          int     // messages within 30 days that ended so, until the number counts as unreachable; 3
	Blocks           int     // messages that a carrier blocked for one number, until it counts as unreachable; 2
	FilteredPercent  float64 // of a source's messages of today and yesterday, at which its bulk waits for a person; 2
	FilteredFrom     int     // messages from which the percentage counts; 100
	FilteredMessages int     // filtered messages at which it waits whatever the percentage; 50
}

func (t Thresholds) withDefaults() Thresholds {
	return Thresholds{
		Retries:          usually(t.Retries, compliance.RetryDailyMax),
		Strikes:          usually(t.Strikes, compliance.UnreachableStrikes),
		Blocks:           usually(t.Blocks, compliance.StopMessageStrikes),
		FilteredPercent:  usually(t.FilteredPercent, compliance.FilteredPercent),
		FilteredFrom:     usually(t.FilteredFrom, 100),
		FilteredMessages: usually(t.FilteredMessages, compliance.FilteredMessages),
	}
}

// The codes of troubles.
const (
	troubleFiltered = "filtered"            // carriers filter a source; its bulk waits for a person
	troubleDayCap   = "carrier_day_cap"     // a carrier's limit for the day is used up
	troubleWarning  = "carrier_warning"     // much of a carrier's limit for the day is used
	troubleConfig   = "country_not_enabled" // the account or the sender may not text there
	troubleSender   = "sender_refused"      // the sender is not registered; the channel is stopped
)

// untilLifted is the end of a stop that only a person ends.
const untilLifted = clock.Time(1 << 62)

// shownFor is how long a trouble that stops nothing is shown after it was last seen.
const shownFor = 7 * 24 * time.Hour

// Trouble is something that carriers told about a channel, and that people should know or decide.
type Trouble struct {
	Code     string     `json:"code" enum:"filtered,carrier_day_cap,carrier_warning,country_not_enabled,sender_refused"`
	Provider string     `json:"provider_code" doc:"the last one, as the provider writes it"`
	Sender   string     `json:"sender"`
	Source   string     `json:"source" doc:"what sent the messages: campaign, journey:<id>/<step>"`
	Text     string     `json:"text" doc:"what it means"`
	Do       string     `json:"do" doc:"what to do"`
	Stops    bool       `json:"stops" doc:"messages wait because of it"`
	Until    clock.Time `json:"until" doc:"when they go on by themselves; 0: when somebody resumes the channel"`
	FirstAt  clock.Time `json:"first_at"`
	LastAt   clock.Time `json:"last_at"`
	Count    int64      `json:"count"`
}

// stop is a trouble that keeps messages back.
type stop struct {
	workspace id.Workspace
	channel   ID
	code      string
	sender    string
	source    string
	until     clock.Time
}

// sourceOf is what a message counts as when carriers filter it.
func sourceOf(d Delivery) string {
	if d.Source != "" {
		return d.Source
	}
	return d.Kind
}

// heedTx does what follows from a provider's code beyond the message itself.
func (o *outbox) heedTx(ctx context.Context, tx *db.Tx, c *change) error {
	var err error
	switch c.outcome.Action {
	case compliance.RetryDaily:
		err = o.strikeTx(ctx, tx, c, o.s.o.Thresholds.Strikes)
	case compliance.StopMessage:
		err = o.strikeTx(ctx, tx, c, o.s.o.Thresholds.Blocks)
	case compliance.Filtered:
		err = o.filteredTx(ctx, tx, *c)
	case compliance.CarrierDayCap:
		if err = insertRefusal(ctx, tx, *c); err == nil {
			err = o.troubleTx(ctx, tx, troubleOf(*c, troubleDayCap, nextDay(c.outcome.At, compliance.CarrierDayResetZone)))
		}
	case compliance.ConfigError:
		err = o.troubleTx(ctx, tx, troubleOf(*c, troubleConfig, 0))
	case compliance.BlockSender:
		err = o.blockTx(ctx, tx, *c)
	case compliance.Backoff:
		tx.AfterCommit(func() { o.slow(c.claim, c.outcome.At.Add(backPressure)) })
	}
	if err == nil && c.outcome.Action == compliance.Unreachable && c.outcome.State == StateFailed {
		err = o.s.unreachableTx(ctx, tx, c.claim.Delivery, c.outcome)
	}
	if err != nil {
		return fmt.Errorf("act on the provider's code %s: %w", c.outcome.Provider, err)
	}
	return nil
}

// strikeTx counts a message that ended in a way that says little alone. At the limit the number counts as unreachable.
func (o *outbox) strikeTx(ctx context.Context, tx *db.Tx, c *change, limit int) error {
	if c.retry {
		return nil
	}
	if err := insertRefusal(ctx, tx, *c); err != nil {
		return err
	}
	n, err := countRefusals(ctx, tx, *c, c.outcome.At.Add(-30*24*time.Hour))
	if err != nil || n < limit {
		return err
	}
	c.outcome.Action = compliance.Unreachable
	c.outcome.Reason += fmt.Sprintf(" That was the %d. message to this number within 30 days that ended so, so it counts as unreachable until the customer writes.", n)
	return nil
}

// filteredTx counts a filtered message for its source, and stops that source's bulk at the threshold.
func (o *outbox) filteredTx(ctx context.Context, tx *db.Tx, c change) error {
	if err := insertRefusal(ctx, tx, c); err != nil {
		return err
	}
	t := troubleOf(c, troubleFiltered, 0)
	lifted, err := readLifted(ctx, tx, t)
	if err != nil {
		return err
	}
	since := clock.Time(dayOf(c.outcome.At)-1) * microsecondsOfDay
	filtered, err := countFiltered(ctx, tx, t, max(since, lifted))
	if err != nil {
		return err
	}
	sent, err := countSent(ctx, tx, t, dayOf(max(since, lifted)))
	if err != nil {
		return err
	}
	sent += o.s.health.unflushed(t)
	limits := o.s.o.Thresholds
	if filtered >= limits.FilteredMessages || sent >= int64(limits.FilteredFrom) && float64(filtered)*100 >= limits.FilteredPercent*float64(sent) {
		t.until = untilLifted
	}
	return o.troubleTx(ctx, tx, t)
}

const microsecondsOfDay = clock.Time(24 * time.Hour / time.Microsecond)

// dayOf counts the days since 1970, UTC.
func dayOf(at clock.Time) int64 { return int64(at / microsecondsOfDay) }

// blockTx stops the channel whose sender carriers refuse; its queue stays until somebody resumes it (I12).
func (o *outbox) blockTx(ctx context.Context, tx *db.Tx, c change) error {
	m := o.s.meaningOf(ctx, c.claim.Delivery, c.outcome.Provider)
	if err := setState(ctx, tx, c.claim.Workspace, c.claim.Channel, ChannelError, fmt.Sprintf("%s: %s %s", troubleSender, m.Meaning, m.Do)); err != nil {
		return err
	}
	tx.AfterCommit(func() { o.s.accounts.changed(c.claim.Workspace, c.claim.Channel) })
	return o.troubleTx(ctx, tx, troubleOf(c, troubleSender, 0))
}

func (s *Service) meaningOf(ctx context.Context, d Delivery, code string) compliance.Meaning {
	kind := Kind("")
	if a, err := s.accounts.get(ctx, d.Workspace, d.Channel); err == nil {
		kind = a.Kind
	}
	return s.Rules.Lookup(dialect(kind), code)
}

// backPressure is how long a sender is silent after a carrier said that its queue is full or its rate is exceeded.
const backPressure = time.Minute

// slow keeps the sender of a message silent for a while.
func (o *outbox) slow(c Claim, until clock.Time) {
	for _, l := range o.lanesOf(c.Workspace) {
		if l.key.channel == c.Channel && l.key.sender == c.From {
			l.hush(until)
		}
	}
}

// sighting is a trouble as it is noted.
type sighting struct {
	stop
	provider string
	at       clock.Time
}

// troubleOf is the trouble that a message had.
func troubleOf(c change, code string, until clock.Time) sighting {
	return sighting{stop{c.claim.Workspace, c.claim.Channel, code, c.claim.From, sourceFor(c.claim.Delivery, code), until}, c.outcome.Provider, c.outcome.At}
}

// sourceFor keeps troubles that are not about a source together.
func sourceFor(d Delivery, code string) string {
	if code == troubleFiltered {
		return sourceOf(d)
	}
	return ""
}

// troubleTx notes a trouble, and keeps messages back from now on if it stops something.
func (o *outbox) troubleTx(ctx context.Context, tx *db.Tx, t sighting) error {
	if err := upsertTrouble(ctx, tx, t); err != nil {
		return err
	}
	if t.until > t.at {
		tx.AfterCommit(func() {
			o.s.Log.Warn("messages wait after what a carrier answered", "channel", t.channel, "trouble", t.code, "source", t.source, "code", t.provider)
			o.s.stops.add(t.stop)
		})
	}
	return nil
}

// stops are what keeps messages back, as this node knows it.
type stops struct {
	mu   sync.RWMutex
	list []stop
}

// add keeps messages back at this node; the others learn it from the table.
func (s *stops) add(one stop) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, one)
}

// learnStops reads what keeps messages back.
func (s *Service) learnStops(ctx context.Context) error {
	list, err := readStops(ctx, s.DB, s.Clock.Now())
	if err != nil {
		return fmt.Errorf("read what keeps messages back: %w", err)
	}
	s.stops.mu.Lock()
	defer s.stops.mu.Unlock()
	s.stops.list = list
	return nil
}

// of are the stops of a channel that still hold; most channels have none.
func (s *stops) of(ws id.Workspace, channel ID, now clock.Time) (out []stop) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, s := range s.list {
		if s.workspace == ws && s.channel == channel && s.until > now {
			out = append(out, s)
		}
	}
	return out
}

// keepBack takes out of the claims what a trouble of their channel stops: bulk of a filtered source waits for a person,
// and a number known to be of a carrier whose day is used up waits for the next.
func (o *outbox) keepBack(ctx context.Context, tx *db.Tx, claims []Claim, now clock.Time) ([]Claim, []change, error) {
	if len(claims) == 0 {
		return claims, nil, nil
	}
	stops := o.s.stops.of(claims[0].Workspace, claims[0].Channel, now)
	if len(stops) == 0 {
		return claims, nil, nil
	}
	capped := map[string]bool{}
	for _, s := range stops {
		if s.code == troubleDayCap {
			var err error
			if capped, err = knownCapped(ctx, tx, claims); err != nil {
				return nil, nil, err
			}
		}
	}
	var rest []Claim
	var kept []change
	for _, c := range claims {
		if s, ok := stopped(c, stops, capped[c.To]); ok {
			kept = append(kept, keptBy(s, c, now))
		} else {
			rest = append(rest, c)
		}
	}
	return rest, kept, nil
}

func stopped(c Claim, stops []stop, capped bool) (stop, bool) {
	for _, s := range stops {
		switch {
		case s.sender != c.From:
		case s.code == troubleDayCap && capped, s.code == troubleFiltered && c.Priority == PriorityBulk && sourceOf(c.Delivery) == s.source:
			return s, true
		}
	}
	return stop{}, false
}

// heldSource is the code of messages that wait because carriers filter their source.
const heldSource = "source_filtered"

func keptBy(s stop, c Claim, now clock.Time) change {
	if s.code == troubleDayCap {
		return postponed(c, now, Verdict{Until: s.until, Code: troubleDayCap,
			Reason: "The carrier of this number takes nothing more from this sender today."})
	}
	return change{claim: c, back: true, outcome: Outcome{State: StateHeld, At: now, Code: heldSource,
		Reason: "Carriers filter these messages. Change the wording or the links; they wait until somebody resumes the channel."}}
}

// Resume lifts what stops a channel: the state after a refusal, and the stops of filtered sources and carriers. What they
// held goes back into the queue, where the gate is asked again.
func (s *Service) Resume(ctx context.Context, actor org.Actor, channel ID) error {
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		before, err := readChannel(ctx, tx, actor.Workspace, channel)
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		if err := liftTroubles(ctx, tx, actor.Workspace, channel, now); err != nil {
			return err
		}
		if err := reactivate(ctx, tx, actor.Workspace, channel); err != nil {
			return err
		}
		for _, l := range s.outbox.lanesOf(actor.Workspace) {
			if l.key.channel == channel {
				if err := releaseSources(ctx, tx, l.number, now); err != nil {
					return err
				}
			}
		}
		return s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "channel.resume", Object: string(channel), Before: audited(before)})
	})
	if err != nil {
		return err
	}
	if err := s.learnStops(ctx); err != nil {
		return err
	}
	s.accounts.changed(actor.Workspace, channel)
	return nil
}

// troubles are what people should know of a channel now.
func (s *Service) troubles(ctx context.Context, q db.Queryer, c Channel) ([]Trouble, error) {
	now := s.Clock.Now()
	list, err := readTroubles(ctx, q, c, now, now.Add(-shownFor))
	if err != nil {
		return nil, err
	}
	for i, t := range list {
		m := s.Rules.Lookup(dialect(c.Kind), t.Provider)
		list[i].Text, list[i].Do = m.Meaning, m.Do
	}
	return list, nil
}

// heardTx ends the mark of numbers that were unreachable and now wrote.
func (s *Service) heardTx(ctx context.Context, tx *db.Tx, fresh []*arrival) error {
	var known []*arrival
	var addresses []string
	for _, a := range fresh {
		if a.phone {
			known, addresses = append(known, a), append(addresses, a.From)
		}
	}
	if len(known) == 0 {
		return nil
	}
	readings, err := s.People.ConsentAll(ctx, tx, known[0].account.Workspace, people.SMS, people.Support, addresses)
	if err != nil {
		return err
	}
	var list []people.Consent
	for _, a := range known {
		if readings[a.From].Reason == "unreachable" {
			list = append(list, people.Consent{Workspace: a.account.Workspace, Person: a.person, Medium: people.SMS, Address: a.From, At: a.receivedAt,
				Action: people.Reachable, Source: people.ByReply, Actor: "person", Proof: people.Proof{Method: "text", MessageIDs: []string{a.id}}})
		}
	}
	_, err = s.People.RecordConsentAllTx(ctx, tx, list)
	return err
}
