package gsm

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Culprit is a character that GSM-7 cannot write and that makes the whole text UCS-2.
type Culprit struct {
	Rune       rune   `json:"rune"`       // the code point
	Index      int    `json:"index"`      // UTF-16 units before it, which is how a browser indexes the text
	Name       string `json:"name"`       // its Unicode name, or U+XXXX
	Suggestion string `json:"suggestion"` // what to write instead; "" with Safe means leave it out
	Safe       bool   `json:"safe"`       // no meaning is lost: Plain makes this change if it makes the text GSM-7
}

// character is what is known of a character outside GSM-7.
type character struct {
	name  string
	plain string
	safe  bool
}

// culprits lists every occurrence.
func culprits(text string) []Culprit {
	var found []Culprit
	index, before := 0, rune(0)
	for _, r := range text {
		if septets(r) == 0 {
			found = append(found, describe(before, r, index))
		}
		index += utf16Units(r)
		before = r
	}
	return found
}

// describe looks r up. A combining mark that forms a letter of the alphabet with the character before it suggests
// that letter, for both.
func describe(before, r rune, index int) Culprit {
	culprit := Culprit{Rune: r, Index: index}
	culprit.Suggestion, culprit.Safe = accidental(r)
	c, known := characters[r]
	switch {
	case known:
		culprit.Name, culprit.Suggestion = c.name, c.plain
	case selector(r):
		culprit.Name = fmt.Sprintf("VARIATION SELECTOR-%d", r-firstSelector+1)
	default:
		culprit.Name, culprit.Suggestion = letter(r)
	}
	if whole, ok := compose(before, r); ok {
		culprit.Suggestion, culprit.Safe = string(whole), true
	}
	return culprit
}

// letter names an accented Latin letter and suggests the bare one; anything else is named by its code point.
func letter(r rune) (name, bare string) {
	for _, accent := range accents {
		at := strings.IndexRune(accent.letters, r)
		if at < 0 {
			continue
		}
		base, _ := utf8.DecodeLastRuneInString(accent.letters[:at])
		size := "SMALL"
		if base <= 'Z' {
			size = "CAPITAL"
		}
		return fmt.Sprintf("LATIN %s LETTER %s WITH %s", size, strings.ToUpper(string(base)), accent.name), string(base)
	}
	return fmt.Sprintf("U+%04X", r), ""
}
