package channel

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/people"
)

// maxGroup is how many outcomes one commit holds.
const maxGroup = 512

// change is what an attempt's end does to its row.
type change struct {
	claim   Claim
	outcome Outcome
	receipt string // provider's id that later statuses name
	back    bool   // the attempt never left: its number is used again
	retry   bool   // the attempt ended and another will follow
	doubt   bool   // the message may have been unknown until now
	revoke  bool   // the provider says that the recipient opted out
	instead string // the text that goes in place of a message with files

	evidence bool // from a status of the provider: it may also end what was sent
}

// collect commits outcomes: one at once when nothing else waits, many together under load. It ends when the channel of
// results is closed.
func (o *outbox) collect(ctx context.Context) {
	for first := range o.results {
		group := append(make([]result, 0, maxGroup), first)
		for more := true; more && len(group) < maxGroup; {
			select {
			case r, ok := <-o.results:
				if more = ok; ok {
					group = append(group, r)
				}
			default:
				more = false
			}
		}
		o.commit(ctx, group)
	}
}

// commit stores a group of outcomes and does not give up: until they are on disk nothing else of these lanes is settled.
func (o *outbox) commit(ctx context.Context, group []result) {
	now := o.s.Clock.Now()
	list := make([]change, 0, len(group))
	done := map[*batch]int64{}
	for _, r := range group {
		list = append(list, o.decide(r, now))
		done[r.batch]++
	}
	wait := 20 * time.Millisecond
	for {
		err := o.store(ctx, list, done)
		if err == nil {
			break
		}
		o.s.Log.Error("store the outcomes of messages; trying again", "count", len(list), "error", err)
		pause(ctx, wait)
		wait = min(2*wait, 2*time.Second)
	}
	o.s.Faults.Hit("after_outcome")
	o.after(list, group)
}

// store commits the outcomes with those who are told of them; when they cannot take it, the outcomes are committed alone
// and the telling is repeated by a signal, because nothing may undo what the provider has accepted (I9).
func (o *outbox) store(ctx context.Context, list []change, done map[*batch]int64) error {
	err := o.s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := o.endBatches(ctx, tx, done); err != nil {
			return err
		}
		return o.applyTx(ctx, tx, list)
	})
	if err == nil || errs.KindOf(err) == errs.Unavailable || o.s.hooks.OnOutcome == nil {
		return o.settled(done, err)
	}
	o.s.Log.Error("tell the conversation of outcomes; it is told again", "error", err)
	return o.settled(done, o.s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := o.endBatches(ctx, tx, done); err != nil {
			return err
		}
		outcomes, err := o.writeTx(ctx, tx, list)
		if err != nil {
			return err
		}
		signals := make([]mailbox.Signal, 0, len(outcomes))
		for _, out := range outcomes {
			signals = append(signals, mailbox.Signal{Workspace: out.Workspace, Person: out.Person, Kind: signalOutcome, Body: out})
		}
		return o.s.Mailbox.SendAllTx(ctx, tx, signals)
	}))
}

// endBatches removes the rows of claims whose last outcome this is.
func (o *outbox) endBatches(ctx context.Context, tx *db.Tx, done map[*batch]int64) error {
	for b, n := range done {
		if b.left.Load() == n {
			deleteClaim(ctx, tx, b)
		}
	}
	return nil
}

func (o *outbox) settled(done map[*batch]int64, err error) error {
	if err == nil {
		for b, n := range done {
			b.left.Add(-n)
		}
	}
	return err
}

// after tells the lanes and the health what happened.
func (o *outbox) after(list []change, group []result) {
	for i, c := range list {
		l := group[i].lane
		o.s.health.outcome(l.key.channel, c.outcome, o.s.Clock.Now())
		if r := c.outcome.State.Rank(); r > 0 && c.outcome.State != StateFailed {
			o.s.health.handedOver(c.claim)
		}
		var f *Failure
		if errors.As(group[i].err, &f) && f.Policy == Later {
			l.hush(o.s.Clock.Now().Add(max(f.RetryAfter, 200*time.Millisecond)))
		}
		if f != nil && f.Policy == Stop {
			o.s.accounts.stop(l.key.workspace, l.key.channel, f)
		}
	}
}

// decide turns the end of an attempt into what becomes of the message.
func (o *outbox) decide(r result, now clock.Time) change {
	c := change{claim: r.Claim, outcome: Outcome{At: now, State: StateSent, ProviderID: r.receipt.ProviderID, Price: r.receipt.Price}}
	var f *Failure
	switch {
	case r.err == nil:
		if s := State(r.receipt.Status); s.Rank() > 0 {
			c.outcome.State = s
		}
		if r.receipt.ByID {
			c.receipt = r.receipt.ProviderID
		}
		return c
	case errors.Is(r.err, errNotHanded):
		c.back, c.outcome.State, c.outcome.Until = true, StateQueued, now
		return c
	case !errors.As(r.err, &f):
		f = &Failure{Policy: Unknown, Code: "no_answer", Text: "The provider gave no clear answer. The message may or may not have been sent."}
		if r.account.conn == nil {
			f.Policy = Later
		}
	}
	c.outcome.Code, c.outcome.Provider, c.outcome.Reason = f.Code, f.ProviderCode, f.Text
	switch f.Policy {
	case Later:
		o.again(&c, f, now)
	case Unknown:
		c.doubt, c.outcome.State = true, StateUnknown
	case Stop:
		c.retry, c.outcome.State, c.outcome.Until = true, StateQueued, now
	default:
		c.outcome.State, c.revoke = StateFailed, f.OptedOut
		o.s.failedBy(&c, o.s.Rules.Lookup(dialect(r.account.Kind), f.ProviderCode), now)
	}
	return c
}

// again queues another try, unless the message would be out of date by then (I11).
func (o *outbox) again(c *change, f *Failure, now clock.Time) {
	wait := max(backoff(c.claim), f.RetryAfter)
	at := now.Add(wait)
	if !c.claim.ExpiresAt.IsZero() && at >= c.claim.ExpiresAt {
		c.outcome.State, c.outcome.Code = StateDropped, "expired"
		c.outcome.Reason = "It could not be sent before its time was over. " + f.Text
		return
	}
	c.retry, c.outcome.State, c.outcome.Until = true, StateQueued, at
}

// backoff is 1 s, 2 s, 4 s ... 5 min, moved by up to a quarter either way so that messages do not come back together.
// The move comes from the message, so that it needs no source of chance.
func backoff(c Claim) time.Duration {
	base := min(time.Second<<min(c.Retries, 9), 5*time.Minute)
	h := fnv.New32a()
	_, _ = h.Write([]byte(string(c.Message) + string(rune('0'+c.Retries))))
	return base*3/4 + base/2*time.Duration(h.Sum32()%1000)/1000
}

// applyTx writes changes and tells the conversation.
func (o *outbox) applyTx(ctx context.Context, tx *db.Tx, list []change) error {
	if len(list) == 0 {
		return nil
	}
	outcomes, err := o.writeTx(ctx, tx, list)
	if err != nil || o.s.hooks.OnOutcome == nil || len(outcomes) == 0 {
		return err
	}
	return o.s.hooks.OnOutcome(ctx, tx, outcomes)
}

// writeTx writes changes to the rows and returns what others are told.
func (o *outbox) writeTx(ctx context.Context, tx *db.Tx, list []change) ([]Outcome, error) {
	var accepted, again []change
	outcomes := make([]Outcome, 0, len(list))
	for _, c := range list {
		c.outcome.Workspace, c.outcome.Person, c.outcome.Message = c.claim.Workspace, c.claim.Person, c.claim.Message
		c.outcome.Attempt, c.outcome.Segments = c.claim.Attempt, c.claim.Segments
		if err := o.heedTx(ctx, tx, &c); err != nil {
			return nil, err
		}
		if c.outcome.State.Rank() > 0 && !c.revoke {
			accepted = append(accepted, c)
			outcomes = append(outcomes, c.outcome)
			continue
		}
		changed, err := writeChange(ctx, tx, c, o.firstLook(c.outcome.At))
		if err != nil {
			return nil, err
		}
		if changed && !(c.back && c.outcome.Code == "") {
			outcomes = append(outcomes, c.outcome)
		}
		if changed && c.outcome.State == StateQueued {
			again = append(again, c)
		}
		if c.revoke {
			if err := o.s.optedOutTx(ctx, tx, c.claim.Delivery, c.outcome); err != nil {
				return nil, err
			}
		}
	}
	if err := writeAccepted(ctx, tx, accepted); err != nil {
		return nil, err
	}
	tx.AfterCommit(func() { o.wakeFor(again) })
	return stillTrue(ctx, tx, accepted, outcomes)
}

// wakeFor tells the senders when messages that are queued again come due, whatever queued them: a claim that the gate put
// off, a throttled provider, a status.
func (o *outbox) wakeFor(again []change) {
	for _, c := range again {
		o.mu.Lock()
		l := o.lanes[o.bySend[laneKey{c.claim.Workspace, c.claim.Channel, c.claim.From}]]
		o.mu.Unlock()
		if l != nil {
			var w wish
			w.add(c.claim.Priority, c.outcome.Until)
			l.wanted(w)
		}
	}
}

// stillTrue leaves out what was overtaken: a receipt may have been stored before the acceptance that it is about (I8).
func stillTrue(ctx context.Context, tx *db.Tx, accepted []change, outcomes []Outcome) ([]Outcome, error) {
	byWorkspace := map[id.Workspace][]MessageID{}
	for _, c := range accepted {
		byWorkspace[c.claim.Workspace] = append(byWorkspace[c.claim.Workspace], c.claim.Message)
	}
	for ws, messages := range byWorkspace {
		ended, err := endedStates(ctx, tx, ws, messages)
		if err != nil {
			return nil, err
		}
		outcomes = slices.DeleteFunc(outcomes, func(o Outcome) bool {
			state, ok := ended[o.Message]
			return ok && o.Workspace == ws && o.State.Rank() > 0 && o.State != state
		})
	}
	return outcomes, nil
}

func (o *outbox) firstLook(at clock.Time) clock.Time { return at.Add(o.s.o.Looks[0]) }

// optedOutTx records that the provider refuses the recipient because they opted out there.
func (s *Service) optedOutTx(ctx context.Context, tx *db.Tx, d Delivery, out Outcome) error {
	return s.providerSaysTx(ctx, tx, d, out, people.Block)
}

// unreachableTx marks a number that cannot be texted, with the reason. The consent stays, and the mark ends when its
// holder writes.
func (s *Service) unreachableTx(ctx context.Context, tx *db.Tx, d Delivery, out Outcome) error {
	return s.providerSaysTx(ctx, tx, d, out, people.Unreachable)
}

// providerSaysTx writes what a provider says of a number into the ledger. What cannot be written there, because it never
// was a number, must not keep the outcome off the disk.
func (s *Service) providerSaysTx(ctx context.Context, tx *db.Tx, d Delivery, out Outcome, action people.Action) error {
	_, err := s.People.RecordConsentTx(ctx, tx, people.Consent{
		Workspace: d.Workspace, Person: d.Person, Medium: people.SMS, Address: d.To, Purpose: people.All,
		Action: action, Source: people.ByProvider, At: out.At, Actor: "provider",
		Proof: people.Proof{Method: "provider", ProviderCode: out.Provider, Text: out.Reason, MessageIDs: []string{string(d.Message)}},
	})
	if errs.KindOf(err) == errs.Invalid {
		s.Log.Warn("what a provider said of a number is not in the ledger", "message", d.Message, "error", err)
		return nil
	}
	return err
}

// signalOutcome tells the conversation again of an outcome that it could not take the first time.
const signalOutcome = "delivery.outcome"

func (s *Service) tellAgain(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var out Outcome
	if err := item.Decode(&out); err != nil {
		return fmt.Errorf("read an outcome: %w", err)
	}
	return s.hooks.OnOutcome(ctx, tx, []Outcome{out})
}
