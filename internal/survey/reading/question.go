package reading

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Type is what a question wants to know.
type Type string

// The types and the Go types of their values. Dates are "1990-05-14", or "--05-14" when the year is not known, as
// attributes of people have them.
const (
	Choice   Type = "choice"   // one option: its key, string
	Choices  Type = "choices"  // several options: their keys in the order of the question, []string
	Number   Type = "number"   // float64
	Scale    Type = "scale"    // a whole number from Min to Max, float64
	Date     Type = "date"     // string
	Birthday Type = "birthday" // a day in the past whose year may be missing: string
	Name     Type = "name"     // string
	YesNo    Type = "yes_no"   // bool
	Email    Type = "email"    // string
	Text     Type = "text"     // string as written
)

// Types lists every type.
func Types() []Type {
	return []Type{Choice, Choices, Number, Scale, Date, Birthday, Name, YesNo, Email, Text}
}

// Tense says on which side of today a date lies.
type Tense string

// The tenses. AnyTime is the zero value.
const (
	AnyTime Tense = ""
	Past    Tense = "past"   // today or earlier
	Future  Tense = "future" // today or later
)

// Year says whether a date is complete without its year.
type Year string

// What a year may be. Empty means optional for a birthday and needed for any other date.
const (
	YearNeeded   Year = "needed"
	YearOptional Year = "optional"
)

// Question is what was asked, in the form that its answer is read by.
type Question struct {
	Type    Type     `json:"type"`
	Options []Option `json:"options,omitempty"` // choice and choices, in the order shown, at most 20
	Min     *float64 `json:"min,omitempty"`     // number and scale: the least value; choices: the fewest options
	Max     *float64 `json:"max,omitempty"`     // number and scale: the greatest value; choices: the most options
	Whole   bool     `json:"whole,omitempty"`   // number: no fractions
	Tense   Tense    `json:"tense,omitempty"`   // date
	Year    Year     `json:"year,omitempty"`    // date and birthday
}

// Option is one of the answers to choose from.
type Option struct {
	Key   string   `json:"key"`
	Label string   `json:"label"`          // as shown, in the person's language
	Also  []string `json:"also,omitempty"` // other words for it
}

const (
	maxOptions = 20
	maxText    = 2000 // bytes, as a text attribute holds
	maxName    = 80   // bytes
	maxNumber  = 1e12
	maxScale   = 100
)

// Check says what is wrong with a question, nil when it can be asked.
func (q Question) Check() error {
	if !slices.Contains(Types(), q.Type) {
		return fmt.Errorf("there is no question type %q", q.Type)
	}
	if q.Tense != AnyTime && q.Tense != Past && q.Tense != Future {
		return fmt.Errorf("the tense of a date is past, future or empty, not %q", q.Tense)
	}
	if q.Year != "" && q.Year != YearNeeded && q.Year != YearOptional {
		return fmt.Errorf("the year of a date is needed, optional or empty, not %q", q.Year)
	}
	for _, bound := range []*float64{q.Min, q.Max} {
		if bound != nil && (math.IsNaN(*bound) || math.Abs(*bound) > maxNumber) {
			return fmt.Errorf("a bound is at most %g", float64(maxNumber))
		}
	}
	if q.Min != nil && q.Max != nil && *q.Min > *q.Max {
		return fmt.Errorf("the least value %g is above the greatest %g", *q.Min, *q.Max)
	}
	switch q.Type {
	case Choice, Choices:
		return q.checkOptions()
	case Scale:
		if q.Min == nil || q.Max == nil || !whole(*q.Min) || !whole(*q.Max) || *q.Min < 0 || *q.Max > maxScale || *q.Min == *q.Max {
			return fmt.Errorf("a scale goes from one whole number to another, from 0 to at most %d", maxScale)
		}
	}
	return nil
}

func (q Question) checkOptions() error {
	if len(q.Options) < 2 || len(q.Options) > maxOptions {
		return fmt.Errorf("a choice has 2 to %d options", maxOptions)
	}
	if q.fewest() > len(q.Options) {
		return fmt.Errorf("%d options must be chosen, and there are %d", q.fewest(), len(q.Options))
	}
	keys := map[string]bool{}
	said := map[string]string{}
	for _, o := range q.Options {
		if o.Key == "" || keys[o.Key] {
			return fmt.Errorf("each option has a key of its own; %q does not", o.Key)
		}
		keys[o.Key] = true
		for _, label := range o.names() {
			words := strings.Join(plain(tokenize(label)), " ")
			if words == "" {
				return fmt.Errorf("option %q has a label without letters or figures", o.Key)
			}
			if other, twice := said[words]; twice && other != o.Key {
				return fmt.Errorf("options %q and %q are called the same", other, o.Key)
			}
			said[words] = o.Key
		}
	}
	return nil
}

func (o Option) names() []string { return append([]string{o.Label}, o.Also...) }

// fewest and most are how many options may be chosen.
func (q Question) fewest() int {
	if q.Min == nil {
		return 1
	}
	return max(1, int(*q.Min))
}

func (q Question) most() int {
	if q.Max == nil {
		return len(q.Options)
	}
	return min(len(q.Options), int(*q.Max))
}

// yearless says whether a date without its year is an answer.
func (q Question) yearless() bool {
	return q.Year == YearOptional || q.Year == "" && q.Type == Birthday
}

// tense of a birthday is the past.
func (q Question) tense() Tense {
	if q.Type == Birthday {
		return Past
	}
	return q.Tense
}

// Holds says whether a value lies in the question's domain on the day of now, in the person's zone.
func (q Question) Holds(value any, now time.Time) bool {
	switch q.Type {
	case Choices:
		keys, ok := value.([]string)
		return ok && q.holdsKeys(keys)
	case Number, Scale:
		n, ok := value.(float64)
		return ok && q.holdsNumber(n)
	case YesNo:
		_, ok := value.(bool)
		return ok
	}
	s, ok := value.(string)
	if !ok || !utf8.ValidString(s) {
		return false
	}
	switch q.Type {
	case Choice:
		return slices.ContainsFunc(q.Options, func(o Option) bool { return o.Key == s })
	case Date, Birthday:
		return q.holdsDate(s, now)
	case Name:
		return s != "" && len(s) <= maxName && s == strings.TrimSpace(s) && !strings.ContainsAny(s, "\n\r\t")
	case Email:
		return isAddress(s)
	case Text:
		return strings.TrimSpace(s) != "" && len(s) <= maxText
	}
	return false
}

func (q Question) holdsKeys(keys []string) bool {
	if len(keys) < q.fewest() || len(keys) > q.most() {
		return false
	}
	at := -1
	for _, key := range keys {
		next := slices.IndexFunc(q.Options, func(o Option) bool { return o.Key == key })
		if next <= at {
			return false // unknown, twice, or out of order
		}
		at = next
	}
	return true
}

func (q Question) holdsNumber(n float64) bool {
	if math.IsNaN(n) || math.Abs(n) > maxNumber || (q.Whole || q.Type == Scale) && !whole(n) {
		return false
	}
	return (q.Min == nil || n >= *q.Min) && (q.Max == nil || n <= *q.Max)
}

// oldest is how many years back a birthday may lie; no person was older than 122.
const oldest = 122

func (q Question) holdsDate(s string, now time.Time) bool {
	if rest, bare := strings.CutPrefix(s, "--"); bare {
		_, err := time.Parse(time.DateOnly, "2000-"+rest)
		return err == nil && q.yearless()
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return false
	}
	today := dayOf(now)
	switch q.tense() {
	case Past:
		return !day.After(today) && (q.Type != Birthday || day.Year() >= today.Year()-oldest)
	case Future:
		return !day.Before(today)
	}
	return true
}

func whole(n float64) bool { return n == math.Trunc(n) }

// dayOf is the day that now's clock shows, as midnight UTC: days are counted, never hours, so that no zone shifts them.
func dayOf(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
