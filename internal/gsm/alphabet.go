package gsm

import (
	"strings"
	"unicode/utf8"
)

// The GSM 7-bit default alphabet in the order of its codes 0x00..0x7F (3GPP TS 23.038 section 6.2.1).
const defaultAlphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// The extension table (section 6.2.1.1), code and character in turn. Each is sent as escape + code.
const extension = "\x0a\f\x14^\x28{\x29}\x2f\\\x3c[\x3d~\x3e]\x40|\x65€"

const (
	escape   = 0x1b
	unknown  = 0xff // no code
	extended = 0x80 // flag on a code: it follows an escape
	highest  = '€'  // no character of either table lies beyond it
	lastLow  = 'Ω'  // ... and between this one and highest there is none
)

// codes maps the characters up to lastLow to their code; decoded maps codes back. Both are built once from the
// two tables above and never written again.
var (
	codes, decoded = buildTables()
)

func buildTables() (codes [lastLow + 1]byte, decoded [256]rune) {
	for i := range codes {
		codes[i] = unknown
	}
	for i := range decoded {
		decoded[i] = utf8.RuneError
	}
	code := byte(0)
	for _, r := range defaultAlphabet {
		if r != escape {
			codes[r], decoded[code] = code, r
		}
		code++
	}
	pairs := []rune(extension)
	for i := 0; i < len(pairs); i += 2 {
		c := byte(pairs[i]) | extended
		decoded[c] = pairs[i+1]
		if pairs[i+1] <= lastLow {
			codes[pairs[i+1]] = c
		}
	}
	return codes, decoded
}

// code is the septet of a character, with the extended flag when it needs an escape, or unknown.
func code(r rune) byte {
	switch {
	case uint32(r) <= lastLow:
		return codes[r]
	case r == highest:
		return 0x65 | extended
	}
	return unknown
}

// septets is how many septets a character takes: 1, 2 with its escape, or 0 when GSM-7 cannot write it.
func septets(r rune) int {
	switch c := code(r); {
	case c == unknown:
		return 0
	case c&extended != 0:
		return 2
	}
	return 1
}

// Writable says whether GSM-7 can write the whole text.
func Writable(text string) bool {
	for _, r := range text {
		if septets(r) == 0 {
			return false
		}
	}
	return true
}

// Encode appends the text to dst as GSM 7-bit codes, one septet an octet, as SMPP carries it with data_coding 0.
// ok is false, and dst comes back as it was, when a character is not in the alphabet.
func Encode(dst []byte, text string) (out []byte, ok bool) {
	out = dst
	for _, r := range text {
		c := code(r)
		switch {
		case c == unknown:
			return dst, false
		case c&extended != 0:
			out = append(out, escape, c&^extended)
		default:
			out = append(out, c)
		}
	}
	return out, true
}

// Decode reads GSM 7-bit codes, one septet an octet. As section 6.2.1.1 asks, an escape before a code that the
// extension table does not have shows that code's character of the default table, and an escape before another
// escape or at the end shows a space. Octets over 0x7F are not septets and become U+FFFD.
func Decode(septets []byte) string {
	var b strings.Builder
	b.Grow(len(septets))
	for i := 0; i < len(septets); i++ {
		c := septets[i]
		switch {
		case c&extended != 0:
			b.WriteRune(utf8.RuneError)
		case c != escape:
			b.WriteRune(decoded[c])
		case i+1 == len(septets) || septets[i+1] == escape:
			b.WriteByte(' ')
			i++
		default:
			i++
			b.WriteRune(decodeExtended(septets[i]))
		}
	}
	return b.String()
}

func decodeExtended(c byte) rune {
	if r := decoded[c|extended]; r != utf8.RuneError {
		return r
	}
	if c&extended != 0 {
		return utf8.RuneError
	}
	return decoded[c]
}
