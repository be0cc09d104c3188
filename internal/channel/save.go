package channel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/org"
)

// SaveTx makes the channel of the draft's name, or gives it these settings: what the draft leaves out takes its usual value,
// secrets that it leaves out stay. It names the secrets that are other than before. When nothing differs nothing is written,
// and a connection that is open stays so.
func (s *Service) SaveTx(ctx context.Context, tx *db.Tx, actor org.Actor, d Draft) (rotated []string, err error) {
	adapter, err := s.adapter(d.Kind)
	if err != nil {
		return nil, err
	}
	if d.State == "" {
		d.State = ChannelActive
	}
	before, err := readChannelByName(ctx, tx, actor.Workspace, d.Name)
	if errors.Is(err, ErrUnknown) {
		fresh := Channel{Workspace: actor.Workspace, ID: ID(s.IDs.New("chn")), Kind: d.Kind, CreatedAt: s.Clock.Now()}
		rotated, _, err = s.differs(adapter.Describe(), fresh, d)
		if err != nil {
			return nil, err
		}
		return rotated, s.writeTx(ctx, tx, actor, fresh, d)
	}
	if err != nil {
		return nil, err
	}
	if before.Kind != d.Kind {
		return nil, errs.New(errs.Conflict, "channel_kind_fixed", "The channel %q is a %s channel and cannot become another kind. Nothing was changed.", d.Name, before.Kind)
	}
	rotated, plain, err := s.differs(adapter.Describe(), before, d)
	if err != nil || len(rotated) == 0 && !plain {
		return nil, err
	}
	return rotated, s.writeTx(ctx, tx, actor, before, d)
}

// differs names the secrets that a draft changes, and says whether it changes anything else. A setting that came with a
// later version has its usual value in older rows.
func (s *Service) differs(d Descriptor, c Channel, draft Draft) (rotated []string, plain bool, err error) {
	old, err := s.unseal(c)
	if err != nil {
		old = map[string]string{} // sealed under a key that is lost: they have to be given again
	}
	settings, secrets := map[string]string{}, maps.Clone(old)
	if err := split(d, draft.Settings, settings, secrets); err != nil {
		return nil, false, err
	}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if old[name] != secrets[name] {
			rotated = append(rotated, name)
		}
	}
	for _, f := range d.Settings {
		if f.Type != "secret" && usually(c.Settings[f.Key], f.Default) != settings[f.Key] {
			plain = true
		}
	}
	return rotated, plain || c.State != draft.State || c.Registration != draft.Registration, nil
}

// writeTx stores a channel as the draft has it, and opens it again once that is on disk. A new one has no version yet.
func (s *Service) writeTx(ctx context.Context, tx *db.Tx, actor org.Actor, before Channel, d Draft) error {
	after := before
	after.Settings = map[string]string{}
	if err := s.fill(ctx, tx, &after, d); err != nil {
		return err
	}
	entry := org.Audit{Actor: actor, Action: "channel.create", Object: string(after.ID), After: audited(after)}
	write := insertChannel
	if before.Version > 0 {
		entry.Action, entry.Before = "channel.update", audited(before)
		write = updateChannel
	}
	if err := write(ctx, tx, after); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.accounts.changed(after.Workspace, after.ID) })
	return s.Org.AuditTx(ctx, tx, entry)
}

// ResealTx seals the secrets of all channels under the key that seals now, and says of how many.
func (s *Service) ResealTx(ctx context.Context, tx *db.Tx) (int, error) {
	list, err := activeChannels(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("read the channels: %w", err)
	}
	n := 0
	for _, c := range list {
		if sealed, changed := s.Secrets.Reseal(c.sealed, bindOf(c)); changed {
			if err := updateSecrets(ctx, tx, c, sealed); err != nil {
				return 0, fmt.Errorf("seal the secrets of channel %s: %w", c.Name, err)
			}
			n++
		}
	}
	return n, nil
}
