package smpp

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/channel"
)

// TestReceiptIDs is the list of ways in which carriers name a message in a receipt.
func TestReceiptIDs(t *testing.T) {
	const number = 0x1a2b3c4d // 439041101
	hex, dec := strconv.FormatInt(number, 16), strconv.Itoa(number)
	words := func(id string) string {
		return "id:" + id + " sub:001 dlvrd:001 submit date:2611210900 done date:2611210901 stat:DELIVRD err:000 text:hello"
	}
	param := func(id string) []tlv {
		return []tlv{{tagReceiptedID, append([]byte(id), 0)}, {tagMessageState, []byte{2}}}
	}
	for _, c := range []struct {
		name      string
		submitted string
		text      string
		params    []tlv
	}{
		{"the same", dec, words(dec), nil},
		{"hexadecimal in both", hex, words(hex), nil},
		{"capitals in the receipt", hex, words(strings.ToUpper(hex)), nil},
		{"capitals in the answer", strings.ToUpper(hex), words(hex), nil},
		{"with 0x", hex, words("0x" + hex), nil},
		{"padded with zeros in the receipt", dec, words("000" + dec), nil},
		{"padded with zeros in the answer", "0000" + dec, words(dec), nil},
		{"decimal of a hexadecimal id", hex, words(dec), nil},
		{"decimal, padded, of a hexadecimal id in capitals", strings.ToUpper(hex), words("0" + dec), nil},
		{"hexadecimal of a decimal id", dec, words(hex), nil},
		{"parameter only", hex, "", param(hex)},
		{"parameter without its zero", hex, "", []tlv{{tagReceiptedID, []byte(hex)}, {tagMessageState, []byte{2}}}},
		{"parameter and a text that writes it otherwise", hex, words(dec), param(hex)},
		{"parameter that writes it otherwise", hex, words("999"), param(dec)},
		{"an id of words", "Msg-7f:A_9", words("msg-7F"), []tlv{{tagReceiptedID, []byte("MSG-7F:a_9\x00")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			carrier := newCarrier(t, func(p *peer, h header, _ []byte) bool {
				if h.Command == submitSM {
					p.write(submitSM|response, statusOK, h.Sequence, appendText(nil, c.submitted))
				}
				return h.Command == submitSM
			})
			l := carrier.open(nil)
			r := l.sendEventually(t, text("+15552223333", "hello"))
			n := next(t, carrier.peers, "login").receipt("15552223333", c.text, c.params...)
			want := channel.StatusUpdate{Attempt: "att_hello", ProviderID: r.ProviderID, Status: channel.StatusDelivered}
			if diff := cmp.Diff(channel.Intake{Statuses: []channel.StatusUpdate{want}}, next(t, l.units, "receipt")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if h := ack(t, carrier, n); h.Status != statusOK {
				t.Errorf("answer %s", h.Status)
			}
		})
	}
}

func TestReceiptIDsAfterARestart(t *testing.T) {
	b := newBook(idsAuto)
	t.Run("an id that nobody remembers is passed on in the canonical form", func(t *testing.T) {
		if id, attempt := b.find(receipt{TextID: "00AB12", From: "1555"}); id != "ab12" || attempt != "" {
			t.Errorf("%q %q", id, attempt)
		}
	})
	t.Run("a conversion is learned only from a message to the same person, and then holds for all", func(t *testing.T) {
		b.note("ff", "+15552223333", "att_1")
		if id, _ := b.find(receipt{TextID: "255", From: "15559999999"}); id != "255" {
			t.Errorf("learned from a stranger: %q", id)
		}
		if id, attempt := b.find(receipt{TextID: "255", From: "15552223333"}); id != "ff" || attempt != "att_1" {
			t.Errorf("%q %q", id, attempt)
		}
		if id, _ := b.find(receipt{TextID: "256", From: "15550000000"}); id != "100" {
			t.Errorf("not learned: %q", id)
		}
	})
	t.Run("the setting decides without learning", func(t *testing.T) {
		for setting, want := range map[string]string{idsSame: "10", idsDecOfHex: "a", idsHexOfDec: "16"} {
			if id, _ := newBook(setting).find(receipt{TextID: "10"}); id != want {
				t.Errorf("%s: %q", setting, id)
			}
		}
	})
	t.Run("the memory is bounded", func(t *testing.T) {
		b := newBook(idsAuto)
		for i := range 3 * remembered {
			b.note(strconv.Itoa(i), "1", "")
		}
		if len(b.byID) > remembered {
			t.Errorf("%d remembered", len(b.byID))
		}
	})
}

func TestReceiptTexts(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want receipt
	}{
		{"the usual", "id:7 sub:001 dlvrd:001 submit date:2611210900 done date:2611210901 stat:DELIVRD err:000 text:hi",
			receipt{TextID: "7", Status: channel.StatusDelivered}},
		{"in capitals, with blanks and line ends", "ID: 7 SUB: 001\r\nDONE DATE: 26 STAT: UNDELIV ERR: 1106\r\nTEXT: hi",
			receipt{TextID: "7", Status: channel.StatusFailed, Code: "1106", Words: "The message could not be delivered."}},
		{"without most of it", "id:7 stat:EXPIRED", receipt{TextID: "7", Status: channel.StatusFailed, Words: "The phone could not be reached in time."}},
		{"an id with a colon", "id:a:7 sub:001 stat:DELIVRD", receipt{TextID: "a:7", Status: channel.StatusDelivered}},
		{"in another order", "stat:REJECTD err:0x0b id:7", receipt{TextID: "7", Status: channel.StatusFailed, Code: "0x0b", Words: "The carrier rejected the message."}},
		{"on its way", "id:7 stat:ENROUTE", receipt{TextID: "7", Status: channel.StatusSent}},
		{"accepted", "id:7 stat:ACCEPTD err:000", receipt{TextID: "7", Status: channel.StatusSent}},
		{"a state that nobody knows changes nothing", "id:7 stat:PONDERING", receipt{TextID: "7", Status: channel.StatusSent}},
		{"empty fields", "id: sub: stat: err: text:", receipt{Status: channel.StatusSent}},
		{"the words of the message do not count", "id:7 stat:UNDELIV text:stat:DELIVRD id:8", receipt{TextID: "7", Status: channel.StatusFailed, Words: "The message could not be delivered."}},
		{"a word that ends in id is not id", "msgid:9 id:7 stat:DELETED", receipt{TextID: "7", Status: channel.StatusFailed, Words: "The carrier deleted the message."}},
		{"letters that change length in lower case", "İİİİ id:7 stat:DELIVRD text:İ", receipt{TextID: "7", Status: channel.StatusDelivered}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &message{Class: classReceipt, Coding: codingLatin1, Short: []byte(c.text)}
			if strings.Contains(c.text, "İ") {
				m.Coding, m.Short = codingUCS2, coderFor(c.text, alphabetGSM).octets(c.text)
			}
			if diff := cmp.Diff(c.want, parseReceipt(m, alphabetGSM)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("message_state decides over the text, network_error_code fills in", func(t *testing.T) {
		m := &message{Class: classReceipt, Short: []byte("id:7 stat:ENROUTE err:000"),
			Params: tlvs{{tagMessageState, []byte{5}}, {tagNetworkError, []byte{3, 0, 11}}}}
		if r := parseReceipt(m, alphabetGSM); r.Status != channel.StatusFailed || r.Code != "3/11" {
			t.Errorf("%+v", r)
		}
	})
}

func TestReceiptsThatAreNone(t *testing.T) {
	c := newCarrier(t, nil)
	l := c.open(map[string]string{"opt_out_codes": "1106"})
	p := next(t, c.peers, "login")
	t.Run("a person who texts the words of a receipt has sent a text", func(t *testing.T) {
		p.text("15552223333", "id:1 stat:DELIVRD")
		if in := next(t, l.units, "text"); len(in.Inbound) != 1 || len(in.Statuses) != 0 {
			t.Errorf("%+v", in)
		}
	})
	t.Run("a receipt that names no message is acknowledged and leaves nothing", func(t *testing.T) {
		if h := ack(t, c, p.receipt("15552223333", "stat:DELIVRD")); h.Status != statusOK || len(l.units) != 0 {
			t.Errorf("%+v, %d units", h, len(l.units))
		}
	})
	t.Run("a receipt with a listed code says that the person opted out", func(t *testing.T) {
		p.receipt("15552223333", "id:5 stat:REJECTD err:1106")
		if s := next(t, l.units, "receipt").Statuses[0]; !s.OptedOut || s.ProviderCode != "1106" {
			t.Errorf("%+v", s)
		}
	})
	t.Run("a receipt before anything was sent waits for nobody", func(t *testing.T) {
		for i := range 3 {
			p.receipt("15552223333", fmt.Sprintf("id:%d stat:DELIVRD", 100+i))
			next(t, l.units, "receipt")
		}
	})
}
