// Package id makes the identifiers of all rows: a short prefix that tells the kind, an underscore, and
// 26 characters that sort by the time they were made ("msg_01jd3k..."), after the ULID layout.
//
// Two id types that the platform packages need live here; every other id type lives with its domain.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"

	"parley/internal/clock"
)

// Workspace names a workspace (a brand). It is taken from the credential, never from a request's body.
type Workspace string

// Person names a customer of a workspace. Ids of merged people keep answering.
type Person string

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford base 32, lower case

// Source makes ids. It is safe for concurrent use.
type Source struct {
	clock   *clock.Clock
	entropy io.Reader

	mu   sync.Mutex
	last uint64 // milliseconds of the last id
	high uint16 // random part of the last id, top
	low  uint64 // random part of the last id, bottom
}

// NewSource makes ids from the clock and the machine's randomness.
func NewSource(c *clock.Clock) *Source { return &Source{clock: c, entropy: rand.Reader} }

// NewSourceFrom makes ids whose random part is read from entropy, for tests.
func NewSourceFrom(c *clock.Clock, entropy io.Reader) *Source {
	return &Source{clock: c, entropy: entropy}
}

// New is a fresh id with the prefix. Ids made by one Source sort in the order they were made, also
// within one millisecond and when the clock goes back.
func (s *Source) New(prefix string) string {
	ms, high, low := s.next()
	out := make([]byte, 0, len(prefix)+27)
	out = append(out, prefix...)
	if prefix != "" {
		out = append(out, '_')
	}
	return string(encode(out, ms, high, low))
}

func (s *Source) next() (ms uint64, high uint16, low uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := uint64(s.clock.Now() / 1000)
	if now > s.last {
		var random [10]byte
		if _, err := io.ReadFull(s.entropy, random[:]); err != nil {
			panic("id: no randomness: " + err.Error())
		}
		s.last, s.high, s.low = now, binary.BigEndian.Uint16(random[:])&0x7fff, binary.BigEndian.Uint64(random[2:])
		return s.last, s.high, s.low
	}
	// A step inside the same millisecond is itself random, so that neighbours cannot be guessed.
	var random [4]byte
	if _, err := io.ReadFull(s.entropy, random[:]); err != nil {
		panic("id: no randomness: " + err.Error())
	}
	step := uint64(binary.BigEndian.Uint32(random[:])) + 1
	before := s.low
	s.low += step
	if s.low < before {
		s.high++
	}
	return s.last, s.high, s.low
}

// encode appends 10 characters of time and 16 of randomness.
func encode(out []byte, ms uint64, high uint16, low uint64) []byte {
	for shift := 45; shift >= 0; shift -= 5 {
		out = append(out, alphabet[ms>>shift&31])
	}
	out = append(out, alphabet[high>>11&31], alphabet[high>>6&31], alphabet[high>>1&31])
	out = append(out, alphabet[(uint64(high)&1)<<4|low>>60])
	for shift := 55; shift >= 0; shift -= 5 {
		out = append(out, alphabet[low>>shift&31])
	}
	return out
}

// Secret is n bytes of randomness in base 32, for tokens that must not be guessed; n is at least 16.
func (s *Source) Secret(n int) string {
	raw := make([]byte, n)
	if _, err := io.ReadFull(s.entropy, raw); err != nil {
		panic("id: no randomness: " + err.Error())
	}
	out := make([]byte, 0, n*8/5+1)
	var acc, bits uint
	for _, b := range raw {
		acc, bits = acc<<8|uint(b), bits+8
		for bits >= 5 {
			bits -= 5
			out = append(out, alphabet[acc>>bits&31])
		}
	}
	return string(out)
}
