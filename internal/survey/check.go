package survey

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"parley/internal/compliance"
	"parley/internal/people"
	"parley/internal/survey/reading"
)

// Problem is something that keeps a definition from being published, and where it stands.
type Problem struct {
	Question string `json:"question" doc:"id of the question, or survey"`
	Text     string `json:"text" doc:"what is wrong and what to do"`
}

// checker looks a definition over.
type checker struct {
	d          Definition
	rules      *compliance.Rules
	languages  []string // those of the first question: all texts have them
	attributes map[string]people.Definition
	at         string
	problems   []Problem
}

func (c *checker) add(format string, args ...any) {
	c.problems = append(c.problems, Problem{c.at, fmt.Sprintf(format, args...)})
}

// check finds what is wrong with a definition, given the attributes that people of the workspace may have.
func check(d Definition, rules *compliance.Rules, spoken []string, attributes map[string]people.Definition) []Problem {
	c := &checker{d: d, rules: rules, attributes: attributes, at: "survey"}
	if len(d.Questions) == 0 {
		c.add("The survey has no questions.")
		return c.problems
	}
	c.languages = slices.Sorted(maps.Keys(d.Questions[0].Ask))
	c.frame(spoken)
	seen := map[string]bool{}
	for i, q := range d.Questions {
		c.at = q.ID
		if !regexp.MustCompile(`^[a-z0-9_-]{1,40}$`).MatchString(q.ID) || q.ID == goEnd || q.ID == goPeople || seen[q.ID] {
			c.add("Each question needs an id of its own, of small letters and digits; %q is none.", q.ID)
		}
		seen[q.ID] = true
		c.question(q)
		c.branches(q, d.Questions[i+1:])
	}
	return c.problems
}

func (c *checker) frame(spoken []string) {
	d := c.d
	if d.V != 1 {
		c.add("The format's version v must be 1.")
	}
	if strings.TrimSpace(d.Name) == "" {
		c.add("The survey has no name.")
	}
	if !slices.Contains([]people.Purpose{people.Marketing, people.Transactional, people.Loyalty, people.Support}, d.Purpose) {
		c.add("Say which consent the questions rest on: marketing, transactional, loyalty or support.")
	}
	if d.WaitHours < 1 || d.WaitHours > 336 {
		c.add("Say how many hours an answer is waited for, from 1 to 336.")
	}
	if d.Reminders < 0 || d.Reminders > 2 || d.Tries < 0 || d.Tries > 5 {
		c.add("A question is asked once more after silence at most twice, and five times when the answer was not understood.")
	}
	if !slices.Contains(c.languages, d.Language) {
		c.add("The first question is not asked in %q, the survey's own language.", d.Language)
	}
	for _, language := range c.languages {
		if !slices.Contains(spoken, language) {
			c.add("Answers in %q cannot be read yet; the languages are %s.", language, strings.Join(spoken, ", "))
		}
	}
	if len(d.Thanks) > 0 {
		c.text("thanks", d.Thanks)
	}
	c.words("stop words", d.StopWords)
}

// text looks at what people are told: there in every language, short enough, and without what the law forbids.
func (c *checker) text(what string, t Text) {
	for _, language := range c.languages {
		if strings.TrimSpace(t[language]) == "" {
			c.add("The %s is missing in %q.", what, language)
		}
	}
	for language, text := range t {
		if !slices.Contains(c.languages, language) {
			c.add("The %s is in %q, and the first question is not.", what, language)
		}
		if len(text) > 1000 {
			c.add("The %s is longer than 1000 bytes in %q.", what, language)
		}
		for _, f := range c.rules.Lint(compliance.Draft{Text: text, Purpose: string(c.d.Purpose), InConversation: true}) {
			if f.Severity == compliance.Block {
				c.add("The %s in %q: %s", what, language, f.Text)
			}
		}
	}
}

// words refuses words that the law reads before anybody else: whoever answers with one is not heard here.
func (c *checker) words(what string, w Words) {
	for language, list := range w {
		for _, word := range list {
			if strings.TrimSpace(word) == "" {
				c.add("There is an empty word among the %s.", what)
			}
			c.reserved(what, language, word)
		}
	}
}

func (c *checker) reserved(what, language, word string) {
	in := c.rules.Classify(word, compliance.WordContext{Language: language, DoubleOptInPending: true})
	if in.Kind != compliance.None {
		c.add("%q among the %s means %s to the law and to carriers: whoever answers with it is not heard here. Choose another word.", word, what, in.Kind)
	}
}

func (c *checker) question(q Question) {
	c.text("question", q.Ask)
	if len(q.Again) > 0 {
		c.text("second wording", q.Again)
	}
	c.words("skip words", q.SkipWords)
	for _, o := range q.Options {
		c.text("option "+o.Key, o.Label)
		for language, label := range o.Label {
			c.reserved("options", language, label)
		}
		c.words("options", o.Also)
	}
	for _, language := range c.languages {
		if err := q.in(language).Check(); err != nil {
			c.add("In %q: %v.", language, err)
		}
	}
	if q.Attribute == "" {
		return
	}
	definition, known := c.attributes[q.Attribute]
	switch want := attributeTypes()[q.Type]; {
	case !known:
		c.add("There is no attribute %q. Define it first, as %s.", q.Attribute, want)
	case definition.Type != want:
		c.add("The attribute %q is %s, and the answer is %s.", q.Attribute, definition.Type, want)
	}
}

// attributeTypes are the types of attributes that answers become.
func attributeTypes() map[reading.Type]people.AttributeType {
	return map[reading.Type]people.AttributeType{
		reading.Choice: people.Text, reading.Choices: people.List, reading.Number: people.Number, reading.Scale: people.Number,
		reading.Date: people.Date, reading.Birthday: people.Date, reading.Name: people.Text, reading.YesNo: people.Bool,
		reading.Email: people.Text, reading.Text: people.Text,
	}
}

// branches lead forward only, so that every survey ends.
func (c *checker) branches(q Question, later []Question) {
	for _, b := range q.Branches {
		ahead := slices.ContainsFunc(later, func(l Question) bool { return l.ID == b.Go })
		if b.Go != goEnd && b.Go != goPeople && !ahead {
			c.add("A branch goes to %q, which is no later question, and neither end nor people.", b.Go)
		}
		if b.If == nil {
			continue
		}
		if (b.If.Below != nil || b.If.Above != nil) && q.Type != reading.Number && q.Type != reading.Scale {
			c.add("Below and above compare numbers; the answer is none.")
		}
		if key, ok := b.If.Is.(string); ok && len(q.Options) > 0 && !slices.ContainsFunc(q.Options, func(o Option) bool { return o.Key == key }) {
			c.add("A branch compares with %q, which is the key of no option.", key)
		}
		if b.If.Skipped && q.Required {
			c.add("The question cannot be skipped, so the branch is never taken.")
		}
	}
}
