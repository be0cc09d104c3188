package survey

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"parley/internal/people"
	"parley/internal/survey/reading"
)

// ID names a survey of a workspace.
type ID string

// Text is a text in several languages, by their two letters.
type Text map[string]string

// Words are lists of words in several languages.
type Words map[string][]string

// Definition is a survey as it is written and exchanged.
type Definition struct {
	V         int            `json:"v" doc:"version of this format, 1" minimum:"1" maximum:"1"`
	Name      string         `json:"name" maxLength:"120"`
	About     string         `json:"about,omitempty" doc:"what it is for, in a sentence" maxLength:"500"`
	Purpose   people.Purpose `json:"purpose" doc:"which consent the questions rest on" enum:"marketing,transactional,loyalty,support"`
	Language  string         `json:"language" doc:"of whoever has none of the others; every text has it" pattern:"^[a-z]{2}$"`
	Thanks    Text           `json:"thanks,omitempty" doc:"said at the end"`
	WaitHours int            `json:"wait_hours" doc:"how long an answer is waited for before the question is asked once more, or the survey ends" minimum:"1" maximum:"336"`
	Reminders int            `json:"reminders,omitempty" doc:"how often in all a question is asked once more after silence" minimum:"0" maximum:"2"`
	Tries     int            `json:"tries,omitempty" doc:"how often a question is asked back or again when its answer was not understood; after that a person of the team gets it" minimum:"0" maximum:"5"`
	StopWords Words          `json:"stop_words,omitempty" doc:"words that end the survey, beside the law's"`
	Questions []Question     `json:"questions" minItems:"1" maxItems:"30"`
}

// Question is one question. Type says which of the other fields are used.
//
//	{"id":"birthday","type":"birthday","ask":{"en":"When is your birthday?"},"attribute":"birthday"}
//	{"id":"score","type":"scale","min":0,"max":10,"ask":{"en":"How likely ... from 0 to 10?"},
//	 "branches":[{"if":{"below":7},"go":"why"},{"go":"end"}]}
type Question struct {
	ID        string        `json:"id" pattern:"^[a-z0-9_-]{1,40}$"`
	Type      reading.Type  `json:"type" enum:"choice,choices,number,scale,date,birthday,name,yes_no,email,text"`
	Ask       Text          `json:"ask" doc:"Liquid text; the options of a choice are listed below it"`
	Again     Text          `json:"again,omitempty" doc:"said when the answer was not understood, or did not come; empty: ask"`
	Options   []Option      `json:"options,omitempty" maxItems:"20"`
	Min       *float64      `json:"min,omitempty" doc:"number, scale: least value; choices: fewest options"`
	Max       *float64      `json:"max,omitempty" doc:"number, scale: greatest value; choices: most options"`
	Whole     bool          `json:"whole,omitempty" doc:"number: no fractions"`
	Tense     reading.Tense `json:"tense,omitempty" enum:",past,future" doc:"date: on which side of today it lies"`
	Year      reading.Year  `json:"year,omitempty" enum:",needed,optional" doc:"date, birthday: empty is optional for a birthday and needed for a date"`
	Required  bool          `json:"required,omitempty" doc:"cannot be skipped"`
	SkipWords Words         `json:"skip_words,omitempty" doc:"words that skip it, beside the language's own"`
	Attribute string        `json:"attribute,omitempty" doc:"attribute of the person that the answer becomes" maxLength:"64"`
	Branches  []Branch      `json:"branches,omitempty" doc:"the first that holds is taken; none: the next question" maxItems:"10"`
}

// Option is an answer to choose.
type Option struct {
	Key   string `json:"key" maxLength:"64"`
	Label Text   `json:"label"`
	Also  Words  `json:"also,omitempty" doc:"other words for it"`
}

// Branch says where a survey goes on after an answer.
type Branch struct {
	If     *If    `json:"if,omitempty" doc:"empty: always"`
	Go     string `json:"go" doc:"id of a later question, end, or people: a person of the team takes over" maxLength:"40"`
	Result string `json:"result,omitempty" doc:"end, people: what the survey is counted as" maxLength:"40"`
	Why    string `json:"why,omitempty" doc:"people: a sentence for the team" maxLength:"200"`
}

// If compares an answer. All that is given must hold.
type If struct {
	Is      any      `json:"is,omitempty" doc:"the answer, or one of the options chosen"`
	Below   *float64 `json:"below,omitempty"`
	Above   *float64 `json:"above,omitempty"`
	Skipped bool     `json:"skipped,omitempty"`
}

// The places that a branch can go to beside questions.
const (
	goEnd    = "end"
	goPeople = "people"
)

// ParseDefinition reads a definition strictly: an unknown field is an error, not silence.
func ParseDefinition(raw []byte) (Definition, error) {
	var d Definition
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return Definition{}, invalid("The definition cannot be read: %v. Nothing was saved.", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Definition{}, invalid("Something stands after the definition. Nothing was saved.")
	}
	return d, nil
}

// canonical is the definition as stored: the same content is the same bytes.
func (d Definition) canonical() string {
	raw, err := json.Marshal(d)
	if err != nil {
		panic("survey: a definition that was read cannot be written: " + err.Error())
	}
	return string(raw)
}

// languageFor is the language in which a person is asked.
func (d Definition) languageFor(tag string) string {
	two, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if _, ok := d.Questions[0].Ask[two]; ok {
		return two
	}
	return d.Language
}

// in is the question as its answers are read in a language.
func (q Question) in(language string) reading.Question {
	out := reading.Question{Type: q.Type, Min: q.Min, Max: q.Max, Whole: q.Whole, Tense: q.Tense, Year: q.Year}
	for _, o := range q.Options {
		out.Options = append(out.Options, reading.Option{Key: o.Key, Label: o.Label[language], Also: o.Also[language]})
	}
	return out
}

// holds says whether an answer takes the branch.
func (b Branch) holds(r Record) bool {
	c := b.If
	if c == nil {
		return true
	}
	if c.Skipped != (r.State == reading.Skip) {
		return false
	}
	n, number := r.Value.(float64)
	if c.Below != nil && (!number || n >= *c.Below) || c.Above != nil && (!number || n <= *c.Above) {
		return false
	}
	return c.Is == nil || isOrHas(r.Value, c.Is)
}

func isOrHas(value, want any) bool {
	if list, ok := value.([]string); ok {
		for _, key := range list {
			if key == want {
				return true
			}
		}
		return false
	}
	return value == want
}
