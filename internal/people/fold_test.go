package people

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/clock"
)

// story folds events given as "action purpose source @time", for example {Revoke, All, ByKeyword, 10}.
type said struct {
	action  Action
	purpose Purpose
	source  ConsentSource
	at      clock.Time
}

func story(t *testing.T, events ...said) State {
	t.Helper()
	var s State
	for i, e := range events {
		s = Fold(s, Folded{ID: ConsentEventID(fmt.Sprint("con_", i)), Action: e.action, Purpose: e.purpose, Source: e.source,
			At: e.at, ExpiresAt: e.at + 100, DisclosureHash: "h", Frequency: 4})
	}
	return s
}

func TestFold(t *testing.T) {
	cases := []struct {
		name    string
		events  []said
		purpose Purpose
		want    Status
		allowed bool
	}{
		{"nothing was said", nil, Marketing, "", false},
		{"nothing was said and a question is answered", nil, Support, "", true},
		{"a form gives consent", []said{{Grant, Marketing, ByForm, 10}}, Marketing, Granted, true},
		{"consent to marketing is none to cart reminders (R-24)", []said{{Grant, Marketing, ByForm, 10}}, Cart, "", false},
		{"a double opt-in is awaited (R-14)", []said{{Pending, Cart, ByCheckout, 10}}, Cart, Awaiting, false},
		{"a double opt-in is answered", []said{{Pending, Cart, ByCheckout, 10}, {Confirm, All, ByReply, 20}}, Cart, Granted, true},
		{"a double opt-in is answered too late", []said{{Pending, Cart, ByCheckout, 10}, {Confirm, All, ByReply, 111}}, Cart, Awaiting, false},
		{"a YES without a question is no consent", []said{{Confirm, All, ByReply, 20}}, Marketing, "", false},
		{"a stranger cannot answer the double opt-in", []said{{Pending, Cart, ByForm, 10}, {Confirm, Cart, ByAPI, 20}}, Cart, Awaiting, false},
		{"STOP ends everything (R-07)", []said{{Grant, Marketing, ByForm, 10}, {Revoke, All, ByKeyword, 20}}, Transactional, Revoked, false},
		{"STOP from an unknown number counts", []said{{Revoke, All, ByKeyword, 20}}, Support, Revoked, false},
		{"START brings back what was given (R-15)", []said{{Grant, Marketing, ByForm, 10}, {Revoke, All, ByKeyword, 20}, {Restore, All, ByKeyword, 30}}, Marketing, Granted, true},
		{"START brings back nothing that was not given", []said{{Revoke, All, ByKeyword, 20}, {Restore, All, ByKeyword, 30}}, Marketing, NoConsent, false},
		{"START after a double STOP still remembers", []said{{Grant, Marketing, ByForm, 10}, {Revoke, All, ByKeyword, 20}, {Revoke, All, ByReply, 25}, {Restore, All, ByKeyword, 30}}, Marketing, Granted, true},
		{"a START that came late is older than the STOP", []said{{Grant, Marketing, ByForm, 10}, {Revoke, All, ByKeyword, 20}, {Restore, All, ByKeyword, 15}}, Marketing, Revoked, false},
		{"joining by keyword lifts a STOP", []said{{Revoke, All, ByKeyword, 20}, {Grant, Marketing, ByKeyword, 30}}, Marketing, Granted, true},
		{"an import cannot lift a STOP (I14)", []said{{Revoke, All, ByKeyword, 20}, {Grant, Marketing, ByImport, 30}}, Marketing, Revoked, false},
		{"the API cannot lift a STOP (I14)", []said{{Revoke, All, ByKeyword, 20}, {Grant, Marketing, ByAPI, 30}}, Marketing, Revoked, false},
		{"a form cannot lift a STOP (I13)", []said{{Revoke, All, ByKeyword, 20}, {Grant, Marketing, ByForm, 30}}, Marketing, Revoked, false},
		{"a member cannot lift a STOP", []said{{Revoke, All, ByKeyword, 20}, {Grant, Marketing, ByMember, 30}}, Marketing, Revoked, false},
		{"a member cannot clarify a plain STOP", []said{{Grant, Marketing, ByForm, 10}, {Revoke, All, ByKeyword, 20}, {Clarify, Marketing, ByMember, 30}}, Marketing, Revoked, false},
		{"a stopped number is not asked for a double opt-in", []said{{Revoke, All, ByKeyword, 20}, {Pending, Marketing, ByForm, 30}, {Confirm, All, ByReply, 40}}, Marketing, Revoked, false},
		{"a merge raises nothing", []said{{Grant, Marketing, ByMerge, 10}}, Marketing, "", false},
		{"a model raises nothing (I37)", []said{{Grant, Marketing, ByAssistant, 10}}, Marketing, "", false},
		{"a model lowers", []said{{Grant, Marketing, ByForm, 10}, {Revoke, Marketing, ByAssistant, 20}}, Marketing, Revoked, false},
		{"an old import does not outlive the STOP that START lifted", []said{{Revoke, All, ByKeyword, 20}, {Restore, All, ByKeyword, 30}, {Grant, Marketing, ByImport, 5}}, Marketing, NoConsent, false},
		{"the provider blocks (R-08)", []said{{Grant, Marketing, ByForm, 10}, {Block, All, ByProvider, 20}}, Marketing, Blocked, false},
		{"START lifts a block", []said{{Grant, Marketing, ByForm, 10}, {Block, All, ByProvider, 20}, {Restore, All, ByKeyword, 30}}, Marketing, Granted, true},
		{"an import cannot lift a block", []said{{Block, All, ByProvider, 20}, {Grant, Marketing, ByImport, 30}}, Marketing, Blocked, false},
		{"the customer keeps order texts (R-06)", []said{{Grant, Transactional, ByCheckout, 10}, {Revoke, All, ByReply, 20}, {Clarify, Transactional, ByReply, 30}}, Transactional, Granted, true},
		{"what the customer does not keep stays stopped (R-06)", []said{{Grant, Marketing, ByForm, 10}, {Revoke, All, ByReply, 20}, {Clarify, Transactional, ByReply, 30}}, Marketing, Revoked, false},
		{"an unreachable number keeps its consent and gets nothing (R-35)", []said{{Grant, Marketing, ByForm, 10}, {Unreachable, All, ByProvider, 20}}, Marketing, Granted, false},
		{"a number that writes is reachable", []said{{Grant, Marketing, ByForm, 10}, {Unreachable, All, ByProvider, 20}, {Grant, Loyalty, ByKeyword, 30}}, Marketing, Granted, true},
		{"a number given back is void for its next holder (R-33)", []said{{Grant, Marketing, ByForm, 10}, {Revoke, All, ByCarrier, 20}, {Restore, All, ByKeyword, 30}}, Marketing, NoConsent, false},
		{"a STOP about one purpose leaves the others", []said{{Grant, Marketing, ByForm, 10}, {Grant, Loyalty, ByForm, 10}, {Revoke, Loyalty, ByReply, 20}}, Marketing, Granted, true},
		{"the confirmation of a STOP changes nothing (R-05)", []said{{Revoke, All, ByKeyword, 20}, {Acknowledge, All, ByProvider, 21}}, Marketing, Revoked, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			standing := story(t, c.events...)[c.purpose]
			reading := standing.read(c.purpose, 60)
			if standing.Status != c.want || reading.Allowed != c.allowed {
				t.Errorf("status %q, allowed %v (%s); want %q, %v", standing.Status, reading.Allowed, reading.Text, c.want, c.allowed)
			}
			if reading.Text == "" || reading.Reason == "" {
				t.Errorf("the reading %+v gives no reason", reading)
			}
		})
	}
}

func TestADoubtfulRevocationMayBeClarifiedByAMember(t *testing.T) {
	s := Fold(nil, Folded{ID: "a", Action: Grant, Purpose: Marketing, Source: ByForm, At: 10})
	s = Fold(s, Folded{ID: "b", Action: Revoke, Source: ByReply, At: 20, Doubtful: true})
	if s[Marketing].Status != Revoked {
		t.Fatal("doubtful words must stop at once (R-02)")
	}
	clear := Fold(s, Folded{ID: "c", Action: Clarify, Purpose: Marketing, Source: ByMember, At: 30})
	if clear[Marketing].Status != Granted {
		t.Errorf("got %q after the member clarified", clear[Marketing].Status)
	}
	definite := Fold(s, Folded{ID: "d", Action: Revoke, Source: ByKeyword, At: 25})
	after := Fold(definite, Folded{ID: "e", Action: Clarify, Purpose: Marketing, Source: ByMember, At: 30})
	if after[Marketing].Status != Revoked {
		t.Error("a member clarified a plain STOP that followed the doubtful one")
	}
}

func TestWeakerEvidenceDoesNotLoosenThePromisedFrequency(t *testing.T) {
	s := Fold(nil, Folded{ID: "a", Action: Grant, Purpose: Marketing, Source: ByKeyword, At: 10, Frequency: 4, DisclosureHash: "first"})
	s = Fold(s, Folded{ID: "b", Action: Grant, Purpose: Marketing, Source: ByImport, At: 20, Frequency: 30, DisclosureHash: "second"})
	if got := s[Marketing]; got.Frequency != 4 || got.DisclosureHash != "first" {
		t.Errorf("the import replaced the promise: %+v", got)
	}
}

// drawEvent is any event that check accepts.
func drawEvent(t *rapid.T, n int) Folded {
	e := Folded{
		ID:     ConsentEventID(fmt.Sprintf("con_%03d", n)),
		Action: rapid.SampledFrom([]Action{Grant, Pending, Confirm, Revoke, Block, Restore, Clarify, Unreachable, Reachable, Acknowledge}).Draw(t, "action"),
		Source: rapid.SampledFrom([]ConsentSource{ByKeyword, ByReply, ByLink, ByForm, ByCheckout, ByStore, ByMember, ByImport, ByAPI, ByMerge, ByAssistant, ByProvider, ByCarrier}).Draw(t, "source"),
		At:     clock.Time(rapid.Int64Range(1, 50).Draw(t, "at")), Doubtful: rapid.Bool().Draw(t, "doubtful"),
	}
	e.ExpiresAt = e.At + 10
	switch e.Action {
	case Block, Unreachable, Reachable:
	case Grant, Pending, Clarify:
		e.Purpose = rapid.SampledFrom(Purposes()).Draw(t, "purpose")
	default:
		e.Purpose = rapid.SampledFrom(append(Purposes(), All)).Draw(t, "purpose")
	}
	return e
}

// I13, I14: whatever is said in whatever order, what was revoked is allowed again only after an act of the holder that is
// not older than the revocation (or a member's word on a revocation that was in doubt).
func TestOnlyTheHolderRaisesConsentOverARevocation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s State
		for n := range rapid.IntRange(1, 30).Draw(t, "length") {
			e := drawEvent(t, n)
			after := Fold(s, e)
			for _, p := range Purposes() {
				was, is := s[p], after[p]
				raised := was.suppressed() && !is.suppressed()
				holder := e.Source.holder() && e.At >= was.RevokedAt
				member := e.Source == ByMember && e.Action == Clarify && was.Doubtful
				if raised && !holder && !member {
					t.Fatalf("%+v raised %s from %+v to %+v", e, p, was, is)
				}
				if is.Status == Granted && was.Status != Granted && !e.Source.mayGrant() {
					t.Fatalf("%+v gave consent", e)
				}
				if lowers(e.Action) && (e.Purpose == All || e.Purpose == p) && is.read(p, 60).Allowed {
					t.Fatalf("%s is still allowed after %+v", p, e)
				}
				if is.RevokedAt < was.RevokedAt {
					t.Fatalf("a revocation of %s was forgotten by %+v", p, e)
				}
			}
			s = after
		}
	})
}

func TestFoldChangesNoInput(t *testing.T) {
	before := story(t, said{Grant, Marketing, ByForm, 10}, said{Unreachable, All, ByProvider, 11})
	copied := State{}
	for p, s := range before {
		copied[p] = s
	}
	Fold(before, Folded{ID: "x", Action: Revoke, Source: ByKeyword, At: 20})
	for p, s := range copied {
		if before[p] != s {
			t.Errorf("%s was changed in the input", p)
		}
	}
}
