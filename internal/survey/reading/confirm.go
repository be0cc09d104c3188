package reading

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Sentence asks which of an unsure answer's readings was meant, in the person's language; empty for any other answer.
func (r *Reader) Sentence(q Question, language string, a Answer) string {
	if a.State != Unsure {
		return ""
	}
	lang := r.text(language, "", time.Time{}).lang
	forms := []string{lang.Say.One, lang.Say.Two, lang.Say.Three, lang.Say.Four}
	form := forms[min(len(a.Alternatives), len(forms))-1]
	for i, v := range a.Alternatives[:min(len(a.Alternatives), len(forms))] {
		form = strings.Replace(form, "{"+letter(i)+"}", r.show(q, lang, v), 1)
	}
	return form
}

func letter(i int) string { return string(rune('A' + i)) }

// Show writes a value as a person of that language reads it.
func (r *Reader) Show(q Question, language string, value any) string {
	return r.show(q, r.text(language, "", time.Time{}).lang, value)
}

func (r *Reader) show(q Question, lang *language, value any) string {
	switch v := value.(type) {
	case bool:
		if v {
			return lang.Say.Yes
		}
		return lang.Say.No
	case float64:
		return strings.Replace(strconv.FormatFloat(v, 'f', -1, 64), ".", decimalSign(lang), 1)
	case []string:
		labels := make([]string, len(v))
		for i, key := range v {
			labels[i] = label(q, key)
		}
		return strings.Join(labels, lang.Say.And)
	case string:
		switch q.Type {
		case Date, Birthday:
			return showDate(lang, v)
		case Choice:
			return label(q, v)
		}
		return v
	}
	return fmt.Sprint(value)
}

func decimalSign(lang *language) string {
	if s := lang.Decimal[""]; s == "," {
		return s
	}
	return "."
}

func label(q Question, key string) string {
	for _, o := range q.Options {
		if o.Key == key {
			return o.Label
		}
	}
	return key
}

func showDate(lang *language, iso string) string {
	form, full := lang.Say.Date, iso
	if rest, bare := strings.CutPrefix(iso, "--"); bare {
		form, full = lang.Say.Day, "2000-"+rest
	}
	d, err := time.Parse(time.DateOnly, full)
	if err != nil {
		return iso
	}
	return strings.NewReplacer("{day}", strconv.Itoa(d.Day()), "{month}", lang.Say.Months[d.Month()-1], "{year}", strconv.Itoa(d.Year())).Replace(form)
}

// Doubt is what a confirming sentence was about.
type Doubt struct {
	Question Question `json:"question"`
	Answer   Answer   `json:"answer"` // the unsure answer whose readings the sentence named
}

// Confirm reads the answer to a confirming sentence: yes or no to a single reading, one of several by its letter or
// words, or a new answer to the question itself. A plain no is unread and denied: ask the question again.
func (r *Reader) Confirm(d Doubt, language, written string, now time.Time) Answer {
	if a, done := r.notAnAnswer(language, written); done {
		return a
	}
	q, readings := d.Question, d.Answer.Alternatives
	if len(readings) == 1 {
		return confirmOne(q, readings[0], func() *text { return r.text(language, written, now) })
	}
	which := Question{Type: Choice}
	lang := r.text(language, "", now).lang
	for i, v := range readings {
		which.Options = append(which.Options, Option{Key: strconv.Itoa(i), Label: r.show(q, lang, v)})
	}
	if a := r.text(language, written, now).read(which); a.State == Sure {
		i, _ := strconv.Atoi(a.Value.(string))
		return sure(readings[i])
	}
	return again(r.text(language, written, now).read(q), readings)
}

// confirmOne reads yes, no, and "no, June 4".
func confirmOne(q Question, reading any, text func() *text) Answer {
	t := text()
	said := t.yesNo()
	fresh := text().read(q)
	switch {
	case said.State == Sure && said.Value == true && (fresh.State != Sure || same(fresh.Value, reading)):
		return sure(reading)
	case fresh.State == Sure:
		return fresh
	case said.State == Sure && said.Value == false:
		return t.afterNo(q, reading)
	}
	return again(fresh, []any{reading})
}

// afterNo reads what follows the no: the right answer, or nothing.
func (t *text) afterNo(q Question, reading any) Answer {
	for i := range t.ts {
		_, end, ok := t.lang.no.at(t.ts, i)
		if !ok || end >= len(t.ts) {
			continue
		}
		rest := &text{raw: t.raw[t.ts[end].from:], lang: t.lang, country: t.country, now: t.now}
		rest.ts = tokenize(rest.raw)
		rest.used = make([]bool, len(rest.ts))
		if a := rest.read(q); a.State == Sure && !same(a.Value, reading) {
			return a
		}
	}
	return unread(Denied)
}

// again keeps a new answer, but not the same doubt a second time.
func again(a Answer, readings []any) Answer {
	if a.State == Unsure && len(a.Alternatives) == len(readings) {
		for i := range readings {
			if !same(a.Alternatives[i], readings[i]) {
				return a
			}
		}
		return unread(NotUnderstood)
	}
	return a
}
