package people

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// Card is where one address of a person stands for one purpose, with the evidence (CP-2).
type Card struct {
	Medium     Medium
	Address    string
	Purpose    Purpose
	Reading    Reading
	Since      clock.Time
	How        string // in words
	Disclosure string // the words shown when consent was given
	Actor      string
	MessageID  string // the text that the status rests on, when there is one
	Events     []ConsentEvent
}

// chains are the ledger chains of the person's addresses.
func (p Person) chains(ws id.Workspace) []chainID {
	var out []chainID
	for _, i := range p.Identities {
		if m, ok := i.Kind.medium(); ok {
			out = append(out, chainID{m, addressKey(ws, m, i.Value)})
		}
	}
	return out
}

// medium is what an identity of this kind is an address of.
func (k IdentityKind) medium() (Medium, bool) {
	m, ok := map[IdentityKind]Medium{Phone: SMS, Email: MailBox, Username: Messenger}[k]
	return m, ok
}

// personLedger are the events of all addresses of a person, oldest first per address.
func (s *Service) personLedger(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) ([]ConsentEvent, error) {
	p, err := s.Get(ctx, q, ws, person)
	if err != nil {
		return nil, err
	}
	rows, err := loadLedger(ctx, q, ws, p.chains(ws))
	if err != nil {
		return nil, fmt.Errorf("load the ledger of %s: %w", person, err)
	}
	return s.events(ctx, q, ws, rows)
}

// ConsentCards are the cards of all addresses of a person: every purpose of a number, and of other addresses those about
// which something was said.
func (s *Service) ConsentCards(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) ([]Card, error) {
	p, err := s.Get(ctx, q, ws, person)
	if err != nil {
		return nil, err
	}
	chains := p.chains(ws)
	states, err := loadStates(ctx, q, ws, chains)
	if err != nil {
		return nil, fmt.Errorf("load consent states: %w", err)
	}
	events, err := s.personLedger(ctx, q, ws, p.ID)
	if err != nil {
		return nil, err
	}
	var out []Card
	for _, i := range p.Identities {
		m, ok := i.Kind.medium()
		if !ok {
			continue
		}
		chain := chainID{m, addressKey(ws, m, i.Value)}
		for _, purpose := range Purposes() {
			if standing, known := states[chain][purpose]; known || m == SMS {
				card := Card{Medium: m, Address: i.Value, Purpose: purpose, Reading: standing.read(purpose, s.Clock.Now())}
				out = append(out, card.with(standing, chain, events))
			}
		}
	}
	return out, nil
}

// with adds what the status rests on and the history, newest first.
func (c Card) with(standing Standing, chain chainID, events []ConsentEvent) Card {
	c.Since = c.Reading.Since
	if standing.Event != "" {
		c.How = standing.Source.phrase()
	}
	for _, e := range events {
		if e.Medium != chain.medium || e.AddressKey != chain.key || (e.Purpose != All && e.Purpose != c.Purpose) {
			continue
		}
		c.Events = append(c.Events, e)
		if e.ID == standing.Event {
			c.Actor = e.Actor
			if len(e.Proof.MessageIDs) > 0 {
				c.MessageID = e.Proof.MessageIDs[0]
			}
		}
		if standing.DisclosureHash != "" && e.DisclosureHash == standing.DisclosureHash {
			c.Disclosure = e.Disclosure
		}
	}
	slices.Reverse(c.Events)
	return c
}
