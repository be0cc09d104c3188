package people

import (
	"cmp"
	"strings"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/id"
)

// person is a new person with what the hint says.
func (h Hint) person(person id.Person, now clock.Time) Person {
	p := Person{ID: person, CreatedAt: now, UpdatedAt: now, Version: 1}
	h.fill(&p)
	return p
}

// fill sets what is empty, and says whether that changed anything. Hints come from outside, so they are cut to size.
func (h Hint) fill(p *Person) bool {
	changed := false
	set := func(into *string, value string, limit int) {
		value = cut(strings.TrimSpace(value), limit)
		if *into == "" && value != "" {
			*into, changed = value, true
		}
	}
	name := h.Name
	if name == "" {
		name = fullName(h.GivenName, h.FamilyName)
	}
	set(&p.Name, name, 200)
	set(&p.GivenName, h.GivenName, 100)
	set(&p.FamilyName, h.FamilyName, 100)
	set(&p.Language, h.Language, 35)
	if h.Place != "" && h.Place != compliance.Profile {
		return changed // a belief about the place is evidence, and nothing that the person told us
	}
	if h.Timezone != "" && validZone(h.Timezone) {
		set(&p.Timezone, h.Timezone, 60)
	}
	set(&p.Country, strings.ToUpper(h.Country), 2)
	set(&p.State, strings.ToUpper(h.State), 10)
	set(&p.Zip, h.Zip, 16)
	return changed
}

// evidence is what the hint says about where the person is, if it says anything.
func (h Hint) evidence(now clock.Time) (compliance.Evidence, bool) {
	e := compliance.Evidence{Source: cmp.Or(h.Place, compliance.Profile), Country: strings.ToUpper(h.Country),
		State: strings.ToUpper(strings.TrimSpace(h.State)), Zip: strings.TrimSpace(h.Zip), At: now}
	if h.Timezone != "" && validZone(h.Timezone) {
		e.Zone = h.Timezone
	}
	return e, e.Country+e.State+e.Zip+e.Zone != ""
}

// place is what of a person's fields says where they are.
func (p Person) place() [4]string { return [4]string{p.Timezone, p.Country, p.State, p.Zip} }

// empty says whether the hint could fill anything.
func (h Hint) empty() bool {
	h.Source = ""
	return h == Hint{}
}

// cut shortens a text to at most limit bytes at a character, and drops what a database cannot hold.
func cut(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
	if len(s) <= limit {
		return s
	}
	for limit > 0 && s[limit]&0xc0 == 0x80 {
		limit--
	}
	return s[:limit]
}

func compareIDs(a, b id.Person) int { return cmp.Compare(a, b) }

func compareIdentities(a, b identityRow) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value))
}
