package compliance

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// slowTokens reads a text rune by rune, one word at a time: the plain form of lexicon.tokens.
func slowTokens(l *lexicon, text string) []string {
	var words []string
	word := ""
	flush := func() {
		if word != "" {
			words = append(words, word)
			word = ""
		}
	}
	for _, r := range text {
		switch plain := fold(r); {
		case plain == "":
		case plain == " ":
			flush()
		case plain == boundary, plain == stopSign, plain == "🖕":
			flush()
			if plain != boundary || len(words) > 0 && words[len(words)-1] != boundary {
				words = append(words, plain)
			}
		default:
			word += plain
		}
	}
	flush()
	var out []string
	for _, one := range words {
		if name, ok := l.aliases[one]; ok {
			one = name
		}
		if len(out) > 0 {
			if name, ok := l.aliases[out[len(out)-1]+" "+one]; ok {
				out[len(out)-1] = name
				continue
			}
		}
		out = append(out, one)
	}
	return out
}

func TestWordsAreReadAsTheSlowReaderReadsThem(t *testing.T) {
	r := rules(t)
	pieces := []string{"stop", "STOP", "🛑", "🖕", ".", "..", "...", " ", "'", "don’t", "é", "ß", "Œ", "ＳＴＯＰ", "\u200b", "\xff", "u", "r", "4", "\n", "-", "É\u0301", "ｘ", "", "!?"}
	for alias := range r.words.aliases {
		pieces = append(pieces, alias)
	}
	slices.Sort(pieces)
	renamed := 0
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 4, -1)), 0, 12).Draw(t, "pieces")
		text := strings.Join(list, rapid.SampledFrom([]string{"", " ", ". "}).Draw(t, "between"))
		got, want := r.words.tokens(text), slowTokens(&r.words, text)
		if !slices.Equal(got, want) {
			t.Fatalf("%q is read as %q, want %q", text, got, want)
		}
		for _, w := range want {
			if !strings.Contains(strings.ToLower(text), w) {
				renamed++
			}
		}
	})
	if renamed == 0 {
		t.Error("no alias was read, so nothing is proven for them")
	}
}
