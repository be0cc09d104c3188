package compliance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parley/internal/clock"
)

// Severity says what a finding does: a Block keeps the text from being saved or sent, a Warn does not.
type Severity string

// The severities.
const (
	Block Severity = "block"
	Warn  Severity = "warn"
)

// Draft is a text before it is sent: a template, a campaign, a survey question, an agent's macro.
type Draft struct {
	Text               string
	Brand              string // the name that must be in a marketing text
	Purpose            string // marketing, cart, loyalty, transactional, support
	InConversation     bool   // an answer in a running conversation: do not ask anything of it
	FirstMessage       bool   // the first text of a program to this person
	LastOptOutNoticeAt clock.Time
	Now                clock.Time
	PendingDoubleOptIn bool // the text may ask for YES
}

// Finding is one thing to change. Start and End are byte offsets in the draft's text; both 0 when something is missing.
type Finding struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Text     string   `json:"text"` // what is wrong and what to do
	Start    int      `json:"start"`
	End      int      `json:"end"`
}

// noticeDays is how often a recurring program repeats how to leave it (R-18; no primary source).
const noticeDays = 30

// lintTable is data/lint.json, compiled.
type lintTable struct {
	marketing  map[string]bool // purposes
	shorteners map[string]bool
	optOut     *regexp.Regexp // ways to say how to leave
	ask        *regexp.Regexp // "reply CANCEL"; group 1 is the answer asked for
	numeric    *regexp.Regexp // "reply 2 to unsubscribe"
	allowed    *regexp.Regexp // what may follow an opt-out word: "to opt out"
	link       *regexp.Regexp // group 1 is the host
	forbidden  []forbidden
	yes        map[string]bool
	help       map[string]bool
	sieve      sieve // of the rules below, and of each of forbidden by its place
}

// The rules that the sieve knows, beside those of forbidden.
const (
	ruleOptOut uint64 = 1 << (63 - iota)
	ruleAsk
	ruleNumeric
	ruleLink
	firstTopic uint64 = 1
	mostTopics        = 60
)

type forbidden struct {
	Topic    string   `json:"topic"`
	Severity Severity `json:"severity"`
	Pattern  string   `json:"pattern"`
	Do       string   `json:"do"`
	re       *regexp.Regexp
}

func (r *Rules) loadLint() error {
	var rows struct {
		Marketing  []string    `json:"marketing_purposes"`
		Shorteners []string    `json:"shorteners"`
		OptOut     string      `json:"opt_out_notice"`
		Ask        string      `json:"ask"`
		Numeric    string      `json:"numeric"`
		Allowed    string      `json:"allowed_after"`
		Link       string      `json:"link"`
		Yes        []string    `json:"yes"`
		Help       []string    `json:"help"`
		Forbidden  []forbidden `json:"forbidden"`
	}
	if err := r.read("lint", &rows); err != nil {
		return err
	}
	t := lintTable{marketing: set(rows.Marketing), shorteners: set(rows.Shorteners), yes: set(rows.Yes), help: set(rows.Help)}
	for _, p := range []struct {
		text string
		into **regexp.Regexp
	}{{rows.OptOut, &t.optOut}, {rows.Ask, &t.ask}, {rows.Numeric, &t.numeric}, {rows.Allowed, &t.allowed}, {rows.Link, &t.link}} {
		re, err := regexp.Compile("(?i)" + p.text)
		if err != nil {
			return fmt.Errorf("lint: %w", err)
		}
		*p.into = re
	}
	for _, f := range rows.Forbidden {
		re, err := regexp.Compile(`(?i)\b(?:` + f.Pattern + `)\b`)
		if err != nil {
			return fmt.Errorf("lint: topic %s: %w", f.Topic, err)
		}
		f.re = re
		t.forbidden = append(t.forbidden, f)
	}
	if err := t.sift(rows.Shorteners); err != nil {
		return fmt.Errorf("lint: %w", err)
	}
	r.lint = t
	return nil
}

// sift prepares the sieve. Of links only those to a shortener matter.
func (t *lintTable) sift(shorteners []string) error {
	if len(t.forbidden) > mostTopics {
		return fmt.Errorf("more than %d topics", mostTopics)
	}
	patterns := map[uint64]*regexp.Regexp{ruleOptOut: t.optOut, ruleAsk: t.ask, ruleNumeric: t.numeric}
	for i, f := range t.forbidden {
		patterns[firstTopic<<i] = f.re
	}
	words := map[uint64][]string{ruleLink: shorteners}
	for rule, re := range patterns {
		need, err := needed(re.String())
		if err != nil {
			return err
		}
		words[rule] = need
	}
	var err error
	t.sieve, err = newSieve(words)
	return err
}

// Lint lists what must or should change before the text may be sent, in the order of
// the text; what is missing comes last.
func (r *Rules) Lint(d Draft) []Finding {
	return r.lintFor(d, r.lint.sieve.run(d.Text))
}

// lintFor is Lint with the rules that may match the text.
func (r *Rules) lintFor(d Draft, rules uint64) []Finding {
	var out []Finding
	if rules&ruleAsk != 0 {
		out = r.lintAnswers(d)
	}
	if rules&ruleNumeric != 0 {
		out = append(out, r.lintNumbers(d)...)
	}
	out = append(out, r.lintTopics(d, rules)...)
	if rules&ruleLink != 0 {
		out = append(out, r.lintLinks(d)...)
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return a.Start - b.Start })
	if r.lint.marketing[d.Purpose] && !d.InConversation {
		out = append(out, r.lintMissing(d, rules)...)
	}
	return out
}

// lintAnswers finds texts that ask for an answer which the law reads as something else.
func (r *Rules) lintAnswers(d Draft) []Finding {
	var out []Finding
	for _, at := range r.lint.ask.FindAllStringSubmatchIndex(d.Text, -1) {
		start, end := at[2], at[3]
		words := r.words.tokens(d.Text[start:end])
		word := strings.Join(words, "")
		switch {
		case r.words.alone[word]:
			if !r.lint.allowed.MatchString(d.Text[end:]) {
				out = append(out, block("reserved_word", start, end,
					"%q is an opt-out: whoever answers it gets no more texts. Ask for another word.", d.Text[start:end]))
			}
		case r.lint.yes[word] && !d.PendingDoubleOptIn:
			out = append(out, block("reserved_word", start, end,
				"%q confirms an opt-in, and none is pending here. Ask for another word.", d.Text[start:end]))
		case r.words.start[word] && !r.lint.allowed.MatchString(d.Text[end:]):
			out = append(out, block("reserved_word", start, end,
				"%q subscribes again whoever answers it. Ask for another word.", d.Text[start:end]))
		case r.lint.help[word] && !r.lint.allowed.MatchString(d.Text[end:]):
			out = append(out, block("reserved_word", start, end,
				"%q is answered with the program's details. Ask for another word.", d.Text[start:end]))
		}
	}
	return out
}

func (r *Rules) lintNumbers(d Draft) []Finding {
	var out []Finding
	for _, at := range r.lint.numeric.FindAllStringIndex(d.Text, -1) {
		out = append(out, block("numeric_opt_out", at[0], at[1], "Carriers forbid a number in the place of STOP. Write: Reply STOP to opt out."))
	}
	return out
}

func (r *Rules) lintTopics(d Draft, rules uint64) []Finding {
	var out []Finding
	for i, f := range r.lint.forbidden {
		if rules&(firstTopic<<i) == 0 {
			continue
		}
		for _, at := range f.re.FindAllStringIndex(d.Text, -1) {
			text := fmt.Sprintf("%q reads as %s, which carriers filter or fine. %s", d.Text[at[0]:at[1]], f.Topic, f.Do)
			out = append(out, Finding{"forbidden_content", f.Severity, text, at[0], at[1]})
		}
	}
	return out
}

func (r *Rules) lintLinks(d Draft) []Finding {
	var out []Finding
	for _, at := range r.lint.link.FindAllStringSubmatchIndex(d.Text, -1) {
		host := strings.ToLower(d.Text[at[2]:at[3]])
		for domain := host; domain != ""; _, domain, _ = strings.Cut(domain, ".") {
			if r.lint.shorteners[domain] {
				out = append(out, block("public_shortener", at[0], at[1],
					"Carriers block links of the public shortener %s. Paste the full address; Parley shortens it under your own domain.", domain))
				break
			}
		}
	}
	return out
}

// lintMissing asks for the brand's name, and for the way out when it is due.
func (r *Rules) lintMissing(d Draft, rules uint64) []Finding {
	var out []Finding
	brand := strings.Join(r.words.tokens(d.Brand), "")
	said := strings.Join(r.words.tokens(d.Text), "")
	if brand == "" || !strings.Contains(said, brand) {
		out = append(out, block("brand_missing", 0, 0, "The text does not say who sends it. Begin with the brand's name: %q.", d.Brand+": "))
	}
	due := d.LastOptOutNoticeAt.IsZero() || d.Now.Sub(d.LastOptOutNoticeAt).Hours() >= noticeDays*24
	if !d.FirstMessage && !due || rules&ruleOptOut != 0 && r.lint.optOut.MatchString(d.Text) {
		return out
	}
	f := Finding{"opt_out_notice_missing", Warn, "This person was not told for 30 days how to leave. Add: Reply STOP to opt out.", 0, 0}
	if d.FirstMessage {
		f.Severity, f.Text = Block, "The first text must say how to leave. Add: Reply STOP to opt out."
	}
	return append(out, f)
}

func block(code string, start, end int, format string, args ...any) Finding {
	return Finding{code, Block, fmt.Sprintf(format, args...), start, end}
}
