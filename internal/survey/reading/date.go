package reading

import (
	"fmt"
	"slices"
	"time"
)

// day is a reading of a date. Year is 0 when it was not said.
type day struct {
	year, month, day int
	relative         bool // counted from today: the year is known, but was not said
	why              Why  // why it must be confirmed
}

// dated is all readings of the date that stands in [from, to).
type dated struct {
	from, to int
	days     []day
	weekday  bool // only the name of a weekday, perhaps beside the date itself
}

// date reads the answer to a date or birthday question.
func (t *text) date(q Question) Answer {
	all := t.withoutWeekdays(t.dates(q))
	var found []found
	missing := false
	for _, d := range all {
		t.use(d.from, d.to)
		values, yearMissing := t.complete(q, d)
		found, missing = append(found, values...), missing || yearMissing
	}
	switch {
	case len(all) == 0 && t.partOfDate():
		return unread(NotADay)
	case len(found) == 0 && missing:
		return unread(YearMissing)
	case len(all) > 0 && len(found) == 0:
		return unread(NoSuchDay)
	}
	for _, f := range found {
		if t.negated(q.Type, f.from) {
			return unread(Negated)
		}
	}
	return t.settle(q, found)
}

// dates finds every date of the text.
func (t *text) dates(q Question) []dated {
	var all []dated
	for i := 0; i < len(t.ts); {
		d, ok := t.dateAt(q, i)
		if !ok {
			i++
			continue
		}
		all = append(all, d)
		i = d.to
	}
	return all
}

// dateAt tries the ways of saying a date, the most telling first.
func (t *text) dateAt(q Question, i int) (dated, bool) {
	ways := []func(Question, int) (dated, bool){
		t.monthDate, t.figureDate, t.joinedDate, t.dayPhrase, t.countedDay, t.weekdayDate, t.holiday, t.ordinalDay,
	}
	for _, way := range ways {
		if d, ok := way(q, i); ok {
			d.from = i
			return d, true
		}
	}
	return dated{}, false
}

// withoutWeekdays drops weekdays that stand beside a date and agree with it: "Friday, June 5". One that does not agree
// stays as a second reading.
func (t *text) withoutWeekdays(all []dated) []dated {
	if len(all) != 2 || all[0].weekday == all[1].weekday {
		return all
	}
	name, date := all[0], all[1]
	if date.weekday {
		name, date = date, name
	}
	told := t.time(name.days[0]).Weekday()
	for _, d := range date.days {
		if d.year == 0 || d.year < 100 || t.time(d).Weekday() == told {
			t.use(name.from, name.to)
			return []dated{date}
		}
	}
	return all
}

// complete makes values of the readings: it finds the century, and the year where the tense tells it.
func (t *text) complete(q Question, d dated) (all []found, yearMissing bool) {
	for _, r := range d.days {
		years, why := t.years(q, r)
		yearMissing = yearMissing || len(years) == 0
		if r.why != "" {
			why = r.why
		}
		for _, year := range years {
			value := fmt.Sprintf("%04d-%02d-%02d", year, r.month, r.day)
			if year == 0 {
				value = fmt.Sprintf("--%02d-%02d", r.month, r.day)
			}
			if real(year, r.month, r.day) {
				all = append(all, found{value, d.from, d.to, why})
			}
		}
	}
	return all, yearMissing
}

const (
	youngest = 10 // the age from which a two-figure year of birth is taken without asking
	soon     = 30 // how many years ahead a two-figure year may lie
)

// years are the years that a reading may mean, 0 for none; empty when the question needs one and nothing tells it.
func (t *text) years(q Question, d day) (years []int, why Why) {
	now := t.now.Year()
	switch {
	case d.relative:
		if q.yearless() && !q.Holds(t.iso(d), t.now) {
			return []int{0}, "" // "tomorrow" as a birthday: a day, not a year
		}
		return []int{d.year}, ""
	case d.year >= 100:
		return []int{d.year}, ""
	case d.year > 0 || d.year == -100: // two figures; -100 stands for '00
		return t.century(q, d)
	case q.yearless():
		return []int{0}, ""
	}
	for _, year := range nearestYears(now, q.tense()) {
		d.year = year
		if real(year, d.month, d.day) && q.Holds(t.iso(d), t.now) {
			return []int{year}, ""
		}
	}
	return nil, ""
}

func nearestYears(now int, tense Tense) []int {
	switch tense {
	case Past:
		return []int{now, now - 1, now - 2, now - 3, now - 4}
	case Future:
		return []int{now, now + 1, now + 2, now + 3, now + 4}
	}
	return nil
}

// century puts the century before two figures.
func (t *text) century(q Question, d day) ([]int, Why) {
	short := max(d.year, 0)
	now := t.now.Year()
	base := now - now%100
	candidates := []int{base + short, base - 100 + short}
	switch {
	case q.tense() == Future, q.tense() == AnyTime && candidates[0] <= now+soon:
		return candidates[:1], ""
	case q.tense() == AnyTime:
		return candidates[1:], ""
	}
	held := slices.DeleteFunc(slices.Clone(candidates), func(year int) bool {
		d.year = year
		return !q.Holds(t.iso(d), t.now)
	})
	if len(held) == 2 && q.Type == Birthday && now-held[0] < youngest {
		return held, ""
	}
	if len(held) == 0 {
		held = candidates // outside, or no such day
	}
	return held[:1], ""
}

func (t *text) iso(d day) string { return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day) }

func (t *text) time(d day) time.Time {
	return time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
}

// real says whether the day exists; without a year in a leap year.
func real(year, month, day int) bool {
	if year == 0 {
		year = 2000
	}
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return month >= 1 && month <= 12 && d.Month() == time.Month(month) && d.Day() == day && year >= 1 && year <= 9999
}

// partOfDate says whether a month or a year stands in the text without a day.
func (t *text) partOfDate() bool {
	for i, token := range t.ts {
		if _, ok := t.lang.months[token.word]; ok {
			return true
		}
		if _, end, ok := t.yearAt(i); ok && end > i && figuresAt(t.ts, i, 4, 4) {
			return true
		}
		if _, ok := t.lang.units[token.word]; ok && token.word != "" && t.nearWord(i) {
			return true
		}
	}
	return false
}

// nearWord says whether "next", "this" or "last" stands at or before i: "next month".
func (t *text) nearWord(i int) bool {
	for at := max(0, i-1); at <= i+1 && at < len(t.ts); at++ {
		for _, p := range []phrases{t.lang.next, t.lang.this, t.lang.previous, t.lang.nextAfter, t.lang.previousAfter} {
			if _, _, ok := p.at(t.ts, at); ok {
				return true
			}
		}
	}
	return false
}
