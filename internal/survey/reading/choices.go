package reading

import (
	"slices"
)

// choices reads the answer to a question with several options to choose.
func (t *text) choices(q Question) Answer {
	if a, ok := t.everything(q); ok {
		return a
	}
	if a, ok := t.run(q); ok {
		return a
	}
	hits := t.hits(q)
	if len(hits) == 0 {
		return t.noOption(q)
	}
	if a, ok := t.allBut(q, hits); ok {
		return a
	}
	kept, denied := t.undenied(q, hits)
	if len(kept) == 0 || len(denied) > 0 {
		return unread(Negated)
	}
	for i := range t.ts {
		if _, _, or := t.lang.or.at(t.ts, i); or {
			kept[0].why = Doubtful // "shoes or bags": both, or one of them
		}
		if t.joins(i) {
			t.use(i, i+1)
		}
	}
	certain, open := parted(kept)
	for _, h := range kept {
		t.use(h.from, h.to)
	}
	if len(open) == 0 {
		return t.settle(q, []found{{keysOf(q, certain), kept[0].from, kept[0].from, kept[0].why}})
	}
	var all []found
	for _, option := range open {
		set := append(slices.Clone(certain), option)
		slices.Sort(set)
		all = append(all, found{keysOf(q, slices.Compact(set)), kept[0].from, kept[0].from, Ambiguous})
	}
	return t.settle(q, all)
}

// parted tells options that are named by words of their own from those that share their word with another option. Only
// one shared word is put forward; more would ask too much.
func parted(hits []hit) (certain, open []int) {
	for _, h := range hits {
		shared := slices.ContainsFunc(hits, func(o hit) bool { return o.from == h.from && o.option != h.option })
		if shared {
			open = append(open, h.option)
		} else {
			certain = append(certain, h.option)
		}
	}
	slices.Sort(certain)
	return slices.Compact(certain), open
}

// everything reads "all of them" and "both".
func (t *text) everything(q Question) (Answer, bool) {
	for i := range t.ts {
		_, end, ok := t.lang.all.at(t.ts, i)
		if !ok || t.content(q.Type, i, end) > 0 {
			continue
		}
		every := make([]int, len(q.Options))
		for n := range every {
			every[n] = n
		}
		return t.settle(q, []found{{keysOf(q, every), i, end, ""}}), true
	}
	return Answer{}, false
}

// allBut reads "all but hats", to be confirmed.
func (t *text) allBut(q Question, hits []hit) (Answer, bool) {
	except := false
	for i := 0; i < hits[0].from; i++ {
		_, end, every := t.lang.all.at(t.ts, i)
		if !every {
			continue
		}
		for at := end; at < hits[0].from; at++ {
			_, _, but := t.lang.but.at(t.ts, at)
			except = except || but || t.denies(at)
		}
	}
	if !except {
		return Answer{}, false
	}
	var rest []int
	for option := range q.Options {
		if !slices.ContainsFunc(hits, func(h hit) bool { return h.option == option }) {
			rest = append(rest, option)
		}
	}
	return t.settle(q, []found{{keysOf(q, rest), 0, len(t.ts), Doubtful}}), true
}

// run reads numbers that need a confirmation: "1-3" may be a span or a pair, and "13" two options.
func (t *text) run(q Question) (Answer, bool) {
	words := plain(t.ts)
	if len(words) == 1 && figuresAt(t.ts, 0, 2, 9) && len(q.Options) <= 9 {
		set, ok := figuresSet(t.ts[0].word, len(q.Options))
		if ok {
			return t.settle(q, []found{{keysOf(q, set), 0, len(t.ts), Doubtful}}), true
		}
	}
	if len(t.ts) != 3 || !figuresAt(t.ts, 0, 1, 2) || t.ts[1].word != "-" || !figuresAt(t.ts, 2, 1, 2) {
		return Answer{}, false
	}
	first, _ := t.index(q, 0)
	last, ok := t.index(q, 2)
	if !ok || last.option <= first.option+1 {
		return Answer{}, false
	}
	span := []int{}
	for n := first.option; n <= last.option; n++ {
		span = append(span, n)
	}
	return t.settle(q, []found{
		{keysOf(q, span), 0, 3, ""}, {keysOf(q, []int{first.option, last.option}), 0, 3, ""},
	}), true
}

// figuresSet reads "13" as options 1 and 3; false when a figure is no option or comes twice.
func figuresSet(word string, options int) ([]int, bool) {
	var set []int
	for _, r := range word {
		n := int(r - '1')
		if n < 0 || n >= options || slices.Contains(set, n) {
			return nil, false
		}
		set = append(set, n)
	}
	slices.Sort(set)
	return set, true
}
