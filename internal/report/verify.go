package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/people"
)

// Check is one promise, recounted from the tables.
type Check struct {
	Invariant string   // "I13", as in the reliability notes
	Text      string   // what must be so
	Counted   int64    // rows that were looked at
	Broken    []string // what is not so; empty when the promise is kept
}

// Verifier recounts what Parley promises. All fields are required.
type Verifier struct {
	DB     *db.DB
	Org    *org.Service
	People *people.Service
	Kinds  []string // kinds of mailbox items that somebody handles
}

// Verify recounts every promise. It reads only, and may run beside a working server: what looks broken is counted again,
// and only what is broken both times is told, because rows that change between two reads look broken once.
func (v Verifier) Verify(ctx context.Context) ([]Check, error) {
	var out []Check
	for _, p := range v.promises() {
		c := Check{Invariant: p.invariant, Text: p.text}
		for round := 0; round < 2 && (round == 0 || len(c.Broken) > 0); round++ {
			counted, broken, err := p.look(ctx)
			if err != nil {
				return out, fmt.Errorf("recount %s (%s): %w", p.invariant, p.text, err)
			}
			if c.Counted = counted; round > 0 {
				broken = slices.DeleteFunc(broken, func(s string) bool { return !slices.Contains(c.Broken, s) })
			}
			c.Broken = broken
		}
		out = append(out, c)
	}
	return out, nil
}

// promise is one check and how it is counted.
type promise struct {
	invariant, text string
	look            func(context.Context) (int64, []string, error)
}

func (v Verifier) promises() []promise {
	out := []promise{{"I20", "the database file is whole", v.whole}}
	for _, r := range recounts() {
		out = append(out, promise{r.invariant, r.text, func(ctx context.Context) (int64, []string, error) {
			return r.count(ctx, v.DB)
		}})
	}
	return append(out,
		promise{"I6", "everything that waits for a person has somebody who handles it", v.handled},
		promise{"I13", "nobody was texted for a purpose after they revoked it", v.respected},
		promise{"I14", "consent is the fold of an unbroken chain of evidence", v.ledger},
		promise{"I16", "what is being sent is named by a claim, so that a crash leaves a trace", v.claimed})
}

func (v Verifier) whole(ctx context.Context) (int64, []string, error) {
	problems, err := v.DB.Integrity(ctx)
	return 1, problems, err
}

func (v Verifier) handled(ctx context.Context) (int64, []string, error) {
	waiting, err := waitingKinds(ctx, v.DB)
	if err != nil {
		return 0, nil, err
	}
	var total int64
	var broken []string
	for _, w := range waiting {
		total += w.count
		if !slices.Contains(v.Kinds, w.kind) {
			broken = append(broken, fmt.Sprintf("%d items of kind %q", w.count, w.kind))
		}
	}
	return total, broken, nil
}

// inFlight is how much later than a revocation an attempt may be dated that began before it was answered: both are dated
// before they wait for the disk, and another node hears of the revocation within a second (I13).
const inFlight = time.Second

// respected looks at every attempt for a purpose that can be revoked, made after the first revocation of its address.
func (v Verifier) respected(ctx context.Context) (int64, []string, error) {
	total, err := countPromotional(ctx, v.DB)
	if err != nil {
		return 0, nil, err
	}
	attempts, err := attemptsAfterRevocation(ctx, v.DB)
	if err != nil {
		return 0, nil, err
	}
	var broken []string
	ledgers := map[holder][]people.ConsentEvent{}
	for _, a := range attempts {
		events, known := ledgers[a.holder]
		if !known {
			if events, err = v.People.Ledger(ctx, v.DB, a.workspace, people.SMS, a.address); err != nil {
				return 0, nil, err
			}
			ledgers[a.holder] = events
		}
		if revokedThroughout(events, a.purpose, a.at) {
			broken = append(broken, fmt.Sprintf("%s: attempt %d for %s at %s", a.message, a.number, a.purpose, a.at))
		}
	}
	return total, broken, nil
}

// revokedThroughout says whether the purpose was revoked at the moment and had been for a while.
func revokedThroughout(events []people.ConsentEvent, p people.Purpose, at clock.Time) bool {
	for _, moment := range []clock.Time{at.Add(-inFlight), at} {
		if s := people.StatusAt(events, p, moment); s != people.Revoked && s != people.Blocked {
			return false
		}
	}
	return true
}

func (v Verifier) ledger(ctx context.Context) (int64, []string, error) {
	workspaces, err := v.Org.Workspaces(ctx, v.DB)
	if err != nil {
		return 0, nil, err
	}
	var total int64
	var broken []string
	for _, w := range workspaces {
		n, err := v.People.VerifyLedger(ctx, v.DB, w.ID, func(t people.Tampering) {
			broken = append(broken, fmt.Sprintf("%s %s event %d: %s", t.Medium, t.AddressKey, t.Seq, t.Problem))
		})
		if err != nil {
			return 0, nil, err
		}
		total += int64(n)
	}
	return total, broken, nil
}

// claimed compares the messages that are being sent with those that claims name.
func (v Verifier) claimed(ctx context.Context) (int64, []string, error) {
	sending, err := sendingMessages(ctx, v.DB)
	if err != nil {
		return 0, nil, err
	}
	named, err := claimedMessages(ctx, v.DB)
	if err != nil {
		return 0, nil, err
	}
	var broken []string
	for _, message := range sending {
		if !named[message] {
			broken = append(broken, message)
		}
	}
	return int64(len(sending)), broken, nil
}

// holder is an address in a workspace.
type holder struct {
	workspace id.Workspace
	address   string
}

// attempt is one try to hand a message over.
type attempt struct {
	holder
	message string
	number  int
	purpose people.Purpose
	at      clock.Time
}
