package conversation

import (
	"context"
	"fmt"
	"time"

	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// confirmWithin is how long after an opt-out its confirmation may still leave.
const confirmWithin = 5 * time.Minute

// answer says what the law wants said to a word about consent: one confirmation of an opt-out, the welcome of an
// opt-in, the facts of HELP.
func (a *arrival) answer(ctx context.Context, tx *db.Tx) error {
	switch a.intent {
	case compliance.Stop:
		return a.confirmOptOut(ctx, tx)
	case compliance.Start, compliance.Yes:
		return a.confirmOptIn(ctx, tx)
	case compliance.Help:
		if a.got.Answered {
			return nil
		}
		return a.say(ctx, tx, compliance.HelpText, compliance.HelpReply)
	}
	return nil
}

// confirmOptOut sends the one text that may follow a STOP, unless the provider sent its own or we did.
func (a *arrival) confirmOptOut(ctx context.Context, tx *db.Tx) error {
	reading, err := a.reading(ctx, tx, people.Marketing)
	if err != nil {
		return err
	}
	if reading.State != string(people.Revoked) && reading.State != string(people.Blocked) {
		return nil // they came back before this was read
	}
	confirmed, err := confirmedSince(ctx, tx, a.ws, a.person, reading.Since)
	if err != nil {
		return err
	}
	verdict := compliance.Confirmation(compliance.OptOutState{
		Now: a.s.Clock.Now(), OptedOutAt: a.line.detail.ReceivedAt, ProviderReplied: a.got.Answered,
		Confirmed: confirmed,
	})
	if !verdict.Allowed {
		return nil
	}
	if err := a.say(ctx, tx, compliance.OptOutConfirmation, compliance.OptOutReply); err != nil {
		return err
	}
	_, err = a.s.People.RecordConsentTx(ctx, tx, people.Consent{
		Workspace: a.ws, Person: a.person, Medium: people.SMS, Address: a.got.From, Action: people.Acknowledge,
		Source: people.ByReply, Actor: "system", Proof: people.Proof{ConfirmationSentAt: a.s.Clock.Now(), MessageIDs: []string{string(a.line.id)}},
	})
	return err
}

// confirmOptIn welcomes the person after START or YES, if they are in now.
func (a *arrival) confirmOptIn(ctx context.Context, tx *db.Tx) error {
	joined := false
	for _, p := range []people.Purpose{people.Marketing, people.Cart, people.Loyalty} {
		r, err := a.reading(ctx, tx, p)
		if err != nil {
			return err
		}
		joined = joined || r.Allowed
	}
	if !joined || a.got.Answered {
		return nil
	}
	return a.say(ctx, tx, compliance.OptInConfirmation, compliance.OptInReply)
}

// say sends a built-in text. A brand that lacks what the text must name is no reason to lose the message that came in: the
// thread tells the team what to set.
func (a *arrival) say(ctx context.Context, tx *db.Tx, key compliance.MessageKey, answer compliance.ExemptKind) error {
	w, err := a.s.Org.Workspace(ctx, tx, a.ws)
	if err != nil {
		return err
	}
	text, err := a.s.Rules.Message(key, a.language(ctx, tx), compliance.Brand{
		Name: w.Settings.Brand, Program: w.Settings.Program, SupportContact: contactOf(w.Settings.SupportContact, a.got.To),
		Frequency: frequencyText(w.Settings.FrequencyPerMonth), TermsURL: w.Settings.TermsURL, PrivacyURL: w.Settings.TermsURL,
	})
	if err != nil {
		return a.s.AddEventTx(ctx, tx, EventLine{Workspace: a.ws, Person: a.person, Type: "compliance.unsaid",
			Title: "An answer that the law asks for could not be written: " + plain(err), Link: "/settings",
			Key: "unsaid:" + string(a.line.id)})
	}
	send := Send{
		Workspace: a.ws, Person: a.person, Purpose: people.Support, Kind: KindCompliance, Answer: string(answer), Subject: string(answer),
		Author: Author{Kind: BySystem, ID: "compliance", Name: w.Settings.Brand}, Text: text, Channel: a.got.ChannelID,
		ClientKey: string(answer) + ":" + a.got.InboundID, Why: map[string]any{"answers": a.line.id},
	}
	if answer == compliance.OptOutReply {
		// After five minutes no text may follow an opt-out any more.
		send.ExpiresAt = a.line.detail.ReceivedAt.Add(confirmWithin)
	}
	_, err = a.s.sendAll(ctx, tx, []Send{send}, map[id.Person]*thread{a.person: a.thread})
	return err
}

func (a *arrival) language(ctx context.Context, tx *db.Tx) string {
	p, err := a.s.People.Get(ctx, tx, a.ws, a.person)
	if err != nil {
		return ""
	}
	return p.Language
}

// contactOf is the support contact, or the number that the person wrote to when none is set: it is a way to reach the
// brand, and silence is not allowed.
func contactOf(contact, number string) string {
	if contact == "" {
		return number
	}
	return contact
}

func frequencyText(perMonth int) string {
	if perMonth <= 0 {
		return ""
	}
	return fmt.Sprintf("Up to %d msgs/month", perMonth)
}
