package people

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"parley/internal/clock"
	"parley/internal/id"
)

// ConsentEvent is a row of the ledger as it was written. Its JSON, with the fields in this order and no spaces, is the
// record that is hashed; the hash of a row is in the next row of its chain.
type ConsentEvent struct {
	ID             ConsentEventID `json:"id"`
	Workspace      id.Workspace   `json:"workspace"`
	Medium         Medium         `json:"medium"`
	AddressKey     string         `json:"address_key"`
	Seq            int64          `json:"seq" doc:"place in the chain of its address, from 1"`
	Person         id.Person      `json:"person,omitempty" doc:"to whom the address belonged then"`
	Purpose        Purpose        `json:"purpose,omitempty" doc:"empty means all purposes"`
	Action         Action         `json:"action"`
	Source         ConsentSource  `json:"source"`
	At             clock.Time     `json:"at" doc:"when it happened"`
	RecordedAt     clock.Time     `json:"recorded_at" doc:"when it was written down"`
	ExpiresAt      clock.Time     `json:"expires_at,omitzero"`
	Actor          string         `json:"actor,omitempty"`
	DisclosureHash string         `json:"disclosure_hash,omitempty" doc:"SHA-256 of the words shown, in hexadecimal"`
	Frequency      int            `json:"frequency,omitempty"`
	Proof          Proof          `json:"proof"`
	PrevHash       string         `json:"prev_hash" doc:"row hash of the event before, empty for the first"`

	Disclosure string `json:"-"` // the words shown; kept once in a table of their own
	RowHash    string `json:"-"` // SHA-256 of the record
}

// folded is what the fold reads of a ledger row.
func (e ConsentEvent) folded() Folded {
	return Folded{ID: e.ID, Action: e.Action, Purpose: e.Purpose, Source: e.Source, At: e.At, ExpiresAt: e.ExpiresAt,
		DisclosureHash: e.DisclosureHash, Frequency: e.Frequency, Doubtful: e.Proof.Doubtful, Confirmed: e.Proof.Confirmed != ""}
}

// record is the canonical text of the event and its hash.
func (e ConsentEvent) record() (text, hash string) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		panic("people: a consent event has no JSON: " + err.Error())
	}
	raw := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return string(raw), hashText(string(raw))
}

func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// addressKey names an address in the ledger without saying it: a keyed hash, so that the evidence can stay when the
// address itself is erased. It is a pseudonym, not a secret: who has the key and a list of all numbers can invert it.
func addressKey(ws id.Workspace, m Medium, address string) string {
	mac := hmac.New(sha256.New, []byte("parley consent "+string(ws)))
	mac.Write([]byte(m))
	mac.Write([]byte{0})
	mac.Write([]byte(address))
	return hex.EncodeToString(mac.Sum(nil)[:20])
}

// Tampering is where a chain does not hold.
type Tampering struct {
	Workspace  id.Workspace `json:"workspace"`
	Medium     Medium       `json:"medium"`
	AddressKey string       `json:"address_key"`
	Seq        int64        `json:"seq"`
	Problem    string       `json:"problem"`
}

// ledgerRow is a stored row, as it is in the table.
type ledgerRow struct {
	workspace id.Workspace
	medium    Medium
	key       string
	seq       int64
	id        ConsentEventID
	purpose   Purpose
	action    Action
	at        clock.Time
	record    string
	hash      string
}

// chainCheck follows one chain row by row.
type chainCheck struct {
	seq   int64
	hash  string
	state State
}

// next checks a row against what came before it, and says what is wrong with it, or nothing.
func (c *chainCheck) next(row ledgerRow) (ConsentEvent, string) {
	var e ConsentEvent
	c.seq++
	if row.seq != c.seq {
		return e, fmt.Sprintf("event %d is missing", c.seq)
	}
	if hashText(row.record) != row.hash {
		return e, "the record was changed after it was written"
	}
	if err := json.Unmarshal([]byte(row.record), &e); err != nil {
		return e, "the record cannot be read"
	}
	if e.PrevHash != c.hash {
		return e, "it does not follow the event before it"
	}
	same := e.Workspace == row.workspace && e.Medium == row.medium && e.AddressKey == row.key && e.Seq == row.seq &&
		e.ID == row.id && e.Purpose == row.purpose && e.Action == row.action && e.At == row.at
	if !same {
		return e, "the columns do not say what the record says"
	}
	e.RowHash, c.hash = row.hash, row.hash
	c.state = Fold(c.state, e.folded())
	return e, ""
}

// text is the proof as JSON.
func (p Proof) text() string {
	raw, err := json.Marshal(p)
	if err != nil {
		panic("people: a proof has no JSON: " + err.Error())
	}
	return string(raw)
}
