package gsm

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Pack appends septets (one an octet) to dst, eight in seven octets (3GPP TS 23.038 section 6.1.2). fill is the
// number of zero bits put first, which aligns the septets after a user data header: 0 to 6.
func Pack(dst, septets []byte, fill int) []byte {
	acc, bits := uint(0), fill
	for _, s := range septets {
		acc |= uint(s&0x7f) << bits
		for bits += 7; bits >= 8; bits -= 8 {
			dst = append(dst, byte(acc))
			acc >>= 8
		}
	}
	if bits > 0 {
		dst = append(dst, byte(acc))
	}
	return dst
}

// Unpack appends n septets, one an octet, read from packed octets after fill bits. It stops early when the octets
// run out: n is what a header claims, and a header may lie.
func Unpack(dst, packed []byte, fill, n int) []byte {
	for i := 0; i < n; i++ {
		at := fill + 7*i
		if at+7 > 8*len(packed) {
			break
		}
		pair := uint(packed[at/8])
		if at/8+1 < len(packed) {
			pair |= uint(packed[at/8+1]) << 8
		}
		dst = append(dst, byte(pair>>(at%8))&0x7f)
	}
	return dst
}

// EncodeLatin1 appends the text as ISO-8859-1; ok is false, and dst unchanged, when a character is beyond U+00FF.
func EncodeLatin1(dst []byte, text string) (out []byte, ok bool) {
	out = dst
	for _, r := range text {
		if r > 0xff {
			return dst, false
		}
		out = append(out, byte(r))
	}
	return out, true
}

// DecodeLatin1 reads ISO-8859-1. Every octet is a character, so it cannot fail.
func DecodeLatin1(octets []byte) string {
	var b strings.Builder
	b.Grow(len(octets))
	for _, c := range octets {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// EncodeUCS2 appends the text as big-endian UTF-16. The letter of the standard is UCS-2, which has no pairs;
// every handset of this century reads the surrogate pairs of UTF-16.
func EncodeUCS2(dst []byte, text string) []byte {
	for _, r := range text {
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			dst = append(dst, byte(hi>>8), byte(hi), byte(lo>>8), byte(lo))
			continue
		}
		dst = append(dst, byte(r>>8), byte(r))
	}
	return dst
}

// DecodeUCS2 reads big-endian UTF-16. A lone half of a pair and a last odd octet become U+FFFD.
func DecodeUCS2(octets []byte) string {
	var b strings.Builder
	b.Grow(len(octets))
	for len(octets) >= 2 {
		r := rune(octets[0])<<8 | rune(octets[1])
		octets = octets[2:]
		if utf16.IsSurrogate(r) && len(octets) >= 2 {
			if pair := utf16.DecodeRune(r, rune(octets[0])<<8|rune(octets[1])); pair != utf8.RuneError {
				r, octets = pair, octets[2:]
			}
		}
		b.WriteRune(r) // a lone surrogate is written as U+FFFD
	}
	if len(octets) > 0 {
		b.WriteRune(utf8.RuneError)
	}
	return b.String()
}
