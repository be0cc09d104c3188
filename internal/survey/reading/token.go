package reading

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// token is a word, a run of figures, or one sign.
type token struct {
	word     string // lower case, without accents and apostrophes; figures as 0-9
	kind     kind
	glued    bool // no space before it
	from, to int  // bytes of the text
}

type kind int

const (
	letters kind = iota
	figures
	sign
)

// tokenize parts a text into tokens. Marks that change only the look (skin tones, variation selectors, key caps,
// joiners) and apostrophes are dropped.
func tokenize(text string) []token {
	var out []token
	glued := false
	for at, r := range text {
		_, size := utf8.DecodeRuneInString(text[at:])
		to := at + size
		switch {
		case unicode.IsSpace(r):
			glued = false
			continue
		case dropped(r):
			if n := len(out); n > 0 && out[n-1].to == at && out[n-1].kind == letters {
				out[n-1].to = to // the mark of a letter belongs to its word
			}
			continue
		}
		word, kind := fold(r)
		if n := len(out); n > 0 && glued && kind != sign && out[n-1].kind == kind {
			out[n-1].word += word
			out[n-1].to = to
			continue
		}
		out = append(out, token{word, kind, glued, at, to})
		glued = true
	}
	return out
}

func dropped(r rune) bool {
	return strings.ContainsRune("'’‘`´ʼ", r) || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Sk, unicode.Cc)
}

// fold is a rune as it is compared.
func fold(r rune) (string, kind) {
	if r >= 0xff01 && r <= 0xff5e { // full-width forms of ASCII
		r -= 0xfee0
	}
	if r >= '0' && r <= '9' {
		return string(r), figures
	}
	if !unicode.IsLetter(r) {
		switch r {
		case '–', '—', '‐', '‑', '−':
			r = '-'
		case '…':
			r = '.'
		}
		return string(r), sign
	}
	switch r = unicode.ToLower(r); r {
	case 'ß':
		return "ss", letters
	case 'æ':
		return "ae", letters
	case 'œ':
		return "oe", letters
	case 'ø':
		return "o", letters
	case 'ł':
		return "l", letters
	case 'đ':
		return "d", letters
	}
	var b strings.Builder
	for _, part := range norm.NFD.String(string(r)) {
		if !unicode.Is(unicode.Mn, part) {
			b.WriteRune(part)
		}
	}
	return b.String(), letters
}

// plain are the words of tokens, signs left out unless they carry a meaning of their own (emoji).
func plain(ts []token) []string {
	var out []string
	for _, t := range ts {
		if !t.punctuation() {
			out = append(out, t.word)
		}
	}
	return out
}

// punctuation says whether a token only orders the text.
func (t token) punctuation() bool {
	return t.kind == sign && strings.ContainsAny(t.word, `.,;:!?¡¿-/()[]{}"“”„«»*_~+&#<>|\=%°…`)
}

// is says whether a sign stands at i, glued to what is before it.
func is(ts []token, i int, signs string) bool {
	return i < len(ts) && ts[i].kind == sign && ts[i].glued && strings.Contains(signs, ts[i].word)
}

// figuresAt says whether figures stand at i, at least and at most so many.
func figuresAt(ts []token, i, least, most int) bool {
	return i >= 0 && i < len(ts) && ts[i].kind == figures && len(ts[i].word) >= least && len(ts[i].word) <= most
}

// distance is the number of slips (a letter more, less, other, or two swapped) between two short words, at most 3.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y)+2 || len(y) > len(x)+2 || len(x) > 40 {
		return 3
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(y)], 3)
}

// slips is how many slips are forgiven in a word.
func slips(word string) int {
	switch n := len([]rune(word)); {
	case n < 4:
		return 0
	case n < 8:
		return 1
	}
	return 2
}
