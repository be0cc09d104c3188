package reading

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed data/*.json
var tables embed.FS

// rows is data/<language>.json. Words are written as people write them; they are compared folded.
type rows struct {
	DateOrder map[string]string `json:"date_order"` // country -> mdy, dmy or either; "" = any other country
	Decimal   map[string]string `json:"decimal"`    // country -> ".", "," or either

	Months          map[string]int      `json:"months"`
	Weekdays        map[string]int      `json:"weekdays"` // 0 is Sunday
	Ordinals        map[string]int      `json:"ordinals"`
	OrdinalSuffixes []string            `json:"ordinal_suffixes"` // after figures: 3rd
	OrdinalEndings  []string            `json:"ordinal_endings"`  // after a number word, in languages that build ordinals so
	Last            []string            `json:"last"`
	Numbers         map[string]float64  `json:"numbers"`
	ScalesAfter     []string            `json:"scales_after"` // number words that mean nothing without a number before them
	None            []string            `json:"none"`         // a number of nothing
	Articles        []string            `json:"articles"`     // no number when one follows: "ein 5", "a hundred"
	And             []string            `json:"and"`
	Or              []string            `json:"or"`
	Range           []string            `json:"range"`
	Of              []string            `json:"of"`
	Minus           []string            `json:"minus"`
	Compound        bool                `json:"compound"`   // numbers are written as one word
	UnitFirst       bool                `json:"unit_first"` // five-and-twenty
	Days            map[string]int      `json:"days"`       // from today
	Units           map[string]string   `json:"units"`      // d, w, f (14 days), m or y
	In              []string            `json:"in"`         // before a number of units: ahead
	Ahead           []string            `json:"ahead"`      // after it
	AgoBefore       []string            `json:"ago_before"`
	Ago             []string            `json:"ago"`
	Next            []string            `json:"next"` // before a weekday
	NextAfter       []string            `json:"next_after"`
	NextIsNear      bool                `json:"next_is_near"` // "next friday" is the coming one, never the one after
	This            []string            `json:"this"`
	Previous        []string            `json:"previous"`
	PreviousAfter   []string            `json:"previous_after"`
	Holidays        map[string][]string `json:"holidays"` // "12-25"; several where people mean different days

	Skip          []string            `json:"skip"`
	Undecided     []string            `json:"undecided"`
	Yes           []string            `json:"yes"`
	No            []string            `json:"no"`
	YesAlone      []string            `json:"yes_alone"` // yes when nothing else is said
	NoAlone       []string            `json:"no_alone"`
	YesHints      []string            `json:"yes_hints"`
	NoHints       []string            `json:"no_hints"`
	Negators      []string            `json:"negators"`
	But           []string            `json:"but"`
	All           []string            `json:"all"`
	Neither       []string            `json:"neither"`
	OptionWords   []string            `json:"option_words"` // before a letter or number of an option
	QuestionWords []string            `json:"question_words"`
	Asking        []string            `json:"asking"`
	Tapbacks      []string            `json:"tapbacks"`
	NotNames      []string            `json:"not_names"`
	Particles     []string            `json:"particles"` // small words inside names
	MailAt        []string            `json:"mail_at"`
	MailDot       []string            `json:"mail_dot"`
	Fillers       map[string][]string `json:"fillers"` // words around an answer, by type of question; "any" around all
	Say           say                 `json:"say"`
}

// say is how readings are put to the person.
type say struct {
	One    string   `json:"one"`
	Two    string   `json:"two"`
	Three  string   `json:"three"`
	Four   string   `json:"four"`
	Yes    string   `json:"yes"`
	No     string   `json:"no"`
	And    string   `json:"and"`
	Date   string   `json:"date"`
	Day    string   `json:"day"`
	Months []string `json:"months"`
}

// language is a table, compiled.
type language struct {
	rows
	name string

	months, weekdays, ordinals, days map[string]int
	numbers                          map[string]float64
	units                            map[string]string
	holidays                         phrases
	dayPhrases                       phrases

	suffixes, endings, scalesAfter, articles, particles map[string]bool
	last, none, and, or, ranges, of, minus, in, ahead   phrases
	agoBefore, ago, next, nextAfter, this               phrases
	previous, previousAfter, skip, undecided            phrases
	yesAlone, noAlone                                   phrases
	yes, no, yesHints, noHints, negators, but, all      phrases
	neither, optionWords, questions, asking, tapbacks   phrases
	notNames, mailAt, mailDot                           phrases
	fillers                                             map[Type]phrases
}

// phrase is some words and what they stand for.
type phrase struct {
	words []string
	means string
}

// phrases are found by their first word, longest first.
type phrases map[string][]phrase

func (p phrases) add(text, means string) {
	if words := plain(tokenize(text)); len(words) > 0 {
		p[words[0]] = append(p[words[0]], phrase{words, means})
		slices.SortStableFunc(p[words[0]], func(a, b phrase) int { return len(b.words) - len(a.words) })
	}
}

// at is the longest phrase that stands at token i, what it means and where it ends. Punctuation between words counts
// for nothing.
func (p phrases) at(ts []token, i int) (means string, end int, ok bool) {
	if i < 0 || i >= len(ts) {
		return "", 0, false
	}
candidates:
	for _, candidate := range p[ts[i].word] {
		end := i + 1
		for _, word := range candidate.words[1:] {
			for end < len(ts) && ts[end].punctuation() {
				end++
			}
			if end >= len(ts) || ts[end].word != word {
				continue candidates
			}
			end++
		}
		return candidate.means, end, true
	}
	return "", 0, false
}

// whole says whether the words are one of the phrases.
func (p phrases) whole(ts []token) bool {
	i := 0
	for i < len(ts) && ts[i].punctuation() {
		i++
	}
	_, end, ok := p.at(ts, i)
	for ok && end < len(ts) && ts[end].punctuation() {
		end++
	}
	return ok && end == len(ts)
}

func phrasesOf(texts []string) phrases {
	p := phrases{}
	for _, text := range texts {
		p.add(text, "")
	}
	return p
}

func wordsOf(texts []string) map[string]bool {
	out := map[string]bool{}
	for _, text := range texts {
		out[foldWord(text)] = true
	}
	return out
}

func folded[V any](in map[string]V) map[string]V {
	out := make(map[string]V, len(in))
	for word, v := range in {
		out[foldWord(word)] = v
	}
	return out
}

func foldWord(text string) string { return strings.Join(plain(tokenize(text)), "") }

// loadLanguages reads every table that ships with the program.
func loadLanguages() (map[string]*language, error) {
	files, err := tables.ReadDir("data")
	if err != nil {
		return nil, err
	}
	out := map[string]*language{}
	for _, f := range files {
		raw, err := tables.ReadFile("data/" + f.Name())
		if err != nil {
			return nil, err
		}
		var envelope struct {
			Source  string `json:"source"`
			AsOf    string `json:"as_of"`
			Version string `json:"version"`
			Rows    rows   `json:"rows"`
		}
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&envelope); err != nil {
			return nil, fmt.Errorf("language table %s: %w", f.Name(), err)
		}
		name := strings.TrimSuffix(f.Name(), ".json")
		if out[name], err = compile(name, envelope.Rows); err != nil {
			return nil, fmt.Errorf("language table %s: %w", f.Name(), err)
		}
	}
	return out, nil
}

func compile(name string, r rows) (*language, error) {
	if r.DateOrder[""] == "" || r.Decimal[""] == "" || len(r.Say.Months) != 12 {
		return nil, fmt.Errorf("the order of dates, the decimal sign or the months are missing")
	}
	l := &language{
		rows: r, name: name,
		months: folded(r.Months), weekdays: folded(r.Weekdays), ordinals: folded(r.Ordinals),
		numbers: folded(r.Numbers), units: folded(r.Units), days: r.Days,
		suffixes: wordsOf(r.OrdinalSuffixes), endings: wordsOf(r.OrdinalEndings), scalesAfter: wordsOf(r.ScalesAfter),
		articles: wordsOf(r.Articles), particles: wordsOf(r.Particles),
		holidays: phrases{}, dayPhrases: phrases{}, fillers: map[Type]phrases{},
	}
	for text, days := range r.Holidays {
		l.holidays.add(text, strings.Join(days, " "))
	}
	for text := range r.Days {
		l.dayPhrases.add(text, text)
	}
	for _, t := range []struct {
		from []string
		into *phrases
	}{
		{r.Last, &l.last}, {r.None, &l.none}, {r.And, &l.and}, {r.Or, &l.or}, {r.Range, &l.ranges}, {r.Of, &l.of},
		{r.Minus, &l.minus}, {r.In, &l.in}, {r.Ahead, &l.ahead}, {r.AgoBefore, &l.agoBefore}, {r.Ago, &l.ago},
		{r.Next, &l.next}, {r.NextAfter, &l.nextAfter}, {r.This, &l.this}, {r.Previous, &l.previous},
		{r.PreviousAfter, &l.previousAfter}, {r.Skip, &l.skip}, {r.Undecided, &l.undecided}, {r.Yes, &l.yes}, {r.No, &l.no},
		{r.YesAlone, &l.yesAlone}, {r.NoAlone, &l.noAlone}, {r.YesHints, &l.yesHints}, {r.NoHints, &l.noHints}, {r.Negators, &l.negators}, {r.But, &l.but}, {r.All, &l.all},
		{r.Neither, &l.neither}, {r.OptionWords, &l.optionWords}, {r.QuestionWords, &l.questions}, {r.Asking, &l.asking},
		{r.Tapbacks, &l.tapbacks}, {r.NotNames, &l.notNames}, {r.MailAt, &l.mailAt}, {r.MailDot, &l.mailDot},
	} {
		*t.into = phrasesOf(t.from)
	}
	return l, l.compileFillers()
}

// compileFillers gives each type the words of "any" and its own.
func (l *language) compileFillers() error {
	like := map[Type]string{
		Choice: "choice", Choices: "choice", Number: "number", Scale: "number", Date: "date", Birthday: "date",
		Name: "name", YesNo: "yes_no", Email: "email",
	}
	for t, group := range like {
		if len(l.Fillers["any"]) == 0 || len(l.Fillers[group]) == 0 {
			return fmt.Errorf("fillers %q are missing", group)
		}
		l.fillers[t] = phrasesOf(slices.Concat(l.Fillers["any"], l.Fillers[group]))
	}
	return nil
}

// byCountry takes the row of a country, else that of any other.
func byCountry(table map[string]string, country string) string {
	if v, ok := table[country]; ok {
		return v
	}
	return table[""]
}
