package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"strings"

	"parley/internal/errs"
	"parley/internal/id"
)

// version is the first part of every sealed text. A new layout gets a new one; the old stays readable.
const version = "s1"

// keySize is the length of an AES-256 key in bytes.
const keySize = 32

// The ways in which opening fails.
var (
	// ErrTampered is a sealed text that was changed, or that was sealed for another workspace or purpose.
	ErrTampered = errs.New(errs.Internal, "secret_refused",
		"A stored secret could not be opened: it was changed, or belongs to something else. Enter it again.")
	// ErrNoKey is a sealed text whose key is not on the ring any more.
	ErrNoKey = errs.New(errs.Internal, "secret_key_missing",
		"A stored secret was sealed under a key that this node does not have. Bring back the key file, or enter the secret again.")
)

// Bind says what a secret is for. It is authenticated with the text, so that a sealed text copied to another row
// does not open.
type Bind struct {
	Workspace id.Workspace // empty for a secret of the whole installation
	Purpose   string       // stable name of the use, with the id of the row: "channel:chn_01...:auth_token"
}

// aad is unambiguous: the workspace cannot contain the separator.
func (b Bind) aad(keyID string) []byte {
	return []byte(version + "\x00" + keyID + "\x00" + string(b.Workspace) + "\x00" + b.Purpose)
}

// Box seals and opens secrets with AES-256-GCM and a random nonce. It is safe for concurrent use.
type Box struct {
	keys []key // the first seals
}

type key struct {
	id   string
	aead cipher.AEAD
}

// Seal is the plain text as a text that is safe to store and useless without the key file.
func (b *Box) Seal(plain []byte, bind Bind) string {
	k := b.keys[0]
	sealed := k.aead.Seal(nil, nil, plain, bind.aad(k.id))
	return version + "." + k.id + "." + base64.RawURLEncoding.EncodeToString(sealed)
}

// Open is the plain text of what Seal made for the same bind. It fails with ErrTampered or ErrNoKey.
func (b *Box) Open(sealed string, bind Bind) ([]byte, error) {
	v, rest, _ := strings.Cut(sealed, ".")
	keyID, body, ok := strings.Cut(rest, ".")
	if v != version || !ok {
		return nil, ErrTampered
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return nil, ErrTampered
	}
	for _, k := range b.keys {
		if k.id != keyID {
			continue
		}
		plain, err := k.aead.Open(nil, nil, raw, bind.aad(k.id))
		if err != nil {
			return nil, ErrTampered
		}
		return plain, nil
	}
	return nil, ErrNoKey
}

// Stale says whether the sealed text was made under an older key than the one that seals now, and should be sealed
// again before that key is taken off the ring.
func (b *Box) Stale(sealed string) bool {
	return !strings.HasPrefix(sealed, version+"."+b.keys[0].id+".")
}

// Reseal is the sealed text under the key that seals now. changed is false when it already is, when there is none, or when
// it cannot be opened: then it is left for whoever brings the key back.
func (b *Box) Reseal(sealed string, bind Bind) (text string, changed bool) {
	if sealed == "" || !b.Stale(sealed) {
		return sealed, false
	}
	plain, err := b.Open(sealed, bind)
	if err != nil {
		return sealed, false
	}
	return b.Seal(plain, bind), true
}

// KeyIDs are the names of the keys on the ring, the sealing one first.
func (b *Box) KeyIDs() []string {
	ids := make([]string, len(b.keys))
	for i, k := range b.keys {
		ids[i] = k.id
	}
	return ids
}

// String keeps the keys out of logs.
func (b *Box) String() string { return "secret.Box(" + strings.Join(b.KeyIDs(), ",") + ")" }

// GoString keeps the keys out of %#v.
func (b *Box) GoString() string { return b.String() }

func newKey(keyID string, raw []byte) (key, error) {
	if len(raw) != keySize {
		return key{}, fmt.Errorf("key %s has %d bytes, want %d", keyID, len(raw), keySize)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, fmt.Errorf("key %s: %w", keyID, err)
	}
	// The mode draws the nonce itself and puts it before the text, so that none can be used twice by mistake.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, fmt.Errorf("key %s: %w", keyID, err)
	}
	return key{id: keyID, aead: aead}, nil
}
