package reading

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNameWords is how many words a name has at most.
const maxNameWords = 5

// name reads a name and leaves out what people say around it: "her name is Ann-Marie" is "Ann-Marie".
func (t *text) name(q Question) Answer {
	words := t.nameWords()
	introduced, words := t.introduced(words)
	words = t.trailing(words)
	if len(words) == 0 || t.strange(words) || t.lang.yes.whole(words) || t.lang.no.whole(words) || t.lang.undecided.whole(words) {
		return unread(NotUnderstood)
	}
	parts := t.partedByAnd(words)
	var all []found
	for _, part := range parts {
		if len(part) == 0 || len(part) > maxNameWords {
			return unread(NotUnderstood)
		}
		f := found{t.written(part), part[0].from, part[0].to, ""}
		if strings.ContainsAny(t.raw, "()/") || !introduced && len(part) > 2 && !capital(t.raw[part[0].from:]) {
			f.why = Doubtful // a second name beside it, or a sentence of small words
		}
		f.from, f.to = 0, 0
		all = append(all, f)
	}
	t.use(0, len(t.ts))
	return t.settle(q, all)
}

// nameWords parts the text at spaces; a word keeps its hyphens, apostrophes and full stops.
func (t *text) nameWords() []token {
	var out []token
	for _, token := range t.ts {
		inner := token.kind == sign && strings.Contains("-.", token.word)
		if token.kind == sign && !inner {
			if n := len(out); n > 0 && strings.Contains(",&+/", token.word) {
				token.word = ","
				out = append(out, token)
			}
			continue
		}
		if n := len(out); n > 0 && token.glued && out[n-1].to <= token.from && out[n-1].kind == letters && strings.TrimSpace(t.raw[out[n-1].to:token.from]) == t.raw[out[n-1].to:token.from] {
			out[n-1].to = token.to
			if token.kind != sign || token.word == "-" {
				out[n-1].word += token.word
			}
			if token.kind == figures {
				out[n-1].kind = figures
			}
			continue
		}
		out = append(out, token)
	}
	return out
}

// introduced drops the words before a name that say that one follows, while something is left.
func (t *text) introduced(words []token) (bool, []token) {
	dropped := false
	for len(words) > 0 {
		if words[0].word == "," {
			words = words[1:]
			continue
		}
		_, end, ok := t.lang.fillers[Name].at(words, 0)
		if !ok || end >= len(words) && (dropped || !capital(t.raw[words[0].from:]) || t.lang.notNames.single(words[0].word)) {
			if ok && end >= len(words) {
				return dropped, nil
			}
			break
		}
		if end >= len(words) {
			break // one capitalised word that also introduces: it is the name
		}
		words, dropped = words[end:], true
	}
	return dropped, words
}

// trailing drops the words after a name: "Ann here", "Ann is her name", "Ann, thanks".
func (t *text) trailing(words []token) []token {
	for n := 1; n < len(words); n++ {
		rest := words[n:]
		at := 0
		for at < len(rest) {
			if rest[at].word == "," {
				at++
				continue
			}
			_, end, ok := t.lang.fillers[Name].at(rest, at)
			if !ok {
				break
			}
			at = end
		}
		if at == len(rest) {
			return words[:n]
		}
	}
	return words
}

// strange says whether a word cannot be part of a name.
func (t *text) strange(words []token) bool {
	for i, w := range words {
		switch {
		case w.word == ",":
			continue
		case w.kind != letters, t.counts(w.word), utf8.RuneCountInString(w.word) > 40:
			return true
		case strings.Trim(w.word, ".-") == "":
			return true
		}
		if _, _, no := t.lang.notNames.at(words, i); no && !t.lang.particles[w.word] && t.lang.and[w.word] == nil {
			return true
		}
	}
	return len(words) == 1 && utf8.RuneCountInString(strings.Trim(words[0].word, ".")) < 2
}

// counts says whether a word is a number or the name of a weekday, which answers another question.
func (t *text) counts(word string) bool {
	_, number := t.lang.numbers[word]
	_, weekday := t.lang.weekdays[word]
	return number && !t.lang.particles[word] || weekday
}

// partedByAnd parts two names: "Ann and Ben". A particle that is also "and" stays inside a name.
func (t *text) partedByAnd(words []token) [][]token {
	parts := [][]token{nil}
	for i, w := range words {
		if w.word == "," || t.lang.and[w.word] != nil && i > 0 && i < len(words)-1 {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], w)
	}
	return slices.DeleteFunc(parts, func(p []token) bool { return len(p) == 0 })
}

// written is a name as the person wrote it; all small or all capital letters become a name's usual ones.
func (t *text) written(words []token) string {
	parts := make([]string, len(words))
	for i, w := range words {
		part := strings.Trim(t.raw[w.from:w.to], "-")
		part = strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) || strings.ContainsRune("-.'’", r) {
				return r
			}
			return -1
		}, part)
		if utf8.RuneCountInString(part) > 3 {
			part = strings.TrimRight(part, ".")
		}
		switch {
		case part == strings.ToLower(part) && i > 0 && i < len(words)-1 && t.lang.particles[w.word]:
		case part == strings.ToLower(part), part == strings.ToUpper(part):
			part = titled(part)
		}
		parts[i] = part
	}
	return strings.Join(parts, " ")
}

func titled(word string) string {
	var b strings.Builder
	first := true
	for _, r := range strings.ToLower(word) {
		if first {
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
		first = strings.ContainsRune("-'’", r)
	}
	return b.String()
}

func capital(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsUpper(r)
}
