package commerce

import (
	"context"
	"strings"

	"parley/internal/clock"
	"parley/internal/commerce/shopify"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// checkoutConsent turns the shop's box into consent. The shop's word counts only where the words shown at its checkout
// are configured; a box that was ticked once asks for the double opt-in, one that the shop confirmed already is consent
// . "unsubscribed" always revokes.
func (s *Service) checkoutConsent(ctx context.Context, tx *db.Tx, row shopRow, person id.Person, c shopify.Checkout) error {
	number := ""
	if phones := c.Phones(); len(phones) > 0 {
		number = phones[0]
	}
	if person == "" || number == "" {
		return nil
	}
	given := shopConsent{person: person, number: number, ticked: c.AcceptsSMS, url: c.RecoverURL}
	if c.Customer != nil && c.Customer.Consent != nil {
		given.record = *c.Customer.Consent
	}
	return s.recordConsent(ctx, tx, row, given)
}

func (s *Service) applyConsent(ctx context.Context, tx *db.Tx, row shopRow, u shopify.ConsentUpdate) error {
	if u.Consent == nil || strings.TrimSpace(u.Phone) == "" {
		return nil
	}
	person, err := s.buyer(ctx, tx, row, contact{phones: []string{u.Phone}, customer: string(u.ID)})
	if err != nil || person == "" {
		return err
	}
	return s.recordConsent(ctx, tx, row, shopConsent{person: person, number: u.Phone, record: *u.Consent})
}

// shopConsent is what a shop says about one number.
type shopConsent struct {
	person id.Person
	number string
	ticked bool
	record shopify.SMSConsent
	url    string
}

func (s *Service) recordConsent(ctx context.Context, tx *db.Tx, row shopRow, given shopConsent) error {
	base := people.Consent{Workspace: row.Workspace, Person: given.person, Medium: people.SMS, Address: given.number, Source: people.ByCheckout,
		At: given.record.UpdatedAt.Time, Actor: "shop:" + row.Name, Disclosure: row.ConsentWording,
		Proof: people.Proof{Affirmative: "ticked the box at checkout", SourceURL: given.url, Campaign: row.Domain, Method: given.record.From}}
	if given.record.State == "unsubscribed" || given.record.State == "redacted" {
		base.Purpose, base.Action, base.Disclosure = people.All, people.Revoke, ""
		base.Proof.Text = "The shop says: " + given.record.State
		_, err := s.people.RecordConsentTx(ctx, tx, base)
		return err
	}
	if row.ConsentWording == "" || !given.ticked && given.record.State != "subscribed" && given.record.State != "pending" {
		return nil
	}
	if given.record.State == "subscribed" && given.record.Level == "confirmed_opt_in" {
		return s.grant(ctx, tx, base)
	}
	return s.conversations.AskOptInTx(ctx, tx, base, people.Marketing, people.Cart)
}

// grant records consent that the shop confirmed by itself, once.
func (s *Service) grant(ctx context.Context, tx *db.Tx, base people.Consent) error {
	for _, purpose := range []people.Purpose{people.Marketing, people.Cart} {
		known, err := s.people.Consent(ctx, tx, base.Workspace, people.ConsentQuery{Medium: people.SMS, Address: base.Address, Purpose: purpose})
		if err != nil {
			return err
		}
		if known.Allowed {
			continue
		}
		c := base
		c.Purpose, c.Action = purpose, people.Grant
		c.Proof.Confirmed = "the shop reports a confirmed opt-in"
		if _, err := s.people.RecordConsentTx(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// applyPrivacy keeps a request of the mandatory privacy topics for a person of the team, and honours an erasure at once as
// far as sending is concerned.
func (s *Service) applyPrivacy(ctx context.Context, tx *db.Tx, row shopRow, d delivery, r shopify.Redaction) error {
	request := PrivacyRequest{Shop: row.ID, Delivery: d.ID, Kind: d.Topic, At: d.ReceivedAt}
	if r.Customer != nil {
		b := contact{email: r.Customer.Email, customer: string(r.Customer.ID)}
		if r.Customer.Phone != "" {
			b.phones = []string{r.Customer.Phone}
		}
		var err error
		if request.Person, err = s.buyer(ctx, tx, row, b); err != nil {
			return err
		}
		if d.Topic == "customers/redact" && r.Customer.Phone != "" {
			_, err := s.people.RecordConsentTx(ctx, tx, people.Consent{Workspace: row.Workspace, Person: request.Person, Medium: people.SMS, Address: r.Customer.Phone,
				Purpose: people.All, Action: people.Revoke, Source: people.ByCheckout, Actor: "shop:" + row.Name, Proof: people.Proof{Text: "The shop asks to erase this customer"}})
			if err != nil {
				return err
			}
		}
	}
	insertPrivacy(ctx, tx, row.Workspace, request)
	return nil
}

// PrivacyRequest is what a shop asks on behalf of a customer, or of itself when it leaves: to see or to erase what is kept.
type PrivacyRequest struct {
	Shop     ShopID     `json:"shop_id"`
	Delivery string     `json:"delivery"`
	Kind     string     `json:"kind" enum:"customers/data_request,customers/redact,shop/redact"`
	Person   id.Person  `json:"person_id"`
	At       clock.Time `json:"at"`
	DoneAt   clock.Time `json:"done_at"`
	DoneBy   string     `json:"done_by"`
}
