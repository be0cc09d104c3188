package org

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of a password hash, after the OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane.
const (
	hashMemory = 19 * 1024 // KiB
	hashPasses = 2
	hashLanes  = 1
	hashLength = 32
	saltLength = 16
)

// hasher hashes passwords, a few at a time: each takes 19 MiB and tens of milliseconds of a core.
type hasher struct {
	slots chan struct{}
	none  string // in the form of a hash, of which nobody knows a password
}

func newHasher() *hasher {
	var salt [saltLength]byte
	var sum [hashLength]byte // drawn, not computed: a start needs no 19 MiB
	fill(salt[:])
	fill(sum[:])
	return &hasher{slots: make(chan struct{}, 2), none: format(salt[:], sum[:])}
}

func (h *hasher) take(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hash is the text to store for a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.take(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	return encodeHash(password), nil
}

// fits says whether the password belongs to the stored text. An empty text fits nothing and takes as long as any.
func (h *hasher) fits(ctx context.Context, password, stored string) (bool, error) {
	if err := h.take(ctx); err != nil {
		return false, err
	}
	defer func() { <-h.slots }()
	known := stored != ""
	if !known {
		stored = h.none
	}
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(stored, "$")
	if len(parts) != 6 {
		return false, fmt.Errorf("a stored password hash has %d parts, not 6", len(parts))
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false, fmt.Errorf("read the cost of a stored password hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read the salt of a stored password hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("read a stored password hash: %w", err)
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func encodeHash(password string) string {
	var salt [saltLength]byte
	fill(salt[:])
	return format(salt[:], argon2.IDKey([]byte(password), salt[:], hashPasses, hashMemory, hashLanes, hashLength))
}

// format is the text of a hash.
func format(salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

func fill(b []byte) {
	if _, err := rand.Read(b); err != nil {
		panic("org: no randomness: " + err.Error())
	}
}

// digest is how tokens, keys and codes are stored: they are long random texts, so a plain hash is enough.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
