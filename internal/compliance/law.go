package compliance

import (
	"fmt"
	"slices"
	"time"
)

const dayMinutes = 24 * 60

// Span is a part of a local day in minutes after midnight: Open is inside, Close is not. The zero Span is no time.
type Span struct {
	Open, Close int
}

func (s Span) has(minute int) bool { return s.Open <= minute && minute < s.Close }

func (s Span) and(o Span) Span {
	both := Span{max(s.Open, o.Open), min(s.Close, o.Close)}
	if both.Open >= both.Close {
		return Span{}
	}
	return both
}

// String is "8:00-20:00", or "never".
func (s Span) String() string {
	if s == (Span{}) {
		return "never"
	}
	return fmt.Sprintf("%d:%02d-%d:%02d", s.Open/60, s.Open%60, s.Close/60, s.Close%60)
}

// Week is a window for each time.Weekday, Sunday first. The zero Week allows nothing; as an option it means "the
// default".
type Week [7]Span

// ParseWeek reads a brand's window, "09:00-20:00" on weekdays and Saturday and another, or "closed", on Sunday.
func ParseWeek(weekdays, sunday string) (Week, error) {
	return hourRow{Week: weekdays, Sun: sunday}.week()
}

// BrandWeek is the window a brand has unless it sets another; it satisfies most states by itself.
func (r *Rules) BrandWeek() Week { return r.hours.brand.week }

// Looser says whether a week allows anything that the default does not; that is allowed, and logged.
func (r *Rules) Looser(w Week) bool {
	for day, span := range w {
		if span != (Span{}) && span.and(r.hours.brand.week[day]) != span {
			return true
		}
	}
	return false
}

func always() Week {
	var w Week
	for day := range w {
		w[day] = Span{0, dayMinutes}
	}
	return w
}

// hourRow is a row of data/quiet_hours.*.json. Week is the window of every day without one of its own.
type hourRow struct {
	State     string       `json:"state"`
	Country   string       `json:"country"`
	Zone      string       `json:"zone"`
	Zones     []string     `json:"zones"`
	From      string       `json:"from"` // first day of effect; "" = always
	Week      string       `json:"week"`
	Sat       string       `json:"sat"`
	Sun       string       `json:"sun"`
	Holidays  []string     `json:"closed_holidays"` // calendars whose days are closed
	MaxPerDay int          `json:"max_per_24h"`
	Binds     []ExemptKind `json:"binds"`   // exemptions that do not hold here
	Advised   bool         `json:"advised"` // custom or caution, not law
	Sources   []string     `json:"sources"`
	Note      string       `json:"note"`
}

// law is a row, parsed.
type law struct {
	name     string
	from     int // day of effect as 20260101; 0 = always
	week     Week
	holidays []string
	max      int
	binds    map[ExemptKind]bool
	advised  bool
}

type hourTable struct {
	federal, noState, unknown, brand, elsewhere *law

	nowhere   string            // zone that stands for a person whose place nobody knows
	states    map[string][]*law // newest first
	countries map[string]*law
	zonesOf   map[string][]string
	calendars map[string][]holiday
}

func (r *Rules) loadHours() error {
	t := hourTable{states: map[string][]*law{}, countries: map[string]*law{}, zonesOf: map[string][]string{}}
	if err := r.read("holidays", &t.calendars); err != nil {
		return err
	}
	var us struct {
		Federal hourRow   `json:"federal"`
		NoState hourRow   `json:"no_state"`
		Unknown hourRow   `json:"unknown"`
		Brand   hourRow   `json:"brand"`
		States  []hourRow `json:"states"`
	}
	var world struct {
		Default   hourRow   `json:"default"`
		Countries []hourRow `json:"countries"`
	}
	if err := r.read("quiet_hours.us", &us); err != nil {
		return err
	}
	if err := r.read("quiet_hours.world", &world); err != nil {
		return err
	}
	p := lawParser{calendars: t.calendars}
	t.federal, t.noState = p.law(us.Federal, "federal"), p.law(us.NoState, "federal, state not known")
	t.unknown, t.brand = p.law(us.Unknown, "place not known"), p.law(us.Brand, "brand default")
	t.elsewhere, t.nowhere = p.law(world.Default, "advised"), us.Unknown.Zone
	for _, row := range us.States {
		s := r.places.states["US-"+row.State]
		if s == nil {
			return fmt.Errorf("quiet_hours.us: unknown state %q", row.State)
		}
		l := p.law(row, s.Name)
		for day := range l.week { // federal law binds beside the state's own
			l.week[day] = l.week[day].and(t.federal.week[day])
		}
		t.states[row.State] = append(t.states[row.State], l)
	}
	for _, laws := range t.states {
		slices.SortFunc(laws, func(a, b *law) int { return b.from - a.from })
	}
	for _, row := range world.Countries {
		t.countries[row.Country] = p.law(row, row.Country+", advised")
		t.zonesOf[row.Country] = row.Zones
		for _, zone := range row.Zones {
			if r.zones.load(zone) == nil {
				return fmt.Errorf("quiet_hours.world: %s has the unknown zone %q", row.Country, zone)
			}
			r.places.homes[zone] = row.Country
		}
	}
	if r.zones.load(t.nowhere) == nil {
		return fmt.Errorf("quiet_hours.us: unknown zone %q", t.nowhere)
	}
	r.hours = t
	return p.err
}

// lawParser turns rows into laws and keeps the first error.
type lawParser struct {
	calendars map[string][]holiday
	err       error
}

func (p *lawParser) law(row hourRow, name string) *law {
	week, err := row.week()
	l := &law{name: name, week: week, holidays: row.Holidays, max: row.MaxPerDay,
		binds: map[ExemptKind]bool{}, advised: row.Advised}
	if row.From != "" {
		var day time.Time
		day, err = time.Parse(time.DateOnly, row.From)
		l.from = dayNumber(day)
	}
	for _, kind := range row.Binds {
		l.binds[kind] = true
	}
	for _, calendar := range row.Holidays {
		if p.calendars[calendar] == nil {
			err = fmt.Errorf("no calendar %q", calendar)
		}
	}
	if len(row.Sources) == 0 {
		err = fmt.Errorf("no source")
	}
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("quiet hours of %s: %w", name, err)
	}
	return l
}

func (row hourRow) week() (Week, error) {
	var w Week
	for day := range w {
		text := row.Week
		if day == int(time.Sunday) && row.Sun != "" {
			text = row.Sun
		}
		if day == int(time.Saturday) && row.Sat != "" {
			text = row.Sat
		}
		span, err := parseSpan(text)
		if err != nil {
			return Week{}, err
		}
		w[day] = span
	}
	return w, nil
}

func parseSpan(text string) (Span, error) {
	if text == "closed" {
		return Span{}, nil
	}
	var a, b, c, d int
	if n, err := fmt.Sscanf(text, "%d:%d-%d:%d", &a, &b, &c, &d); n != 4 || err != nil {
		return Span{}, fmt.Errorf("%q is not a window such as 09:00-20:00, nor closed", text)
	}
	s := Span{a*60 + b, c*60 + d}
	if b > 59 || d > 59 || a < 0 || b < 0 || c < 0 || d < 0 || s.Open >= s.Close || s.Close > dayMinutes {
		return Span{}, fmt.Errorf("%q is not a window inside one day", text)
	}
	return s, nil
}

// law is what binds at a place on a local day.
func (r *Rules) law(p Place, local time.Time) *law {
	switch {
	case p.Source == Nothing:
		return r.hours.unknown
	case p.Country != "US":
		if l := r.hours.countries[p.Country]; l != nil {
			return l
		}
		return r.hours.elsewhere
	case p.State == "":
		return r.hours.noState
	}
	for _, l := range r.hours.states[p.State] {
		if l.from <= dayNumber(local) {
			return l
		}
	}
	return r.hours.federal
}

func dayNumber(t time.Time) int { return t.Year()*10000 + int(t.Month())*100 + t.Day() }

// on is the law's window on the local day of t.
func (l *law) on(r *Rules, local time.Time) Span {
	for _, calendar := range l.holidays {
		if isHoliday(r.hours.calendars[calendar], local) {
			return Span{}
		}
	}
	return l.week[local.Weekday()]
}
