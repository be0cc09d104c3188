package compliance

import (
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// sieve says in one pass over a text which rules are worth running. A rule comes with words of which any text that it
// matches holds at least one; it is skipped when the text holds none. Case does not count, as "(?i)" has it.
type sieve struct {
	always uint64      // rules without such words
	column [0x80]uint8 // of each ASCII character in next; 0 for those in no word
	width  int         // of a row of next
	next   []uint16    // row of a state and column of a character -> state
	found  []uint64    // by state: the rules one of whose words ends here
}

// newSieve prepares the words of the rules, of which each has its bit. Words are in lower case and ASCII.
func newSieve(rules map[uint64][]string) (sieve, error) {
	s := sieve{width: 1}
	for rule, words := range rules {
		if len(words) == 0 {
			s.always |= rule
		}
		for _, word := range words {
			for _, c := range []byte(word) {
				if s.column[c] == 0 {
					s.column[c] = uint8(s.width)
					s.width++
				}
			}
		}
	}
	for c := byte('a'); c <= 'z'; c++ {
		s.column[c-'a'+'A'] = s.column[c]
	}
	s.grow()
	for rule, words := range rules {
		for _, word := range words {
			if err := s.add(word, rule); err != nil {
				return sieve{}, err
			}
		}
	}
	s.link()
	return s, nil
}

// grow adds a state.
func (s *sieve) grow() {
	s.next = append(s.next, make([]uint16, s.width)...)
	s.found = append(s.found, 0)
}

// add gives the word a path of states.
func (s *sieve) add(word string, rule uint64) error {
	state := 0
	for _, c := range []byte(word) {
		step := &s.next[state*s.width+int(s.column[c])]
		if *step == 0 {
			if len(s.found) > math.MaxUint16 {
				return fmt.Errorf("too many words")
			}
			*step = uint16(len(s.found))
			state = len(s.found)
			s.grow()
			continue
		}
		state = int(*step)
	}
	s.found[state] |= rule
	return nil
}

// link lets each state go on with the longest end of what was read that begins another word (Aho and Corasick, 1975).
func (s *sieve) link() {
	fallback := make([]uint16, len(s.found))
	queue := []uint16{0}
	for len(queue) > 0 {
		state := int(queue[0])
		queue = queue[1:]
		other := int(fallback[state])
		s.found[state] |= s.found[other]
		for c := 1; c < s.width; c++ {
			step, instead := &s.next[state*s.width+c], s.next[other*s.width+c]
			if *step == 0 {
				*step = instead
				continue
			}
			if state != 0 {
				fallback[*step] = instead
			}
			queue = append(queue, *step)
		}
	}
}

// run is the rules that may match the text.
func (s *sieve) run(text string) uint64 {
	rules, state := s.always, 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			i += size - 1
			if c = asciiCase(r); c == 0 {
				state = 0
				continue
			}
		}
		state = int(s.next[state*s.width+int(s.column[c])])
		rules |= s.found[state]
	}
	return rules
}

// asciiCase is the lower-case ASCII character that a rune stands for when case does not count; 0 when there is none. Two
// others are the case of an ASCII letter: the long s, and the sign for Kelvin.
func asciiCase(r rune) byte {
	switch {
	case r == '\u017f':
		return 's'
	case r == '\u212a':
		return 'k'
	case r >= utf8.RuneSelf:
		return 0
	case r >= 'A' && r <= 'Z':
		r += 'a' - 'A'
	}
	return byte(r)
}

// manyWords is how many words a rule has at most; more are worked out shorter, or not at all.
const manyWords = 100

// needed are words of which each text that the pattern matches holds one; nil when there are no such words.
func needed(pattern string) ([]string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return survey(re.Simplify()).best(), nil
}

// extent is what is known of the texts that a pattern matches.
type extent struct {
	all  []string // all of these texts, when they are few
	some []string // words of which each of them holds one; nil when there is no such list
}

// best is the more telling list.
func (e extent) best() []string { return better(e.some, e.all) }

// better is the list whose shortest word is longer; of two alike the shorter list. A list with an empty word says nothing.
func better(a, b []string) []string {
	switch la, lb := shortest(a), shortest(b); {
	case lb == 0:
		if la == 0 {
			return nil
		}
		return a
	case la > lb || la == lb && len(a) <= len(b):
		return a
	}
	return b
}

// shortest is the length of the shortest word. One that half of all texts hold counts for less than its length.
func shortest(words []string) int {
	if len(words) == 0 {
		return 0
	}
	least := math.MaxInt
	for _, w := range words {
		n := len(w)
		if slices.Contains([]string{"your", "free", "now", "home"}, w) {
			n--
		}
		least = min(least, n)
	}
	return least
}

// survey works out the extent of a pattern. What it does not know costs time, never a finding.
func survey(re *syntax.Regexp) extent {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return extent{all: []string{""}}
	case syntax.OpLiteral:
		return literal(re.Rune)
	case syntax.OpCharClass:
		return class(re.Rune)
	case syntax.OpCapture:
		return survey(re.Sub[0])
	case syntax.OpPlus:
		return extent{some: survey(re.Sub[0]).best()}
	case syntax.OpQuest:
		if all := survey(re.Sub[0]).all; all != nil {
			return extent{all: append([]string{""}, all...)}
		}
	case syntax.OpAlternate:
		return either(re.Sub)
	case syntax.OpConcat:
		return inOrder(re.Sub)
	}
	return extent{}
}

// literal joins characters; one that is not ASCII parts them.
func literal(runes []rune) extent {
	parts := make([]extent, len(runes))
	for i, r := range runes {
		if c := asciiCase(r); c != 0 {
			parts[i].all = []string{string(rune(c))}
		}
	}
	return joined(parts)
}

// class is one of a few characters, given as ranges.
func class(ranges []rune) extent {
	var all []string
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			c := asciiCase(r)
			if c == 0 || len(all) > 10 {
				return extent{}
			}
			if one := string(rune(c)); !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return extent{all: all}
}

// either is the extent of one of several patterns.
func either(subs []*syntax.Regexp) extent {
	var out extent
	few, known := true, true
	for _, sub := range subs {
		e := survey(sub)
		few, known = few && e.all != nil, known && e.best() != nil
		out.all, out.some = append(out.all, e.all...), append(out.some, e.best()...)
	}
	if !few || len(out.all) > manyWords {
		out.all = nil
	}
	if !known || len(out.some) > manyWords {
		out.some = nil
	}
	return out
}

// inOrder is the extent of patterns that follow each other.
func inOrder(subs []*syntax.Regexp) extent {
	parts := make([]extent, len(subs))
	for i, sub := range subs {
		parts[i] = survey(sub)
	}
	return joined(parts)
}

// joined is the extent of parts that follow each other.
func joined(parts []extent) extent {
	run, out, broken := []string{""}, extent{}, false
	for _, p := range parts {
		if p.all != nil && len(run)*len(p.all) <= manyWords {
			run = cross(run, p.all)
			continue
		}
		out.some = better(better(out.some, run), p.best())
		run, broken = []string{""}, true
		if p.all != nil {
			run = p.all
		}
	}
	if !broken {
		return extent{all: run}
	}
	out.some = better(out.some, run)
	return out
}

// cross is each of the first words with each of the second behind it.
func cross(first, second []string) []string {
	out := make([]string, 0, len(first)*len(second))
	for _, a := range first {
		for _, b := range second {
			out = append(out, a+b)
		}
	}
	return out
}
