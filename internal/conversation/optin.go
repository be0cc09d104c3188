package conversation

import (
	"context"
	"time"

	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/people"
)

// askWithin is how long the question of a double opt-in may wait to leave: later the person does not know any more what
// it is about.
const askWithin = time.Hour

// AskOptInTx notes that the person ticked a box, and asks once by text to confirm it with YES. Purposes that were
// given, asked or revoked before are left as they are.
func (s *Service) AskOptInTx(ctx context.Context, tx *db.Tx, given people.Consent, purposes ...people.Purpose) error {
	asked := people.ConsentEventID("")
	for _, p := range purposes {
		r, err := s.People.Consent(ctx, tx, given.Workspace, people.ConsentQuery{Medium: people.SMS, Address: given.Address, Purpose: p})
		if err != nil {
			return err
		}
		if r.State != string(people.NoConsent) && r.State != "" {
			continue
		}
		c := given
		c.Purpose, c.Action = p, people.Pending
		event, err := s.People.RecordConsentTx(ctx, tx, c)
		if err != nil {
			return err
		}
		if asked == "" {
			asked = event
		}
	}
	if asked == "" {
		return nil
	}
	w, err := s.Org.Workspace(ctx, tx, given.Workspace)
	if err != nil {
		return err
	}
	routes, err := s.routes(ctx, tx, w)
	if err != nil {
		return err
	}
	route, _ := routes.Pick()
	text, err := s.Rules.Message(compliance.DoubleOptInAsk, "", compliance.Brand{Name: w.Settings.Brand, Program: w.Settings.Program,
		SupportContact: contactOf(w.Settings.SupportContact, route.Number), Frequency: frequencyText(w.Settings.FrequencyPerMonth),
		TermsURL: w.Settings.TermsURL, PrivacyURL: w.Settings.TermsURL})
	if err != nil {
		return s.AddEventTx(ctx, tx, EventLine{Workspace: given.Workspace, Person: given.Person, Type: "compliance.unsaid",
			Title: "The opt-in could not be confirmed by text: " + plain(err), Link: "/settings", Key: "unasked:" + string(asked)})
	}
	_, err = s.SendTx(ctx, tx, Send{Workspace: given.Workspace, Person: given.Person, Purpose: people.Support, Kind: KindCompliance,
		Answer: string(compliance.OptInReply), Subject: string(compliance.OptInReply), Author: Author{Kind: BySystem, ID: "compliance", Name: w.Settings.Brand},
		Text: text, ExpiresAt: s.Clock.Now().Add(askWithin), ClientKey: "optin:" + string(asked), Why: map[string]any{"asks_for": asked}})
	return err
}
