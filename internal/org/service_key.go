package org

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// Key is an API key without its secret.
type Key struct {
	ID        KeyID
	Workspace id.Workspace
	Name      string
	Prefix    string // the beginning of the secret, to tell keys apart
	Scopes    []Permission
	CreatedBy string // Actor.Ref
	CreatedAt clock.Time
	UsedAt    clock.Time // to the hour; zero: never
	ExpiresAt clock.Time // zero: never
}

// NewKey is a key to make. An empty Secret makes one.
type NewKey struct {
	Name      string
	Scopes    []Permission
	ExpiresAt clock.Time
	Secret    string
}

const (
	keyMark       = "pk_" // so that scanners find keys that were published by mistake
	minGivenKey   = 32
	keyPrefixSize = len(keyMark) + 6
)

// CreateKey makes a key for the actor's workspace and returns its secret, which is shown once. Its scopes are within the
// permissions of who makes it.
func (s *Service) CreateKey(ctx context.Context, actor Actor, n NewKey) (Key, string, error) {
	if err := s.checkKey(actor, n); err != nil {
		return Key{}, "", err
	}
	if n.Secret == "" {
		n.Secret = keyMark + s.ids.Secret(32)
	}
	k := s.newKey(actor, n)
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return s.insertKeyTx(ctx, tx, actor, k, n.Secret) })
	return k, n.Secret, wrap(err, "create API key")
}

func (s *Service) newKey(actor Actor, n NewKey) Key {
	return Key{ID: KeyID(s.ids.New("key")), Workspace: actor.Workspace, Name: strings.TrimSpace(n.Name), Prefix: prefixOf(n.Secret),
		Scopes: n.Scopes, CreatedBy: actor.Ref(), CreatedAt: s.clock.Now(), ExpiresAt: n.ExpiresAt}
}

func prefixOf(secret string) string { return secret[:keyPrefixSize] }

func (s *Service) insertKeyTx(ctx context.Context, tx *db.Tx, actor Actor, k Key, secret string) error {
	if err := insertKey(ctx, tx, k, digest(secret)); err != nil {
		return err
	}
	return s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "key.create", Object: string(k.ID), After: k.auditable()})
}

func (k Key) auditable() map[string]any {
	return map[string]any{"name": k.Name, "scopes": k.Scopes, "expires_at": k.ExpiresAt}
}

// SaveKeyTx makes the key of this name with the secret of n, or gives the one that is there these scopes and this secret.
// before is nil for a new key, rotated says that a key that was there has another secret now. An end of zero leaves a key's
// end as it is. When nothing differs nothing is written.
func (s *Service) SaveKeyTx(ctx context.Context, tx *db.Tx, actor Actor, n NewKey) (before *Key, rotated bool, err error) {
	if n.Secret == "" {
		return nil, false, fieldsWrong(map[string]string{"secret": "is missing"})
	}
	tx.LockTx(ctx, "org.keys:"+string(actor.Workspace))
	now, hash, err := s.keyNamed(ctx, tx, actor.Workspace, strings.TrimSpace(n.Name), digest(n.Secret))
	if errors.Is(err, ErrNoKey) {
		if err := s.checkKey(actor, n); err != nil {
			return nil, false, err
		}
		return nil, false, wrap(s.insertKeyTx(ctx, tx, actor, s.newKey(actor, n), n.Secret), "create API key %q", n.Name)
	}
	if err != nil {
		return nil, false, wrap(err, "load API key %q", n.Name)
	}
	rotated = hash != digest(n.Secret)
	if n.ExpiresAt == now.ExpiresAt {
		n.ExpiresAt = 0 // as it is, so a past end is no mistake
	}
	if !rotated && n.ExpiresAt == 0 && sameScopes(now.Scopes, n.Scopes) {
		return &now, false, nil
	}
	if err := s.checkKey(actor, n); err != nil {
		return nil, false, err
	}
	after := now
	after.Scopes, after.Prefix = n.Scopes, prefixOf(n.Secret)
	if n.ExpiresAt != 0 {
		after.ExpiresAt = n.ExpiresAt
	}
	if err := updateKey(ctx, tx, after, digest(n.Secret)); err != nil {
		return nil, false, wrap(err, "change API key %q", n.Name)
	}
	return &now, rotated, s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "key.update", Object: string(now.ID), Before: now.auditable(), After: after.auditable()})
}

// FreeSecretsTx lets keys of a workspace trade secrets: of those named, the ones whose secret is wanted for another let go
// of it, so that SaveKeyTx may set them in any order. It is called with all of them, before the first, in one transaction.
func (s *Service) FreeSecretsTx(ctx context.Context, tx *db.Tx, ws id.Workspace, wanted map[string]string) error {
	for name, secret := range wanted {
		holder, err := keyByHash(ctx, tx, digest(secret))
		if errors.Is(err, ErrNoKey) {
			continue
		}
		if err != nil {
			return wrap(err, "find the key of a secret")
		}
		if _, changes := wanted[holder.Name]; holder.Workspace != ws || holder.Name == name || !changes {
			continue
		}
		if oldest, err := keyByName(ctx, tx, ws, holder.Name); err != nil || oldest.ID != holder.ID {
			continue // SaveKeyTx would give the new secret to another key of that name
		}
		if err := updateKey(ctx, tx, holder, "free:"+string(holder.ID)); err != nil {
			return wrap(err, "free the secret of API key %q", holder.Name)
		}
	}
	return nil
}

// keyNamed is the key of this name with the hash of its secret. Of several it is the one with that secret, else the oldest.
func (s *Service) keyNamed(ctx context.Context, tx *db.Tx, ws id.Workspace, name, hash string) (Key, string, error) {
	known, err := keyByHash(ctx, tx, hash)
	if err == nil && known.Workspace == ws && known.Name == name {
		return known, hash, nil
	}
	if err != nil && !errors.Is(err, ErrNoKey) {
		return Key{}, "", err
	}
	oldest, err := keyByName(ctx, tx, ws, name)
	return oldest, "", err
}

// sameScopes compares sets: order and repetition mean nothing.
func sameScopes(a, b []Permission) bool {
	within := func(a, b []Permission) bool {
		return !slices.ContainsFunc(a, func(p Permission) bool { return !slices.Contains(b, p) })
	}
	return within(a, b) && within(b, a)
}

func (s *Service) checkKey(actor Actor, n NewKey) error {
	wrong := map[string]string{}
	if name := strings.TrimSpace(n.Name); name == "" || len(name) > 80 {
		wrong["name"] = "is empty or longer than 80 characters"
	}
	if len(n.Scopes) == 0 {
		wrong["scopes"] = "is empty; a key without scopes can do nothing"
	}
	for _, scope := range n.Scopes {
		if !slices.Contains(AllPermissions(), scope) {
			wrong["scopes"] = "has " + string(scope) + ", which is not a permission"
		} else if !actor.Can(scope) {
			wrong["scopes"] = "has " + string(scope) + ", which you do not have yourself"
		}
	}
	if n.Secret != "" && len(n.Secret) < minGivenKey {
		wrong["secret"] = "has fewer than 32 characters"
	}
	if n.ExpiresAt != 0 && n.ExpiresAt.Before(s.clock.Now()) {
		wrong["expires_at"] = "is past"
	}
	return fieldsWrong(wrong)
}

// Keys are the API keys of a workspace, oldest first.
func (s *Service) Keys(ctx context.Context, ws id.Workspace) ([]Key, error) {
	all, err := keysOf(ctx, s.db, ws)
	return all, wrap(err, "list API keys of %s", ws)
}

// DeleteKey ends a key at once.
func (s *Service) DeleteKey(ctx context.Context, actor Actor, key KeyID) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		k, err := keyByID(ctx, tx, actor.Workspace, key)
		if err != nil {
			return err
		}
		if err := deleteKey(ctx, tx, actor.Workspace, key); err != nil {
			return err
		}
		return s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "key.delete", Object: string(key), Before: map[string]any{"name": k.Name, "scopes": k.Scopes}})
	})
	return wrap(err, "delete API key %s", key)
}

// keyActor is who a key speaks for.
func (s *Service) keyActor(ctx context.Context, secret string) (Actor, error) {
	k, err := keyByHash(ctx, s.db, digest(secret))
	now := s.clock.Now()
	if err != nil && !errors.Is(err, ErrNoKey) {
		return Actor{}, wrap(err, "load API key")
	}
	if err != nil || k.ExpiresAt != 0 && now.After(k.ExpiresAt) {
		return Actor{}, ErrKeyUnknown
	}
	if now.Sub(k.UsedAt) > time.Hour {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			touchKey(ctx, tx, k, now)
			return nil
		})
		if err != nil {
			s.log.WarnContext(ctx, "the last use of an API key was not written down", "error", err)
		}
	}
	return Actor{Workspace: k.Workspace, Key: k.ID, Scopes: k.Scopes, Name: k.Name}, nil
}
