package people

import (
	"maps"

	"parley/internal/clock"
)

// Status is where an address stands for one purpose.
type Status string

// The statuses. NoConsent is the state of an address that the ledger says nothing about.
const (
	NoConsent Status = "none"
	Awaiting  Status = "pending"
	Granted   Status = "granted"
	Revoked   Status = "revoked"
	Blocked   Status = "blocked"
)

// Standing is where an address stands for one purpose, with what it rests on.
type Standing struct {
	Status         Status
	Since          clock.Time
	Event          ConsentEventID // the event that made the status
	Source         ConsentSource  // of that event
	Given          bool           // consent was in force when it was revoked; START brings it back
	GivenSource    ConsentSource  // how the consent came, kept through a revocation
	DisclosureHash string         // of the words shown when it was given
	Frequency      int            // disclosed most texts a month
	DoubleOptIn    bool           // confirmed by the holder, or given by the holder
	PendingUntil   clock.Time
	RevokedAt      clock.Time // the latest revocation, also after it was lifted
	Doubtful       bool       // the revocation may be a misreading; a member may clarify
	UnreachableAt  clock.Time // zero when reachable
}

// State is where one address stands. A purpose without a Standing is one that nothing was said about.
type State map[Purpose]Standing

// Folded is what Fold reads of an event.
type Folded struct {
	ID             ConsentEventID
	Action         Action
	Purpose        Purpose
	Source         ConsentSource
	At             clock.Time
	ExpiresAt      clock.Time
	DisclosureHash string
	Frequency      int
	Doubtful       bool
	Confirmed      bool // the holder confirmed it elsewhere, with proof
}

// Fold is the state after an event. It is the only way in which consent changes, it changes no input, and the stored
// state equals the fold of the ledger from its first event. Lowering always works; raising depends on the source.
func Fold(before State, e Folded) State {
	after := maps.Clone(before)
	if after == nil {
		after = State{}
	}
	for _, p := range Purposes() {
		if e.Purpose != All && e.Purpose != p {
			continue
		}
		was := before[p]
		if now := was.fold(e); now != was {
			after[p] = now
		}
	}
	if e.Source.holder() && e.Action != Unreachable {
		after.answered(e)
	}
	return after
}

// answered notes that the address is in use: its holder just did something.
func (s State) answered(e Folded) {
	for p, standing := range s {
		if !standing.UnreachableAt.IsZero() && e.At >= standing.UnreachableAt {
			standing.UnreachableAt = 0
			s[p] = standing
		}
	}
}

func (s Standing) fold(e Folded) Standing {
	was := s
	if s.Status == "" {
		s.Status = NoConsent
	}
	begun := s
	switch e.Action {
	case Grant:
		s = s.grant(e)
	case Pending:
		s = s.await(e)
	case Confirm:
		s = s.confirm(e)
	case Revoke:
		s = s.lower(e, Revoked)
	case Block:
		s = s.lower(e, Blocked)
	case Restore, Clarify:
		s = s.restore(e)
	case Unreachable:
		s.UnreachableAt = max(s.UnreachableAt, e.At)
	case Reachable:
		if e.At >= s.UnreachableAt {
			s.UnreachableAt = 0
		}
	}
	if s == begun {
		return was // nothing was said that matters, so there is nothing to keep
	}
	return s
}

func (s Standing) suppressed() bool { return s.Status == Revoked || s.Status == Blocked }

// lifts says whether the event may undo the revocation in force: the holder's own act, not earlier than it.
func (s Standing) lifts(e Folded) bool { return e.Source.holder() && e.At >= s.RevokedAt }

func (s Standing) grant(e Folded) Standing {
	switch {
	case !e.Source.mayGrant():
		return s
	case s.suppressed() && !s.lifts(e), e.At < s.RevokedAt:
		return s
	case s.Status == Granted && s.DoubleOptIn && !e.Source.holder() && !e.Confirmed:
		return s // weaker evidence does not replace stronger, and cannot loosen its promise
	}
	s.set(Granted, e)
	s.GivenSource, s.DisclosureHash, s.Frequency = e.Source, e.DisclosureHash, e.Frequency
	s.DoubleOptIn, s.Given, s.PendingUntil, s.Doubtful = e.Source.holder() || e.Confirmed, true, 0, false
	return s
}

// await notes a double opt-in that was asked for. A revoked address is not asked at all, so nothing is awaited there.
func (s Standing) await(e Folded) Standing {
	if !e.Source.mayGrant() || s.suppressed() || s.Status == Granted || e.At < s.RevokedAt {
		return s
	}
	s.set(Awaiting, e)
	s.GivenSource, s.DisclosureHash, s.Frequency = e.Source, e.DisclosureHash, e.Frequency
	s.PendingUntil = e.ExpiresAt
	return s
}

func (s Standing) confirm(e Folded) Standing {
	if s.Status != Awaiting || !e.Source.holder() || e.At > s.PendingUntil {
		return s
	}
	s.set(Granted, e)
	s.DoubleOptIn, s.Given, s.PendingUntil = true, true, 0
	return s
}

// lower takes consent away. It never fails and needs no authority; the earliest reason stays the one shown, except that
// words of the person replace what a provider said.
func (s Standing) lower(e Folded, to Status) Standing {
	at := max(s.RevokedAt, e.At)
	switch {
	case !s.suppressed():
		s.Given = s.Status == Granted
		s.set(to, e)
		s.PendingUntil, s.Doubtful = 0, e.Doubtful
	case s.Status == Blocked && to == Revoked:
		s.set(to, e)
		s.Doubtful = e.Doubtful
	case !e.Doubtful:
		s.Doubtful = false
	}
	s.RevokedAt = at
	if e.Source == ByCarrier {
		s.Given = false // the next holder of the number never agreed to anything
	}
	return s
}

// restore brings back what was given before the revocation, and nothing that was not.
func (s Standing) restore(e Folded) Standing {
	clarified := e.Action == Clarify && e.Source == ByMember && s.Status == Revoked && s.Doubtful && e.At >= s.RevokedAt
	if !s.suppressed() || !(s.lifts(e) || clarified) {
		return s
	}
	to := NoConsent
	if s.Given {
		to = Granted
	}
	s.set(to, e)
	s.Doubtful = false
	return s
}

func (s *Standing) set(to Status, e Folded) {
	s.Status, s.Since, s.Event, s.Source = to, e.At, e.ID, e.Source
}
