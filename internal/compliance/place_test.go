package compliance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/phone"
)

func TestEvidenceNamesEveryPlausiblePlace(t *testing.T) {
	r := rules(t)
	for _, c := range []struct {
		name     string
		evidence []Evidence
		number   phone.Number
		want     string // country-state@zone, parted by spaces
	}{
		{"an area code of one zone", nil, "+12125550100", "US-NY@America/New_York"},
		{"the Florida panhandle", nil, "+18505550100", "US-FL@America/New_York US-FL@America/Chicago"},
		{"Miami", nil, "+13055550100", "US-FL@America/New_York"},
		{"El Paso", nil, "+19155550100", "US-TX@America/Denver"},
		{"Tennessee's east", nil, "+18655550100", "US-TN@America/New_York"},
		{"Nashville", nil, "+16155550100", "US-TN@America/Chicago"},
		{"toll-free", nil, "+18885550100", "US-@America/New_York"},
		{"no area code of any place", nil, "+15551234567", "US-@America/New_York"},
		{"no number", nil, "", "US-@America/New_York"},
		{"Puerto Rico", nil, "+17875550100", "US-PR@America/Puerto_Rico"},
		{"Prince Edward Island or Nova Scotia", nil, "+19025550100", "CA-NS@America/Halifax CA-PE@America/Halifax"},
		{"Jamaica", nil, "+18765550100", "JM-@America/Jamaica"},
		{"Germany", nil, "+4915112345678", "DE-@Europe/Berlin"},
		{"a state of two zones", []Evidence{{State: "tn", Country: "us"}}, "+18005550100", "US-TN@America/Chicago US-TN@America/New_York"},
		{"a state with a ZIP", []Evidence{{State: "TN", Zip: "37902"}}, "+18005550100", "US-TN@America/New_York"},
		{"a ZIP alone", []Evidence{{Zip: "79901-1234", Country: "US"}}, "+18005550100", "US-TX@America/Denver"},
		{"a ZIP of another state", []Evidence{{State: "TX", Zip: "90210", Country: "US"}}, "+18005550100", "US-TX@America/Chicago US-TX@America/Denver US-CA@America/Los_Angeles"},
		{"a state with a zone of it", []Evidence{{State: "TX", Zone: "America/Denver"}}, "+18005550100", "US-TX@America/Denver"},
		{"another name for the zone", []Evidence{{State: "MI", Zone: "America/Detroit"}}, "+18005550100", "US-MI@America/New_York"},
		{"a zone that is not the state's", []Evidence{{State: "GA", Zone: "America/Los_Angeles"}}, "+18005550100", "US-GA@America/Los_Angeles US-GA@America/New_York"},
		{"a zone alone", []Evidence{{Zone: "America/Chicago"}}, "+18005550100", "US-@America/Chicago"},
		{"a zone abroad", []Evidence{{Zone: "Europe/Paris"}}, "+18005550100", "FR-@Europe/Paris"},
		{"a zone that does not exist", []Evidence{{Zone: "America/Gotham"}}, "+18005550100", "US-@America/New_York"},
		{"the zone of the machine", []Evidence{{Zone: "Local"}}, "+18005550100", "US-@America/New_York"},
		{"a country alone", []Evidence{{Country: "ES"}}, "+18005550100", "ES-@Europe/Madrid ES-@Atlantic/Canary"},
		{"the United States alone", []Evidence{{Country: "US"}}, "+18005550100", "US-@America/New_York"},
		{"Puerto Rico as a country", []Evidence{{Country: "PR"}}, "+18005550100", "US-PR@America/Puerto_Rico"},
		{"Germany is not Delaware", []Evidence{{Country: "DE", Zip: "90210"}}, "+18005550100", "DE-@Europe/Berlin"},
		{"a Canadian postal code", []Evidence{{Zip: "M5V 2T6"}}, "+18005550100", "CA-ON@America/Toronto"},
		{"a province", []Evidence{{State: "AB"}}, "+18005550100", "CA-AB@America/Edmonton"},
		{"address and area code differ", []Evidence{{Source: Address, State: "WA", Country: "US"}}, "+12125550100", "US-WA@America/Los_Angeles US-NY@America/New_York"},
	} {
		got := []string{}
		for _, p := range r.Places(c.evidence, c.number) {
			got = append(got, p.Country+"-"+p.State+"@"+p.Zone)
		}
		if diff := cmp.Diff(strings.Fields(c.want), got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// The shipped table against the tables of libphonenumber: every area code that they place in a state must be ours in
// that state, and ours must know every clock that they know.
func TestAreaCodesAgreeWithLibphonenumber(t *testing.T) {
	r := rules(t)
	checked := 0
	for npa := 200; npa < 1000; npa++ {
		zones, _ := phonenumbers.GetTimezonesForPrefix(fmt.Sprintf("+1%d", npa))
		parsed, err := phonenumbers.Parse(fmt.Sprintf("+1%d2340123", npa), "US")
		if err != nil || len(zones) > 10 || zones[0] == phonenumbers.UNKNOWN_TIMEZONE {
			continue // toll-free, personal and unassigned codes have no place
		}
		region := phonenumbers.GetRegionCodeForNumber(parsed)
		if region != "US" && region != "CA" {
			continue
		}
		checked++
		spots := r.places.npas[fmt.Sprint(npa)]
		where, _ := phonenumbers.GetGeocodingForNumber(parsed, "en")
		if !slices.ContainsFunc(spots, func(s spot) bool { return namesPlace(s.state, where) }) {
			t.Errorf("%d is %q, we have %v", npa, where, codesOf(spots))
		}
		for _, zone := range zones {
			if !slices.ContainsFunc(spots, func(s spot) bool {
				return slices.ContainsFunc(s.zones, func(ours string) bool { return r.sameClock(ours, zone) })
			}) {
				if len(zones) == 1 && npa != 689 { // 689 overlays 407, Orlando, on Eastern time; they have it on Central
					t.Errorf("%d is in %s, we do not know it", npa, zone)
				}
			}
		}
	}
	if checked < 350 {
		t.Errorf("only %d area codes were compared", checked)
	}
}

func codesOf(spots []spot) []string {
	var out []string
	for _, s := range spots {
		out = append(out, s.state.Code)
	}
	return out
}

// namesPlace reads "Austin, TX", "Texas" and the library's own spellings.
func namesPlace(s *state, where string) bool {
	name := strings.NewReplacer("Washington State", "Washington", "British Colombia", "British Columbia", "Washington D.C.", "District of Columbia").Replace(where)
	return strings.HasSuffix(name, ", "+s.Code) || strings.HasSuffix(name, s.Name) || strings.Contains(name, s.Name)
}

func TestEveryStateHasAreaCodesAndEveryPostalPrefixOnePlace(t *testing.T) {
	r := rules(t)
	if len(r.places.states) != 56+13 {
		t.Errorf("%d states, districts, territories and provinces", len(r.places.states))
	}
	for _, s := range r.places.states {
		if len(expand(s.NPAs)) == 0 || len(s.Zones) == 0 {
			t.Errorf("%s has no area code or zone", s.Code)
		}
	}
	for prefix, spots := range r.places.zips {
		if len(spots) > 1 && prefix != "969" && prefix != "X" && prefix != "063" {
			t.Errorf("postal prefix %s is in %v", prefix, codesOf(spots))
		}
	}
}

// the more is known, the narrower; only the cautious guess gives way to the first thing that is known.
func TestMoreEvidenceNeverWidensTheHours(t *testing.T) {
	r := rules(t)
	one := rapid.Custom(func(t *rapid.T) Evidence {
		return Evidence{
			Source:  rapid.SampledFrom([]Source{Profile, Address, IP, Provider}).Draw(t, "source"),
			Zone:    rapid.SampledFrom([]string{"", "", "America/Chicago", "America/Denver", "Europe/Berlin", "Nowhere/Land"}).Draw(t, "zone"),
			State:   rapid.SampledFrom([]string{"", "TX", "FL", "LA", "ON", "KY", "ZZ"}).Draw(t, "state"),
			Country: rapid.SampledFrom([]string{"", "US", "CA", "DE"}).Draw(t, "country"),
			Zip:     rapid.SampledFrom([]string{"", "90210", "79901", "V5K0A1", "1"}).Draw(t, "zip"),
		}
	})
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	rapid.Check(t, func(t *rapid.T) {
		evidence := rapid.SliceOfN(one, 1, 4).Draw(t, "evidence")
		number := rapid.SampledFrom([]phone.Number{"+12125550100", "+18005550100", "+18505550100", "+4915112345678", "+16045550100"}).Draw(t, "number")
		known := rapid.IntRange(0, len(evidence)-1).Draw(t, "known")
		before, after := r.Places(evidence[:known], number), r.Places(evidence, number)
		if before[0].Source == Nothing {
			return
		}
		moment := clock.From(time.Unix(start+rapid.Int64Range(0, 365*86400).Draw(t, "second"), 0))
		a, b := r.Window(before, moment, HoursOptions{}), r.Window(after, moment, HoursOptions{})
		if b.Open && !a.Open {
			t.Fatalf("%v opened by more evidence: %v, then %v", moment, before, after)
		}
		if a.Never && !b.Never || !b.Never && b.OpensAt.Before(a.OpensAt) {
			t.Fatalf("opens earlier by more evidence: %v, then %v", a.OpensAt, b.OpensAt)
		}
	})
}

func TestTextsInTheTablesNameTheirSources(t *testing.T) {
	r := rules(t)
	for _, d := range r.Datasets() {
		if d.Name == "" || len(d.Source) < 20 || d.Version == "" || d.AsOf < "2026-01-01" {
			t.Errorf("table without provenance: %+v", d)
		}
	}
	if len(r.Datasets()) != 10 {
		t.Errorf("%d tables", len(r.Datasets()))
	}
}
