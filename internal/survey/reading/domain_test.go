package reading_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"parley/internal/survey/reading"
)

func bound(n float64) *float64 { return &n }

// questions is one of each type and of each shape that changes how a text is read.
func questions() []reading.Question {
	options := []reading.Option{{Key: "s", Label: "Small"}, {Key: "m", Label: "Medium size"}, {Key: "l", Label: "Large size"}, {Key: "2", Label: "2 pieces"}}
	return []reading.Question{
		{Type: reading.Choice, Options: options},
		{Type: reading.Choice, Options: []reading.Option{{Key: "stop", Label: "Stop"}, {Key: "cancel", Label: "Cancel"}}},
		{Type: reading.Choices, Options: options, Max: bound(3)},
		{Type: reading.Number, Min: bound(1), Max: bound(250), Whole: true},
		{Type: reading.Number},
		{Type: reading.Scale, Min: bound(0), Max: bound(10)},
		{Type: reading.Date},
		{Type: reading.Date, Tense: reading.Future},
		{Type: reading.Date, Tense: reading.Past, Year: reading.YearOptional},
		{Type: reading.Birthday},
		{Type: reading.Birthday, Year: reading.YearNeeded},
		{Type: reading.Name},
		{Type: reading.YesNo},
		{Type: reading.Email},
		{Type: reading.Text},
	}
}

// checkAnswer holds an answer to its promises.
func checkAnswer(tb testing.TB, q reading.Question, a reading.Answer, now time.Time) {
	tb.Helper()
	switch a.State {
	case reading.Sure:
		if !q.Holds(a.Value, now) {
			tb.Fatalf("%s: sure of %#v, which the question does not allow", q.Type, a.Value)
		}
	case reading.Unsure:
		if len(a.Alternatives) < 1 || len(a.Alternatives) > 4 || a.Why == "" || a.Value != nil {
			tb.Fatalf("%s: unsure without a reason, or with %d readings: %+v", q.Type, len(a.Alternatives), a)
		}
		for i, v := range a.Alternatives {
			if !q.Holds(v, now) {
				tb.Fatalf("%s: offers %#v, which the question does not allow", q.Type, v)
			}
			for _, w := range a.Alternatives[:i] {
				if reflect.DeepEqual(v, w) {
					tb.Fatalf("%s: offers %#v twice", q.Type, v)
				}
			}
		}
	case reading.Unread:
		if a.Why == "" || a.Value != nil || a.Alternatives != nil {
			tb.Fatalf("%s: unread without a reason, or with a value: %+v", q.Type, a)
		}
	case reading.Skip:
		if a.Value != nil || a.Alternatives != nil {
			tb.Fatalf("%s: skipped with a value: %+v", q.Type, a)
		}
	default:
		tb.Fatalf("%s: no such state %q", q.Type, a.State)
	}
}

func FuzzAnAnswerIsInTheDomainOrIsNone(f *testing.F) {
	r := newReader(f)
	for _, v := range loadVectors(f) {
		for i, c := range v.Cases {
			f.Add(uint8(i), v.Language, c.Text, int64(i)*86400)
		}
	}
	f.Add(uint8(6), "en", "31 31 31 th of of februarymarch '00 0000-00-00 -0 1e9 ½ ²", int64(0))
	f.Add(uint8(5), "xx-YY", "\xff\xfe 5\u20e3 \u0663 five\u0301", int64(-1<<40))
	f.Fuzz(func(t *testing.T, which uint8, language, text string, at int64) {
		q := questions()[int(which)%len(questions())]
		now := time.Unix(at%(1<<36), 0).UTC()
		a := r.Read(q, language, text, now)
		checkAnswer(t, q, a, now)
		if b := r.Read(q, language, text, now); !reflect.DeepEqual(a, b) {
			t.Fatalf("read twice: %+v and %+v", a, b)
		}
		if a.State == reading.Unsure {
			if r.Sentence(q, language, a) == "" {
				t.Fatalf("no confirming sentence for %+v", a)
			}
			checkAnswer(t, q, r.Confirm(reading.Doubt{Question: q, Answer: a}, language, text, now), now)
		}
		for _, other := range questions() {
			checkAnswer(t, other, r.Read(other, language, text, now), now)
		}
	})
}

func TestEachQuestionOfTheTestsCanBeAsked(t *testing.T) {
	for _, q := range questions() {
		if err := q.Check(); err != nil {
			t.Error(err)
		}
	}
	for _, v := range loadVectors(t) {
		for name, q := range v.Questions {
			if err := q.Check(); err != nil {
				t.Errorf("%s %s: %v", v.Language, name, err)
			}
		}
	}
}

func TestAnOptOutIsNeverAnAnswer(t *testing.T) {
	r := newReader(t)
	now := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)
	for _, text := range []string{
		"STOP", "stop", "Stop.", "S T O P", "stopp", "Stop please", "5 stop", "UNSUBSCRIBE", "cancel", "QUIT", "END", "opt out",
		"please don't text me anymore", "remove me from your list", "June 3rd. Stop texting me", "BAJA", "ALTO",
		"Abmelden", "keine SMS mehr bitte", "no me envíen más mensajes", "🛑",
	} {
		for _, q := range questions() {
			for _, language := range []string{"en-US", "de", "es", "fr"} {
				a := r.Read(q, language, text, now)
				if a.State != reading.Unread || a.Why != reading.OptOut {
					t.Errorf("%s %s: %q: %+v", language, q.Type, text, a)
				}
				doubt := reading.Doubt{Question: q, Answer: reading.Answer{State: reading.Unsure, Alternatives: []any{"a", "b"}}}
				if a := r.Confirm(doubt, language, text, now); a.State != reading.Unread || a.Why != reading.OptOut {
					t.Errorf("%s %s: confirmed by %q: %+v", language, q.Type, text, a)
				}
			}
		}
	}
}

func TestNumbersInWordsUpToAMillionAreRead(t *testing.T) {
	r := newReader(t)
	now := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)
	q := reading.Question{Type: reading.Number}
	say := map[string]func(int) string{"en": english, "de": german, "es": spanish}
	check := func(tb rapid.TB, language string, n int) {
		words := say[language](n)
		if a := r.Read(q, language, words, now); a.State != reading.Sure || a.Value != float64(n) {
			tb.Fatalf("%s %d: %q is read as %+v", language, n, words, a)
		}
	}
	for language := range say {
		t.Run(language, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { check(t, language, rapid.IntRange(0, 1_000_000).Draw(t, "n")) })
			for n := range 1200 {
				check(t, language, n)
			}
		})
	}
}

func TestADateIsReadAsItIsShown(t *testing.T) {
	r := newReader(t)
	now := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)
	q := reading.Question{Type: reading.Date, Year: reading.YearOptional}
	for _, language := range r.Languages() {
		for day := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2001; day = day.AddDate(0, 0, 1) {
			for _, value := range []string{day.Format(time.DateOnly), day.Format("--01-02")} {
				shown := r.Show(q, language, value)
				if a := r.Read(q, language, shown, now); a.State != reading.Sure || a.Value != value {
					t.Fatalf("%s: %s is shown as %q and read as %+v", language, value, shown, a)
				}
			}
			figures := fmt.Sprintf("%d/%d/%d", day.Day(), int(day.Month()), day.Year())
			a := r.Read(q, "de", figures, now)
			if a.State != reading.Sure || a.Value != day.Format(time.DateOnly) {
				t.Fatalf("de: %s is read as %+v", figures, a)
			}
		}
	}
}

func TestATextThatIsTooLongIsLeftForAPerson(t *testing.T) {
	r := newReader(t)
	long := ""
	for utf8.RuneCountInString(long) < 2100 {
		long += "very good "
	}
	if a := r.Read(reading.Question{Type: reading.Text}, "en", long, time.Now()); a.Why != reading.TooLong {
		t.Errorf("read %+v", a)
	}
}
