package reading_test

import (
	"encoding/json"
	"testing"
	"time"

	"parley/internal/survey/reading"
)

func TestADoubtIsPutToThePersonAndItsAnswerIsRead(t *testing.T) {
	r := newReader(t)
	now := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)
	birthday := reading.Question{Type: reading.Birthday}
	score := reading.Question{Type: reading.Scale, Min: bound(1), Max: bound(5)}
	liked := reading.Question{Type: reading.YesNo}
	color := reading.Question{Type: reading.Choice, Options: []reading.Option{{Key: "d", Label: "Dark blue"}, {Key: "l", Label: "Light blue"}, {Key: "g", Label: "Green"}}}
	items := reading.Question{Type: reading.Choices, Options: []reading.Option{{Key: "s", Label: "Shoes"}, {Key: "h", Label: "Dark hats"}, {Key: "b", Label: "Dark bags"}}}
	for _, c := range []struct {
		q              reading.Question
		language, text string
		sentence       string
		answers        map[string]string
	}{
		{birthday, "en", "3/6", "Which one did you mean: A) March 6 or B) June 3?", map[string]string{
			"A": "sure --03-06", "b": "sure --06-03", "2": "sure --06-03", "march": "sure --03-06", "June 3rd": "sure --06-03",
			"the first one": "sure --03-06", "July 3": "sure --07-03", "3/6": "unread not_understood", "no": "unread not_understood",
			"skip": "skip", "STOP": "unread opt_out",
		}},
		{birthday, "en", "I was born on June 3rd 1990 in Hamburg", "Just to be sure: did you mean June 3, 1990?", map[string]string{
			"yes": "sure 1990-06-03", "👍": "sure 1990-06-03", "yes, June 3rd 1990": "sure 1990-06-03", "no": "unread denied",
			"no, June 4 1990": "sure 1990-06-04", "June 4 1990": "sure 1990-06-04", "stop": "unread opt_out", "why?": "unread question +asks",
		}},
		{birthday, "de", "geboren am 3.6.1990 in Hamburg", "Nur zur Sicherheit: Meinten Sie 3. Juni 1990?", map[string]string{
			"ja": "sure 1990-06-03", "genau": "sure 1990-06-03", "nein": "unread denied", "nein, am 4.6.1990": "sure 1990-06-04",
		}},
		{score, "es", "3 o 4", "¿Cuál quiso decir: A) 3 o B) 4?", map[string]string{
			"4": "sure 4", "a": "sure 3", "tres": "sure 3", "5": "sure 5",
		}},
		{liked, "en", "she loved it", "Which one did you mean: A) yes or B) no?", map[string]string{
			"yes": "sure yes", "no": "sure no", "a": "sure yes", "nope": "sure no",
		}},
		{color, "en", "blue", "Which one did you mean: A) Dark blue or B) Light blue?", map[string]string{
			"light": "sure l", "b": "sure l", "dark blue": "sure d", "green": "sure g", "blue": "unread not_understood",
		}},
		{items, "en", "shoes and dark", "Which one did you mean: A) Shoes and Dark hats or B) Shoes and Dark bags?", map[string]string{
			"b": "sure s+b", "a": "sure s+h",
		}},
	} {
		a := r.Read(c.q, c.language, c.text, now)
		if got := r.Sentence(c.q, c.language, a); got != c.sentence {
			t.Errorf("%q asks %q, want %q", c.text, got, c.sentence)
			continue
		}
		for text, want := range c.answers {
			if got := line(r.Confirm(stored(t, reading.Doubt{Question: c.q, Answer: a}), c.language, text, now)); got != want {
				t.Errorf("%s: %q, then %q: got %s, want %s", c.language, c.text, text, got, want)
			}
		}
	}
	if got := r.Sentence(liked, "en", r.Read(liked, "en", "yes", now)); got != "" {
		t.Errorf("a sure answer asks %q", got)
	}
}

// stored is a doubt as it comes back from where runs are kept.
func stored(t *testing.T, d reading.Doubt) reading.Doubt {
	t.Helper()
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back reading.Doubt
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func TestAConfirmingSentenceAsksForNoReservedWord(t *testing.T) {
	r, rules := newReader(t), loadRules(t)
	for _, language := range r.Languages() {
		for n := 1; n <= 4; n++ {
			q := reading.Question{Type: reading.Number}
			a := reading.Answer{State: reading.Unsure}
			for v := range n {
				a.Alternatives = append(a.Alternatives, float64(v))
			}
			if findings := lint(rules, r.Sentence(q, language, a)); len(findings) > 0 {
				t.Errorf("%s: %+v", language, findings)
			}
		}
	}
}

func TestAQuestionThatCannotBeReadCannotBeAsked(t *testing.T) {
	options := func(labels ...string) []reading.Option {
		var out []reading.Option
		for i, l := range labels {
			out = append(out, reading.Option{Key: string(rune('a' + i)), Label: l})
		}
		return out
	}
	for name, q := range map[string]reading.Question{
		"no type":                  {},
		"a strange type":           {Type: "colour"},
		"a scale without bounds":   {Type: reading.Scale},
		"a scale of one":           {Type: reading.Scale, Min: bound(1), Max: bound(1)},
		"a scale of halves":        {Type: reading.Scale, Min: bound(0.5), Max: bound(5)},
		"bounds the wrong way":     {Type: reading.Number, Min: bound(5), Max: bound(1)},
		"one option":               {Type: reading.Choice, Options: options("Red")},
		"two options of one name":  {Type: reading.Choice, Options: options("Red", "red!")},
		"an option without a name": {Type: reading.Choice, Options: options("Red", "...")},
		"two options of one key":   {Type: reading.Choice, Options: []reading.Option{{Key: "a", Label: "Red"}, {Key: "a", Label: "Blue"}}},
		"more than there are":      {Type: reading.Choices, Options: options("Red", "Blue"), Min: bound(3)},
		"a strange tense":          {Type: reading.Date, Tense: "later"},
		"a strange year":           {Type: reading.Date, Year: "maybe"},
	} {
		if q.Check() == nil {
			t.Errorf("%s can be asked", name)
		}
	}
}
