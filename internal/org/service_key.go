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

// NewKey is a key to make. Secret may be given by set-up as code; empty makes one.
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
// permissions of who makes it. A key with a given secret that exists already is left as it is.
func (s *Service) CreateKey(ctx context.Context, actor Actor, n NewKey) (Key, string, error) {
	if err := s.checkKey(actor, n); err != nil {
		return Key{}, "", err
	}
	secret := n.Secret
	if secret == "" {
		secret = keyMark + s.ids.Secret(32)
	}
	k := Key{
		ID: KeyID(s.ids.New("key")), Workspace: actor.Workspace, Name: strings.TrimSpace(n.Name), Prefix: secret[:keyPrefixSize],
		Scopes: n.Scopes, CreatedBy: actor.Ref(), CreatedAt: s.clock.Now(), ExpiresAt: n.ExpiresAt,
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if n.Secret != "" {
			known, err := keyByHash(ctx, tx, digest(secret))
			if err == nil && known.Workspace == actor.Workspace {
				k = known
				return nil
			}
		}
		if err := insertKey(ctx, tx, k, digest(secret)); err != nil {
			return err
		}
		return s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "key.create", Object: string(k.ID), After: map[string]any{"name": k.Name, "scopes": k.Scopes, "expires_at": k.ExpiresAt}})
	})
	return k, secret, wrap(err, "create API key")
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
