package smpp

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parley/internal/channel"
)

// octets reads hexadecimal with blanks.
func octets(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGoldenOctets holds the codec to octets written out by hand after the specification.
func TestGoldenOctets(t *testing.T) {
	t.Run("bind_transceiver", func(t *testing.T) {
		b := bind{SystemID: "era", Password: "s3cret", SystemType: "", Range: address{1, 1, "1555"}}
		got := appendPDU(nil, bindTransceiver, statusOK, 1, b.append)
		want := octets(t, `00000027 00000009 00000000 00000001  65726100  73336372657400  00  34  01 01 3135353500`)
		want[3] = byte(len(want))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if back, err := parseBind(got[headerOctets:]); err != nil || *back != b {
			t.Errorf("read back %+v, %v", back, err)
		}
	})
	submit := `0000003d 00000004 00000000 00000005  00  0501 45726100  0101 3135353500
		40 00 00  00  00  01 00 08 00  08 0500032a0201 00e9  0424 0002 6869  020c 0002 1234`
	m := &message{Source: address{5, 1, "Era"}, Dest: address{1, 1, "1555"}, Class: 0x40, Registered: 1, Coding: 8,
		Short: []byte{5, 0, 3, 42, 2, 1, 0, 0xe9}, Params: tlvs{{tagPayload, []byte("hi")}, {tagSarRef, []byte{0x12, 0x34}}}}
	t.Run("submit_sm", func(t *testing.T) {
		want := octets(t, submit)
		want[3] = byte(len(want))
		got := appendPDU(nil, submitSM, statusOK, 5, m.append)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		back, err := parseMessage(got[headerOctets:])
		if diff := cmp.Diff(m, back); diff != "" || err != nil {
			t.Errorf("read back: %v (-want +got):\n%s", err, diff)
		}
		if h := parseHeader(got); h != (header{Length: uint32(len(want)), Command: submitSM, Sequence: 5}) {
			t.Errorf("header %+v", h)
		}
	})
	t.Run("enquire_link_resp", func(t *testing.T) {
		got := appendPDU(nil, enquireLink|response, statusOK, 0x7fffffff, nil)
		if diff := cmp.Diff(octets(t, "00000010 80000015 00000000 7fffffff"), got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("query_sm_resp", func(t *testing.T) {
		q, err := parseQueryReply(octets(t, "6d3100 00 02 00"))
		if err != nil || *q != (queryReply{MessageID: "m1", State: 2}) {
			t.Errorf("%+v, %v", q, err)
		}
	})
	t.Run("submit_sm_resp with and without its zero, and without its body", func(t *testing.T) {
		for in, want := range map[string]string{"6162 00": "ab", "6162": "ab", "": "", "00": "", "6100 6263": "a"} {
			if got := messageID(octets(t, in)); got != want {
				t.Errorf("%s: %q", in, got)
			}
		}
	})
	t.Run("a zero inside a text cannot move the fields behind it", func(t *testing.T) {
		if got := appendText(nil, "12\x0034"); string(got) != "12\x00" {
			t.Errorf("%q", got)
		}
	})
}

func TestLimitsOfFields(t *testing.T) {
	whole := (&message{Source: address{1, 1, "1555"}, Dest: address{1, 1, "1555"}, Short: []byte("hi"), Params: tlvs{{tagPayload, []byte("x")}}}).append(nil)
	t.Run("I40: cut anywhere but before a parameter, it is refused", func(t *testing.T) {
		body := len(whole) - tlvHeader - 1
		for n := range whole {
			if _, err := parseMessage(whole[:n]); (err == nil) != (n == body) {
				t.Errorf("cut to %d of %d: %v", n, len(whole), err)
			}
		}
	})
	t.Run("I40: a text longer than its field", func(t *testing.T) {
		m := &message{Source: address{1, 1, strings.Repeat("1", maxAddress)}}
		if _, err := parseMessage(m.append(nil)); err == nil || !strings.Contains(err.Error(), "source_addr is too long") {
			t.Errorf("%v", err)
		}
		m.Source.Digits = m.Source.Digits[1:]
		if _, err := parseMessage(m.append(nil)); err != nil {
			t.Errorf("the longest address: %v", err)
		}
	})
	t.Run("I40: more parameters than a message needs", func(t *testing.T) {
		m := &message{Params: make(tlvs, maxTLVs+1)}
		if _, err := parseMessage(m.append(nil)); err == nil || !strings.Contains(err.Error(), "too many") {
			t.Errorf("%v", err)
		}
	})
	t.Run("I40: a parameter that claims more than there is", func(t *testing.T) {
		if _, err := parseMessage(append(bytes.Clone(whole), 4, 0x24, 0xff, 0xff, 'x')); err == nil {
			t.Error("accepted")
		}
	})
}

func TestMessagesReadBack(t *testing.T) {
	digits := rapid.StringMatching(`[0-9A-Za-z]{0,20}`)
	rapid.Check(t, func(t *rapid.T) {
		octet := rapid.Byte()
		m := &message{
			ServiceType: rapid.StringMatching(`[A-Z]{0,5}`).Draw(t, "service"),
			Source:      address{octet.Draw(t, "ton"), octet.Draw(t, "npi"), digits.Draw(t, "source")},
			Dest:        address{octet.Draw(t, "ton"), octet.Draw(t, "npi"), digits.Draw(t, "dest")},
			Class:       octet.Draw(t, "class"), Coding: octet.Draw(t, "coding"), Registered: octet.Draw(t, "registered"),
			Validity: rapid.StringMatching(`[0-9]{0,16}`).Draw(t, "validity"),
			Short:    rapid.SliceOfN(octet, 1, 254).Draw(t, "short"),
		}
		for range rapid.IntRange(0, 5).Draw(t, "parameters") {
			m.Params = append(m.Params, tlv{tag(rapid.Uint16().Draw(t, "tag")), rapid.SliceOfN(octet, 1, 300).Draw(t, "value")})
		}
		back, err := parseMessage(m.append(nil))
		if diff := cmp.Diff(m, back); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// parseBind reads a bind as a carrier does.
func parseBind(body []byte) (*bind, error) {
	f := fields{rest: body}
	b := &bind{SystemID: f.text("system_id", maxSystemID), Password: f.text("password", maxMessageID),
		SystemType: f.text("system_type", maxSystemType)}
	f.octet("interface_version")
	b.Range = f.address("address_range", maxRange)
	return b, f.err
}

// FuzzDecodePDU: whatever comes, nothing panics, and what can be read can be written and read again.
func FuzzDecodePDU(f *testing.F) {
	m := &message{Source: address{1, 1, "1555"}, Class: classReceipt, Short: []byte("id:7 stat:DELIVRD"), Params: tlvs{{tagSarRef, []byte{0, 1}}}}
	f.Add(appendPDU(nil, deliverSM, statusOK, 1, m.append))
	m.Class, m.Short = classUDH, []byte{5, 0, 3, 1, 2, 1, 'x'}
	f.Add(appendPDU(nil, deliverSM, statusOK, 1, m.append))
	f.Add(appendPDU(nil, dataSM, statusOK, 1, func(b []byte) []byte { return append(b, 0, 1, 1, 0, 1, 1, 0, 0, 0, 8, 4, 0x24, 0, 1, 'x') }))
	o, err := parseOptions(map[string]string{"host": "h", "system_id": "i", "password": "p"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pdu []byte) {
		m, err := parseRaw(pdu)
		if err != nil {
			return
		}
		in := o.inbound(m, pdu, "id")
		join([]channel.Inbound{in, in}, alphabetGSM)
		newBook(idsAuto).find(parseReceipt(m, alphabetGSM))
		_, _ = parseBind(pdu[headerOctets:])       // must only not panic
		_, _ = parseQueryReply(pdu[headerOctets:]) // likewise
		_ = messageID(pdu[headerOctets:])
		if parseHeader(pdu).Command == dataSM {
			return
		}
		again, err := parseMessage(m.append(nil))
		if diff := cmp.Diff(m, again); diff != "" || err != nil {
			t.Errorf("%v (-first +second):\n%s", err, diff)
		}
	})
}
