package compliance

import (
	"slices"
	"time"
)

// holiday is a rule of data/holidays.json for one day of each year: a fixed date ("12-25"), the nth weekday of a
// month (n = -1: the last), or days after Easter Sunday. Observed days are also kept on the Friday before a Saturday
// and the Monday after a Sunday, as 5 U.S.C. 6103 does.
type holiday struct {
	Name     string `json:"name"`
	Fixed    string `json:"fixed"`
	Month    int    `json:"month"`
	Weekday  int    `json:"weekday"` // as time.Weekday
	Nth      int    `json:"nth"`
	Easter   *int   `json:"easter"`
	Observed bool   `json:"observed"`
}

// isHoliday says whether the local day of t is kept under any of the rules.
func isHoliday(calendar []holiday, t time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return slices.ContainsFunc(calendar, func(h holiday) bool {
		// New Year's Day of the next year may be observed in this one.
		return h.keeps(day, day.Year()) || h.keeps(day, day.Year()+1)
	})
}

func (h holiday) keeps(day time.Time, year int) bool {
	actual := h.in(year)
	if actual.Equal(day) {
		return true
	}
	switch {
	case !h.Observed:
		return false
	case actual.Weekday() == time.Saturday:
		return actual.AddDate(0, 0, -1).Equal(day)
	case actual.Weekday() == time.Sunday:
		return actual.AddDate(0, 0, 1).Equal(day)
	}
	return false
}

func (h holiday) in(year int) time.Time {
	switch {
	case h.Easter != nil:
		return easter(year).AddDate(0, 0, *h.Easter)
	case h.Fixed != "":
		day, err := time.Parse("01-02", h.Fixed)
		if err != nil {
			return time.Time{}
		}
		return day.AddDate(year, 0, 0)
	case h.Nth < 0:
		last := time.Date(year, time.Month(h.Month)+1, 0, 0, 0, 0, 0, time.UTC)
		return last.AddDate(0, 0, -((int(last.Weekday()) - h.Weekday + 7) % 7))
	}
	first := time.Date(year, time.Month(h.Month), 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, (h.Weekday-int(first.Weekday())+7)%7+7*(h.Nth-1))
}

// easter is Easter Sunday of the Gregorian calendar, by the anonymous algorithm (Meeus, Astronomical Algorithms, 8).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e, f := b/4, b%4, (b+8)/25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}
