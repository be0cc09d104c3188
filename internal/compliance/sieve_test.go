package compliance

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// every has all rules run, as if there were no sieve.
const every = ^uint64(0)

// patterns are those of the table, in a form from which texts can be made up.
func patterns(r *Rules) []string {
	plain := strings.NewReplacer(`\b`, "", `^`, "", `$`, "", `(?i)`, "")
	list := []string{r.lint.optOut.String(), r.lint.ask.String(), r.lint.numeric.String()}
	for _, f := range r.lint.forbidden {
		list = append(list, f.re.String())
	}
	for i := range list {
		list[i] = strings.ReplaceAll(plain.Replace(list[i]), `[\s]`, `[ ]`)
	}
	return list
}

// otherCase writes some letters in another case, also in those that only a folding reader knows.
func otherCase(t *rapid.T, text string) string {
	how := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 12).Draw(t, "case")
	var out strings.Builder
	i := 0
	for _, r := range text {
		for range how[i%len(how)] / 2 {
			r = unicode.SimpleFold(r)
		}
		out.WriteRune(r)
		i++
	}
	return out.String()
}

func TestTheSieveHidesNoFinding(t *testing.T) {
	r := rules(t)
	var made []*rapid.Generator[string]
	for _, p := range patterns(r) {
		made = append(made, rapid.StringMatching(p))
	}
	made = append(made,
		rapid.SampledFrom([]string{"see bit.ly/x", "WWW.TinyURL.com", "t.ly.", "we are in town", "your", "Fashion Era", "\xff", "é", "ſ", "\u212a", "\xc5", "0"}),
		rapid.SampledFrom([]string{"Reply STOP to opt out", "reply 9 to unsubscribe", "Text YES", "answer 'HELP' for help", "responda STOP", "Cancel"}),
		rapid.StringN(0, 12, -1))
	found := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for range rapid.IntRange(1, 5).Draw(t, "pieces") {
			text.WriteString(otherCase(t, rapid.OneOf(made...).Draw(t, "piece")))
			text.WriteString(rapid.SampledFrom([]string{" ", ", ", "", "\n", ". ", "-"}).Draw(t, "between"))
		}
		d := Draft{Text: text.String(), Purpose: "marketing", Brand: "Fashion Era", FirstMessage: rapid.Bool().Draw(t, "first"), Now: lintNow}
		got, want := r.Lint(d), r.lintFor(d, every)
		if !slices.Equal(got, want) {
			t.Fatalf("%q:\n%+v, without the sieve\n%+v", d.Text, got, want)
		}
		for _, f := range want {
			topic, _, _ := strings.Cut(f.Text[strings.LastIndex(f.Text[:max(0, strings.Index(f.Text, ", which carriers"))], `"`)+1:], ", which")
			found[f.Code+topic]++
		}
	})
	for _, code := range []string{"reserved_word", "numeric_opt_out", "public_shortener", "brand_missing", "opt_out_notice_missing"} {
		if !slices.ContainsFunc(keysOf(found), func(k string) bool { return strings.HasPrefix(k, code) }) {
			t.Errorf("%s was never found, so nothing is proven for it: %v", code, found)
		}
	}
	for _, f := range r.lint.forbidden {
		if found["forbidden_content reads as "+f.Topic] == 0 {
			t.Errorf("%s was never found, so nothing is proven for it: %v", f.Topic, found)
		}
	}
}

func keysOf(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

func FuzzTheSieveHidesNoFinding(f *testing.F) {
	r := rules(f)
	for _, text := range []string{"Reply CANCEL to cancel", "see BIT.LY/x", "caſino night", "Ko\u212aer", "po\u212aer", "Text 9 to stop", "\xffvape\xff", "fre\xc5\xbf"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := Draft{Text: text, Purpose: "marketing", Brand: "B", FirstMessage: true, Now: lintNow}
		if got, want := r.Lint(d), r.lintFor(d, every); !slices.Equal(got, want) {
			t.Fatalf("%q:\n%+v, without the sieve\n%+v", text, got, want)
		}
	})
}

func TestMostTextsRunNoRule(t *testing.T) {
	r := rules(t)
	for _, text := range []string{
		"Hi Anna, the new coats are in. See yours: https://go.fashion-era.example/NY/000123",
		"Your parcel left us this morning; it is on its way.", "Welcome to Fashion Era, 00123. Your code is WELCOME10.",
	} {
		if hits := r.lint.sieve.run(text); hits != 0 {
			t.Errorf("%q: the rules %b are run in vain", text, hits)
		}
	}
}

func TestWordsThatAPatternNeedsAreInWhateverItMatches(t *testing.T) {
	for _, pattern := range []string{
		"a", "abc|abd", "(?:ab)+c", "x?yz", "n[i1]gg(?:er|a)s?", "100%\\s+free", "work\\s+from", "[a-c]d", "(?:a|)b", "(?:reply|text)\\s*(stop|y)",
		"arr[eê]t", "éab|cd", "a{2,3}", "(?:cat|dog)fish?", "delta[\\s-]?[89]", "e-?cig(?:arette)?s?", "(?:ab|c)(?:de|f)(?:gh|i)", "[^a]bc", "q.*r",
	} {
		words, err := needed("(?i)" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		if len(words) == 0 {
			t.Errorf("%s: no words are known", pattern)
		}
		texts := rapid.StringMatching(pattern)
		rapid.Check(t, func(t *rapid.T) {
			text := strings.ToLower(otherCase(t, texts.Draw(t, "text")))
			text = strings.NewReplacer("ſ", "s", "\u212a", "k").Replace(text)
			if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) }) {
				t.Fatalf("%q matches %s and holds none of %q", text, pattern, words)
			}
		})
	}
	for _, pattern := range []string{"", "a?", "a*", "é", ".", "a|", "[a-z]", "(?:x|é)"} {
		if words, err := needed(pattern); err != nil || words != nil {
			t.Errorf("%q: %q, %v; a match may hold none of them", pattern, words, err)
		}
	}
}

func TestCaseIsFoldedLikeInPatterns(t *testing.T) {
	for r := rune(1); r <= unicode.MaxRune; r++ {
		want := byte(0)
		for other, n := r, 0; n < 5; other, n = unicode.SimpleFold(other), n+1 {
			if other < unicode.MaxASCII+1 {
				want = byte(unicode.ToLower(other))
			}
		}
		if got := asciiCase(r); got != want {
			t.Fatalf("%U: %q, want %q", r, got, want)
		}
	}
}

func TestTheSieveFindsWordsInWords(t *testing.T) {
	s, err := newSieve(map[uint64][]string{1: {"he", "hers"}, 2: {"she"}, 4: {"his", "ers"}, 8: nil})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]uint64{"": 8, "USHERS": 15, "ſhe": 11, "hi s": 8, "xhise": 12, "h\xffe": 8, "sheher": 11} {
		if got := s.run(text); got != want {
			t.Errorf("%q: %b, want %b", text, got, want)
		}
	}
}

func BenchmarkLint(b *testing.B) {
	r := rules(b)
	for name, text := range map[string]string{"plain": "Hi Anna, the new coats are in. See yours: https://go.fashion-era.example/NY/000123",
		"with STOP": "Fashion Era: Hi Anna, the new coats are in. See yours: https://go.fashion-era.example/NY/000123 Reply STOP to opt out."} {
		d := Draft{Text: text, Brand: "Fashion Era", Purpose: "marketing", FirstMessage: true, Now: lintNow}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r.Lint(d)
			}
		})
		b.Run(name+", every rule", func(b *testing.B) {
			for b.Loop() {
				r.lintFor(d, every)
			}
		})
	}
}
