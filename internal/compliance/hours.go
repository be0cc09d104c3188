package compliance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/internal/clock"
)

// searchDays bounds the search for the next moment at which a text may leave.
const searchDays = 14

// conversationGrace is how long after a person's own text an answer is part of the conversation.
const conversationGrace = 60 * time.Minute

// ExemptKind says why a message may ignore the hours.
type ExemptKind string

// The exemptions. All but NotExempt free a message from the brand's window and from every state whose row does not
// bind that kind.
const (
	NotExempt      ExemptKind = "none"
	OptInReply     ExemptKind = "optin_reply"
	OptOutReply    ExemptKind = "optout_reply"
	HelpReply      ExemptKind = "help"
	Transactional  ExemptKind = "transactional"
	Conversational ExemptKind = "conversational_reply"
)

// Exempt is a claimed exemption. InboundAt is when the person's own text arrived; Conversational needs it.
type Exempt struct {
	Kind      ExemptKind
	InboundAt clock.Time
}

// HoursOptions are the brand's part in the decision. The zero value means the default window of the tables.
type HoursOptions struct {
	Brand  Week
	Exempt Exempt
}

// LocalTime is what the clock shows at one place, and the window that binds there on that day.
type LocalTime struct {
	Place   Place     `json:"place"`
	At      time.Time `json:"at"` // in the zone of the place
	Open    bool      `json:"open"`
	Span    Span      `json:"span"`    // the zero Span: no texts on that day
	Law     string    `json:"law"`     // name of the row: "Florida", "federal", "FR, advised"
	Advised bool      `json:"advised"` // the row is custom or caution, not law
}

// WindowVerdict says whether a text may leave at a moment, and if not, when.
type WindowVerdict struct {
	Open        bool
	Never       bool       // no moment within 14 days is inside every window; drop it or learn where the person is
	OpensAt     clock.Time // the next moment at which every place is open; the asked moment when Open; 0 when Never
	ClosesAt    clock.Time // when the first place closes after OpensAt; 0 when exempt or Never
	Local       []LocalTime
	Code        string // open, exempt, quiet_hours, no_common_hours
	Why         string // one sentence for a person
	PlaceSource string // sources of the places, strongest first: "profile+areacode"
}

// Window decides: a text may leave when the moment is inside the window of every plausible place, each
// the part that federal law, the state and the brand have in common.
func (r *Rules) Window(places []Place, at clock.Time, opts HoursOptions) WindowVerdict {
	if opts.Brand == (Week{}) {
		opts.Brand = r.hours.brand.week
	}
	v := WindowVerdict{PlaceSource: sources(places)}
	var bound []sky
	for _, p := range places {
		s := sky{rules: r, place: p, zone: r.zones.load(p.Zone), brand: opts.Brand}
		if s.zone == nil {
			s.zone = r.zones.load(r.hours.nowhere)
		}
		local := at.Std().In(s.zone)
		l := r.law(p, local)
		exempt, lenient := opts.Exempt.frees(l, at)
		if exempt {
			v.Local = append(v.Local, LocalTime{Place: p, At: local, Open: true, Span: Span{0, dayMinutes}, Law: "exempt"})
			continue
		}
		if lenient {
			s.brand = always()
		}
		bound = append(bound, s)
		v.Local = append(v.Local, LocalTime{p, local, s.open(local), s.span(local), l.name, l.advised})
	}
	if len(bound) == 0 {
		v.Open, v.OpensAt, v.Code = true, at, "exempt"
		v.Why = "Quiet hours do not apply to this message: it is a " + strings.ReplaceAll(string(opts.Exempt.Kind), "_", " ") + "."
		return v
	}
	v.OpensAt, v.ClosesAt = meet(bound, at)
	v.Open, v.Never = v.OpensAt == at, v.OpensAt == 0
	v.Code, v.Why = explain(v)
	return v
}

// frees says whether the exemption frees a message from a law; lenient, that only the law binds and not the brand.
func (e Exempt) frees(l *law, at clock.Time) (exempt, lenient bool) {
	switch e.Kind {
	case OptInReply, OptOutReply, HelpReply:
		return true, true
	case Transactional:
		return !l.binds[Transactional], true
	case Conversational:
		if e.InboundAt == 0 || at < e.InboundAt || at.Sub(e.InboundAt) > conversationGrace {
			return false, false
		}
		return !l.binds[Conversational], true
	}
	return false, false
}

// meet is the first moment from at on when all are open, and when the first of them closes; zeros when there is none
// within the search.
func meet(all []sky, at clock.Time) (opens, closes clock.Time) {
	limit := at.Std().AddDate(0, 0, searchDays)
	t := at.Std()
	for i := 0; i < len(all); i++ {
		if all[i].open(t) {
			continue
		}
		next, ok := all[i].opens(t, limit)
		if !ok {
			return 0, 0
		}
		t, i = next, -1 // the others must be open at the new moment too
	}
	for _, s := range all {
		if c, ok := s.closes(t); ok && (closes == 0 || clock.From(c) < closes) {
			closes = clock.From(c)
		}
	}
	return clock.From(t), closes
}

// sky is one place with its zone and the brand's window: all that decides whether it is open.
type sky struct {
	rules *Rules
	place Place
	zone  *time.Location
	brand Week
}

// span is what law and brand leave of the local day of t.
func (s sky) span(t time.Time) Span {
	local := t.In(s.zone)
	return s.rules.law(s.place, local).on(s.rules, local).and(s.brand[local.Weekday()])
}

func (s sky) open(t time.Time) bool {
	local := t.In(s.zone)
	return s.span(local).has(local.Hour()*60 + local.Minute())
}

// opens is the first open moment after t and not after limit. Only an opening minute or a change of the clocks can
// open a place.
func (s sky) opens(t, limit time.Time) (time.Time, bool) {
	local := t.In(s.zone)
	for day := 0; day <= searchDays+1; day++ {
		noon := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, s.zone)
		candidates := moments(noon, s.span(noon).Open)
		if _, change := noon.AddDate(0, 0, -1).ZoneBounds(); !change.IsZero() && change.Sub(noon).Abs() < 26*time.Hour {
			candidates = append(candidates, change)
		}
		slices.SortFunc(candidates, time.Time.Compare)
		for _, m := range candidates {
			if m.After(t) && !m.After(limit) && s.open(m) {
				return m, true
			}
		}
	}
	return time.Time{}, false
}

// closes is the first moment after the open moment t at which the place is closed.
func (s sky) closes(t time.Time) (time.Time, bool) {
	local := t.In(s.zone)
	for day := 0; day <= searchDays; day++ {
		noon := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, s.zone)
		for _, m := range moments(noon, s.span(noon).Close) {
			if m.After(t) && !s.open(m) {
				return m, true
			}
		}
	}
	return time.Time{}, false
}

// moments is when the clock shows that minute on the day of noon: never in the hour that a change of the clocks
// skips, twice in the one it repeats.
func moments(noon time.Time, minute int) []time.Time {
	wall := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, minute, 0, 0, time.UTC)
	var out []time.Time
	for _, side := range []int{-1, 1} {
		_, offset := noon.AddDate(0, 0, side).Zone()
		m := wall.Add(-time.Duration(offset) * time.Second).In(noon.Location())
		if m.Minute() == wall.Minute() && m.Hour() == wall.Hour() && (len(out) == 0 || !out[0].Equal(m)) {
			out = append(out, m)
		}
	}
	return out
}

func explain(v WindowVerdict) (code, why string) {
	if v.Never {
		return "no_common_hours", "No moment in the next 14 days is allowed at every place where this person may be. Add their address or time zone."
	}
	shown := v.Local[0]
	for _, l := range v.Local {
		if !l.Open {
			shown = l
			break
		}
	}
	where := fmt.Sprintf("It is %s in %s", shown.At.Format("15:04"), shown.Place.name())
	if v.Open {
		return "open", where + ", inside the allowed hours."
	}
	if shown.Place.Source == Nothing {
		where = fmt.Sprintf("Nobody knows where this person is; it is %s in New York", shown.At.Format("15:04"))
	}
	window := "texts are allowed " + shown.Span.String()
	if shown.Span == (Span{}) {
		window = "no texts are allowed today"
	}
	return "quiet_hours", fmt.Sprintf("%s, where %s (%s). Held until %s there.", where, window, shown.Law,
		v.OpensAt.Std().In(shown.At.Location()).Format("Mon 2 Jan 15:04"))
}

func (p Place) name() string {
	city := strings.ReplaceAll(p.Zone[strings.LastIndexByte(p.Zone, '/')+1:], "_", " ")
	if p.State != "" {
		return p.State + ", " + city + " time"
	}
	return city
}

func sources(places []Place) string {
	var out []string
	for _, p := range places {
		if !slices.Contains(out, string(p.Source)) {
			out = append(out, string(p.Source))
		}
	}
	return strings.Join(out, "+")
}
