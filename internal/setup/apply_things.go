package setup

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/internal/channel"
	"parley/internal/commerce"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/journey"
	"parley/internal/money"
	"parley/internal/offer"
	"parley/internal/org"
)

// scopes is the permissions in the order of the matrix, each once.
func scopes(given []org.Permission) []org.Permission {
	var out []org.Permission
	for _, p := range org.AllPermissions() {
		if slices.Contains(given, p) {
			out = append(out, p)
		}
	}
	return out
}

func (a *application) channels(ctx context.Context, tx *db.Tx) error {
	there, err := a.s.Channels.Channels(ctx, tx, a.now.ID)
	if err != nil {
		return err
	}
	for _, c := range ordered(a.want.Channels, func(c Channel) string { return c.Name }) {
		if err := a.channel(ctx, tx, c, there); err != nil {
			return wrap(err, c.Line, "channel", c.Name)
		}
	}
	return nil
}

func (a *application) channel(ctx context.Context, tx *db.Tx, c Channel, there []channel.Channel) error {
	draft := channel.Draft{Kind: channel.Kind(c.Kind), Name: c.Name, Settings: c.Settings, State: channel.ChannelActive}
	if c.Stopped {
		draft.State = channel.ChannelStopped
	}
	if c.Registration != nil {
		draft.Registration = channel.Registration(*c.Registration)
	}
	at := slices.IndexFunc(there, func(t channel.Channel) bool { return t.Name == c.Name })
	if at < 0 {
		a.isNew("channel", c.Name)
		_, err := a.s.Channels.SaveTx(ctx, tx, a.actor, draft)
		return err
	}
	now := there[at]
	if now.Kind != draft.Kind {
		return errs.New(errs.Conflict, "channel_kind_fixed", "The channel %q is a %s channel, and the file makes it %s. Give the new one another name.", c.Name, now.Kind, c.Kind)
	}
	rotated, err := a.s.Channels.SaveTx(ctx, tx, a.actor, draft)
	if err != nil {
		return err
	}
	before, after := a.plain(now.Kind, now.Settings), a.plain(now.Kind, c.Settings)
	before["state"], after["state"] = now.State, draft.State
	before["registration"], after["registration"] = now.Registration, draft.Registration
	fields := compare(before, after)
	for _, key := range rotated {
		fields = append(fields, Field{Name: "settings." + key})
	}
	a.differs("channel", c.Name, fields)
	return nil
}

// plain is the settings of a channel without its secrets, with those left out at their usual values.
func (a *application) plain(kind channel.Kind, given map[string]string) map[string]any {
	out := map[string]any{}
	for _, d := range a.s.Channels.Kinds() {
		for _, field := range d.Settings {
			if d.Kind != kind || field.Type == "secret" {
				continue
			}
			out["settings."+field.Key] = field.Default
			if given[field.Key] != "" {
				out["settings."+field.Key] = given[field.Key]
			}
		}
	}
	return out
}

func (a *application) shops(ctx context.Context, tx *db.Tx) error {
	there, err := a.s.Shops.Shops(ctx, tx, a.now.ID)
	if err != nil {
		return err
	}
	for _, shop := range ordered(a.want.Shops, func(s Shop) string { return s.Name }) {
		at := slices.IndexFunc(there, func(t commerce.Shop) bool { return t.Name == shop.Name })
		changes := at < 0
		if changes {
			a.isNew("shop", shop.Name)
		} else if changes, err = a.shopDiffers(ctx, tx, shop, there[at]); err != nil {
			return wrap(err, shop.Line, "shop", shop.Name)
		}
		if !changes {
			continue
		}
		if _, err := a.s.Shops.SaveShopTx(ctx, tx, a.actor, shop.input()); err != nil {
			return wrap(err, shop.Line, "shop", shop.Name)
		}
	}
	return nil
}

// hooks refuses a channel and a shop of one name, wherever they come from: webhooks at that address would all be the channel's.
func (a *application) hooks(ctx context.Context, tx *db.Tx) error {
	channels, err := a.s.Channels.Channels(ctx, tx, a.now.ID)
	if err != nil {
		return err
	}
	shops, err := a.s.Shops.Shops(ctx, tx, a.now.ID)
	if err != nil {
		return err
	}
	for _, c := range a.want.Channels {
		if slices.ContainsFunc(shops, func(s commerce.Shop) bool { return s.Name == c.Name }) {
			return wrap(errHookTaken, c.Line, "channel", c.Name)
		}
	}
	for _, s := range a.want.Shops {
		if slices.ContainsFunc(channels, func(c channel.Channel) bool { return c.Name == s.Name }) {
			return wrap(errHookTaken, s.Line, "shop", s.Name)
		}
	}
	return nil
}

var errHookTaken = errs.New(errs.Conflict, "hook_name_taken", "A channel and a shop have this name, which stands in the address of their webhooks. Give one of them another. Nothing was changed.")

func (s Shop) input() commerce.ShopInput {
	return commerce.ShopInput{Name: s.Name, Kind: s.Kind, Domain: s.Domain, BaseURL: s.BaseURL, Secret: s.Secret, Token: s.Token, ConsentWording: s.ConsentWording}
}

func (a *application) shopDiffers(ctx context.Context, tx *db.Tx, want Shop, now commerce.Shop) (bool, error) {
	if want.Kind != now.Kind {
		return false, errs.New(errs.Conflict, "shop_kind_fixed", "The shop %q is a %s shop, and the file makes it %s. Give the new one another name.", want.Name, now.Kind, want.Kind)
	}
	fields := compare(
		map[string]any{"domain": now.Domain, "base_url": now.BaseURL, "consent_wording": now.ConsentWording},
		map[string]any{"domain": strings.ToLower(want.Domain), "base_url": want.BaseURL, "consent_wording": want.ConsentWording})
	var secret, token string
	if want.Secret != nil {
		secret = *want.Secret
	}
	if want.Token != nil {
		token = *want.Token
	}
	sameSecret, sameToken, err := a.s.Shops.ShopHolds(ctx, tx, a.now.ID, want.Name, secret, token)
	if want.Secret != nil && !sameSecret {
		fields = append(fields, Field{Name: "secret"})
	}
	if want.Token != nil && !sameToken {
		fields = append(fields, Field{Name: "token"})
	}
	return a.differs("shop", want.Name, fields), err
}

func (a *application) offers(ctx context.Context, tx *db.Tx) error {
	for _, o := range ordered(a.want.Offers, func(o Offer) string { return o.Name }) {
		if err := a.offer(ctx, tx, o); err != nil {
			return wrap(err, o.Line, "offer", o.Name)
		}
	}
	return nil
}

func (a *application) offer(ctx context.Context, tx *db.Tx, o Offer) error {
	now, err := a.s.Offers.ByName(ctx, tx, a.now.ID, strings.TrimSpace(o.Name))
	fresh := errors.Is(err, offer.ErrUnknown)
	if err != nil && !fresh {
		return err
	}
	want, err := o.wanted(a.now.Currency)
	if err != nil {
		return err
	}
	if fresh {
		a.isNew("offer", o.Name)
		want.ID, want.CreatedAt = offer.ID(a.s.IDs.New("off")), a.s.Clock.Now()
	} else {
		want.ID, want.CreatedAt = now.ID, now.CreatedAt
		if !a.differs("offer", o.Name, compare(offerFields(now), offerFields(want))) {
			return nil
		}
	}
	return a.s.Offers.SaveTx(ctx, tx, a.actor, want)
}

func (o Offer) wanted(currency money.Currency) (offer.Offer, error) {
	out := offer.Offer{Name: strings.TrimSpace(o.Name), Kind: offer.Kind(o.Kind), Percent: o.Percent, Prefix: o.Prefix, ExpiresAfter: o.Life.Std(),
		MaxCodes: o.MaxCodes, AgentGrantable: o.AgentGrantable, Shop: o.Shop, Archived: o.Archived}
	if o.Amount == "" {
		return out, nil
	}
	var err error
	out.Amount, err = money.Parse(o.Amount, currency)
	return out, err
}

func offerFields(o offer.Offer) map[string]any {
	out := map[string]any{"kind": o.Kind, "percent": o.Percent, "prefix": o.Prefix, "expires_after": o.ExpiresAfter / time.Microsecond, "max_codes": o.MaxCodes,
		"agent_grantable": o.AgentGrantable, "shop": o.Shop, "archived": o.Archived}
	if o.Kind == offer.Amount {
		out["amount"] = o.Amount.String()
	}
	return out
}

func (a *application) journeys(ctx context.Context, tx *db.Tx) error {
	there, err := a.s.Journeys.List(ctx, tx, a.now.ID)
	if err != nil {
		return err
	}
	for _, j := range ordered(a.want.Journeys, func(j Journey) string { return j.Name }) {
		var now journey.Journey
		if at := slices.IndexFunc(there, func(t journey.Journey) bool { return t.Name == j.Name }); at >= 0 {
			now = there[at]
		}
		if err := a.journey(ctx, tx, j, now); err != nil {
			return wrap(err, j.Line, "journey", j.Name)
		}
	}
	return nil
}

// journey makes what people enter be what the file says. A draft of somebody that differs is replaced only when the live
// version has to change too: work in progress is not the file's business.
func (a *application) journey(ctx context.Context, tx *db.Tx, want Journey, now journey.Journey) error {
	before := map[string]any{"paused": now.State == "paused"}
	if now.Live > 0 {
		live, err := a.s.Journeys.Live(ctx, tx, a.now.ID, now.ID)
		if err != nil {
			return err
		}
		maps.Copy(before, fieldsOf("definition.", live))
	}
	after := fieldsOf("definition.", want.Read)
	after["paused"] = want.Paused
	fields := compare(before, after)
	if len(fields) == 0 {
		return nil
	}
	if now.ID == "" {
		a.isNew("journey", want.Name)
	} else {
		a.differs("journey", want.Name, fields)
	}
	var err error
	if len(fields) > 1 || fields[0].Name != "paused" {
		if now, err = a.publish(ctx, tx, want, now); err != nil {
			return err
		}
	}
	if want.Paused != (now.State == "paused") {
		_, err = a.s.Journeys.PauseTx(ctx, tx, a.actor, now.ID, want.Paused)
	}
	return err
}

func (a *application) publish(ctx context.Context, tx *db.Tx, want Journey, now journey.Journey) (journey.Journey, error) {
	saved, err := a.s.Journeys.SaveDraftTx(ctx, tx, a.actor, now.ID, now.Edit, want.Read)
	if err != nil {
		return journey.Journey{}, err
	}
	published, problems, err := a.s.Journeys.PublishTx(ctx, tx, a.actor, saved.ID)
	if err == nil && len(problems) > 0 {
		var lines []string
		for _, p := range problems {
			lines = append(lines, p.Step+": "+p.Text)
		}
		err = errs.New(errs.Invalid, "journey_invalid", "The journey cannot be published. Nothing was changed.\n%s", strings.Join(lines, "\n"))
	}
	return published, err
}
