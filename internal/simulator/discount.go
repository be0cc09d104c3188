package simulator

import (
	"context"
	"strings"

	"parley/internal/conversation"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/offer"
)

// discount is a code as the simulated shop applies it.
type discount struct {
	code string
	kind string // as Shopify names it
	off  int64  // minor units off the basket
}

// discount is what the customer enters at the checkout: the typed code, else the newest one they were given. A real shop
// takes one code, and only a valid one.
func (s *Service) discount(ctx context.Context, p Phone, person id.Person, typed string, b basket) (discount, error) {
	if typed = strings.ToUpper(strings.TrimSpace(typed)); typed != "" {
		valid, why, err := s.Offers.Valid(ctx, p.Workspace, typed, person)
		if err != nil {
			return discount{}, err
		}
		if !valid {
			return discount{}, errs.New(errs.Conflict, "code_invalid", "The shop does not take the code %s: %s Nothing was bought.", typed, why)
		}
	}
	if person == "" {
		return discount{}, nil
	}
	codes, err := s.Offers.CodesOf(ctx, s.DB, p.Workspace, person)
	if err != nil {
		return discount{}, err
	}
	shown, err := s.Screen(ctx, p)
	if err != nil {
		return discount{}, err
	}
	for _, c := range codes {
		if typed != "" && c.Code != typed || c.State(s.Clock.Now()) != "issued" || !c.Usable() {
			continue
		}
		if typed == c.Code || c.Subject == b.token || reads(shown, c.Code) {
			return s.applied(ctx, p.Workspace, c, b)
		}
	}
	return discount{}, nil
}

// reads says whether a text that reached the phone has the code in it.
func reads(shown []conversation.Message, code string) bool {
	for _, m := range shown {
		if m.Direction == conversation.Out && strings.Contains(strings.ToUpper(m.Text), code) {
			return true
		}
	}
	return false
}

// applied is what the code takes off the basket. What is shipped for free costs nothing here to begin with.
func (s *Service) applied(ctx context.Context, ws id.Workspace, c offer.Code, b basket) (discount, error) {
	o, err := s.Offers.Get(ctx, s.DB, ws, c.Offer)
	if err != nil {
		return discount{}, err
	}
	worth := b.worth().Minor
	switch o.Kind {
	case offer.Percent:
		return discount{c.Code, "percentage", (worth*int64(o.Percent) + 50) / 100}, nil
	case offer.Amount:
		return discount{c.Code, "fixed_amount", min(worth, o.Amount.Minor)}, nil
	}
	return discount{c.Code, "shipping", 0}, nil
}
