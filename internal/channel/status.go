package channel

import (
	"context"
	"slices"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// known is a delivery as a status finds it.
type known struct {
	Claim
	state State
}

// applyStatuses writes news about messages and tells the conversation, inside the intake's transaction. A status that
// names only its provider's id and finds nothing is kept: the outcome that names the id may be on its way (I8).
func (s *Service) applyStatuses(ctx context.Context, tx *db.Tx, ws id.Workspace, channel *account, list []StatusUpdate) error {
	found, err := findDeliveries(ctx, tx, ws, channel.ID, list)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	latest := map[MessageID]change{}
	for _, u := range list {
		k, ok := found.of(u)
		if err := s.warnTx(ctx, tx, k, u, channel, now); err != nil {
			return err
		}
		if !ok {
			if err := s.keepEarly(ctx, tx, ws, channel, u, now); err != nil {
				return err
			}
			continue
		}
		c, moves := s.read(k, u, channel.Kind, now)
		if before, has := latest[k.Message]; moves && (!has || c.outcome.State.Rank() > before.outcome.State.Rank()) {
			latest[k.Message] = c
		}
	}
	changes := make([]change, 0, len(latest))
	for _, c := range latest {
		changes = append(changes, c)
	}
	slices.SortFunc(changes, func(a, b change) int { return compareIDs(a.claim.Message, b.claim.Message) })
	return s.outbox.applyTx(ctx, tx, changes)
}

// warnTx notes a warning that came with a status, whatever became of the message: much of a carrier's day is used up.
func (s *Service) warnTx(ctx context.Context, tx *db.Tx, k known, u StatusUpdate, channel *account, now clock.Time) error {
	if u.ProviderCode == "" || s.Rules.Lookup(dialect(channel.Kind), u.ProviderCode).Action != compliance.Alert {
		return nil
	}
	return s.outbox.troubleTx(ctx, tx, sighting{stop{channel.Workspace, channel.ID, troubleWarning, k.From, "", 0}, u.ProviderCode, now})
}

func compareIDs(a, b MessageID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// keepEarly keeps a status that came before the outcome. One that names an attempt is never early: its row is there
// before the provider is asked, so it belongs to somebody else.
func (s *Service) keepEarly(ctx context.Context, tx *db.Tx, ws id.Workspace, channel *account, u StatusUpdate, now clock.Time) error {
	if u.ProviderID == "" || u.Attempt != "" {
		return nil
	}
	tx.AfterCommit(func() { s.outbox.early.Store(true) })
	return insertEarly(ctx, tx, early{ws, channel.ID, s.IDs.New("rcp"), u, now})
}

// read decides what a status does to a delivery; false when it changes nothing.
func (s *Service) read(k known, u StatusUpdate, kind Kind, now clock.Time) (change, bool) {
	_, attempt, named := u.Attempt.Message()
	state := State(u.Status)
	if u.Status == StatusQueued {
		state = StateSent
	}
	c := change{claim: k.Claim, doubt: k.state == StateUnknown, evidence: true, outcome: Outcome{State: state, At: now, ProviderID: u.ProviderID,
		Code: codeOf(u), Provider: u.ProviderCode, Reason: u.Text}}
	switch {
	case k.state == StateDropped && attempt == 0:
		return c, false
	case named && attempt < k.Attempt && (state == StateFailed || k.state == StateSending):
		return c, false // an earlier attempt is over and another is under way
	case state.Rank() <= k.state.Rank(), state == StateFailed && (k.state == StateQueued || k.state == StateHeld):
		return c, false // known already, or a repeated word about an attempt that another will follow
	case state != StateFailed:
		c.outcome.Code, c.outcome.Reason = "", ""
		return c, true
	}
	c.revoke = u.OptedOut
	s.failedBy(&c, s.Rules.Lookup(dialect(kind), u.ProviderCode), now)
	return c, true
}

func codeOf(u StatusUpdate) string {
	switch {
	case u.OptedOut:
		return "opted_out"
	case u.Status == StatusFailed:
		return "undelivered"
	}
	return ""
}

// dialect is whose error codes a kind of channel speaks: the simulated carrier fails as Twilio does.
func dialect(kind Kind) string {
	if kind == "sim" {
		return "twilio"
	}
	return string(kind)
}

// failedBy follows the table of provider codes.
func (s *Service) failedBy(c *change, m compliance.Meaning, now clock.Time) {
	c.outcome.Action = m.Action
	if c.outcome.Reason == "" || m.Action != compliance.Unknown {
		c.outcome.Reason = m.Meaning
	}
	if code := codeAfter(m.Action); code != "" {
		c.outcome.Code = code
	}
	switch m.Action {
	case compliance.Revoke:
		c.revoke = true
	case compliance.RetryDaily:
		if c.claim.Retries < s.o.Thresholds.Retries {
			s.tryAgainAt(c, now.Add(time.Duration(4*(c.claim.Retries+1))*time.Hour))
		}
	case compliance.RetryOnce:
		if c.claim.Retries == 0 && harmlessTwice(c.claim.Delivery) {
			s.tryAgainAt(c, now.Add(retryOnceAfter))
		}
	case compliance.Backoff:
		if c.claim.Retries < 5 {
			s.tryAgainAt(c, now.Add(max(backoff(c.claim), backPressure)))
		}
	case compliance.CarrierDayCap:
		s.tryAgainAt(c, nextDay(now, compliance.CarrierDayResetZone))
	case compliance.BlockSender:
		s.tryAgainAt(c, now) // it surely did not arrive, and waits for the sender
	case compliance.FallbackSMS:
		if len(c.claim.Media) > 0 {
			c.instead = asLinks(c.claim.Delivery)
			s.tryAgainAt(c, now)
		}
	}
}

// codeAfter is our code of what providers refuse; empty where the adapter's stays.
func codeAfter(a compliance.Action) string {
	switch a {
	case compliance.Revoke:
		return "opted_out"
	case compliance.Unreachable:
		return "bad_number"
	case compliance.StopMessage:
		return "blocked"
	case compliance.Filtered:
		return "filtered"
	case compliance.AuthorError:
		return "too_long"
	case compliance.ConfigError:
		return troubleConfig
	case compliance.BlockSender:
		return troubleSender
	case compliance.CarrierDayCap:
		return troubleDayCap
	case compliance.FallbackSMS:
		return "media_refused"
	case compliance.Backoff:
		return "throttled"
	}
	return ""
}

// retryOnceAfter is the pause before what a carrier lost without a reason is tried once more.
const retryOnceAfter = 5 * time.Minute

// harmlessTwice says whether a second copy of a message does no harm, should the first one arrive after all. A
// confirmation of an opt-out is sent exactly once, and nobody wants an advertisement twice.
func harmlessTwice(d Delivery) bool {
	p := people.Purpose(d.Purpose)
	return (p == people.Transactional || p == people.Support) && d.Kind != "compliance"
}

// asLinks is a message with files as a text: its words, and where the files are.
func asLinks(d Delivery) string {
	lines := make([]string, 0, len(d.Media)+1)
	if d.Text != "" {
		lines = append(lines, d.Text)
	}
	for _, m := range d.Media {
		lines = append(lines, m.URL)
	}
	return strings.Join(lines, "\n")
}

// tryAgainAt queues another attempt of a message that surely did not arrive, if its time allows.
func (s *Service) tryAgainAt(c *change, at clock.Time) {
	if !c.claim.ExpiresAt.IsZero() && at >= c.claim.ExpiresAt {
		return
	}
	c.retry, c.outcome.State, c.outcome.Until = true, StateQueued, at
	c.outcome.ProviderID = ""
}

// nextDay is the next midnight in the zone.
func nextDay(now clock.Time, zone string) clock.Time {
	at := now.Std()
	if z, err := time.LoadLocation(zone); err == nil {
		at = at.In(z)
	}
	return clock.From(time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, at.Location()))
}

// earlyReceipts matches kept statuses with the outcomes that came meanwhile.
func (s *Service) earlyReceipts(ctx context.Context) {
	s.every(ctx, 2*time.Second, func(ctx context.Context) {
		if s.outbox.early.Swap(false) || s.polls() {
			s.failed(ctx, "match early receipts", s.matchEarly(ctx))
		}
	})
}

// earlyFor is how long a status waits for its outcome.
const earlyFor = 15 * time.Minute

func (s *Service) matchEarly(ctx context.Context) error {
	list, err := readEarly(ctx, s.DB, 500)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	for _, e := range list {
		a, err := s.accounts.get(ctx, e.workspace, e.channel)
		if err != nil {
			continue
		}
		err = s.DB.Tx(ctx, func(tx *db.Tx) error {
			found, err := findDeliveries(ctx, tx, e.workspace, e.channel, []StatusUpdate{e.update})
			if err != nil {
				return err
			}
			k, ok := found.of(e.update)
			if !ok && now.Sub(e.at) < earlyFor {
				tx.AfterCommit(func() { s.outbox.early.Store(true) })
				return nil
			}
			deleteEarly(ctx, tx, e)
			if c, moves := s.read(k, e.update, a.Kind, now); ok && moves {
				return s.outbox.applyTx(ctx, tx, []change{c})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// polls says whether other nodes may have changed something unseen.
func (s *Service) polls() bool { return s.o.Poll > 0 && s.DB.Engine() == db.Postgres }
