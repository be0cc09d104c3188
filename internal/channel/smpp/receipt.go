package smpp

import (
	"fmt"
	"slices"
	"strings"

	"parley/internal/channel"
)

// Bits of esm_class that make a deliver_sm a receipt (section 5.2.12).
const (
	classType         byte = 0x3c
	classReceipt      byte = 0x04
	classIntermediate byte = 0x20
)

// receipt is what a delivery receipt says (appendix B), before its ids are matched with ours.
type receipt struct {
	ParamID string // receipted_message_id
	TextID  string // id: in the text
	From    string // whom the message went to
	Status  channel.Status
	Code    string // error code; empty when there is none
	Words   string // for a person, about a failure
}

// states maps the values of message_state (section 5.2.28) and of stat: in texts to statuses.
var states = [...]struct {
	texts  []string
	status channel.Status
	words  string
}{
	1: {[]string{"ENROUTE", "BUFFERED", "BUFFRED"}, channel.StatusSent, ""},
	2: {[]string{"DELIVRD", "DELIVERED"}, channel.StatusDelivered, ""},
	3: {[]string{"EXPIRED"}, channel.StatusFailed, "The phone could not be reached in time."},
	4: {[]string{"DELETED"}, channel.StatusFailed, "The carrier deleted the message."},
	5: {[]string{"UNDELIV", "UNDELIVERABLE", "FAILED"}, channel.StatusFailed, "The message could not be delivered."},
	6: {[]string{"ACCEPTD", "ACCEPTED"}, channel.StatusSent, ""},
	7: {[]string{"UNKNOWN"}, channel.StatusSent, ""},
	8: {[]string{"REJECTD", "REJECTED"}, channel.StatusFailed, "The carrier rejected the message."},
}

// isReceipt says whether a message is a receipt. The text alone never makes it one: anybody can text "stat:DELIVRD".
func (m *message) isReceipt() bool {
	kind := m.Class & classType
	return kind == classReceipt || kind == classIntermediate ||
		m.Params.get(tagReceiptedID) != nil && m.Params.get(tagMessageState) != nil
}

// parseReceipt reads the optional parameters first, then the text; either may be missing.
func parseReceipt(m *message, alphabet string) receipt {
	text := receiptText(decode(m.Coding, m.content(), alphabet))
	r := receipt{ParamID: m.Params.text(tagReceiptedID), TextID: text.field("id"), From: m.Source.Digits, Status: channel.StatusSent}
	state, ok := m.Params.number(tagMessageState)
	if !ok || state <= 0 || state >= len(states) {
		state = stateOf(text.field("stat"))
	}
	if state > 0 {
		r.Status, r.Words = states[state].status, states[state].words
	}
	r.Code = strings.TrimSpace(text.field("err"))
	if strings.Trim(r.Code, "0") == "" {
		r.Code = networkError(m.Params.get(tagNetworkError))
	}
	return r
}

func stateOf(stat string) int {
	stat = strings.ToUpper(stat)
	for state, s := range states {
		for _, t := range s.texts {
			if t == stat {
				return state
			}
		}
	}
	return 0
}

// networkError writes network_error_code (section 5.3.2.31) as type and number.
func networkError(v []byte) string {
	if len(v) != 3 || v[1] == 0 && v[2] == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", v[0], int(v[1])<<8|int(v[2]))
}

// stateText is the words for a message_state of query_sm_resp.
func stateText(state byte) (channel.Status, string, bool) {
	if state == 0 || int(state) >= len(states) {
		return "", "", false
	}
	return states[state].status, states[state].words, true
}

// receiptText is the text of a receipt up to "text:", behind which the words of a message may say anything.
type receiptText string

func (t receiptText) field(key string) string {
	lower := lowerASCII(string(t))
	if end := wordAt(lower, "text:"); end >= 0 {
		lower = lower[:end]
	}
	at := wordAt(lower, key+":")
	if at < 0 {
		return ""
	}
	value := strings.TrimLeft(string(t)[at+len(key)+1:len(lower)], " ")
	if end := strings.IndexAny(value, " \r\n\t,;"); end >= 0 {
		value = value[:end]
	}
	if next, _, ok := strings.Cut(lowerASCII(value), ":"); ok && slices.Contains(receiptKeys(), next) {
		return "" // the field is empty, and this is the next one
	}
	return value
}

// receiptKeys are the fields that may follow one that is empty.
func receiptKeys() []string { return []string{"id", "sub", "dlvrd", "stat", "err"} }

// lowerASCII keeps every position, which strings.ToLower does not.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// wordAt is where word stands at the beginning or after a blank; -1 when it does not.
func wordAt(text, word string) int {
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return -1
		}
		at += from
		if at == 0 || strings.ContainsRune(" \r\n\t,;", rune(text[at-1])) {
			return at
		}
		from = at + 1
	}
}
