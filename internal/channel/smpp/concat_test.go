package smpp

import (
	"encoding/binary"
	"math/rand"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"parley/internal/channel"
	"parley/internal/gsm"
)

func optionsWith(t testing.TB, change map[string]string) *options {
	t.Helper()
	values := map[string]string{"host": "h", "system_id": "i", "password": "p", "number": "+15550001111"}
	for k, v := range change {
		values[k] = v
	}
	o, err := parseOptions(values)
	if err != nil {
		t.Fatal(err)
	}
	return &o
}

// arrive turns what we would submit into what a phone's network would deliver.
func arrive(t rapid.TB, o *options, m message) channel.Inbound {
	m.Registered, m.Validity = 0, ""
	raw := appendPDU(nil, deliverSM, statusOK, 1, m.append)
	parsed, err := parseRaw(raw)
	if err != nil {
		t.Fatalf("a part does not parse: %v", err)
	}
	return o.inbound(parsed, raw, "id")
}

func TestLongTextsComeBackWhole(t *testing.T) {
	for _, long := range []string{longUDH, longSAR, longPayload} {
		for _, alphabet := range []string{alphabetGSM, alphabetLatin1, alphabetLatin1d3} {
			t.Run(long+", "+alphabet+": parts in any order, with copies, join to the text", func(t *testing.T) {
				o := optionsWith(t, map[string]string{"long_texts": long, "alphabet": alphabet})
				rapid.Check(t, func(t *rapid.T) { roundTrip(t, o) })
			})
		}
	}
}

func roundTrip(t *rapid.T, o *options) {
	piece := rapid.SampledFrom([]string{"a", "€", "{", "ü", "ê", "😀", "中", " words and words ", "Ω"})
	words := strings.Join(rapid.SliceOfN(piece, 1, 500).Draw(t, "words"), "")
	messages, failure := o.compose(channel.Outgoing{To: "+15552223333", Text: words}, 0, rapid.Uint16().Draw(t, "ref"))
	if failure != nil {
		t.Fatal(failure)
	}
	size := gsm.Measure(words, o.limits)
	if o.long != longPayload && o.alphabet == alphabetGSM && len(messages) != size.Segments {
		t.Fatalf("%d PDUs for %d segments", len(messages), size.Segments)
	}
	var parts []channel.Inbound
	for i, m := range messages {
		if len(m.Short) > 160 || m.Coding == codingUCS2 && len(m.Short) > 140 {
			t.Fatalf("a part of %d octets", len(m.Short))
		}
		if wants := m.Registered != 0; wants != (i == len(messages)-1) {
			t.Fatalf("part %d asks for a receipt: %v", i+1, wants)
		}
		parts = append(parts, arrive(t, o, m))
	}
	if len(parts) == 1 {
		if parts[0].Text != words || parts[0].Concat != nil {
			t.Fatalf("got %q", parts[0].Text)
		}
		return
	}
	parts = append(parts, parts[rapid.IntRange(0, len(parts)-1).Draw(t, "copy")])
	rand.New(rand.NewSource(rapid.Int64().Draw(t, "order"))).Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	if whole, complete := join(parts, o.alphabet); !complete || whole.Text != words || whole.Concat != nil {
		t.Fatalf("joined (%v) %q, want %q", complete, whole.Text, words)
	}
}

func TestJoin(t *testing.T) {
	o := optionsWith(t, nil)
	part := func(class, coding byte, octets []byte, params ...tlv) channel.Inbound {
		return arrive(t, o, message{Source: address{1, 1, "15552223333"}, Class: class, Coding: coding, Short: octets, Params: params})
	}
	t.Run("a 16-bit reference, and a character that the sender cut between two parts", func(t *testing.T) {
		one := part(classUDH, codingUCS2, append([]byte{6, elementConcat16, 4, 0x12, 0x34, 2, 1}, 0, 'a', 0xd8, 0x3d))
		two := part(classUDH, codingUCS2, append([]byte{6, elementConcat16, 4, 0x12, 0x34, 2, 2}, 0xde, 0x00, 0, 'b'))
		if one.Concat == nil || *one.Concat != (channel.Concat{Ref: 0x11234, Total: 2, Seq: 1}) {
			t.Fatalf("concat %+v", one.Concat)
		}
		if whole, complete := join([]channel.Inbound{two, one}, alphabetGSM); !complete || whole.Text != "a😀b" {
			t.Errorf("%v %q", complete, whole.Text)
		}
	})
	t.Run("an escape pair that the sender cut between two parts", func(t *testing.T) {
		one := part(classUDH, 0, append([]byte{5, elementConcat8, 3, 7, 2, 1}, "5 \x1b"...))
		two := part(classUDH, 0, append([]byte{5, elementConcat8, 3, 7, 2, 2}, "\x65!"...))
		if whole, _ := join([]channel.Inbound{one, two}, alphabetGSM); whole.Text != "5 €!" {
			t.Errorf("%q", whole.Text)
		}
	})
	t.Run("parts of different codings", func(t *testing.T) {
		one := part(classUDH, 0, append([]byte{5, elementConcat8, 3, 7, 2, 1}, "hello "...))
		two := part(classUDH, codingUCS2, append([]byte{5, elementConcat8, 3, 7, 2, 2}, 0xd8, 0x3d, 0xde, 0))
		if whole, _ := join([]channel.Inbound{one, two}, alphabetGSM); whole.Text != "hello 😀" {
			t.Errorf("%q", whole.Text)
		}
	})
	t.Run("a missing part leaves a visible gap", func(t *testing.T) {
		one := part(classUDH, 0, append([]byte{5, elementConcat8, 3, 7, 3, 1}, "one "...))
		three := part(classUDH, 0, append([]byte{5, elementConcat8, 3, 7, 3, 3}, " three"...))
		if whole, complete := join([]channel.Inbound{three, one}, alphabetGSM); complete || whole.Text != "one ... three" {
			t.Errorf("%v %q", complete, whole.Text)
		}
	})
	t.Run("other elements are skipped; a header that lies is shown as text, not lost", func(t *testing.T) {
		port := part(classUDH, 0, append([]byte{11, 5, 4, 0x15, 0x8a, 0, 0, elementConcat8, 3, 7, 2, 1}, "x"...))
		if port.Concat == nil || port.Text != "x" {
			t.Errorf("%+v", port)
		}
		for name, octets := range map[string][]byte{
			"longer than the text": append([]byte{99}, "hello"...),
			"part 0 of 2":          append([]byte{5, elementConcat8, 3, 7, 2, 0}, "hello"...),
			"part 3 of 2":          append([]byte{5, elementConcat8, 3, 7, 2, 3}, "hello"...),
			"element cut off":      append([]byte{3, elementConcat8, 9, 7}, "hello"...),
		} {
			if in := part(classUDH, 0, octets); in.Concat != nil || !strings.HasSuffix(in.Text, "hello") {
				t.Errorf("%s: %+v", name, in)
			}
		}
	})
	t.Run("parts of another text, or none, do not join", func(t *testing.T) {
		if _, complete := join(nil, alphabetGSM); complete {
			t.Error("nothing is complete")
		}
		if _, complete := join([]channel.Inbound{part(0, 0, []byte("x"))}, alphabetGSM); complete {
			t.Error("a whole text is no part")
		}
	})
}

func TestPartlyAcceptedLongTexts(t *testing.T) {
	long := text("+15552223333", strings.Repeat("a", 400)) // three parts
	t.Run("parts that are throttled go again until the text is whole; the others do not go twice (I9)", func(t *testing.T) {
		var mu sync.Mutex
		offered := map[byte]int{}
		c := newCarrier(t, func(p *peer, h header, body []byte) bool {
			if h.Command != submitSM {
				return false
			}
			m, _ := parseMessage(body)
			seq := m.Short[5]
			mu.Lock()
			offered[seq]++
			refuse := seq == 2 && offered[seq] < 3
			mu.Unlock()
			if refuse {
				p.write(submitSM|response, statusThrottled, h.Sequence, nil)
			}
			return refuse
		})
		r, err := c.open(nil).Send(t.Context(), long)
		if err != nil || r.ProviderID == "" {
			t.Fatalf("%+v, %v", r, err)
		}
		if offered[1] != 1 || offered[2] != 3 || offered[3] != 1 {
			t.Errorf("offered %v", offered)
		}
	})
	t.Run("a part that is refused for good makes a text that failed, and nothing goes again", func(t *testing.T) {
		c := newCarrier(t, func(p *peer, h header, body []byte) bool {
			if m, _ := parseMessage(body); h.Command == submitSM && m.Short[5] == 2 {
				p.write(submitSM|response, 0x0b, h.Sequence, nil)
				return true
			}
			return false
		})
		_, err := c.open(nil).Send(t.Context(), long)
		if f := failureOf(t, err); f.Policy != channel.Never || f.Code != "partly_accepted" || !strings.Contains(f.ProviderCode, "ESME_RINVDSTADR") {
			t.Errorf("%+v", f)
		}
		for _, seq := range []byte{1, 3} {
			if m := next(t, c.got, "part"); m.Short[5] != seq {
				t.Errorf("part %d was accepted, want %d", m.Short[5], seq)
			}
		}
		if len(c.got) != 0 {
			t.Error("something went again")
		}
	})
	t.Run("I10: a part without an answer makes the whole text unknown", func(t *testing.T) {
		c := newCarrier(t, func(_ *peer, h header, body []byte) bool {
			m, _ := parseMessage(body)
			return h.Command == submitSM && m.Short[5] == 3
		})
		_, err := c.open(nil).Send(t.Context(), long)
		if f := failureOf(t, err); f.Policy != channel.Unknown {
			t.Errorf("%+v", f)
		}
	})
	t.Run("all parts throttled: nothing was accepted, so the outbox may try again", func(t *testing.T) {
		_, err := newCarrier(t, answers(statusThrottled)).open(nil).Send(t.Context(), long)
		if f := failureOf(t, err); f.Policy != channel.Later || f.Code != "throttled" {
			t.Errorf("%+v", f)
		}
	})
}

func TestExtraParameters(t *testing.T) {
	o := optionsWith(t, map[string]string{"parameters": "0x1400=1101234, 0x1401=abc", "reference": "true"})
	messages, failure := o.compose(channel.Outgoing{To: "+15552223333", Text: "x"}, 0, 0x1234)
	if failure != nil {
		t.Fatal(failure)
	}
	p := messages[0].Params
	if string(p.get(0x1400)) != "1101234" || string(p.get(0x1401)) != "abc" || binary.BigEndian.Uint16(p.get(tagReference)) != 0x1234 {
		t.Errorf("%v", p)
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name     string
		coding   byte
		octets   string
		alphabet string
		want     string
	}{
		{"GSM 7-bit default", 0, "\x00 \x1b\x65", alphabetGSM, "@ €"},
		{"Latin-1 default", 0, "Gr\xfc\xdfe", alphabetLatin1, "Grüße"},
		{"ASCII", 1, "hi @", alphabetGSM, "hi @"},
		{"Latin-1", 3, "Gr\xfc\xdfe", alphabetGSM, "Grüße"},
		{"UCS-2", 8, "\x20\xac", alphabetGSM, "€"},
		{"class 1, default alphabet", 0xf1, "\x00", alphabetLatin1, "@"},
		{"class 1, 8 bit", 0xf5, "\xfc", alphabetGSM, "ü"},
		{"general group with class, UCS-2", 0x18, "\x20\xac", alphabetGSM, "€"},
		{"general group with class, default", 0x11, "\x00", alphabetLatin1, "@"},
		{"unknown", 0x0e, "abc", alphabetGSM, "abc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := decode(c.coding, []byte(c.octets), c.alphabet)
			if got != c.want || !utf8.ValidString(got) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		name    string
		address address
		country string
		want    string
	}{
		{"international", address{1, 1, "15552223333"}, "", "+15552223333"},
		{"with a plus", address{0, 1, "+15552223333"}, "", "+15552223333"},
		{"with 00", address{0, 1, "004915112345678"}, "", "+4915112345678"},
		{"unknown type, whole number", address{0, 0, "15552223333"}, "", "+15552223333"},
		{"national, in the account's country", address{2, 1, "2125550123"}, "US", "+12125550123"},
		{"short code", address{3, 0, "24365"}, "", "24365"},
		{"name", address{5, 0, "MyBank"}, "US", "MyBank"},
		{"our own, written their way", address{0, 0, "15550001111"}, "", "+15550001111"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := numberOf(c.address, "+15550001111", c.country); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
