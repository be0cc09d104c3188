package report

import (
	"sort"
	"time"

	"parley/internal/clock"
	"parley/internal/errs"
)

// Period is a run of whole days in a time zone.
type Period struct {
	Location *time.Location
	Days     []time.Time  // noon of each day, first to last
	Starts   []clock.Time // when each day began, and when the last one ends: one more than Days
}

// From is when the period begins.
func (p Period) From() clock.Time { return p.Starts[0] }

// To is when the period ends; that moment is not part of it.
func (p Period) To() clock.Time { return p.Starts[len(p.Starts)-1] }

// Date is a day of the period as it is written, "2026-11-21".
func (p Period) Date(day int) string { return p.Days[day].Format(time.DateOnly) }

// First is the first day of the period.
func (p Period) First() string { return p.Date(0) }

// Last is the last day of the period.
func (p Period) Last() string { return p.Date(len(p.Days) - 1) }

// DayOf is which day of the period a moment belongs to.
func (p Period) DayOf(at clock.Time) int {
	return sort.Search(len(p.Days), func(i int) bool { return p.Starts[i+1] > at })
}

// day is the part of the period that is one date; ok is false when the date is not in it.
func (p Period) day(date string) (Period, bool) {
	for i := range p.Days {
		if p.Date(i) == date {
			return Period{Location: p.Location, Days: p.Days[i : i+1], Starts: p.Starts[i : i+2]}, true
		}
	}
	return Period{}, false
}

const (
	usualDays = 30
	mostDays  = 732 // two years, one of them compared with the other
)

// periodOf reads two dates, both included. Left out, it is the last 30 days with today. Days that have not come are cut
// off.
func periodOf(from, to string, location *time.Location, now clock.Time) (Period, error) {
	today := noon(now.Std().In(location), location)
	first, last := today.AddDate(0, 0, 1-usualDays), today
	wrong := errs.New(errs.Invalid, "period_invalid", "These dates cannot be reported on. Choose a first and a last day, such as 2026-11-01 and 2026-11-30.")
	var err error
	if to != "" {
		if last, err = noonOf(to, location); err != nil {
			return Period{}, wrong.WithField("query.to", "is not a date such as 2026-11-30")
		}
		first = last.AddDate(0, 0, 1-usualDays)
	}
	if from != "" {
		if first, err = noonOf(from, location); err != nil {
			return Period{}, wrong.WithField("query.from", "is not a date such as 2026-11-01")
		}
	}
	if last.After(today) {
		last = today
	}
	switch {
	case first.Year() < 2000:
		return Period{}, wrong.WithField("query.from", "is before the year 2000")
	case first.After(today):
		return Period{}, wrong.WithField("query.from", "has not come yet")
	case first.After(last):
		return Period{}, wrong.WithField("query.to", "is before the first day")
	case first.AddDate(0, 0, mostDays).Before(last):
		return Period{}, wrong.WithField("query.from", "is more than two years before the last day")
	}
	return spread(first, last, location), nil
}

func spread(first, last time.Time, location *time.Location) Period {
	p := Period{Location: location}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		p.Days = append(p.Days, day)
		p.Starts = append(p.Starts, begin(day))
	}
	p.Starts = append(p.Starts, begin(last.AddDate(0, 0, 1)))
	return p
}

// noon exists on every day everywhere, which midnight does not.
func noon(day time.Time, location *time.Location) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, location)
}

func noonOf(date string, location *time.Location) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, date)
	return noon(day, location), err
}

// begin is the first moment of the day around a noon, also where clocks are put forward or back at midnight.
func begin(noon time.Time) clock.Time {
	const back = 26 * 60 * 60 // seconds, more than any half day
	date := noon.Format(time.DateOnly)
	start := noon.Unix() - back
	offset := sort.Search(back, func(i int) bool {
		return time.Unix(start+int64(i), 0).In(noon.Location()).Format(time.DateOnly) >= date
	})
	return clock.From(time.Unix(start+int64(offset), 0))
}
