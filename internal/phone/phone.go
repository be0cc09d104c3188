// Package phone is telephone numbers in one form: E.164 ("+15551234567"). Parsing, regions and zones come from
// the libphonenumber tables of github.com/nyaruka/phonenumbers.
package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"parley/internal/errs"
)

// Number is a telephone number in E.164, for example "+15551234567". Short codes are digits only, "24365".
type Number string

// Parse reads a number as people and providers write it. country (ISO 3166, may be empty) reads national forms.
// A number that has a plausible length for its country is accepted even if its range is not assigned: fiction
// ranges and new ranges must work.
func Parse(text string, country string) (Number, error) {
	trimmed := strings.TrimSpace(text)
	if isShortCode(trimmed) && country == "" {
		return Number(trimmed), nil
	}
	parsed, err := phonenumbers.Parse(trimmed, strings.ToUpper(country))
	if err != nil || !phonenumbers.IsPossibleNumber(parsed) {
		return "", errs.New(errs.Invalid, "phone_invalid",
			"%q is not a telephone number that can be dialled. Write it with its country code, like +1 555 123 4567.", text)
	}
	return Number(phonenumbers.Format(parsed, phonenumbers.E164)), nil
}

func isShortCode(s string) bool {
	if len(s) < 3 || len(s) > 6 {
		return false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// Candidates are all numbers that the text may mean, most likely first: as written, then read in each country.
func Candidates(text string, countries ...string) []Number {
	var out []Number
	seen := map[Number]bool{}
	for _, c := range append([]string{""}, countries...) {
		n, err := Parse(text, c)
		if err == nil && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// Country is the ISO 3166 region of the number, empty when it is not known or not geographic.
func (n Number) Country() string {
	parsed, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return ""
	}
	region := phonenumbers.GetRegionCodeForNumber(parsed)
	if region == "" && parsed.GetCountryCode() == 1 {
		return "US" // an unassigned +1 number: fiction ranges are American
	}
	if region == "001" || region == "ZZ" {
		return ""
	}
	return region
}

// Zones are the IANA zones that the number may be in, from its prefix; empty when the prefix says nothing.
func (n Number) Zones() []string {
	zones, err := phonenumbers.GetTimezonesForPrefix(string(n))
	if err != nil || (len(zones) == 1 && zones[0] == phonenumbers.UNKNOWN_TIMEZONE) {
		return nil
	}
	return zones
}

// National is the number as people in its country write it.
func (n Number) National() string {
	parsed, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return string(n)
	}
	return phonenumbers.Format(parsed, phonenumbers.NATIONAL)
}

// Masked is the number with all but its last four digits hidden, for those who may not see it and for logs.
func (n Number) Masked() string {
	if len(n) <= 4 {
		return "…" + string(n)
	}
	return "…" + string(n[len(n)-4:])
}
