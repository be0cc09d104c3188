package reading

import (
	"cmp"
	"slices"
	"strings"
)

// number reads the answer to a number or scale question.
func (t *text) number(q Question) Answer {
	if n := t.stars(); n > 0 && q.Type == Scale {
		return t.settle(q, []found{{float64(n), 0, len(t.ts), ""}})
	}
	all := t.numerals()
	if a, ok := t.outOf(q, all); ok {
		return a
	}
	if len(all) == 0 {
		all = t.noNumber(q)
	}
	if len(all) == 0 {
		all = t.misspeltNumber()
	}
	return t.settle(q, all)
}

// numerals are the numbers of the text, one found for each value.
func (t *text) numerals() (all []found) {
	for i := 0; i < len(t.ts); {
		n, ok := t.numeralAt(i)
		if !ok {
			i++
			continue
		}
		why := Why("")
		if n.vague {
			why = Doubtful
		}
		for _, v := range n.values {
			all = append(all, found{v, i, n.end, why})
		}
		i = n.end
	}
	if len(all) > 1 { // "eine glatte 5"
		all = slices.DeleteFunc(all, func(f found) bool { return f.to == f.from+1 && t.lang.articles[t.ts[f.from].word] })
	}
	return all
}

// outOf reads "8 out of 10" and "8/10": the second number is the scale's, not the answer.
func (t *text) outOf(q Question, all []found) (Answer, bool) {
	if q.Type != Scale || len(all) != 2 {
		return Answer{}, false
	}
	at := all[0].to
	for at < all[1].from && (t.ts[at].word == "⭐" || t.ts[at].word == "★" || t.fillerAt(q.Type, at) && !t.ofAt(at)) {
		at++
	}
	slash := at < len(t.ts) && t.ts[at].word == "/" && at+1 == all[1].from
	_, end, of := t.lang.of.at(t.ts, at)
	if !slash && !(of && end <= all[1].from) {
		return Answer{}, false
	}
	if all[1].value != *q.Max {
		return unread(Outside), true
	}
	t.use(all[1].from, all[1].to)
	t.use(at, all[1].from)
	return t.settle(q, all[:1]), true
}

func (t *text) ofAt(i int) bool {
	_, _, ok := t.lang.of.at(t.ts, i)
	return ok
}

func (t *text) fillerAt(as Type, i int) bool {
	_, _, ok := t.lang.fillers[as].at(t.ts, i)
	return ok
}

// stars counts the filled stars of a text of stars: ⭐⭐⭐, ★★★☆☆. 0 when it holds anything else.
func (t *text) stars() int {
	n := 0
	for _, token := range t.ts {
		switch {
		case strings.Contains("⭐★🌟", token.word):
			n++
		case token.word != "☆" && !token.punctuation():
			return 0
		}
	}
	return n
}

// noNumber reads "none" as nought, to be confirmed.
func (t *text) noNumber(q Question) []found {
	if q.Type == Scale {
		return nil
	}
	for i := range t.ts {
		if _, end, ok := t.lang.none.at(t.ts, i); ok {
			return []found{{0.0, i, end, Doubtful}}
		}
	}
	return nil
}

// misspeltNumber reads a single word that is near to one number word and to no other.
func (t *text) misspeltNumber() []found {
	at := -1
	for i, token := range t.ts {
		if token.punctuation() || t.fillerAt(Number, i) {
			continue
		}
		if at >= 0 {
			return nil
		}
		at = i
	}
	if at < 0 || t.ts[at].kind != letters {
		return nil
	}
	word := t.ts[at].word
	var near []found
	for name, v := range t.lang.numbers {
		if len(word) >= 4 && len(name) >= 3 && distance(word, name) == 1 {
			near = append(near, found{v, at, at + 1, Misspelled})
		}
	}
	slices.SortFunc(near, func(a, b found) int { return cmp.Compare(a.value.(float64), b.value.(float64)) })
	return near
}
