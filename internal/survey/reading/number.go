package reading

import (
	"math"
	"strconv"
	"strings"
)

// numeral is a number at a place of a text. It has two values when a sign can part thousands or decimals.
type numeral struct {
	values []float64
	end    int
	vague  bool // written in a way that needs a confirmation
}

// maxFigures keeps whole numbers exact.
const maxFigures = 15

// numeralAt reads the number that begins at i: figures with signs, words, or figures and a word ("10k", "5 mil").
func (t *text) numeralAt(i int) (numeral, bool) {
	if i >= len(t.ts) {
		return numeral{}, false
	}
	if end, ok := t.minusAt(i); ok {
		n, ok := t.numeralAt(end)
		for at := range n.values {
			n.values[at] = -n.values[at]
		}
		return n, ok
	}
	if t.lang.articles[t.ts[i].word] {
		if n, ok := t.numeralAt(i + 1); ok && !t.glued(i+1) && i+1 < len(t.ts) && !t.lang.articles[t.ts[i+1].word] {
			return n, true
		}
	}
	if t.ts[i].kind == figures {
		return t.figuresAt(i)
	}
	return t.wordsAt(i)
}

func (t *text) glued(i int) bool { return i < len(t.ts) && t.ts[i].glued }

// minusAt finds "-5", not "3-5", and "minus five".
func (t *text) minusAt(i int) (end int, ok bool) {
	if t.ts[i].kind == sign && t.ts[i].word == "-" && !t.ts[i].glued && figuresAt(t.ts, i+1, 1, maxFigures) && t.glued(i+1) {
		return i + 1, true
	}
	_, end, ok = t.lang.minus.at(t.ts, i)
	if ok && end < len(t.ts) && t.lang.minus[t.ts[end].word] == nil {
		return end, true
	}
	return 0, false
}

// figuresAt reads figures and the signs between them.
func (t *text) figuresAt(i int) (numeral, bool) {
	parts, signs, end := []string{t.ts[i].word}, "", i+1
	for is(t.ts, end, ".,") && figuresAt(t.ts, end+1, 1, maxFigures) && t.glued(end+1) {
		parts, signs, end = append(parts, t.ts[end+1].word), signs+t.ts[end].word, end+2
	}
	for signs == "" && len(parts[0]) <= 3 && figuresAt(t.ts, end, 3, 3) && t.ts[end].word == "000" && !t.ts[end].glued {
		parts[0], end = parts[0]+"000", end+1 // 10 000
	}
	if len(strings.Join(parts, "")) > maxFigures {
		return numeral{}, false
	}
	n := numeral{end: end}
	n.values, n.vague = figuresValue(parts, signs, byCountry(t.lang.Decimal, t.country))
	if len(n.values) == 1 && end < len(t.ts) {
		if v, ok := t.lang.numbers[t.ts[end].word]; ok && v >= 1000 {
			n.values[0] *= v // 10k, 5 mil
			n.end++
		}
	}
	return n, len(n.values) > 0
}

// figuresValue reads figures parted by signs, given the locale's decimal sign ("." or ",", or "either").
func figuresValue(parts []string, signs, decimal string) (values []float64, vague bool) {
	grouped := func(parts []string) []float64 {
		for _, p := range parts[1:] {
			if len(p) != 3 || len(parts[0]) > 3 || parts[0] == "0" {
				return nil
			}
		}
		return []float64{parse(strings.Join(parts, ""))}
	}
	last := len(parts) - 1
	fraction := func() float64 { return parse(strings.Join(parts[:last], "") + "." + parts[last]) }
	switch {
	case signs == "":
		return grouped(parts), false
	case strings.Count(signs, signs[:1]) == len(signs) && len(signs) > 1:
		return grouped(parts), false // 1,000,000
	case len(signs) > 1: // 1,000.50
		if strings.Contains(signs[:last-1], signs[last-1:]) || grouped(parts[:last]) == nil {
			return nil, false
		}
		return []float64{fraction()}, false
	case grouped(parts) == nil: // 3.5, 0.125
		return []float64{fraction()}, decimal != "either" && signs != decimal
	case decimal == "either":
		return append(grouped(parts), fraction()), false
	case signs == decimal:
		return []float64{fraction()}, false
	}
	return grouped(parts), false
}

func parse(figures string) float64 {
	n, err := strconv.ParseFloat(figures, 64)
	if err != nil {
		return math.NaN() // outside of every domain
	}
	return n
}

// wordsAt reads number words.
func (t *text) wordsAt(i int) (numeral, bool) {
	var s sum
	end := i
	for at, and := i, false; at < len(t.ts); {
		parts, known := t.lang.parts(t.ts[at].word)
		switch {
		case known && (at > i || !t.lang.scalesAfter[t.ts[at].word]):
			next := s
			if !next.addAll(parts, and, t.lang.UnitFirst) {
				return s.numeral(end)
			}
			s, end, and, at = next, at+1, false, at+1
		case at == i:
			return numeral{}, false
		case t.ts[at].kind == sign && t.ts[at].word == "-" && t.ts[at].glued:
			at++
		default:
			if _, after, ok := t.lang.and.at(t.ts, at); ok && !and {
				and, at = true, after
				if at < len(t.ts) && t.lang.articles[t.ts[at].word] && at+1 < len(t.ts) && t.lang.numbers[t.ts[at+1].word] == 0.5 {
					at++ // and a half
				}
				continue
			}
			return s.numeral(end)
		}
	}
	return s.numeral(end)
}

// andPart stands for "and" inside a compound.
const andPart = -1

// parts are the number words that a word is made of: one, or several in languages that write them together.
func (l *language) parts(word string) ([]float64, bool) {
	if v, ok := l.numbers[word]; ok {
		return []float64{v}, true
	}
	if !l.Compound || len(word) < 6 || len(word) > maxCompound {
		return nil, false
	}
	return l.split(word)
}

// maxCompound bounds the letters of a number written as one word; the longest below a million has 67.
const maxCompound = 100

func (l *language) split(word string) ([]float64, bool) {
	if word == "" {
		return nil, true
	}
	for n := len(word); n >= 3; n-- {
		v, ok := l.numbers[word[:n]]
		if !ok && l.and[word[:n]] != nil && n < len(word) {
			v, ok = andPart, true
		}
		if !ok {
			continue
		}
		if rest, ok := l.split(word[n:]); ok {
			return append([]float64{v}, rest...), true
		}
	}
	return nil, false
}

// sum adds number words up as people say them: hundreds and what is below, thousands, millions.
type sum struct {
	total, hundreds, low float64
	lowest               class   // what stands in low
	scale                float64 // the last thousand or million
	any, done            bool
}

type class int

const (
	nothing class = iota
	unit          // 1 to 9
	closed        // 10 to 19, 25: nothing can be added
	tens          // 20, 30 ... 90
)

func (s *sum) addAll(parts []float64, and, unitFirst bool) bool {
	for _, v := range parts {
		if v == andPart {
			and = true
			continue
		}
		if s.done || !s.add(v, and && unitFirst) {
			return false
		}
		s.any, and = true, false
	}
	return true
}

func (s *sum) add(v float64, mayFollowUnit bool) bool {
	switch {
	case v == 0.5:
		s.low += v
		s.done = true
	case v == 0:
		s.done = true
		return !s.any
	case v < 100:
		return s.addLow(v, mayFollowUnit)
	case v == 100:
		if s.hundreds > 0 || s.lowest == tens && s.low < 20 {
			return false
		}
		s.hundreds, s.low, s.lowest = 100*max(1, s.low), 0, nothing
	case v < 1000:
		if s.hundreds > 0 || s.lowest != nothing {
			return false
		}
		s.hundreds = v
	default:
		if s.scale > 0 && v >= s.scale {
			return false
		}
		s.total += v * max(1, s.hundreds+s.low)
		s.hundreds, s.low, s.lowest, s.scale = 0, 0, nothing, v
	}
	return true
}

func (s *sum) addLow(v float64, mayFollowUnit bool) bool {
	is := closed
	switch {
	case v < 10 && whole(v):
		is = unit
	case v >= 20 && math.Mod(v, 10) == 0:
		is = tens
	}
	switch {
	case s.lowest == nothing:
		s.low, s.lowest = v, is
	case s.lowest == tens && is == unit, s.lowest == unit && is == tens && mayFollowUnit:
		s.low, s.lowest = s.low+v, closed
	default:
		return false
	}
	return true
}

func (s *sum) numeral(end int) (numeral, bool) {
	return numeral{values: []float64{s.total + s.hundreds + s.low}, end: end}, s.any
}
