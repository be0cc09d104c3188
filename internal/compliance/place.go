package compliance

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/phone"
)

// Source says where a belief about a person's place comes from.
type Source string

// The sources of place evidence. AreaCode is added by Places itself; Nothing marks the cautious guess that is used
// when nothing is known.
const (
	Profile  Source = "profile"
	Address  Source = "address"
	AreaCode Source = "areacode"
	IP       Source = "ip"
	Provider Source = "provider"
	Nothing  Source = "nothing"
)

// Evidence is one belief about where a person is. Every field may be empty; Zone is an IANA name, State the postal
// code of a US state or Canadian province, Country ISO 3166, Zip a US ZIP or Canadian postal code.
type Evidence struct {
	Source  Source     `json:"source"`
	Zone    string     `json:"zone,omitempty"`
	State   string     `json:"state,omitempty"`
	Country string     `json:"country,omitempty"`
	Zip     string     `json:"zip,omitempty"`
	At      clock.Time `json:"at,omitempty"`
}

// Place is somewhere a person may be: the law that binds there and the clock on the wall. Country and State may be
// empty when only the zone is known.
type Place struct {
	Country string `json:"country"`
	State   string `json:"state,omitempty"`
	Zone    string `json:"zone"`
	Source  Source `json:"source"`
}

// state is a row of data/places.json: a US state or territory, or a Canadian province.
type state struct {
	Code      string              `json:"code"`
	Name      string              `json:"name"`
	Country   string              `json:"country"`
	Territory bool                `json:"territory"` // has an ISO country code of its own, equal to Code
	Zones     []string            `json:"zones"`
	NPAs      string              `json:"npas"`
	Zips      string              `json:"zips"`
	NPAZones  map[string][]string `json:"npa_zones"`
	ZipZones  map[string][]string `json:"zip_zones"`
}

// spot is a state with those of its zones that an area code or postal prefix leaves possible.
type spot struct {
	state *state
	zones []string
}

type placeTable struct {
	states map[string]*state // by country + "-" + code
	npas   map[string][]spot
	zips   map[string][]spot // by prefix: "902", "V", "V0"
	homes  map[string]string // zone -> country
}

func (r *Rules) loadPlaces() error {
	var rows []*state
	if err := r.read("places", &rows); err != nil {
		return err
	}
	t := placeTable{map[string]*state{}, map[string][]spot{}, map[string][]spot{}, map[string]string{}}
	for _, s := range rows {
		t.states[s.Country+"-"+s.Code] = s
		for _, zone := range s.Zones {
			if r.zones.load(zone) == nil {
				return fmt.Errorf("places: %s has the unknown zone %q", s.Code, zone)
			}
			t.homes[zone] = s.Country
		}
		fill(t.npas, s, s.NPAs, s.NPAZones)
		fill(t.zips, s, s.Zips, s.ZipZones)
	}
	r.places = t
	return nil
}

// fill files the state under each of its prefixes: with the zones of the exception if there is one, else with the
// state's first zone.
func fill(table map[string][]spot, s *state, prefixes string, exceptions map[string][]string) {
	zones := map[string][]string{}
	for _, prefix := range expand(prefixes) {
		zones[prefix] = s.Zones[:1]
	}
	for list, exact := range exceptions {
		for _, prefix := range expand(list) {
			zones[prefix] = exact
		}
	}
	for prefix, z := range zones {
		table[prefix] = append(table[prefix], spot{s, z})
	}
	for _, spots := range table {
		slices.SortFunc(spots, func(a, b spot) int { return strings.Compare(a.state.Code, b.state.Code) })
	}
}

// expand turns "350-352 354" into 350 351 352 354.
func expand(list string) []string {
	var out []string
	for _, word := range strings.Fields(list) {
		from, to, ranged := strings.Cut(word, "-")
		if !ranged {
			out = append(out, word)
			continue
		}
		var a, b int
		_, _ = fmt.Sscanf(from+" "+to, "%d %d", &a, &b)
		for ; a <= b; a++ {
			out = append(out, fmt.Sprintf("%03d", a))
		}
	}
	return out
}

// Places is every place where the person may be, strongest evidence first, never empty: all that the evidence says,
// and all that the number says. When neither says anything the answer is the cautious guess of R-22.
func (r *Rules) Places(evidence []Evidence, number phone.Number) []Place {
	var out []Place
	add := func(places []Place) {
		for _, p := range places {
			if !slices.ContainsFunc(out, func(q Place) bool { return q.Country == p.Country && q.State == p.State && q.Zone == p.Zone }) {
				out = append(out, p)
			}
		}
	}
	for _, e := range evidence {
		add(r.believe(e))
	}
	add(r.ofNumber(number))
	if len(out) == 0 {
		out = []Place{{Country: "US", Zone: r.hours.nowhere, Source: Nothing}}
	}
	return out
}

// believe is every place that one piece of evidence leaves possible. Parts that contradict each other are all believed.
func (r *Rules) believe(e Evidence) []Place {
	country, code := r.territory(upper(e.Country), upper(e.State))
	zone := e.Zone
	if r.zones.load(zone) == nil {
		zone = ""
	}
	var spots []spot
	if s := r.places.states[country+"-"+code]; s != nil {
		spots = []spot{{s, s.Zones}}
	}
	spots = narrow(spots, r.byZip(country, upper(e.Zip)))
	switch {
	case len(spots) > 0:
		return r.inZone(spots, zone, e.Source)
	case zone != "" && country == "":
		return []Place{{Country: r.places.homes[zone], Zone: zone, Source: e.Source}}
	case zone != "":
		return []Place{{Country: country, Zone: zone, Source: e.Source}}
	}
	return r.ofCountry(country, e.Source)
}

func upper(text string) string { return strings.ToUpper(strings.ReplaceAll(text, " ", "")) }

// territory turns Puerto Rico and its like into states, and finds the country of a state that came without one.
func (r *Rules) territory(country, code string) (string, string) {
	if s := r.places.states["US-"+country]; s != nil && s.Territory {
		return "US", country
	}
	for _, home := range []string{"US", "CA"} {
		if country == "" && r.places.states[home+"-"+code] != nil {
			return home, code
		}
	}
	return country, code
}

// byZip is what a postal code says; a code without a country is read as American or Canadian, which it looks like.
func (r *Rules) byZip(country, zip string) []spot {
	for length := min(3, len(zip)); length > 0; length-- {
		spots := r.places.zips[zip[:length]]
		if len(spots) > 0 && (country == "" || country == spots[0].state.Country) {
			return spots
		}
	}
	return nil
}

// narrow joins what the state says with what the postal code says: the code decides on the zones when both name the
// same state, and both are believed when they do not.
func narrow(stated, coded []spot) []spot {
	for _, s := range stated {
		for _, c := range coded {
			if c.state == s.state {
				return []spot{c}
			}
		}
	}
	return append(stated, coded...)
}

// inZone turns spots into places. A stated zone that tells the same time as one of a spot's zones picks it; one that
// does not is believed beside them.
func (r *Rules) inZone(spots []spot, zone string, source Source) []Place {
	var out []Place
	for _, s := range spots {
		zones := s.zones
		if zone != "" {
			same := slices.IndexFunc(s.zones, func(z string) bool { return r.sameClock(z, zone) })
			if same >= 0 {
				zones = s.zones[same : same+1]
			} else {
				zones = append([]string{zone}, s.zones...)
			}
		}
		for _, z := range zones {
			out = append(out, Place{s.state.Country, s.state.Code, z, source})
		}
	}
	return out
}

// sameClock says whether clocks in both zones show the same in winter and in summer of the tables' year.
func (r *Rules) sameClock(a, b string) bool {
	for _, month := range []time.Month{time.January, time.July} {
		at := time.Date(2026, month, 15, 12, 0, 0, 0, time.UTC)
		_, x := at.In(r.zones.load(a)).Zone()
		_, y := at.In(r.zones.load(b)).Zone()
		if x != y {
			return false
		}
	}
	return true
}

// ofNumber is what the number itself says: its area code in North America, its prefix elsewhere. Toll-free and other
// numbers without a place say nothing.
func (r *Rules) ofNumber(number phone.Number) []Place {
	if strings.HasPrefix(string(number), "+1") && len(number) == len("+15551234567") {
		if spots := r.places.npas[string(number[2:5])]; len(spots) > 0 {
			return r.inZone(spots, "", AreaCode)
		}
	}
	country := number.Country()
	if country == "" || country == "US" || country == "CA" {
		return nil
	}
	var out []Place
	for _, zone := range number.Zones() {
		if r.zones.load(zone) != nil {
			out = append(out, Place{Country: country, Zone: zone, Source: AreaCode})
		}
	}
	if len(out) == 0 {
		return r.ofCountry(country, AreaCode)
	}
	return out
}

// ofCountry is every zone of a country that has a row; the United States alone say nothing.
func (r *Rules) ofCountry(country string, source Source) []Place {
	var out []Place
	for _, zone := range r.hours.zonesOf[country] {
		out = append(out, Place{Country: country, Zone: zone, Source: source})
	}
	return out
}

// zoneCache keeps the zones that were looked up; reading one from the embedded database costs a decompression.
type zoneCache struct {
	mu    sync.RWMutex
	known map[string]*time.Location
}

// load is the zone of that IANA name, or nil. Only names that exist are kept, so strange input cannot fill it.
func (c *zoneCache) load(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	c.mu.RLock()
	zone := c.known[name]
	c.mu.RUnlock()
	if zone != nil {
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[name] = zone
	return zone
}
