package offer

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/org"
)

// ID names an offer of a workspace.
type ID string

// Kind is what an offer gives.
type Kind string

// The kinds, cheapest for the brand first: that is the order in which they are shown to agents.
const (
	FreeShipping Kind = "free_shipping"
	Percent      Kind = "percent"
	Amount       Kind = "amount"
)

// Offer is something a brand may give to a person.
type Offer struct {
	ID             ID
	Name           string
	Kind           Kind
	Percent        int          // of the order, when Kind is Percent
	Amount         money.Amount // when Kind is Amount
	Prefix         string       // of its codes, "ERA" makes ERA-7K2QX9
	ExpiresAfter   time.Duration
	MaxCodes       int // 0: no limit
	AgentGrantable bool
	Shop           string // name of the shop that must know the codes
	Archived       bool
	CreatedAt      clock.Time
}

// check finds what is wrong with an offer before it is stored.
func (o Offer) check() error {
	bad := errs.New(errs.Invalid, "offer_invalid", "The offer was not saved: mend the marked fields.")
	switch {
	case strings.TrimSpace(o.Name) == "" || len(o.Name) > 80:
		return bad.WithField("name", "Give it a name of at most 80 characters.")
	case o.Kind == Percent && (o.Percent < 1 || o.Percent > 100):
		return bad.WithField("percent", "A percentage is from 1 to 100.")
	case o.Kind == Amount && o.Amount.Minor <= 0:
		return bad.WithField("amount", "The amount must be more than nothing.")
	case o.Kind != Percent && o.Kind != Amount && o.Kind != FreeShipping:
		return bad.WithField("kind", "Choose percent, amount or free_shipping.")
	case o.ExpiresAfter < 0 || o.MaxCodes < 0:
		return bad.WithField("expires_after", "Times and limits are not negative.")
	case len(o.Prefix) > 12 || strings.Trim(o.Prefix, codeAlphabet) != "":
		return bad.WithField("prefix", "At most 12 capital letters and digits, without 0, O, 1 and I.")
	}
	return nil
}

// Worth is the offer in words: "10 % off".
func (o Offer) Worth() string {
	switch o.Kind {
	case Percent:
		return fmt.Sprintf("%d%% off", o.Percent)
	case Amount:
		return o.Amount.String() + " off"
	}
	return "free shipping"
}

// Code is one person's code of an offer.
type Code struct {
	Code       string
	Offer      ID
	Person     id.Person
	Round      int
	IssuedAt   clock.Time
	ExpiresAt  clock.Time
	IssuedBy   string
	Subject    string
	Run        string
	Shop       ShopState
	ShopError  string
	RedeemedAt clock.Time
	RedeemedBy id.Person
	Order      string
}

// ShopState is whether the shop knows a code.
type ShopState string

// The states of a code at the shop.
const (
	ShopNone    ShopState = "none" // no shop has to know it
	ShopPending ShopState = "pending"
	ShopReady   ShopState = "ready"
	ShopFailed  ShopState = "failed"
)

// Usable says whether the code can be sent to somebody now.
func (c Code) Usable() bool { return c.Shop == ShopNone || c.Shop == ShopReady }

// State is what became of the code: issued, redeemed or expired.
func (c Code) State(now clock.Time) string {
	switch {
	case !c.RedeemedAt.IsZero():
		return "redeemed"
	case c.over(now):
		return "expired"
	}
	return "issued"
}

func (c Code) over(now clock.Time) bool { return !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt) }

// live says whether the person can still use it, so that no other is issued.
func (c Code) live(now clock.Time) bool {
	return c.State(now) == "issued" && c.Shop != ShopFailed
}

// Grant asks for a code.
type Grant struct {
	Workspace id.Workspace
	Person    id.Person
	Offer     ID
	By        string     // actor, "member:..." or "journey:..."
	Member    *GrantedBy // set when a member gives it: their limits are checked
	Subject   string     // cart token
	Run       string
}

// GrantedBy is the member who gives, with their limits.
type GrantedBy struct {
	ID     org.MemberID
	Limits org.GrantLimits
}

// allowed checks the member's limits; today is how many codes they gave in 24 hours.
func (g GrantedBy) allowed(o Offer, today int) error {
	refuse := func(format string, args ...any) error {
		return errs.New(errs.Forbidden, "grant_limit", format+" No code was issued. Ask your team lead, or offer free shipping.", args...)
	}
	switch {
	case !o.AgentGrantable:
		return errs.New(errs.Forbidden, "grant_limit", "%q is not for agents to give. No code was issued.", o.Name)
	case o.Kind == FreeShipping && !g.Limits.FreeShipping:
		return errs.New(errs.Forbidden, "grant_limit", "You may not give free shipping. No code was issued. Ask your team lead.")
	case o.Kind == Percent && o.Percent > g.Limits.MaxPercent:
		return refuse("%q gives %d %%, and your limit is %d %%.", o.Name, o.Percent, g.Limits.MaxPercent)
	case o.Kind == Amount && o.Amount.Minor > g.Limits.MaxAmount:
		return refuse("%q gives %s, and your limit is %s.", o.Name, o.Amount, money.Amount{Minor: g.Limits.MaxAmount, Currency: o.Amount.Currency})
	case g.Limits.PerDay > 0 && today >= g.Limits.PerDay:
		return refuse("You gave %d codes in 24 hours, which is your limit.", today)
	}
	return nil
}

// codeAlphabet has no 0, O, 1 or I, which people mistake for each other; all of it is in the GSM-7 alphabet.
const codeAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// newCode makes a code from randomness in base 32: eight characters are 40 bits.
func newCode(prefix, secret string) string {
	var b strings.Builder
	for i := 0; i < 8 && i < len(secret); i++ {
		b.WriteByte(codeAlphabet[strings.IndexByte("0123456789abcdefghjkmnpqrstvwxyz", secret[i])])
	}
	if prefix == "" {
		return b.String()
	}
	return prefix + "-" + b.String()
}

// checkTarget allows only web addresses, so that a link can never run anything.
func checkTarget(target string) error {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return errs.New(errs.Invalid, "link_target", "%q cannot be linked to. Use a full web address that begins with https://.", target)
	}
	return nil
}
