package reading

import (
	"strconv"
	"strings"
	"time"
)

// from is a reading so many days from today.
func (t *text) from(days int) day { return t.on(dayOf(t.now).AddDate(0, 0, days)) }

func (t *text) on(at time.Time) day {
	return day{year: at.Year(), month: int(at.Month()), day: at.Day(), relative: true}
}

// dayPhrase reads "tomorrow" and the like.
func (t *text) dayPhrase(_ Question, i int) (dated, bool) {
	name, end, ok := t.lang.dayPhrases.at(t.ts, i)
	if !ok {
		return dated{}, false
	}
	return dated{to: end, days: []day{t.from(t.lang.days[name])}}, true
}

// maxCount bounds "in so many days".
const maxCount = 2000

// countedDay reads "in two weeks", "3 days ago", "vor drei Tagen", "a week from now".
func (t *text) countedDay(_ Question, i int) (dated, bool) {
	direction, at := 0, i
	if _, end, ok := t.lang.in.at(t.ts, i); ok {
		direction, at = 1, end
	} else if _, end, ok := t.lang.agoBefore.at(t.ts, i); ok {
		direction, at = -1, end
	}
	n, end, ok := t.countAt(at)
	if !ok || end >= len(t.ts) {
		return dated{}, false
	}
	unit, known := t.lang.units[t.ts[end].word]
	if !known {
		return dated{}, false
	}
	end++
	if direction == 0 {
		if _, after, ok := t.lang.ago.at(t.ts, end); ok {
			direction, end = -1, after
		} else if _, after, ok := t.lang.ahead.at(t.ts, end); ok {
			direction, end = 1, after
		}
	} else if _, after, ok := t.lang.ahead.at(t.ts, end); ok && direction == 1 {
		end = after // in two weeks' time
	}
	if direction == 0 {
		return dated{}, false
	}
	days, ok := t.count(direction*n, unit)
	return dated{to: end, days: days}, ok
}

// countAt reads a whole number or an article.
func (t *text) countAt(i int) (n, end int, ok bool) {
	if i < len(t.ts) && t.lang.articles[t.ts[i].word] {
		return 1, i + 1, true
	}
	number, ok := t.numeralAt(i)
	if !ok || len(number.values) != 1 || !whole(number.values[0]) || number.values[0] < 1 || number.values[0] > maxCount {
		return 0, 0, false
	}
	return int(number.values[0]), number.end, true
}

// count goes n units from today. A month later is the same day of the month, or the month's last; that is confirmed,
// because people who say "in two months" seldom mean the day.
func (t *text) count(n int, unit string) ([]day, bool) {
	today := dayOf(t.now)
	switch unit {
	case "d":
		return []day{t.from(n)}, true
	case "w":
		return []day{t.from(7 * n)}, true
	case "f":
		return []day{t.from(14 * n)}, true
	case "y":
		n *= 12
	}
	first := time.Date(today.Year(), today.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	d := t.on(first.AddDate(0, 0, min(today.Day(), last)-1))
	d.why = Doubtful
	return []day{d}, d.year >= 1 && d.year <= 9999
}

// weekdayDate reads "friday", "next friday", "el viernes que viene", "last monday".
func (t *text) weekdayDate(q Question, i int) (dated, bool) {
	kind, at := "", i
	for _, k := range []struct {
		name string
		p    phrases
	}{{"next", t.lang.next}, {"this", t.lang.this}, {"previous", t.lang.previous}} {
		if _, end, ok := k.p.at(t.ts, i); ok && end < len(t.ts) {
			if _, weekday := t.lang.weekdays[t.ts[end].word]; weekday {
				kind, at = k.name, end
			}
		}
	}
	weekday, known := t.lang.weekdays[t.ts[at].word]
	if !known {
		return dated{}, false
	}
	end := t.skipSigns(at+1, ".")
	if _, after, ok := t.lang.nextAfter.at(t.ts, end); ok && kind == "" {
		kind, end = "next", after
	} else if _, after, ok := t.lang.previousAfter.at(t.ts, end); ok && kind == "" {
		kind, end = "previous", after
	}
	return dated{to: end, days: t.weekdays(weekday, kind, q.tense()), weekday: kind == ""}, true
}

// weekdays are the days that a weekday's name may mean.
func (t *text) weekdays(weekday int, kind string, tense Tense) []day {
	today := int(t.now.Weekday())
	ahead := (weekday - today + 7) % 7
	back := (today - weekday + 7) % 7
	switch {
	case kind == "previous", kind == "" && tense == Past:
		if back == 0 && kind == "" {
			return []day{t.from(0), t.from(-7)}
		}
		if back == 0 {
			back = 7
		}
		return []day{t.from(-back)}
	case kind == "next" && ahead == 0:
		return []day{t.from(7)}
	case kind == "next" && !t.lang.NextIsNear && ahead <= 7-weekOf(today):
		return []day{t.from(ahead), t.from(ahead + 7)} // people differ: the coming one, or the one of the next week
	case ahead == 0 && kind == "":
		return []day{t.from(0), t.from(7)}
	}
	return []day{t.from(ahead)}
}

// weekOf is the place of a weekday in the week, Monday 1 to Sunday 7.
func weekOf(weekday int) int {
	if weekday == 0 {
		return 7
	}
	return weekday
}

// holiday reads days that have a name.
func (t *text) holiday(_ Question, i int) (dated, bool) {
	means, end, ok := t.lang.holidays.at(t.ts, i)
	if !ok {
		return dated{}, false
	}
	year, after, told := t.yearAt(end)
	d := dated{to: end}
	if told {
		d.to = after
	}
	for _, monthDay := range strings.Fields(means) {
		month, number, _ := strings.Cut(monthDay, "-")
		m, _ := strconv.Atoi(month)
		n, _ := strconv.Atoi(number)
		d.days = append(d.days, day{year: year, month: m, day: n})
	}
	return d, true
}

// ordinalDay reads "the 5th": the next or the last day of that number, to be confirmed.
func (t *text) ordinalDay(q Question, i int) (dated, bool) {
	n, end, ok := t.ordinalAt(i)
	if figuresAt(t.ts, i, 1, 2) {
		n, end, ok = t.dayAt(i)
		ok = ok && end > i+1 // "5th" and "5.", not "5"
	}
	if !ok || q.Type == Birthday || q.Year == YearOptional {
		return dated{}, false
	}
	step := 1
	if q.tense() == Past {
		step = -1
	}
	today := dayOf(t.now)
	for months := 0; months <= 2; months++ {
		at := time.Date(today.Year(), today.Month()+time.Month(step*months), n, 0, 0, 0, 0, time.UTC)
		if at.Day() == n && !(step > 0 && at.Before(today)) && !(step < 0 && at.After(today)) {
			d := t.on(at)
			d.why = Doubtful
			return dated{to: end, days: []day{d}}, true
		}
	}
	return dated{}, false
}
