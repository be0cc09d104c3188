package reading

import "slices"

// yesNo reads the answer to a question of yes or no. A clear word at the beginning decides; words that mean it only
// alone count where there is none; words of pleasure or displeasure are confirmed.
func (t *text) yesNo() Answer {
	var clear, alone []found
	for i := 0; i < len(t.ts); {
		o, end := t.opinion(i)
		switch {
		case o == undecided && t.content(YesNo, i, end) <= maxSurrounding && len(clear) == 0:
			return unread(Undecided)
		case o == yes || o == no:
			clear = append(clear, found{o == yes, i, end, ""})
		case o == yesAlone || o == noAlone:
			alone = append(alone, found{o == yesAlone, i, end, ""})
		}
		i = max(i+1, end)
	}
	said := clear
	if len(said) == 0 {
		said = alone
	}
	for _, f := range slices.Concat(clear, alone) {
		t.use(f.from, f.to)
	}
	switch {
	case len(said) == 0:
		return t.hint()
	case slices.ContainsFunc(said, func(f found) bool { return f.value != said[0].value }):
		return t.settleBoth()
	case len(clear) == 0 && t.content(YesNo, 0, 0) > 0, said[0].value == true && slices.ContainsFunc(alone, func(f found) bool { return f.value == false }):
		said[0].why = Doubtful
	}
	return t.decided(said[0])
}

// opinion is what a phrase says.
type opinion int

const (
	silent opinion = iota
	undecided
	yes
	no
	yesAlone
	noAlone
)

// opinion is the longest phrase of yes, no or indecision at i.
func (t *text) opinion(i int) (o opinion, end int) {
	for _, way := range []struct {
		means opinion
		p     phrases
	}{{undecided, t.lang.undecided}, {undecided, t.lang.skip}, {yes, t.lang.yes}, {no, t.lang.no}, {yesAlone, t.lang.yesAlone}, {noAlone, t.lang.noAlone}} {
		if _, to, ok := way.p.at(t.ts, i); ok && to > end {
			o, end = way.means, to
		}
	}
	return o, end
}

func (t *text) settleBoth() Answer {
	if t.content(YesNo, 0, 0) > maxSurrounding {
		return unread(NotUnderstood)
	}
	return unsure(Ambiguous, true, false)
}

// decided judges one opinion by where it stands and what else is said.
func (t *text) decided(f found) Answer {
	first := true
	for i := 0; i < f.from; i++ {
		first = first && (t.ts[i].punctuation() || t.fillerAt(YesNo, i))
	}
	around := t.content(YesNo, 0, 0)
	switch {
	case around > maxSurrounding:
		return unread(NotUnderstood)
	case t.contradicts(f.value == true), !first && around > 0, f.why != "":
		return unsure(Surrounded, f.value)
	}
	return sure(f.value)
}

// follows says whether token i stands right behind what was used, or behind its full stop.
func (t *text) follows(i int) bool {
	return i > 0 && t.used[i-1] || i > 1 && t.ts[i-1].word == "." && t.used[i-2]
}

// parted says whether punctuation stands between what was used and i.
func (t *text) parted(i int) bool {
	for at := i - 1; at >= 0 && !t.used[at]; at-- {
		if t.ts[at].punctuation() {
			return true
		}
	}
	return false
}

// contradicts says whether the rest of the text takes back what was said.
func (t *text) contradicts(yes bool) bool {
	for i := range t.ts {
		if t.used[i] {
			continue
		}
		if !yes && t.ts[i].kind == figures && t.follows(i) {
			return true // "No. 5" is no no
		}
		if _, _, good := t.lang.yesHints.at(t.ts, i); good && !yes && i > 0 && t.parted(i) {
			return true // "no, I love it", but not "no me gusta"
		}
		_, _, but := t.lang.but.at(t.ts, i)
		_, _, not := t.lang.negators.at(t.ts, i)
		_, _, bad := t.lang.noHints.at(t.ts, i)
		if but || yes && (not || bad) {
			return true
		}
	}
	return false
}

// hint reads "she loved it" and "it was awful", to be confirmed.
func (t *text) hint() Answer {
	var all []found
	for i := range t.ts {
		_, end, yes := t.lang.yesHints.at(t.ts, i)
		_, noEnd, no := t.lang.noHints.at(t.ts, i)
		if yes || no {
			value := yes
			for at := max(0, i-4); at < i; at++ {
				if t.denies(at) {
					value = !yes
				}
			}
			all = append(all, found{value, i, max(end, noEnd), Doubtful})
		}
	}
	if len(all) == 0 {
		return unread(NotUnderstood)
	}
	for _, f := range all {
		t.use(f.from, f.to)
		if f.value != all[0].value {
			return t.settleBoth()
		}
	}
	if t.content(YesNo, 0, 0) > maxSurrounding {
		return unread(NotUnderstood)
	}
	return unsure(Doubtful, all[0].value)
}
