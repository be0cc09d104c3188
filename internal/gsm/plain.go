package gsm

import (
	"strings"
	"unicode/utf8"
)

// Plain replaces the characters that nobody typed on purpose (curly quotes, dashes, ellipsis, special spaces,
// invisible marks) by what GSM-7 has, and joins accents pasted apart from their letter. When the text would stay
// UCS-2 all the same, nothing is won, and it comes back as it was. Plain(Plain(x)) == Plain(x).
func Plain(text string) string {
	if Writable(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		next, width := utf8.DecodeRuneInString(text[i:])
		if whole, ok := compose(r, next); ok {
			r = whole
			i += width
		}
		if septets(r) > 0 {
			b.WriteRune(r)
			continue
		}
		plain, safe := accidental(r)
		if !safe {
			return text
		}
		b.WriteString(plain)
	}
	return b.String()
}

// accidental is what stands for a character that carries no meaning of its own; ok is false for all others.
func accidental(r rune) (plain string, ok bool) {
	if r == 0x7f || r < ' ' && r != '\t' && septets(r) == 0 {
		return "", true // a control character
	}
	if selector(r) {
		return "", true
	}
	c, known := characters[r]
	return c.plain, known && c.safe
}

// firstSelector is VARIATION SELECTOR-1; there are sixteen. They choose between the looks of a character.
const firstSelector = 0xfe00

func selector(r rune) bool { return r >= firstSelector && r < firstSelector+16 }

// compose joins a letter and a combining mark into a letter of the alphabet, as normalisation form C would.
func compose(base, mark rune) (rune, bool) {
	if mark < 0x0300 || mark > 0x0327 {
		return 0, false
	}
	at := strings.Index(composed, string(base)+string(mark))
	if at < 0 {
		return 0, false
	}
	whole, _ := utf8.DecodeRuneInString(composed[at+utf8.RuneLen(base)+utf8.RuneLen(mark):])
	return whole, true
}

// composed lists base, mark and whole for each accented letter of the default alphabet.
const composed = "e\u0300è" + "e\u0301é" + "u\u0300ù" + "i\u0300ì" + "o\u0300ò" + "C\u0327Ç" + "A\u030aÅ" + "a\u030aå" +
	"E\u0301É" + "A\u0308Ä" + "O\u0308Ö" + "N\u0303Ñ" + "U\u0308Ü" + "a\u0308ä" + "o\u0308ö" + "n\u0303ñ" + "u\u0308ü" + "a\u0300à"
