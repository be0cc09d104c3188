package smpp

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"
	"time"

	"parley/internal/clock"
)

// digest is the content of a unit: all of its PDU but the sequence number, which changes when it is sent again.
type digest [sha256.Size]byte

func digestOf(raw []byte) digest {
	h := sha256.New()
	h.Write(raw[:headerOctets-4])
	h.Write(raw[headerOctets:])
	return digest(h.Sum(nil))
}

// How long a unit may have been missed by the carrier, and how long a copy of it is recognised.
const (
	slowAnswer = 5 * time.Second
	doubtLasts = 5 * time.Minute
	mostDoubts = 10_000
	idOctets   = 16
)

// doubts gives units their ids. SMPP has none for what people send: a carrier that did not see our answer sends the
// unit again, and only its content tells that it is the same. But the same content may also be a second "yes" of the
// same person. So a copy counts as the same unit only when there is reason to think that the carrier missed the answer:
// it was not given, was given late or with an error, or the session ended soon after (I2).
type doubts struct {
	mu       sync.Mutex
	serial   uint64
	byDigest map[digest]doubt
	ring     []digest // in the order in which they came
	next     int
}

// doubt is a unit whose answer the carrier may not have.
type doubt struct {
	id      string
	session *session
	begun   clock.Time
	settled clock.Time // answered well; zero while it is not
	ended   bool       // the session ended in time to make the answer doubtful
}

// begin is the id for a unit: that of the unit of which it must be a copy, or a new one.
func (d *doubts) begin(mark digest, s *session, raw []byte, now clock.Time) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	old, known := d.byDigest[mark]
	if known && now.Sub(old.begun) < doubtLasts && (old.settled.IsZero() || old.ended) {
		old.session, old.begun, old.settled, old.ended = s, now, 0, false
		d.byDigest[mark] = old
		return old.id
	}
	d.serial++
	sum := sha256.Sum256(strconv.AppendUint(strconv.AppendInt(append([]byte(nil), raw...), int64(now), 36), d.serial, 36))
	id := hex.EncodeToString(sum[:idOctets])
	if !known {
		d.keep(mark)
	}
	d.byDigest[mark] = doubt{id: id, session: s, begun: now}
	return id
}

// keep makes room for one more; the oldest gives way.
func (d *doubts) keep(mark digest) {
	if len(d.ring) < mostDoubts {
		d.ring = append(d.ring, mark)
		return
	}
	delete(d.byDigest, d.ring[d.next])
	d.ring[d.next] = mark
	d.next = (d.next + 1) % mostDoubts
}

// answered notes that the unit was answered. After an error, or a late success, the carrier will come again.
func (d *doubts) answered(mark digest, ok bool, now clock.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u, known := d.byDigest[mark]; known && ok && now.Sub(u.begun) < slowAnswer {
		u.settled = now
		d.byDigest[mark] = u
	}
}

// sessionEnded casts doubt on what the session answered last.
func (d *doubts) sessionEnded(s *session, now clock.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for mark, u := range d.byDigest {
		if u.session == s {
			u.ended = u.settled.IsZero() || now.Sub(u.settled) < slowAnswer
			u.session = nil
			d.byDigest[mark] = u
		}
	}
}
