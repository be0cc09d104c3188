package smpp

import (
	"strconv"
	"strings"
	"sync"

	"parley/internal/channel"
)

// remembered is how many of the latest messages an account keeps in memory to recognise receipts by.
const remembered = 8192

// canonical is a message id in the form in which ids are compared and stored: carriers write the same id in capitals or
// not, with leading zeros or "0x" or not.
func canonical(id string) string {
	id = strings.ToLower(strings.TrimSpace(id))
	id = strings.TrimPrefix(id, "0x")
	bare := strings.TrimLeft(id, "0")
	if bare == "" && id != "" {
		return "0"
	}
	return bare
}

// radix is how a receipt writes an id that the answer to submit_sm wrote otherwise.
type radix int

const (
	sameRadix radix = iota
	decimalOfHex
	hexOfDecimal
)

// submitted turns a canonical id of a receipt into that of the answer; empty when it is no number of the kind.
func (r radix) submitted(id string) string {
	switch r {
	case decimalOfHex:
		if n, err := strconv.ParseUint(id, 10, 64); err == nil {
			return strconv.FormatUint(n, 16)
		}
		return ""
	case hexOfDecimal:
		if n, err := strconv.ParseUint(id, 16, 64); err == nil {
			return strconv.FormatUint(n, 10)
		}
		return ""
	}
	return id
}

// issued is a message that a carrier accepted lately.
type issued struct {
	raw     string // its id as the carrier wrote it, for query_sm
	to      string // digits
	attempt channel.AttemptID
}

// book remembers the latest messages and finds the one that a receipt speaks of. What it learns about a carrier's way
// to write ids is lost at a restart, and learned again from the next receipt; the setting receipt_ids fixes it.
type book struct {
	fixed bool

	mu    sync.Mutex
	radix radix
	byID  map[string]issued
	ring  []string // ids in the order in which they came; the oldest gives way
	next  int
}

func newBook(setting string) *book {
	b := &book{fixed: setting != idsAuto, byID: map[string]issued{}}
	switch setting {
	case idsDecOfHex:
		b.radix = decimalOfHex
	case idsHexOfDec:
		b.radix = hexOfDecimal
	}
	return b
}

// note remembers an accepted message and returns its canonical id.
func (b *book) note(raw, to string, attempt channel.AttemptID) string {
	id := canonical(raw)
	if id == "" {
		return ""
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ring) < remembered {
		b.ring = append(b.ring, id)
	} else {
		delete(b.byID, b.ring[b.next])
		b.ring[b.next] = id
		b.next = (b.next + 1) % remembered
	}
	b.byID[id] = issued{raw: raw, to: to, attempt: attempt}
	return id
}

// find is the id, as Receipt gave it, of the message that a receipt speaks of, and its attempt when that is still known.
// A conversion between decimal and hexadecimal counts only when the recipient fits too, or when it has been learned so:
// short ids look alike.
func (b *book) find(r receipt) (id string, attempt channel.AttemptID) {
	named := make([]string, 0, 2)
	for _, written := range []string{r.ParamID, r.TextID} {
		if c := canonical(written); c != "" {
			named = append(named, c)
		}
	}
	if len(named) == 0 {
		return "", ""
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, way := range b.ways() {
		for _, n := range named {
			candidate := way.submitted(n)
			if m, ok := b.byID[candidate]; ok && sameNumber(m.to, r.From) {
				b.radix = way
				return candidate, m.attempt
			}
		}
	}
	if id := b.radix.submitted(named[0]); id != "" {
		return id, ""
	}
	return named[0], ""
}

// ways are the conversions to try, the learned one first.
func (b *book) ways() []radix {
	if b.fixed {
		return []radix{b.radix}
	}
	return []radix{b.radix, sameRadix, decimalOfHex, hexOfDecimal}
}

// raw is the id as the carrier wrote it, when it is still remembered.
func (b *book) raw(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m, ok := b.byID[id]; ok {
		return m.raw
	}
	return id
}

// sameNumber compares the last eight digits: carriers add and drop prefixes.
func sameNumber(a, b string) bool {
	const significant = 8
	tail := func(s string) string {
		s = strings.TrimPrefix(s, "+")
		return s[max(0, len(s)-significant):]
	}
	return tail(a) == tail(b)
}
