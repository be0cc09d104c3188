package compliance

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// phrase is a way of saying something, as patterns over words. The file's order is the order of reading: words that
// an earlier phrase took are not read again.
type phrase struct {
	name     string // "en.remove_me"
	kind     Kind
	firm     bool // holds its own negation, so that one before it changes nothing
	patterns [][]element
	starts   map[string]bool // the words that a pattern can begin with; nil = any
}

// element is one place in a pattern: a word of a set, perhaps missing, or up to gap words of any sort, or an end of
// the text.
type element struct {
	words    map[string]bool
	optional bool
	gap      int
	end      bool // "$": the end of the text or of the clause
	begin    bool // "^": the beginning of the text
}

// wordRows is data/words.json. A pattern is words parted by spaces: "a|b" is either, "@set" any of a set, "x?" may
// be missing, "~2" up to two words, "." the border of two clauses, "^" the beginning, "$" the end of the text or clause.
type wordRows struct {
	Always         []string            `json:"always"` // opt-out words anywhere
	Bare           []string            `json:"bare"`   // opt-out words as the whole text
	Short          []string            `json:"short"`  // of them, those to ask about in a text of a few words
	Hinted         []hintedWord        `json:"hinted"` // opt-out words of one language that another uses every day
	Polite         []string            `json:"polite"` // courtesy around any of them
	Around         []string            `json:"around"` // what people put around STOP, but not around CANCEL
	Start          []string            `json:"start"`
	Help           []string            `json:"help"`
	Yes            []string            `json:"yes"`
	Tapbacks       []string            `json:"tapbacks"` // first words of "Liked “...”", which quotes us
	Aliases        map[string]string   `json:"aliases"`  // one or two words -> the word meant
	NotTypos       []string            `json:"not_typos"`
	Negators       []string            `json:"negators"`
	NegatedThrough []string            `json:"negated_through"`
	Sets           map[string][]string `json:"sets"`
	Phrases        []struct {
		Name     string   `json:"name"`
		Language string   `json:"language"`
		Kind     Kind     `json:"kind"`
		Firm     bool     `json:"firm"`
		Patterns []string `json:"patterns"`
	} `json:"phrases"`
}

func (r *Rules) loadWords() error {
	var rows wordRows
	if err := r.read("words", &rows); err != nil {
		return err
	}
	l := lexicon{
		always: set(rows.Always), alone: set(append(rows.Bare, rows.Always...)), short: set(rows.Short),
		polite: set(rows.Polite), around: set(rows.Around), courtesy: set(append(rows.Polite, rows.Around...)),
		start: set(rows.Start), help: set(rows.Help), yes: set(rows.Yes), tapbacks: set(rows.Tapbacks),
		notTypos: set(rows.NotTypos), negators: set(rows.Negators), negatedThrough: set(rows.NegatedThrough),
		hinted: rows.Hinted, aliases: rows.Aliases, begins: map[string]bool{},
	}
	for words := range rows.Aliases {
		if first, _, two := strings.Cut(words, " "); two {
			l.begins[first] = true
		}
	}
	for r := range l.ascii {
		l.ascii[r] = fold(rune(r))
	}
	for _, row := range rows.Phrases {
		p := phrase{name: row.Language + "." + row.Name, kind: row.Kind, firm: row.Firm}
		for _, text := range row.Patterns {
			pattern, err := compile(text, rows.Sets)
			if err != nil {
				return fmt.Errorf("words: phrase %s: %q: %w", p.name, text, err)
			}
			p.patterns = append(p.patterns, pattern)
		}
		p.starts = starts(p.patterns)
		l.phrases = append(l.phrases, p)
	}
	r.words = l
	return nil
}

func compile(text string, sets map[string][]string) ([]element, error) {
	var out []element
	for _, part := range strings.Fields(text) {
		switch {
		case part == "^":
			out = append(out, element{begin: true})
			continue
		case part == "$":
			out = append(out, element{end: true})
			continue
		case part[0] == '~':
			gap, err := strconv.Atoi(part[1:])
			if err != nil || gap < 1 || gap > 4 {
				return nil, fmt.Errorf("%q is not a gap of 1 to 4 words", part)
			}
			out = append(out, element{gap: gap})
			continue
		}
		bare, optional := strings.CutSuffix(part, "?")
		e := element{words: map[string]bool{}, optional: optional}
		for _, word := range strings.Split(bare, "|") {
			name, isSet := strings.CutPrefix(word, "@")
			switch {
			case word == "$":
				e.end = true
			case isSet && sets[name] == nil:
				return nil, fmt.Errorf("no set %q", name)
			case isSet:
				maps.Copy(e.words, set(sets[name]))
			default:
				e.words[word] = true
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// starts is every word that one of the patterns can begin with, or nil when one can begin with any.
func starts(patterns [][]element) map[string]bool {
	out := map[string]bool{}
	for _, pattern := range patterns {
		first := pattern[0]
		if first.begin {
			first = pattern[1]
		}
		if first.optional || first.end || first.gap > 0 {
			return nil
		}
		maps.Copy(out, first.words)
	}
	return out
}

// match says whether the pattern covers tokens from i on, and where it ends. Patterns are short and gaps at most
// four, so the work for one start is bounded.
func match(pattern []element, tokens []string, taken []bool, i int) (end int, ok bool) {
	if len(pattern) == 0 {
		return i, true
	}
	e, rest := pattern[0], pattern[1:]
	atEnd := i == len(tokens) || tokens[i] == boundary
	switch {
	case e.begin:
		if i != 0 {
			return 0, false
		}
		return match(rest, tokens, taken, i)
	case e.gap > 0:
		for skip := 0; skip <= e.gap; skip++ {
			if end, ok = match(rest, tokens, taken, i+skip); ok {
				return end, true
			}
			if i+skip >= len(tokens) || tokens[i+skip] == boundary || taken[i+skip] {
				break
			}
		}
		return 0, false
	case e.end && atEnd:
		return match(rest, tokens, taken, i)
	case i < len(tokens) && !taken[i] && e.words[tokens[i]]:
		if end, ok = match(rest, tokens, taken, i+1); ok {
			return end, true
		}
	}
	if e.optional {
		return match(rest, tokens, taken, i)
	}
	return 0, false
}

func set(words []string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}
