package people

import (
	"net/mail"
	"strings"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/id"
	"parley/internal/phone"
)

// IdentityKind is how a person is recognised.
type IdentityKind string

// The kinds of identity.
const (
	Phone    IdentityKind = "phone"    // E.164
	Email    IdentityKind = "email"    // lower case
	External IdentityKind = "external" // the id in the brand's own systems, as given
	Username IdentityKind = "username" // a user id at a channel, "instagram:178414"
)

// Identity is one way to recognise a person. Value is stored normalised.
type Identity struct {
	Kind       IdentityKind
	Value      string
	Source     string     // who says so: "sms", "event:shop", "import:imp_.."
	VerifiedAt clock.Time // when the holder proved it; zero when only claimed
}

// Hint is what a resolver also knows about a person it meets. It fills what is empty and overwrites nothing.
type Hint struct {
	Name       string
	GivenName  string
	FamilyName string
	Language   string
	Timezone   string
	Country    string // ISO 3166; national numbers are read in it before the workspace's country
	State      string
	Zip        string
	Source     string            // used for identities that name none
	Place      compliance.Source // who says where the person is; Profile when empty, and only then the profile itself is filled
}

// Subject is one person to be recognised in a set: by the first of the identities that is known. The others are
// attached unless they belong to somebody else, which is left as it is: shared numbers do not merge people.
type Subject struct {
	Identities []Identity
	Hint       Hint
}

// Resolved is the answer for one Subject. Err is set when none of its identities can be read.
type Resolved struct {
	Person  id.Person
	Created bool
	Err     error
}

// maxIdentity is the longest identity kept, in bytes; e-mail addresses end at 254 (RFC 5321).
const maxIdentity = 320

// candidates are the normalised values that an identity as written may mean, most likely first.
func candidates(i Identity, countries ...string) ([]string, error) {
	text := strings.TrimSpace(i.Value)
	if text == "" || len(text) > maxIdentity || strings.ContainsRune(text, 0) {
		return nil, errIdentity.WithField(string(i.Kind), "empty or too long")
	}
	switch i.Kind {
	case Phone:
		return phoneCandidates(text, countries)
	case Email:
		address, err := normalEmail(text)
		return []string{address}, err
	case External, Username:
		return []string{text}, nil
	}
	return nil, errIdentity.WithField("kind", "use phone, email, external or username")
}

func phoneCandidates(text string, countries []string) ([]string, error) {
	if isNorthAmerican(text) {
		return []string{text}, nil // the hot path; other countries may carry a trunk zero that must go
	}
	numbers := phone.Candidates(text, countries...)
	if len(numbers) == 0 && len(text) > 6 && strings.Trim(text, "0123456789 .-()") == "" {
		// Carriers and exports often drop the plus of an international number. Only what is no national number is read
		// so, lest it is taken for somebody abroad.
		if n, err := phone.Parse("+"+text, ""); err == nil {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 0 {
		_, err := phone.Parse(text, "")
		return nil, err
	}
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = string(n)
	}
	return out, nil
}

// isNorthAmerican recognises what needs no parsing: +1 and ten digits, neither area nor exchange starting with 0 or 1.
func isNorthAmerican(s string) bool {
	if len(s) != 12 || s[:2] != "+1" || s[2] < '2' || s[5] < '2' {
		return false
	}
	for _, c := range s[2:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// normalEmail is the address in lower case, without a display name.
func normalEmail(text string) (string, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil || !strings.Contains(parsed.Address, "@") {
		return "", errIdentity.WithField("email", "not an e-mail address")
	}
	return strings.ToLower(parsed.Address), nil
}
