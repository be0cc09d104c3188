package compliance

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func rules(t testing.TB) *Rules {
	t.Helper()
	r, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type goldenText struct {
	Text     string   `json:"text"`
	Kind     Kind     `json:"kind"`
	Language string   `json:"language"`
	Pending  bool     `json:"pending"`
	Provider string   `json:"provider"`
	Join     []string `json:"join"`
}

func goldenTexts(t testing.TB) []goldenText {
	t.Helper()
	raw, err := os.ReadFile("testdata/words.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []goldenText
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// every phrase of the golden table is read as a reasonable person would.
func TestEveryGoldenPhraseIsReadAsAReasonablePersonWould(t *testing.T) {
	r := rules(t)
	seen := map[Kind]int{}
	for _, g := range goldenTexts(t) {
		in := r.Classify(g.Text, WordContext{g.Language, g.Pending, g.Provider, g.Join})
		seen[g.Kind]++
		if in.Kind != g.Kind {
			t.Errorf("%q is %s, want %s (by %q)", g.Text, in.Kind, g.Kind, in.Matcher)
		}
		if (in.Kind == None) != (in.Matcher == "") || in.Confidence < 0 || in.Confidence > 100 {
			t.Errorf("%q: evidence %+v is not whole", g.Text, in)
		}
	}
	if seen[Stop] < 250 || seen[None] < 100 || seen[Review] < 40 {
		t.Errorf("the table is too small to prove anything: %v", seen)
	}
	t.Logf("golden table: %v", seen)
}

// surroundings never change a per-se keyword.
func TestSpacePunctuationCaseAndEmojiNeverHideAKeyword(t *testing.T) {
	r := rules(t)
	noise := rapid.SliceOfN(rapid.SampledFrom([]string{" ", "\t", "\n", ".", "!", "?", ",", "\"", "'", "*", "-", "😡", "🙏🏽", "\u200d", "🛑", "(", ")", "…"}), 0, 6)
	rapid.Check(t, func(t *rapid.T) {
		keyword := rapid.SampledFrom([]string{"stop", "stop all", "stopall", "quit", "end", "revoke", "opt out", "opt-out", "optout", "cancel", "unsubscribe", "remove", "arret", "td"}).Draw(t, "keyword")
		var mixed strings.Builder
		for _, c := range keyword {
			if rapid.Bool().Draw(t, "upper") {
				mixed.WriteString(strings.ToUpper(string(c)))
			} else {
				mixed.WriteRune(c)
			}
		}
		text := strings.Join(noise.Draw(t, "before"), "") + mixed.String() + strings.Join(noise.Draw(t, "after"), "")
		if in := r.Classify(text, WordContext{}); in.Kind != Stop {
			t.Fatalf("%q is %s by %q", text, in.Kind, in.Matcher)
		}
	})
}

// I13: whatever the context says, a revocation stays one.
func TestNoContextTurnsARevocationIntoAnythingElse(t *testing.T) {
	r := rules(t)
	for _, g := range goldenTexts(t) {
		if g.Kind != Stop || g.Language != "" || g.Provider != "" {
			continue
		}
		for _, provider := range []string{"", "START", "HELP", "STOP", "nonsense"} {
			ctx := WordContext{DoubleOptInPending: true, ProviderOptOut: provider, JoinKeywords: []string{g.Text, "STOP", "YES"}}
			if in := r.Classify(g.Text, ctx); in.Kind != Stop {
				t.Errorf("%q with provider %q is %s", g.Text, provider, in.Kind)
			}
		}
	}
}

func TestALongTextIsReadAtBothEndsAndQuickly(t *testing.T) {
	r := rules(t)
	filler := strings.Repeat("the weather in the mountains was lovely and we bought a lot of things. ", 3000)
	for _, text := range []string{"please stop texting me " + filler, filler + " please stop texting me"} {
		if in := r.Classify(text, WordContext{}); in.Kind != Stop {
			t.Errorf("a long text is %s by %q", in.Kind, in.Matcher)
		}
	}
	start := time.Now()
	r.Classify(strings.Repeat("stop not dont send me the ", 100000), WordContext{})
	if took := time.Since(start); took > time.Second {
		t.Errorf("a hostile text of 2.6 MB took %v", took)
	}
}

func FuzzClassifyNeverPanicsAndAlwaysAnswers(f *testing.F) {
	for _, g := range goldenTexts(f)[:60] {
		f.Add(g.Text, g.Language, g.Provider, g.Pending)
	}
	f.Add("\xff\xfe stop", "\xff", "stop", true)
	r := rules(f)
	f.Fuzz(func(t *testing.T, text, language, provider string, pending bool) {
		in := r.Classify(text, WordContext{Language: language, ProviderOptOut: provider, DoubleOptInPending: pending, JoinKeywords: []string{text}})
		switch in.Kind {
		case None, Stop, Start, Help, Yes, Review:
		default:
			t.Fatalf("kind %q", in.Kind)
		}
		if !utf8.ValidString(in.Matcher) {
			t.Fatalf("matcher %q is not text", in.Matcher)
		}
	})
}

func BenchmarkClassify(b *testing.B) {
	r := rules(b)
	for b.Loop() {
		r.Classify("Hi, can you tell me whether the blue jacket comes in size 8 and when it would arrive?", WordContext{})
	}
}
