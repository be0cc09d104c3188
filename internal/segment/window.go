package segment

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"parley/internal/clock"
)

// Window is which events of a person count. The zero Window is all until now.
type Window struct {
	Kind     string        // "", last, between, before, dates, calendar
	From, To time.Duration // how long ago it begins and ends, for last, between and before
	Since    string        // of dates: a day or a moment; "" is open
	Until    string        // not included
	Calendar string
}

// moment is when and where a segment is read.
type moment struct {
	now  clock.Time
	zone *time.Location
}

// never is after all events: the answer cannot change by itself.
const never = clock.Time(math.MaxInt64)

// span is a window at a moment: events with after < at <= until.
type span struct{ after, until clock.Time }

func (s span) holds(at clock.Time) bool { return at > s.after && at <= s.until }

// begin is before all events.
const begin = clock.Time(math.MinInt64)

// micro is the shortest step of time.
const micro = 1

// calendars are the words for spans of the calendar, with the sentence for each.
func calendars() map[string]string {
	return map[string]string{"today": "today", "yesterday": "yesterday", "this_week": "this week", "last_week": "last week",
		"this_month": "this month", "last_month": "last month", "this_year": "this year", "last_year": "last year"}
}

// at is the window at a moment. Nothing later than the moment is in it.
func (w Window) at(m moment) span {
	s := span{begin, m.now}
	switch w.Kind {
	case "last":
		s.after = m.now.Add(-w.From)
	case "between":
		s = span{m.now.Add(-w.From), m.now.Add(-w.To)}
	case "before":
		s.until = m.now.Add(-w.To)
	case "dates":
		if w.Since != "" {
			s.after = dayOrMoment(w.Since, m.zone) - micro
		}
		if w.Until != "" {
			s.until = min(s.until, dayOrMoment(w.Until, m.zone)-micro)
		}
	case "calendar":
		from, to := calendarSpan(w.Calendar, m)
		s.after, s.until = from-micro, min(m.now, to-micro)
	}
	return s
}

// turn is when the window next jumps by itself, apart from sliding with the clock.
func (w Window) turn(m moment) clock.Time {
	if w.Kind == "calendar" {
		return nextMidnight(m)
	}
	return never
}

// changes is when an event that happened at the moment at next enters or leaves the window.
func (w Window) changes(at clock.Time, m moment) clock.Time {
	next := never
	consider := func(t clock.Time) {
		if t > m.now && t < next {
			next = t
		}
	}
	switch w.Kind {
	case "last":
		consider(at)
		consider(at.Add(w.From))
	case "between":
		consider(at.Add(w.To))
		consider(at.Add(w.From))
	case "before":
		consider(at.Add(w.To))
	default:
		consider(at)
	}
	return next
}

func nextMidnight(m moment) clock.Time {
	day := m.now.Std().In(m.zone)
	next := clock.From(time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, m.zone))
	if next <= m.now { // a zone that jumps over midnight
		return m.now + clock.Time(time.Hour.Microseconds())
	}
	return next
}

// calendarSpan is from and to, the latter not included.
func calendarSpan(word string, m moment) (from, to clock.Time) {
	y, mo, d := m.now.Std().In(m.zone).Date()
	weekday := (int(m.now.Std().In(m.zone).Weekday()) + 6) % 7 // weeks begin on Monday
	date := func(y int, mo time.Month, d int) clock.Time {
		return clock.From(time.Date(y, mo, d, 0, 0, 0, 0, m.zone))
	}
	switch word {
	case "today":
		return date(y, mo, d), date(y, mo, d+1)
	case "yesterday":
		return date(y, mo, d-1), date(y, mo, d)
	case "this_week":
		return date(y, mo, d-weekday), date(y, mo, d-weekday+7)
	case "last_week":
		return date(y, mo, d-weekday-7), date(y, mo, d-weekday)
	case "this_month":
		return date(y, mo, 1), date(y, mo+1, 1)
	case "last_month":
		return date(y, mo-1, 1), date(y, mo, 1)
	case "this_year":
		return date(y, 1, 1), date(y+1, 1, 1)
	}
	return date(y-1, 1, 1), date(y, 1, 1)
}

// dayOrMoment reads a day in the zone, or a moment; Parse has checked that it is one of them.
func dayOrMoment(s string, zone *time.Location) clock.Time {
	if day, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return clock.From(day)
	}
	at, _ := time.Parse(time.RFC3339Nano, s)
	return clock.From(at)
}

func isDayOrMoment(s string) bool {
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return true
	}
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}

// window reads one of the forms of a window.
func (r *reader) window(raw []byte, path string) Window {
	body := r.object(raw, path, "last", "between", "before", "from", "until", "calendar")
	_, since := body["from"]
	_, until := body["until"]
	switch {
	case len(body) == 1 && body["last"] != nil:
		return Window{Kind: "last", From: r.duration(body["last"], path+".last")}
	case len(body) == 1 && body["before"] != nil:
		return Window{Kind: "before", To: r.duration(body["before"], path+".before")}
	case len(body) == 1 && body["between"] != nil:
		return r.between(body["between"], path+".between")
	case len(body) == 1 && body["calendar"] != nil:
		word := r.text(body["calendar"], path+".calendar")
		if calendars()[word] == "" {
			r.fail(path+".calendar", "use today, yesterday, this_week, last_week, this_month, last_month, this_year or last_year")
		}
		return Window{Kind: "calendar", Calendar: word}
	case len(body) == 1 && (since || until), len(body) == 2 && since && until:
		return r.dates(body["from"], body["until"], path)
	}
	r.fail(path, `write one of {"last":"14d"}, {"between":{"from":"5d","to":"3d"}}, {"before":"30d"}, {"from":"2026-01-01","until":"2026-02-01"}, {"calendar":"this_month"}`)
	return Window{}
}

func (r *reader) between(raw []byte, path string) Window {
	body := r.object(raw, path, "from", "to")
	w := Window{Kind: "between", From: r.duration(body["from"], path+".from"), To: r.duration(body["to"], path+".to")}
	if w.To >= w.From {
		r.fail(path, "from is further back than to: {\"from\":\"5d\",\"to\":\"3d\"}")
	}
	return w
}

func (r *reader) dates(from, until []byte, path string) Window {
	w := Window{Kind: "dates"}
	for key, raw := range map[string][]byte{"from": from, "until": until} {
		if raw == nil {
			continue
		}
		text := r.text(raw, path+"."+key)
		if !isDayOrMoment(text) {
			r.fail(path+"."+key, "write a day such as 2026-01-31, or a moment such as 2026-01-31T09:00:00Z")
		}
		if key == "from" {
			w.Since = text
		} else {
			w.Until = text
		}
	}
	return w
}

// maxDuration keeps spans within what a person may mean.
const maxDuration = 20 * 366 * 24 * time.Hour

// duration reads "90s", "30m", "2h", "14d" or "3w". A day has 24 hours, a rolling window is exact.
func (r *reader) duration(raw []byte, path string) time.Duration {
	var s string
	_ = json.Unmarshal(raw, &s)
	d, ok := parseDuration(s)
	if !ok {
		r.fail(path, "write a number and its unit: 90s, 30m, 2h, 14d or 3w, at most 20 years")
	}
	return d
}

func parseDuration(s string) (time.Duration, bool) {
	if len(s) < 2 || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 32)
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[len(s)-1]]
	d := time.Duration(n) * unit
	if err != nil || unit == 0 || n <= 0 || n > int64(maxDuration/unit) {
		return 0, false
	}
	return d, true
}

// spoken is a duration in words: "14 days".
func spoken(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d%u.unit == 0 {
			n := int64(d / u.unit)
			if n == 1 {
				return "1 " + u.name
			}
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return d.String()
}

// explain says the window in words that end a sentence, with a space before them.
func (w Window) explain() string {
	switch w.Kind {
	case "last":
		return " in the last " + spoken(w.From)
	case "between":
		return " between " + spoken(w.From) + " and " + spoken(w.To) + " ago"
	case "before":
		return " more than " + spoken(w.To) + " ago"
	case "calendar":
		return " " + calendars()[w.Calendar]
	case "dates":
		switch {
		case w.Until == "":
			return " since " + w.Since
		case w.Since == "":
			return " before " + w.Until
		}
		return " from " + w.Since + " until " + w.Until
	}
	return ""
}
