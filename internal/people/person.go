package people

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"parley/internal/clock"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/phone"
)

// Person is a customer: what is known about one human being in one workspace.
type Person struct {
	ID               id.Person
	Name             string // as shown; empty when nobody told us
	GivenName        string
	FamilyName       string
	Language         string // BCP 47
	Timezone         string // IANA zone, empty when unknown
	Country          string // ISO 3166
	State            string // postal code of a US state or Canadian province
	Zip              string
	PreferredChannel string // a channel kind
	Attributes       map[string]any
	AttributeSources map[string]AttributeSource
	Tags             []string     // sorted
	Value            money.Amount // sum of orders in the currency of the first order
	Orders           int
	LastOrderAt      clock.Time
	CreatedAt        clock.Time
	UpdatedAt        clock.Time
	Version          int64
	Identities       []Identity // oldest first
}

// AttributeSource says where an attribute's value came from.
type AttributeSource struct {
	Source string     `json:"source"`
	At     clock.Time `json:"at"`
}

// Display is the name to show: the name, else the number as people write it, else the first identity.
func (p Person) Display() string {
	if p.Name != "" {
		return p.Name
	}
	if n := p.Phone(); n != "" {
		return n.National()
	}
	if len(p.Identities) > 0 {
		return p.Identities[0].Value
	}
	return string(p.ID)
}

// Phone is the person's first verified number, else the first number, else empty.
func (p Person) Phone() phone.Number {
	var first phone.Number
	for _, i := range p.Identities {
		if i.Kind != Phone {
			continue
		}
		if !i.VerifiedAt.IsZero() {
			return phone.Number(i.Value)
		}
		if first == "" {
			first = phone.Number(i.Value)
		}
	}
	return first
}

// Update changes some of what is known about a person. A nil pointer leaves a field alone.
type Update struct {
	Name             *string
	GivenName        *string
	FamilyName       *string
	Language         *string
	Timezone         *string
	Country          *string
	State            *string
	Zip              *string
	PreferredChannel *string
	Attributes       map[string]any // a nil value removes the attribute
	AddTags          []string
	RemoveTags       []string
	AddIdentities    []Identity
	Source           string // who says so: "member:mem_..", "event:shop", "survey"
	Version          int64  // when not 0, the update is refused if the person has changed since this version
}

// Query asks for a page of people.
type Query struct {
	Search string // part of a name, a number or an e-mail address
	Tag    string
	Cursor string
	Limit  int // 50 when 0, at most 200
}

// Listing is a page of people, newest first.
type Listing struct {
	People []Person
	Next   string
}

// Order is a sale to be counted in a person's value.
type Order struct {
	Total  money.Amount
	At     clock.Time
	Refund bool // takes Total back and counts no order
}

// searchable is a name without case, accents and doubled spaces, as stored for search.
func searchable(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// fullName joins the parts when no whole name was given.
func fullName(given, family string) string { return strings.TrimSpace(given + " " + family) }
