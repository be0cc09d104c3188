package reading

import (
	"cmp"
	"slices"
	"strings"
)

// hit is an option that a part of the text names.
type hit struct {
	option, from, to int
	why              Why
}

// named reads a text that is the label of an option and nothing else: it wins over skip words and negations, which a
// label may contain.
func (t *text) named(q Question) (Answer, bool) {
	said := strings.Join(plain(t.ts), " ")
	for i, o := range q.Options {
		for _, name := range o.names() {
			if strings.Join(plain(tokenize(name)), " ") != said {
				continue
			}
			if n, other := t.index(q, 0); other && n.option != i && len(t.ts) == n.to {
				return Answer{}, false // "2" is the label of one and the number of another
			}
			return t.one(q, i), true
		}
	}
	return Answer{}, false
}

// one is the answer of a single option.
func (t *text) one(q Question, option int) Answer {
	return t.settle(q, []found{{keysOf(q, []int{option}), 0, len(t.ts), ""}})
}

// choice reads the answer to a question with one option to choose.
func (t *text) choice(q Question) Answer {
	hits := t.hits(q)
	if len(hits) == 0 {
		return t.noOption(q)
	}
	kept, denied := t.undenied(q, hits)
	if len(kept) == 0 {
		return t.leftOver(q, denied)
	}
	for _, h := range kept {
		t.use(h.from, h.to)
	}
	kept = leading(kept)
	found := make([]found, len(kept))
	for i, h := range kept {
		found[i] = foundOf(q, h)
	}
	for _, h := range denied {
		t.use(h.from, h.to)
	}
	return t.settle(q, found)
}

// leading keeps the hits of one option when every place that names another names it too, and it is named in more:
// "light blue" with a slip in one of the words.
func leading(hits []hit) []hit {
	places := map[int][]int{}
	for _, h := range hits {
		places[h.option] = append(places[h.option], h.from)
	}
	for option, mine := range places {
		all := true
		for other, theirs := range places {
			within := !slices.ContainsFunc(theirs, func(at int) bool { return !slices.Contains(mine, at) })
			all = all && (other == option || within && len(theirs) < len(mine))
		}
		if all {
			return slices.DeleteFunc(slices.Clone(hits), func(h hit) bool { return h.option != option })
		}
	}
	return hits
}

func foundOf(q Question, h hit) found {
	return found{keysOf(q, []int{h.option}), h.from, h.to, h.why}
}

// keysOf is the value of some options: one key, or a list for a question that takes several.
func keysOf(q Question, options []int) any {
	keys := make([]string, len(options))
	for i, o := range options {
		keys[i] = q.Options[o].Key
	}
	if q.Type == Choice {
		return keys[0]
	}
	return keys
}

// noOption tells a wish for none of them, and indecision, from what is not understood.
func (t *text) noOption(q Question) Answer {
	for i := range t.ts {
		if _, end, ok := t.lang.neither.at(t.ts, i); ok && t.content(q.Type, i, end) == 0 {
			return unread(Negated)
		}
		if _, end, ok := t.lang.undecided.at(t.ts, i); ok && t.content(q.Type, i, end) == 0 {
			return unread(Undecided)
		}
	}
	return unread(NotUnderstood)
}

// undenied parts the hits that are wanted from those that are not.
func (t *text) undenied(q Question, hits []hit) (kept, denied []hit) {
	for _, h := range hits {
		if t.negated(q.Type, h.from) {
			denied = append(denied, h)
		} else {
			kept = append(kept, h)
		}
	}
	return kept, denied
}

// leftOver puts the other of two options forward when one is denied.
func (t *text) leftOver(q Question, denied []hit) Answer {
	if q.Type != Choice || len(q.Options) != 2 || len(denied) != 1 {
		return unread(Negated)
	}
	return unsure(Doubtful, q.Options[1-denied[0].option].Key)
}

// hits finds the options that the text names: by words, by number or letter, and with slips in the words that are left.
func (t *text) hits(q Question) []hit {
	hits := t.labels(q)
	var numbers []hit
	for i := range t.ts {
		if h, ok := t.index(q, i); ok && !covered(hits, h) {
			numbers = append(numbers, h)
		}
	}
	if len(hits)+len(numbers) > 1 { // "the second one": only the figure or ordinal counts
		numbers = slices.DeleteFunc(numbers, func(h hit) bool {
			return len(t.ts[h.from].word) > 1 && t.lang.fillers[q.Type].single(t.ts[h.from].word)
		})
	}
	hits = append(hits, numbers...)
	hits = append(hits, t.misspelt(q, hits)...)
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.option, b.option)) })
	return slices.CompactFunc(hits, func(a, b hit) bool { return a.from == b.from && a.option == b.option })
}

// covered says whether a hit lies inside a longer one.
func covered(hits []hit, h hit) bool {
	return slices.ContainsFunc(hits, func(o hit) bool { return o.from <= h.from && h.to <= o.to && o.to-o.from > h.to-h.from })
}

// labels finds whole labels, and single words that belong to few labels ("blue" for "Dark blue").
func (t *text) labels(q Question) []hit {
	var hits []hit
	for option, o := range q.Options {
		for _, name := range o.names() {
			p := phrases{}
			p.add(name, "")
			for i := range t.ts {
				if _, end, ok := p.at(t.ts, i); ok {
					hits = append(hits, hit{option, i, end, ""})
				}
			}
		}
	}
	for i, token := range t.ts {
		if token.punctuation() || t.lang.fillers[q.Type].single(token.word) || t.joins(i) || t.denies(i) {
			continue
		}
		for option, o := range q.Options {
			for _, name := range o.names() {
				if words := plain(tokenize(name)); len(words) > 1 && slices.Contains(words, token.word) {
					hits = append(hits, hit{option, i, i + 1, ""})
				}
			}
		}
	}
	all := slices.Clone(hits)
	return slices.DeleteFunc(hits, func(h hit) bool { return covered(all, h) })
}

func (t *text) denies(i int) bool {
	_, _, ok := t.lang.negators.at(t.ts, i)
	return ok
}

// joins says whether "and" or "or" stands at i.
func (t *text) joins(i int) bool {
	_, _, and := t.lang.and.at(t.ts, i)
	_, _, or := t.lang.or.at(t.ts, i)
	return and || or || t.ts[i].word == "+" || t.ts[i].word == "&"
}

// index reads the number or letter of an option: 2, #2, b), "option two", "the second".
func (t *text) index(q Question, i int) (hit, bool) {
	if t.ts[i].kind == sign {
		return hit{}, false
	}
	if token := t.ts[i]; token.kind == letters && len(token.word) == 1 {
		n := int(token.word[0] - 'a')
		if n < 0 || n >= len(q.Options) || !t.letterStands(q, i) {
			return hit{}, false
		}
		return hit{n, i, i + 1, ""}, true
	}
	if _, end, ok := t.lang.last.at(t.ts, i); ok {
		return hit{len(q.Options) - 1, i, end, ""}, true
	}
	n, end, ok := t.ordinalAt(i)
	if !ok && !figureLabels(q) {
		n, end, ok = t.countIndex(i)
	}
	if !ok || n < 1 || n > len(q.Options) {
		return hit{}, false
	}
	return hit{n - 1, i, end, ""}, true
}

// countIndex reads a number, perhaps with the suffix of an ordinal.
func (t *text) countIndex(i int) (n, end int, ok bool) {
	if i > 0 && t.lang.articles[t.ts[i].word] {
		return 0, 0, false
	}
	if n, end, ok := t.dayAt(i); ok && t.ts[i].kind == figures {
		return n, end, true
	}
	number, ok := t.wordsAt(i)
	if !ok || !whole(number.values[0]) || number.values[0] > maxOptions {
		return 0, 0, false
	}
	return int(number.values[0]), number.end, true
}

// letterStands says whether a single letter is meant as one: alone, marked, or in a list of such.
func (t *text) letterStands(q Question, i int) bool {
	if i+1 < len(t.ts) && t.ts[i+1].word == ")" || i > 0 && t.ts[i-1].word == "(" {
		return true
	}
	for at := i - 1; at >= 0; at-- {
		if _, _, ok := t.lang.optionWords.at(t.ts, at); ok && at == i-1 {
			return true
		}
	}
	for at, token := range t.ts {
		if at == i || token.punctuation() || t.joins(at) || token.kind == letters && len(token.word) == 1 {
			continue
		}
		if !t.lang.fillers[q.Type].single(token.word) {
			return false
		}
	}
	return true
}

// figureLabels says whether every label is a number, so that a number means the label.
func figureLabels(q Question) bool {
	return !slices.ContainsFunc(q.Options, func(o Option) bool {
		words := plain(tokenize(o.Label))
		return len(words) != 1 || words[0] == "" || words[0][0] < '0' || words[0][0] > '9'
	})
}

// misspelt finds options by words with slips, in words that no other hit took. A word that is as near to another
// option, or one slip further where so many are mended, is both.
func (t *text) misspelt(q Question, found []hit) []hit {
	var hits []hit
	for i, token := range t.ts {
		if token.kind != letters || t.lang.fillers[q.Type].single(token.word) || t.joins(i) || t.denies(i) ||
			slices.ContainsFunc(found, func(h hit) bool { return h.from <= i && i < h.to }) {
			continue
		}
		away := make([]int, len(q.Options))
		best := 3
		for option, o := range q.Options {
			away[option] = nearest(token.word, o)
			best = min(best, away[option])
		}
		if best > allowed(token.word) {
			continue
		}
		for option, n := range away {
			if n <= min(best+1, allowed(token.word)) {
				hits = append(hits, hit{option, i, i + 1, ""})
			}
		}
	}
	return hits
}

// allowed is how many slips are mended in a word of an option; a short word may lack a letter.
func allowed(word string) int {
	if len(word) == 3 {
		return 1
	}
	return slips(word)
}

// nearest is the number of slips between a word and an option's labels or their words, at most 3.
func nearest(word string, o Option) int {
	best := 3
	for _, name := range o.names() {
		words := plain(tokenize(name))
		for _, w := range append(words, strings.Join(words, "")) {
			if len(w) >= 4 || len(w) == len(word) && len(w) == 3 {
				best = min(best, distance(word, w))
			}
		}
	}
	return best
}
