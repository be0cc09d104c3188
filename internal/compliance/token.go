package compliance

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// boundary stands between clauses in a list of tokens; stopSign is the one emoji that is a word.
const (
	boundary = "."
	stopSign = "🛑"
)

// tokens are the words of a text as people mean them: lower case, without accents, apostrophes, emoji and
// punctuation, abbreviations written out, with a boundary between clauses.
func (l *lexicon) tokens(text string) []string {
	w := writing{plain: make([]byte, 0, len(text)), ends: make([]int, 0, len(text)/4+1)}
	for _, r := range text {
		if r < utf8.RuneSelf {
			w.write(l.ascii[r])
		} else {
			w.write(fold(r))
		}
	}
	w.flush()
	return l.rename(w.words())
}

// writing is a text on its way to words, one behind the other.
type writing struct {
	plain []byte
	ends  []int // of the words in plain
	apart bool  // the last word is a boundary
}

// write adds what fold made of a character.
func (w *writing) write(plain string) {
	switch plain {
	case "":
	case " ":
		w.flush()
	case boundary, stopSign, "🖕":
		w.flush()
		if plain == boundary && (w.apart || len(w.ends) == 0) {
			return
		}
		w.plain = append(w.plain, plain...)
		w.flush()
		w.apart = plain == boundary
	default:
		w.plain = append(w.plain, plain...)
	}
}

// flush ends a word, if one has begun.
func (w *writing) flush() {
	if n := len(w.plain); n > w.start() {
		w.ends = append(w.ends, n)
		w.apart = false
	}
}

// start is where the present word begins.
func (w *writing) start() int {
	if len(w.ends) == 0 {
		return 0
	}
	return w.ends[len(w.ends)-1]
}

func (w *writing) words() []string {
	all, from := string(w.plain), 0
	out := make([]string, len(w.ends))
	for i, end := range w.ends {
		out[i], from = all[from:end], end
	}
	return out
}

// rename puts the word meant in the place of one or two words written.
func (l *lexicon) rename(words []string) []string {
	out := words[:0]
	for i := 0; i < len(words); i++ {
		one := words[i]
		if name, ok := l.aliases[one]; ok {
			one = name
		}
		if len(out) > 0 && l.begins[out[len(out)-1]] {
			if name, ok := l.aliases[out[len(out)-1]+" "+one]; ok {
				out[len(out)-1] = name
				continue
			}
		}
		out = append(out, one)
	}
	return out
}

// fold is a rune as the matcher sees it: "" to drop it, " " to part words, boundary to part clauses.
func fold(r rune) string {
	if r >= 0xff01 && r <= 0xff5e { // full-width forms of ASCII
		r -= 0xfee0
	}
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return string(r)
	case r >= 'A' && r <= 'Z':
		return string(r + 'a' - 'A')
	case r == '🛑', r == '🖕':
		return string(r)
	case strings.ContainsRune("'’‘`´ʼ", r), unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Sk, r):
		return ""
	case strings.ContainsRune(".,;:!?¡¿…—–\n\r。！？", r):
		return boundary
	}
	r = unicode.ToLower(r)
	if at := strings.IndexRune(accented, r); at >= 0 {
		return plainOf(accented[:at])
	}
	switch {
	case r == 'ß':
		return "ss"
	case r == 'œ':
		return "oe"
	case r == 'æ':
		return "ae"
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return string(r)
	}
	return " "
}

// accented lists letters by the plain letter they stand for, which comes first in its group in capitals.
const accented = "AàáâãäåāăąCçćĉčDďđEèéêëēėęěGğIìíîïīįıLłĺľNñńňOòóôõöøōőRřSśşšșTťţțUùúûüūůűYýÿZźżž"

func plainOf(before string) string {
	at := strings.LastIndexAny(before, "ACDEGILNORSTUYZ")
	return strings.ToLower(before[at : at+1])
}

// unquote drops what a tapback quotes: "Liked “Reply STOP to opt out”" says nothing about stopping.
func (l *lexicon) unquote(text string) string {
	from := strings.IndexAny(text, "“\"«")
	if from < 0 {
		return text
	}
	for _, w := range l.tokens(text[:from]) {
		if l.tapbacks[w] {
			to := strings.LastIndexAny(text, "”\"»")
			if to <= from {
				return text[:from]
			}
			return text[:from] + text[to:]
		}
	}
	return text
}

// cut keeps the beginning and the end of a long text.
func cut(text string) string {
	if len(text) <= maxHead+maxTail {
		return text
	}
	runes := []rune(text)
	if len(runes) <= maxHead+maxTail {
		return text
	}
	return string(runes[:maxHead]) + "\n" + string(runes[len(runes)-maxTail:])
}

// squeeze takes stretched letters out of a word: "stooopp" is "stop". A double letter inside stays, or "stoop" would be.
func squeeze(word string) string {
	var out []byte
	for i := 0; i < len(word); {
		run := i
		for run < len(word) && word[run] == word[i] {
			run++
		}
		keep := run - i
		if keep > 2 || run == len(word) {
			keep = 1
		}
		out = append(out, word[i:i+keep]...)
		i = run
	}
	return string(out)
}

// distance is the number of slips (a letter more, less, other, or two swapped) between two short words.
func distance(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return 3
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			best := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				best = min(best, rows[i-2][j-2]+1)
			}
			rows[i][j] = best
		}
	}
	return rows[len(a)][len(b)]
}
