package gsm

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vectors is testdata/vectors.json, which the browser's twin of this package reads too.
type vectors struct {
	Counts []struct {
		Name     string
		Text     [][2]any // [text, times]
		Limits   Limits
		Encoding Encoding
		Units    int
		Segments int
		Parts    []int
		Culprits []Culprit
	}
	Plain      [][2]string
	Characters [][4]any // code point, name, suggestion, safe
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func repeated(pieces [][2]any) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(strings.Repeat(p[0].(string), int(p[1].(float64))))
	}
	return b.String()
}

func TestCountAgreesWithTheVectors(t *testing.T) {
	for _, v := range readVectors(t).Counts {
		t.Run(v.Name, func(t *testing.T) {
			text := repeated(v.Text)
			got := Count(text, v.Limits)
			if got.Encoding != v.Encoding || got.Units != v.Units || got.Segments != v.Segments {
				t.Errorf("Count = %s, %d units, %d segments; want %s, %d, %d",
					got.Encoding, got.Units, got.Segments, v.Encoding, v.Units, v.Segments)
			}
			if v.Culprits != nil {
				if diff := cmp.Diff(v.Culprits, got.Culprits); diff != "" {
					t.Errorf("culprits (-want +got):\n%s", diff)
				}
			}
			units := []int{}
			for _, p := range Split(text, v.Limits) {
				units = append(units, p.Units)
			}
			if diff := cmp.Diff(v.Parts, units); diff != "" {
				t.Errorf("units of the parts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlainAgreesWithTheVectors(t *testing.T) {
	for _, v := range readVectors(t).Plain {
		t.Run(v[0], func(t *testing.T) {
			if got := Plain(v[0]); got != v[1] {
				t.Errorf("Plain(%q) = %q, want %q", v[0], got, v[1])
			}
		})
	}
}

func TestEveryKnownCharacterIsOutsideTheAlphabetAndDescribedAsInTheVectors(t *testing.T) {
	listed := readVectors(t).Characters
	letters := 0
	for _, a := range accents {
		letters += len([]rune(a.letters)) / 2
	}
	if want := len(characters) + letters; len(listed) != want {
		t.Errorf("the vectors list %d characters, the tables %d", len(listed), want)
	}
	for _, row := range listed {
		r := rune(row[0].(float64))
		want := Culprit{Rune: r, Name: row[1].(string), Suggestion: row[2].(string), Safe: row[3].(bool)}
		got := Count(string(r), Limits{}).Culprits
		if diff := cmp.Diff([]Culprit{want}, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", r, diff)
		}
		if want.Safe && !Writable(want.Suggestion) {
			t.Errorf("the safe replacement %q of %q is not GSM-7", want.Suggestion, r)
		}
	}
}

func TestAlphabet(t *testing.T) {
	t.Run("it has 127 characters and an escape, and ten more behind the escape", func(t *testing.T) {
		if n := len([]rune(defaultAlphabet)); n != 128 {
			t.Errorf("the default alphabet has %d codes, want 128", n)
		}
		if n := len([]rune(extension)); n != 20 {
			t.Errorf("the extension table has %d entries, want 20", n)
		}
	})
	t.Run("known codes of 3GPP 23.038", func(t *testing.T) {
		got, ok := Encode(nil, "@Δ €{ÉÜàñ_¡")
		want := []byte{0x00, 0x10, 0x20, 0x1b, 0x65, 0x1b, 0x28, 0x1f, 0x5e, 0x7f, 0x7d, 0x11, 0x40}
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("ok %v (-want +got):\n%s", ok, diff)
		}
	})
	t.Run("a character outside the alphabet is refused and leaves the buffer alone", func(t *testing.T) {
		got, ok := Encode([]byte{1}, "aê")
		if ok || len(got) != 1 {
			t.Errorf("Encode = %v, %v", got, ok)
		}
	})
	t.Run("odd codes are shown as the standard asks", func(t *testing.T) {
		for _, c := range []struct {
			in   []byte
			want string
		}{
			{[]byte{0x1b, 0x41}, "A"},        // not in the extension table: the default table's character
			{[]byte{0x1b}, " "},              // an escape at the end
			{[]byte{0x1b, 0x1b, 0x41}, " A"}, // reserved for a second table
			{[]byte{0xe9, 0x41}, "\ufffdA"},  // not a septet
			{[]byte{0x1b, 0xe9}, "\ufffd"},   // nor behind an escape
		} {
			if got := Decode(c.in); got != c.want {
				t.Errorf("Decode(%x) = %q, want %q", c.in, got, c.want)
			}
		}
	})
}

func TestPacking(t *testing.T) {
	t.Run("hellohello packs to the octets every handset knows", func(t *testing.T) {
		codes, _ := Encode(nil, "hellohello")
		got := Pack(nil, codes, 0)
		want := []byte{0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("a header that claims more septets than there are octets yields those there are", func(t *testing.T) {
		if got := Unpack(nil, []byte{0xe8, 0x32}, 0, 200); len(got) != 2 {
			t.Errorf("got %d septets, want 2", len(got))
		}
	})
	t.Run("160 septets take 140 octets", func(t *testing.T) {
		if got := len(Pack(nil, make([]byte, 160), 0)); got != 140 {
			t.Errorf("got %d", got)
		}
	})
}

func TestOctetEncodings(t *testing.T) {
	t.Run("Latin-1 round trip and refusal", func(t *testing.T) {
		b, ok := EncodeLatin1(nil, "Grüße ç")
		if !ok || DecodeLatin1(b) != "Grüße ç" || len(b) != 7 {
			t.Errorf("got %x, %v", b, ok)
		}
		if _, ok := EncodeLatin1(nil, "€"); ok {
			t.Error("the euro sign is not in Latin-1")
		}
	})
	t.Run("UCS-2 carries an emoji as a surrogate pair", func(t *testing.T) {
		b := EncodeUCS2(nil, "a😀")
		if diff := cmp.Diff([]byte{0, 'a', 0xd8, 0x3d, 0xde, 0x00}, b); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := DecodeUCS2(b); got != "a😀" {
			t.Errorf("decoded %q", got)
		}
	})
	t.Run("half a pair and half a unit become replacement characters", func(t *testing.T) {
		if got := DecodeUCS2([]byte{0xd8, 0x3d, 0, 'a', 0xde}); got != "\ufffda\ufffd" {
			t.Errorf("decoded %q", got)
		}
	})
}

func TestCountAllocatesNothingWithoutCulprits(t *testing.T) {
	text := strings.Repeat("Parley ", 23)
	if n := testing.AllocsPerRun(100, func() { Count(text, Limits{}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCount160(b *testing.B) {
	text := strings.Repeat("0123456789abcde€", 10)
	for b.Loop() {
		Count(text, Limits{})
	}
}
