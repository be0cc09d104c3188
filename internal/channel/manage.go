package channel

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/org"
)

// nameForm is what a channel's name may be: it stands in its webhook's address.
var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// Draft is a channel to be made or changed. A secret that is left out stays as it is.
type Draft struct {
	Kind         Kind              `json:"kind"`
	Name         string            `json:"name" doc:"lower case letters, digits, - and _; stands in the webhook's address"`
	Settings     map[string]string `json:"settings" doc:"by key of the kind's settings, secrets included"`
	State        string            `json:"state,omitempty" enum:",active,stopped"`
	Registration Registration      `json:"registration,omitzero"`
	Version      int64             `json:"version,omitempty" doc:"of the channel that is changed"`
}

// Kinds are the descriptors of all adapters.
func (s *Service) Kinds() []Descriptor {
	out := make([]Descriptor, len(s.Adapters))
	for i, a := range s.Adapters {
		out[i] = a.Describe()
	}
	return out
}

// Channels are the channels of a workspace, by name.
func (s *Service) Channels(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Channel, error) {
	list, err := listChannels(ctx, q, ws)
	for i := range list {
		list[i] = s.shown(ctx, q, list[i])
	}
	return list, err
}

// Channel is one channel, or ErrUnknown.
func (s *Service) Channel(ctx context.Context, q db.Queryer, ws id.Workspace, channel ID) (Channel, error) {
	c, err := readChannel(ctx, q, ws, channel)
	if err != nil {
		return Channel{}, err
	}
	return s.shown(ctx, q, c), nil
}

// shown adds what the row does not hold.
func (s *Service) shown(ctx context.Context, q db.Queryer, c Channel) Channel {
	c.SecretsSet = []string{}
	secrets, err := s.unseal(c)
	if c.lost = err != nil; !c.lost {
		for k := range secrets {
			c.SecretsSet = append(c.SecretsSet, k)
		}
		slices.Sort(c.SecretsSet)
	}
	c.Capabilities = s.capabilities(c.Kind)
	if ws, err := s.Org.Workspace(ctx, q, c.Workspace); err == nil {
		c.WebhookURL = s.webhookURL(ws.Slug, c.Name)
	}
	return c
}

// SecretsLost says whether secrets are stored that cannot be read, because their key is not on the ring: SecretsSet is
// empty then.
func (c Channel) SecretsLost() bool { return c.lost }

// Create makes a channel. What its adapter does not accept is not saved (ST-1).
func (s *Service) Create(ctx context.Context, actor org.Actor, d Draft) (Channel, error) {
	c := Channel{Workspace: actor.Workspace, ID: ID(s.IDs.New("chn")), Kind: d.Kind, CreatedAt: s.Clock.Now(), Settings: map[string]string{}}
	if err := s.fill(ctx, s.DB, &c, d); err != nil {
		return Channel{}, err
	}
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := insertChannel(ctx, tx, c); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.accounts.changed(c.Workspace, c.ID) })
		return s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "channel.create", Object: string(c.ID), After: audited(c)})
	})
	if err != nil {
		return Channel{}, err
	}
	s.accounts.open(ctx, c.Workspace, c.ID) // so that it receives at once
	return s.Channel(ctx, s.DB, c.Workspace, c.ID)
}

// Update changes a channel.
func (s *Service) Update(ctx context.Context, actor org.Actor, channel ID, d Draft) (Channel, error) {
	before, err := readChannel(ctx, s.DB, actor.Workspace, channel)
	if err != nil {
		return Channel{}, err
	}
	c := before
	c.Settings = map[string]string{}
	if d.Version != 0 {
		c.Version = d.Version
	}
	d.Kind = c.Kind
	if err := s.fill(ctx, s.DB, &c, d); err != nil {
		return Channel{}, err
	}
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := updateChannel(ctx, tx, c); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.accounts.changed(c.Workspace, c.ID) })
		return s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "channel.update", Object: string(c.ID), Before: audited(before), After: audited(c)})
	})
	if err != nil {
		return Channel{}, err
	}
	s.accounts.open(ctx, c.Workspace, c.ID) // so that it receives at once
	return s.Channel(ctx, s.DB, c.Workspace, c.ID)
}

// Delete removes a channel. Its messages stay; what waits in its queue never leaves.
func (s *Service) Delete(ctx context.Context, actor org.Actor, channel ID) error {
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		ok, err := deleteChannel(ctx, tx, actor.Workspace, channel, s.Clock.Now())
		if err != nil {
			return fmt.Errorf("delete a channel: %w", err)
		}
		if !ok {
			return ErrUnknown
		}
		tx.AfterCommit(func() { s.accounts.changed(actor.Workspace, channel) })
		return s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "channel.delete", Object: string(channel)})
	})
	if err != nil {
		return err
	}
	for _, l := range s.outbox.lanesOf(actor.Workspace) {
		if l.key.channel == channel {
			if err := s.outbox.empty(ctx, l); err != nil {
				return fmt.Errorf("drop what waited: %w", err)
			}
		}
	}
	return nil
}

// empty drops what waits or is held on a lane whose channel is gone, so that campaigns end (I16).
func (o *outbox) empty(ctx context.Context, l *lane) error {
	reason := outcomeOf{StateDropped, "channel_deleted", "Its channel was removed before it could be sent."}
	for _, number := range []int64{l.number, -l.number} {
		for more := true; more; {
			err := o.s.DB.Tx(ctx, func(tx *db.Tx) error {
				list, err := dropWaiting(ctx, tx, number, reason.code, o.s.Clock.Now(), holdGroup)
				more = len(list) == holdGroup
				if err != nil {
					return err
				}
				return o.tellTx(ctx, tx, list, reason)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func audited(c Channel) map[string]any {
	return map[string]any{"kind": c.Kind, "name": c.Name, "settings": c.Settings, "state": c.State, "registration": c.Registration}
}

// fill puts a draft into a channel and has the adapter look at it.
func (s *Service) fill(ctx context.Context, q db.Queryer, c *Channel, d Draft) error {
	if !nameForm.MatchString(d.Name) {
		return errs.New(errs.Invalid, "channel_name_invalid", "The name stands in an address: lower case letters, digits, - and _ only.").
			WithField("name", "lower case letters, digits, - and _ only")
	}
	adapter, err := s.adapter(d.Kind)
	if err != nil {
		return err
	}
	secrets, err := s.unseal(*c)
	if err != nil {
		secrets = map[string]string{} // sealed under a key that is lost: they have to be given again
	}
	c.Name, c.Registration, c.Reason = d.Name, d.Registration, ""
	if c.State = d.State; c.State == "" {
		c.State = ChannelActive
	}
	if err := split(adapter.Describe(), d.Settings, c.Settings, secrets); err != nil {
		return err
	}
	conn, err := s.connect(ctx, q, *c, secrets)
	if err != nil {
		return err
	}
	if err := conn.Close(); err != nil {
		return fmt.Errorf("close a channel: %w", err)
	}
	c.sealed, err = s.seal(*c, secrets)
	return err
}

// split puts given settings where they belong, and refuses what the kind does not know or misses.
func split(d Descriptor, given, plain, secrets map[string]string) error {
	known := map[string]bool{}
	for _, f := range d.Settings {
		known[f.Key] = true
		value, has := given[f.Key]
		into := plain
		if f.Type == "secret" {
			into = secrets
			has = value != ""
		}
		if has {
			into[f.Key] = value
		}
		if into[f.Key] == "" && f.Default != "" {
			into[f.Key] = f.Default
		}
		if f.Required && into[f.Key] == "" {
			return errs.New(errs.Invalid, "setting_missing", "%s is needed.", f.Label).WithField("settings."+f.Key, "is missing")
		}
	}
	for key := range given {
		if !known[key] {
			return errs.New(errs.Invalid, "setting_unknown", "This kind of channel has no setting %q.", key).WithField("settings."+key, "is not known")
		}
	}
	_, err := ParsePrices(plain[PriceKey])
	return err
}

// Check tests a channel's settings against its provider, saved or not, and says what to do about what fails.
func (s *Service) Check(ctx context.Context, ws id.Workspace, channel ID) ([]Check, error) {
	c, err := readChannel(ctx, s.DB, ws, channel)
	if err != nil {
		return nil, err
	}
	secrets, err := s.unseal(c)
	if err != nil {
		return nil, err
	}
	conn, err := s.connect(ctx, s.DB, c, secrets)
	if err != nil {
		return []Check{refusedCheck(err)}, nil
	}
	defer func() { s.failed(ctx, "close a channel", conn.Close()) }()
	checks := []Check{}
	if checker, ok := conn.(Checker); ok {
		checks = append(checks, checker.Check(ctx)...)
	}
	return append(checks, s.heard(ctx, c)...), nil
}

// CheckDraft is Check for a channel that is not saved.
func (s *Service) CheckDraft(ctx context.Context, ws id.Workspace, d Draft) ([]Check, error) {
	c := Channel{Workspace: ws, ID: "chn_draft", Kind: d.Kind, Settings: map[string]string{}}
	adapter, err := s.adapter(d.Kind)
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	if err := split(adapter.Describe(), d.Settings, c.Settings, secrets); err != nil {
		return []Check{refusedCheck(err)}, nil
	}
	c.Name = d.Name
	conn, err := s.connect(ctx, s.DB, c, secrets)
	if err != nil {
		return []Check{refusedCheck(err)}, nil
	}
	defer func() { s.failed(ctx, "close a channel", conn.Close()) }()
	if checker, ok := conn.(Checker); ok {
		return checker.Check(ctx), nil
	}
	return []Check{}, nil
}

func refusedCheck(err error) Check {
	c := Check{Key: "settings", Title: "The settings are complete", Fix: "Correct the settings."}
	var e *errs.Error
	if errors.As(err, &e) {
		c.Detail = e.Message
	}
	return c
}

// heard says whether anything came in yet, with the usual causes when nothing did (ST-2).
func (s *Service) heard(ctx context.Context, c Channel) []Check {
	h, err := s.Health(ctx, c.Workspace, c.ID)
	if err != nil {
		return nil
	}
	inbound := Check{Key: "inbound", Title: "A text has come in", OK: !h.LastInboundAt.IsZero(), Detail: sinceText(h.LastInboundAt)}
	receipt := Check{Key: "receipt", Title: "A delivery receipt has come in", OK: !h.LastReceiptAt.IsZero(), Detail: sinceText(h.LastReceiptAt)}
	if !inbound.OK {
		inbound.Fix = "Text the number. If nothing shows here: the webhook address is not set at the provider, this server cannot be reached from " +
			"the internet, or the secret is another."
	}
	if !receipt.OK {
		receipt.Fix = "Send a text from here. Receipts come to the same address as texts, with /status behind it."
	}
	return []Check{inbound, receipt}
}

func sinceText(at clock.Time) string {
	if at.IsZero() {
		return "Not yet."
	}
	return "Last at " + at.Std().Format("2006-01-02 15:04:05 UTC") + "."
}
