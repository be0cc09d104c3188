package commerce

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/commerce/shopify"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/secret"
)

// Shop is a shop of a workspace, without its secrets.
type Shop struct {
	ID             ShopID
	Name           string // in its webhook's address
	Kind           string // shopify
	Domain         string // "fashion-era.myshopify.com"
	BaseURL        string // of its Admin API, when it is not https://<domain>
	ConsentWording string // shown at its checkout; empty: its "subscribed" is no consent here
	LastWebhookAt  clock.Time
	ReconciledAt   clock.Time
	Problem        string
	CreatedAt      clock.Time
}

// ShopInput is what a person or a set-up file says about a shop. Nil secrets stay as they are.
type ShopInput struct {
	Name           string
	Kind           string
	Domain         string
	BaseURL        string
	Secret         *string // signs its webhooks
	Token          *string // for its Admin API
	ConsentWording string
}

// secretOverlap is how long a replaced secret is still accepted: Shopify takes up to an hour to sign with the new one.
const secretOverlap = 24 * time.Hour

var shopName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

func (in ShopInput) check() error {
	bad := errs.New(errs.Invalid, "shop_invalid", "The shop was not saved: mend the marked field.")
	switch {
	case !shopName.MatchString(in.Name):
		return bad.WithField("name", "Small letters, digits and hyphens, at most 40: it stands in the webhook's address.")
	case in.Kind != "shopify":
		return bad.WithField("kind", "Only shopify is known.")
	case in.Domain == "" || strings.ContainsAny(in.Domain, "/: "):
		return bad.WithField("domain", "The shop's host name alone, such as fashion-era.myshopify.com.")
	}
	return nil
}

func bindShop(ws id.Workspace, shop ShopID, what string) secret.Bind {
	return secret.Bind{Workspace: ws, Purpose: "shop:" + string(shop) + ":" + what}
}

// SaveShopTx makes the shop of this name, or changes it.
func (s *Service) SaveShopTx(ctx context.Context, tx *db.Tx, actor org.Actor, in ShopInput) (Shop, error) {
	if err := in.check(); err != nil {
		return Shop{}, err
	}
	now := s.clock.Now()
	row, err := findShopByName(ctx, tx, actor.Workspace, in.Name)
	if errors.Is(err, ErrUnknownShop) {
		row, err = shopRow{Workspace: actor.Workspace, Shop: Shop{ID: ShopID(s.ids.New("shp")), Name: in.Name, Kind: in.Kind, CreatedAt: now}}, nil
	}
	if err != nil {
		return Shop{}, err
	}
	before := row.Shop
	row.Domain, row.BaseURL, row.ConsentWording, row.Problem = strings.ToLower(in.Domain), in.BaseURL, in.ConsentWording, ""
	if in.Secret != nil && !s.holds(row.secret, bindShop(actor.Workspace, row.ID, "secret"), *in.Secret) {
		row.oldSecret, row.oldUntil = row.secret, now.Add(secretOverlap)
		row.secret = s.box.Seal([]byte(*in.Secret), bindShop(actor.Workspace, row.ID, "secret"))
	}
	if in.Token != nil && !s.holds(row.token, bindShop(actor.Workspace, row.ID, "token"), *in.Token) {
		row.token = ""
		if *in.Token != "" {
			row.token = s.box.Seal([]byte(*in.Token), bindShop(actor.Workspace, row.ID, "token"))
		}
	}
	if err := saveShop(ctx, tx, row); err != nil {
		return Shop{}, err
	}
	return row.Shop, s.org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "shop.saved", Object: string(row.ID), Before: before, After: row.Shop})
}

// holds says whether a sealed secret is already this one, so that applying a set-up again rotates nothing.
func (s *Service) holds(sealed string, bind secret.Bind, plain string) bool {
	if sealed == "" {
		return plain == ""
	}
	opened, err := s.box.Open(sealed, bind)
	return err == nil && string(opened) == plain
}

// Shops are the shops of a workspace.
func (s *Service) Shops(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Shop, error) {
	rows, err := listShops(ctx, q, ws)
	out := make([]Shop, len(rows))
	for i, r := range rows {
		out[i] = r.Shop
	}
	return out, err
}

// secrets are those that may sign the shop's webhooks now.
func (s *Service) secrets(row shopRow) ([]string, error) {
	var out []string
	for _, sealed := range []string{row.secret, row.oldSecret} {
		if sealed == "" || sealed == row.oldSecret && s.clock.Now().After(row.oldUntil) {
			continue
		}
		plain, err := s.box.Open(sealed, bindShop(row.Workspace, row.ID, "secret"))
		if err != nil {
			return nil, err
		}
		out = append(out, string(plain))
	}
	return out, nil
}

// admin is the shop's Admin API.
func (s *Service) admin(row shopRow) (shopify.Admin, error) {
	token, err := s.box.Open(row.token, bindShop(row.Workspace, row.ID, "token"))
	if err != nil {
		return shopify.Admin{}, err
	}
	return shopify.Admin{Domain: row.Domain, Token: string(token), BaseURL: row.BaseURL, HTTP: s.http}, nil
}

// ResealTx seals the secrets of all shops under the key that seals now, and says of how many.
func (s *Service) ResealTx(ctx context.Context, tx *db.Tx) (int, error) {
	rows, err := sealedShops(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("read the shops: %w", err)
	}
	n := 0
	for _, row := range rows {
		anew := false
		for _, sealed := range []struct {
			text *string
			what string
		}{{&row.secret, "secret"}, {&row.oldSecret, "secret"}, {&row.token, "token"}} {
			text, changed := s.box.Reseal(*sealed.text, bindShop(row.Workspace, row.ID, sealed.what))
			*sealed.text, anew = text, anew || changed
		}
		if !anew {
			continue
		}
		if err := saveShop(ctx, tx, row); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}
