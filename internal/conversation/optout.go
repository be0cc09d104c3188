package conversation

import (
	"cmp"
	"context"
	"fmt"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/phone"
)

// SignalOptedOut tells a person's mailbox that their number was opted out outside of the thread; its body is optedOut.
const SignalOptedOut = "optout.asked"

// optedOut is the body of SignalOptedOut.
type optedOut struct {
	Event   people.ConsentEventID `json:"event_id"`
	Address phone.Number          `json:"address"`
	At      clock.Time            `json:"at"`
}

// WebOptOut is what somebody asked on the public page.
type WebOptOut struct {
	Workspace org.Workspace
	Number    phone.Number
	Proof     people.Proof // the request as it came, and from where
}

// OptOutByWeb revokes every consent of a number, known or not, before it returns. It tells nothing about whether the
// brand knows the number; what follows for those it knows happens afterwards, in their mailbox.
func (s *Service) OptOutByWeb(ctx context.Context, o WebOptOut) error {
	now := s.Clock.Now()
	o.Proof.Method, o.Proof.HonouredAt = "web page", now
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		ws := o.Workspace.ID
		person, err := s.People.Find(ctx, tx, ws, people.Identity{Kind: people.Phone, Value: string(o.Number)})
		if err != nil {
			return fmt.Errorf("find who has the number: %w", err)
		}
		before, err := s.People.Consent(ctx, tx, ws, people.ConsentQuery{Medium: people.SMS, Address: string(o.Number), Purpose: people.Marketing})
		if err != nil {
			return fmt.Errorf("read the consent: %w", err)
		}
		event, err := s.People.RecordConsentTx(ctx, tx, people.Consent{Workspace: ws, Person: person, Medium: people.SMS, Address: string(o.Number),
			Action: people.Revoke, Source: people.ByForm, Actor: "person", Proof: o.Proof})
		if err != nil {
			return fmt.Errorf("write the revocation: %w", err)
		}
		// Who opted out before was told so then: a second text would break what it says.
		if person == "" || before.State == string(people.Revoked) || before.State == string(people.Blocked) {
			return nil
		}
		return s.Mailbox.SendTx(ctx, tx, mailbox.Signal{Workspace: ws, Person: person, Kind: SignalOptedOut, Body: optedOut{event, o.Number, now}})
	})
}

// onOptedOut shows the team what happened and sends the one text that may confirm it.
func (s *Service) onOptedOut(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var o optedOut
	if err := item.Decode(&o); err != nil {
		return err
	}
	t, err := lockThread(ctx, tx, item.Workspace, item.Person)
	if err != nil {
		return err
	}
	p, err := s.People.Get(ctx, tx, item.Workspace, item.Person)
	if err != nil {
		return err
	}
	err = s.AddEventTx(ctx, tx, EventLine{Workspace: item.Workspace, Person: item.Person, At: o.At, Type: "consent.revoked",
		Title: "Opted out on the web page", Key: "optout:" + string(o.Event)})
	if err != nil {
		return err
	}
	// A person with several numbers is texted at one of them; another is not told what this one asked.
	if cmp.Or(t.address, string(p.Phone())) != string(o.Address) {
		return nil
	}
	return s.confirmWebOptOut(ctx, tx, item.Workspace, p, o)
}

func (s *Service) confirmWebOptOut(ctx context.Context, tx *db.Tx, ws id.Workspace, p people.Person, o optedOut) error {
	person := p.ID
	reading, err := s.People.Consent(ctx, tx, ws, people.ConsentQuery{Medium: people.SMS, Address: string(o.Address), Purpose: people.Marketing})
	if err != nil || reading.State != string(people.Revoked) {
		return err // they came back before this was read
	}
	confirmed, err := confirmedSince(ctx, tx, ws, person, o.At)
	if err != nil {
		return err
	}
	if v := compliance.Confirmation(compliance.OptOutState{Now: s.Clock.Now(), OptedOutAt: o.At, Confirmed: confirmed}); !v.Allowed {
		return nil
	}
	w, err := s.Org.Workspace(ctx, tx, ws)
	if err != nil {
		return err
	}
	text, err := s.optOutText(ctx, tx, w, p.Language)
	if err != nil {
		return s.AddEventTx(ctx, tx, EventLine{Workspace: ws, Person: person, Type: "compliance.unsaid", Link: "/settings",
			Title: "The opt-out could not be confirmed by text: " + plain(err), Key: "unsaid:" + string(o.Event)})
	}
	sent, err := s.SendTx(ctx, tx, Send{Workspace: ws, Person: person, Purpose: people.Support, Kind: KindCompliance, Answer: string(compliance.OptOutReply),
		Subject: string(compliance.OptOutReply), Author: Author{Kind: BySystem, ID: "compliance", Name: w.Settings.Brand}, Text: text,
		ExpiresAt: o.At.Add(confirmWithin), ClientKey: string(compliance.OptOutReply) + ":" + string(o.Event), Why: map[string]any{"answers": o.Event}})
	if err != nil {
		return err
	}
	_, err = s.People.RecordConsentTx(ctx, tx, people.Consent{Workspace: ws, Person: person, Medium: people.SMS, Address: string(o.Address),
		Action: people.Acknowledge, Source: people.ByForm, Actor: "system",
		Proof: people.Proof{About: o.Event, ConfirmationSentAt: s.Clock.Now(), MessageIDs: []string{string(sent.Message)}}})
	return err
}

// optOutText is the confirmation of an opt-out.
func (s *Service) optOutText(ctx context.Context, tx *db.Tx, w org.Workspace, language string) (string, error) {
	routes, err := s.routes(ctx, tx, w)
	if err != nil {
		return "", err
	}
	route, _ := routes.Pick()
	return s.Rules.Message(compliance.OptOutConfirmation, language, compliance.Brand{Name: w.Settings.Brand, Program: w.Settings.Program,
		SupportContact: contactOf(w.Settings.SupportContact, route.Number), TermsURL: w.Settings.TermsURL, PrivacyURL: w.Settings.TermsURL})
}
