package reading

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/internal/compliance"
)

// Reader reads answers. It never changes after New and may be used by any number of goroutines.
type Reader struct {
	rules     *compliance.Rules
	languages map[string]*language
}

// New makes a reader. It fails only when a language table is malformed, which is a fault of the build.
func New(rules *compliance.Rules) (*Reader, error) {
	languages, err := loadLanguages()
	if err != nil {
		return nil, fmt.Errorf("load the languages of surveys: %w", err)
	}
	return &Reader{rules, languages}, nil
}

// Languages are those that answers are read in, by their two letters, in order.
func (r *Reader) Languages() []string {
	var out []string
	for name := range r.languages {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Read reads a text as the answer to a question. language is the person's ("es", "en-US"; the country orders 3/6, and
// without one English asks back); now is the time in the person's zone. A language that is not shipped is read by its
// figures and with English words. It never fails. At most 2000 bytes are read, so that its time is bounded.
func (r *Reader) Read(q Question, language, written string, now time.Time) Answer {
	if a, done := r.notAnAnswer(language, written); done {
		return a
	}
	return r.text(language, written, now).read(q)
}

// notAnAnswer finds what no question may take: nothing, what is meant for the ledger of consent, and reactions.
func (r *Reader) notAnAnswer(language, written string) (Answer, bool) {
	if len(written) > maxText {
		return unread(TooLong), true
	}
	switch r.rules.Classify(written, compliance.WordContext{Language: language}).Kind {
	case compliance.Stop, compliance.Review:
		return unread(OptOut), true
	case compliance.Start, compliance.Help:
		return unread(Reserved), true
	}
	t := r.text(language, written, time.Time{})
	if len(plain(t.ts)) == 0 {
		return unread(Empty), true
	}
	if _, end, ok := t.lang.tapbacks.at(t.ts, 0); ok && end < len(t.ts) && strings.Contains(`"“„«`, t.ts[end].word) {
		return unread(Reaction), true
	}
	return Answer{}, false
}

// text is a written text before its readers.
type text struct {
	raw     string
	ts      []token
	lang    *language
	country string
	now     time.Time
	used    []bool // tokens that an answer was read from
}

func (r *Reader) text(tag, written string, now time.Time) *text {
	written = strings.ToValidUTF8(written, "")
	name, country, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	if at := strings.LastIndex(country, "-"); at >= 0 {
		country = country[at+1:] // zh-Hans-CN
	}
	lang, ok := r.languages[strings.ToLower(name)]
	if !ok {
		lang = r.languages["en"]
	}
	ts := tokenize(written)
	return &text{raw: written, ts: ts, lang: lang, country: strings.ToUpper(country), now: now, used: make([]bool, len(ts))}
}

// read gives the text to the reader of the question's type, then looks at what else it says.
func (t *text) read(q Question) Answer {
	if q.Type == Choice || q.Type == Choices {
		if a, ok := t.named(q); ok {
			return a
		}
	}
	if t.skips(q.Type) {
		return skipped()
	}
	var a Answer
	switch q.Type {
	case Choice:
		a = t.choice(q)
	case Choices:
		a = t.choices(q)
	case Number, Scale:
		a = t.number(q)
	case Date, Birthday:
		a = t.date(q)
	case Name:
		a = t.name(q)
	case YesNo:
		a = t.yesNo()
	case Email:
		a = t.email(q)
	case Text:
		return t.free(q)
	default:
		return unread(NotUnderstood)
	}
	a = t.asking(a)
	if v, ok := single(a).(bool); ok {
		a.Alternatives = []any{v, !v} // "did you mean no?" could not be answered with yes or no
	}
	return a
}

// single is the only alternative of an unsure answer, nil when there is none or more.
func single(a Answer) any {
	if a.State == Unsure && len(a.Alternatives) == 1 {
		return a.Alternatives[0]
	}
	return nil
}

// skips says whether the text is a wish to go on, and nothing else but courtesy.
func (t *text) skips(as Type) bool {
	if t.lang.skip.whole(t.ts) {
		return true
	}
	for i := range t.ts {
		if _, end, ok := t.lang.skip.at(t.ts, i); ok && as != Text && t.content(as, i, end) == 0 {
			return true
		}
	}
	return false
}

// asking tells an answer that is said as a question from one beside a question. Nobody's question is lost: a text
// that is no answer says that it asks, and a doubtful one is confirmed.
func (t *text) asking(a Answer) Answer {
	marked := strings.ContainsAny(t.raw, "?？¿")
	if !marked && (a.State == Sure || a.State == Unsure) {
		a.Asks = t.asksBeside()
		return a
	}
	if a.State == Unread && (marked || t.beginsAsking()) {
		a.Asks = true
		if a.Why == NotUnderstood {
			a.Why = Asked
		}
		return a
	}
	if !marked || a.State != Sure && a.State != Unsure {
		return a
	}
	a.Asks = len(plain(t.ts)) > 3
	if a.State == Sure {
		return Answer{State: Unsure, Alternatives: []any{a.Value}, Why: Doubtful, Asks: a.Asks}
	}
	return a
}

// asksBeside says whether a question without its mark follows an answer: "ok, when does it arrive".
func (t *text) asksBeside() bool {
	for i := 1; i < len(t.ts); i++ {
		_, end, ok := t.lang.questions.at(t.ts, i)
		if ok && !t.used[i] && t.ts[i-1].punctuation() && end < len(t.ts) {
			return true
		}
	}
	return false
}

func (t *text) beginsAsking() bool {
	i := 0
	for i < len(t.ts) && t.ts[i].punctuation() {
		i++
	}
	_, _, word := t.lang.questions.at(t.ts, i)
	_, _, ask := t.lang.asking.at(t.ts, i)
	return word || ask
}

// free takes a text as it is, unless it only asks something.
func (t *text) free(q Question) Answer {
	value := strings.TrimSpace(t.raw)
	marked := strings.HasSuffix(value, "?") || strings.HasPrefix(value, "¿")
	switch {
	case !q.Holds(value, t.now):
		return unread(Outside)
	case marked && t.beginsAsking():
		return Answer{State: Unread, Why: Asked, Asks: true}
	}
	a := sure(value)
	a.Asks = marked
	return a
}

// found is one reading of a part of the text.
type found struct {
	value    any
	from, to int
	why      Why // why it must be confirmed; empty when it need not
}

// use marks the tokens that an answer was read from.
func (t *text) use(from, to int) {
	for i := from; i < to; i++ {
		t.used[i] = true
	}
}

// content counts the words that belong neither to an answer, nor to [from, to), nor to what people say around one.
func (t *text) content(as Type, from, to int) int {
	n := 0
	for i := 0; i < len(t.ts); {
		if t.used[i] || i >= from && i < to || t.ts[i].punctuation() {
			i++
			continue
		}
		if _, end, ok := t.lang.fillers[as].at(t.ts, i); ok && !slices.Contains(t.used[i:end], true) && (end <= from || i >= to) {
			i = end
			continue
		}
		n, i = n+1, i+1
	}
	return n
}

// negated says whether a negation stands before token i, with nothing but fillers between.
func (t *text) negated(as Type, i int) bool {
	for at := i - 1; at >= 0 && i-at <= 4; at-- {
		if _, end, ok := t.lang.negators.at(t.ts, at); ok && end <= i && !t.used[at] {
			return true
		}
		if _, _, filler := t.lang.fillers[as].at(t.ts, at); !filler && !t.ts[at].punctuation() {
			return false
		}
	}
	return false
}

// maxSurrounding is how many other words may stand around an answer that is put forward for confirmation.
const maxSurrounding = 8

// settle judges what was found: one clear reading and nothing else is sure; several readings, or one among other
// words, are unsure; what lies outside of the question's domain is no reading.
func (t *text) settle(q Question, all []found) Answer {
	if len(all) == 0 {
		return unread(NotUnderstood)
	}
	for _, f := range all {
		if t.negated(q.Type, f.from) {
			return unread(Negated)
		}
	}
	var inside []found
	for _, f := range all {
		if q.Holds(f.value, t.now) && !slices.ContainsFunc(inside, func(g found) bool { return same(g.value, f.value) }) {
			inside = append(inside, f)
		}
	}
	if len(inside) == 0 {
		return unread(Outside)
	}
	for _, f := range all {
		t.use(f.from, f.to)
	}
	around := t.content(q.Type, 0, 0)
	switch {
	case len(inside) > maxAlternatives || around > maxSurrounding:
		return unread(NotUnderstood)
	case len(inside) > 1:
		return unsure(Ambiguous, values(inside)...)
	case inside[0].why != "":
		return unsure(inside[0].why, inside[0].value)
	case around > 0:
		return unsure(Surrounded, inside[0].value)
	}
	return sure(inside[0].value)
}

func values(all []found) []any {
	out := make([]any, len(all))
	for i, f := range all {
		out[i] = f.value
	}
	return out
}

// same compares two values of one question.
func same(a, b any) bool {
	x, list := a.([]string)
	y, also := b.([]string)
	if list || also {
		return list && also && slices.Equal(x, y)
	}
	return a == b
}
