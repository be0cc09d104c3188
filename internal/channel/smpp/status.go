package smpp

import (
	_ "embed" // the table of refusals
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"parley/internal/channel"
)

// status is a command_status (section 5.1.3).
type status uint32

const (
	statusOK         status = 0x00
	statusBadCommand status = 0x03
	statusQueueFull  status = 0x14
	statusThrottled  status = 0x58
	statusTemporary  status = 0x64 // ESME_RX_T_APPN: offer it again
	statusPermanent  status = 0x65 // ESME_RX_P_APPN: do not
)

//go:embed errors.json
var errorTable []byte

// refusal is a row of errors.json: what a status means and what is to be done about it.
type refusal struct {
	Name   string `json:"name"`
	Code   string `json:"code"`
	Policy string `json:"policy"` // never, later, unknown, stop
	Text   string `json:"text"`
}

// refusals is the table by status. It is read once, at the first refusal.
var refusals = sync.OnceValue(func() map[status]refusal {
	var byHex map[string]refusal
	if err := json.Unmarshal(errorTable, &byHex); err != nil {
		panic("smpp: errors.json: " + err.Error())
	}
	table := make(map[status]refusal, len(byHex))
	for hex, r := range byHex {
		n, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			panic("smpp: errors.json: " + err.Error())
		}
		table[status(n)] = r
	}
	return table
})

// String is the status as carriers write it in their guides.
func (s status) String() string {
	if r, ok := refusals()[s]; ok {
		return fmt.Sprintf("0x%08x %s", uint32(s), r.Name)
	}
	return fmt.Sprintf("0x%08x", uint32(s))
}

// slow says whether the carrier asks to send more slowly.
func (s status) slow() bool { return s == statusThrottled || s == statusQueueFull }

// failure is the refusal as the outbox understands it. A status that the table does not know is a refusal of the
// message for good: it was surely not accepted, and nothing says that a second try would be.
func (s status) failure() *channel.Failure {
	r, ok := refusals()[s]
	if !ok {
		r = refusal{Code: "refused", Policy: "never", Text: "The carrier refuses the message with a code of its own."}
	}
	f := &channel.Failure{Policy: channel.Never, Code: r.Code, ProviderCode: s.String(), Text: r.Text}
	switch r.Policy {
	case "later":
		f.Policy = channel.Later
	case "unknown":
		f.Policy = channel.Unknown
	case "stop":
		f.Policy = channel.Stop
	}
	return f
}

// The failures that need no carrier. Each call makes a value of its own, as the outbox may add to it.

func notConnected(cause error, after time.Duration) *channel.Failure {
	return &channel.Failure{Policy: channel.Later, Code: "not_connected", RetryAfter: after, Err: cause,
		Text: "There is no connection to the carrier. The message did not leave."}
}

func noAnswer(cause error) *channel.Failure {
	return &channel.Failure{Policy: channel.Unknown, Code: "no_answer", Err: cause,
		Text: "The carrier did not say whether it took the message. It may have been sent."}
}

func refusedHere(code, text string) *channel.Failure {
	return &channel.Failure{Policy: channel.Never, Code: code, Text: text}
}
