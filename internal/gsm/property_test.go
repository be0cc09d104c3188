package gsm

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// anyText mixes the alphabet, its extension, culprits, emoji, combining marks and broken UTF-8.
func anyText() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"a", "€", "{", "ê", "😀", "’", "\u0301", "e\u0301", "\u200d", "\xff", "中", "\r\n", "C\u0327"}),
		rapid.StringN(0, 20, -1),
		rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat(rapid.SampledFrom([]string{"a", "€", "ê", "😀"}).Draw(t, "what"), rapid.IntRange(0, 200).Draw(t, "times"))
		}),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "")
	})
}

func anyLimits() *rapid.Generator[Limits] {
	return rapid.Custom(func(t *rapid.T) Limits {
		n := rapid.IntRange(2, 200)
		return rapid.SampledFrom([]Limits{{}, Standard(), TollFree(),
			{n.Draw(t, "gsm"), n.Draw(t, "gsm part"), n.Draw(t, "ucs2"), n.Draw(t, "ucs2 part")}}).Draw(t, "limits")
	})
}

func TestPartsJoinToTheTextWithinTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkSplit(t, anyText().Draw(t, "text"), anyLimits().Draw(t, "limits"))
	})
}

// checkSplit is the promise of Split and Count, for the properties and the fuzzer.
func checkSplit(t rapid.TB, text string, limits Limits) {
	size, parts, l := Count(text, limits), Split(text, limits), limits.orStandard()
	single, capacity := l.GSMSingle, l.GSMPart
	if size.Encoding == UCS2 {
		single, capacity = l.UCS2Single, l.UCS2Part
	}
	if len(parts) == 1 {
		capacity = max(single, capacity)
	}
	if size.Segments != len(parts) {
		t.Fatalf("Count says %d segments, Split gives %d", size.Segments, len(parts))
	}
	if (len(size.Culprits) == 0) != (size.Encoding == GSM7) {
		t.Fatalf("%s with %d culprits", size.Encoding, len(size.Culprits))
	}
	joined, units := "", 0
	for _, p := range parts {
		encoded, ok := Encode(nil, p.Text)
		n := len(encoded)
		if size.Encoding == UCS2 {
			n, ok = len(EncodeUCS2(nil, p.Text))/2, true
		}
		if !ok || n != p.Units || n == 0 || n > capacity {
			t.Fatalf("part %q: encodes %v to %d units, says %d, may have %d", p.Text, ok, n, p.Units, capacity)
		}
		joined += p.Text
		units += n
	}
	if joined != text || units != size.Units {
		t.Fatalf("joined %q of %d units, want %q of %d", joined, units, text, size.Units)
	}
}

func TestPlainIsStableAndAllOrNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Draw(t, "text")
		plain := Plain(text)
		if Plain(plain) != plain {
			t.Fatalf("Plain(%q) = %q is not stable", text, plain)
		}
		if plain != text && !Writable(plain) {
			t.Fatalf("Plain(%q) = %q changes the text and wins nothing", text, plain)
		}
	})
}

func TestWrittenTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Draw(t, "text")
		if codes, ok := Encode(nil, text); ok {
			fill := rapid.IntRange(0, 6).Draw(t, "fill")
			if got := Decode(Unpack(nil, Pack(nil, codes, fill), fill, len(codes))); got != text {
				t.Fatalf("GSM-7: %q came back as %q", text, got)
			}
		}
		if utf8.ValidString(text) {
			if got := DecodeUCS2(EncodeUCS2(nil, text)); got != text {
				t.Fatalf("UCS-2: %q came back as %q", text, got)
			}
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add("It’s 😀 {€}", 160, 153, 70, 67)
	f.Add(strings.Repeat("a", 307), 0, -1, 1, 2)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		checkSplit(t, text, Limits{a, b, c, d})
		Plain(text)
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x1b, 0x65, 0x1b, 0x1b}, 3, 9)
	f.Fuzz(func(t *testing.T, octets []byte, fill, n int) {
		for _, text := range []string{Decode(octets), DecodeUCS2(octets), DecodeLatin1(octets),
			Decode(Unpack(nil, octets, fill&7%7, n&0xff))} {
			if !utf8.ValidString(text) {
				t.Fatalf("%x decodes to invalid UTF-8 %q", octets, text)
			}
		}
	})
}
