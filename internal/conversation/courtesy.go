package conversation

import (
	"slices"
	"strings"
	"unicode"
)

// isCourtesy says whether a text is thanks and nothing else: a few words, each of them polite, or only signs such as a
// thumb. A question is never one.
func isCourtesy(text string) bool {
	if len(text) > 80 || strings.ContainsAny(text, "?¿") {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && r != '\''
	})
	if len(words) == 0 {
		return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.So, r) })
	}
	if len(words) > 8 {
		return false
	}
	polite := strings.Fields(`a all alright amazing and appreciate appreciated awesome bye cheers cool danke day fine for gracias
		good got grazie great have i it lot love lovely luck merci many mille much nice no ok okay perfect perfetto problem really
		so super thank thanks that that's thats the thx tks ty u very vielen welcome well will wonderful worries yay you your
		your're you're yours help muchas obrigado obrigada`)
	core := strings.Fields(`appreciate appreciated awesome bye cheers cool danke gracias grazie great merci nice ok okay obrigado
		obrigada perfect perfetto thank thanks thx tks ty wonderful lovely amazing alright`)
	thanked := false
	for _, w := range words {
		if !slices.Contains(polite, w) {
			return false
		}
		thanked = thanked || slices.Contains(core, w)
	}
	return thanked
}
