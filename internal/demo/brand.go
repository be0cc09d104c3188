package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"parley/internal/channel"
	"parley/internal/db"
	"parley/internal/journey/shipped"
	"parley/internal/offer"
	"parley/internal/org"
)

const (
	brand      = "Fashion Era"
	slug       = "fashion-era"
	shopName   = "fashion-era"
	shopDomain = "fashion-era.myshopify.com"

	channelName = "sim"
	number      = "+15550100001" // the brand's simulated one

	// prices are what a segment costs here, in the part of the world where the demo plays. Elsewhere nobody knows.
	prices = "IT 0.043 EUR\nGB 0.038 EUR\nDE 0.075 EUR\nFR 0.065 EUR\nUS 0.0083 EUR"

	// wording is what the box at the shop's checkout says.
	wording = "Fashion Era: I agree to recurring automated marketing texts, such as offers and cart reminders, at this number. " +
		"Consent is not a condition of purchase. Up to 8 texts a month. Msg & data rates may apply. Reply HELP for help, STOP to cancel."
)

// makeBrand makes the workspace, its team, channel, shop, offers, journeys and phones.
func (t *teller) makeBrand(ctx context.Context) error {
	settings := org.DefaultSettings(brand)
	settings.SupportContact = "help@fashion-era.example"
	settings.TermsURL = "https://fashion-era.example/terms"
	err := t.app.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		t.ws, err = t.app.Org.CreateWorkspaceTx(ctx, tx, org.NewWorkspace{Name: brand, Slug: slug, Country: home, Timezone: zone, Currency: "EUR", Settings: &settings, Demo: true})
		return err
	})
	if err != nil {
		return err
	}
	if t.ana, err = t.join(ctx, "Ana Costa", "ana@fashion-era.example", org.Owner); err != nil {
		return err
	}
	if t.marco, err = t.join(ctx, "Marco Villa", "marco@fashion-era.example", org.Agent); err != nil {
		return err
	}
	t.secret = t.app.IDs.Secret(32)
	type body = map[string]any
	for _, c := range []call{
		{http.MethodPost, "/channels", body{"kind": "sim", "name": channelName, "settings": body{"number": number, "rate": "1000", channel.PriceKey: prices}}, nil},
		{http.MethodPut, "/shops/" + shopName, body{"kind": "shopify", "domain": shopDomain, "secret": t.secret, "consent_wording": wording}, nil},
	} {
		if err := t.api(ctx, t.ana, c); err != nil {
			return err
		}
	}
	if err := t.makeOffers(ctx); err != nil {
		return err
	}
	if err := t.makePhones(ctx); err != nil {
		return err
	}
	return t.publish(ctx, "cart-recovery.json")
}

func (t *teller) join(ctx context.Context, name, email string, role org.Role) (member, error) {
	m, err := t.app.Org.CreateMember(ctx, org.NewMember{Workspace: t.ws.ID, Name: name, Email: email, Role: role})
	if err != nil {
		return member{}, err
	}
	token, err := t.app.Org.LoginLink(ctx, t.ws.ID, m.ID, time.Hour)
	if err != nil {
		return member{}, err
	}
	cookie, err := t.signIn(ctx, token)
	return member{m.ID, name, cookie}, err
}

// The offers of the brand.
const (
	freeShipping = "Free shipping"
	tenPercent   = "Ten percent"
)

func (t *teller) makeOffers(ctx context.Context) error {
	const fortnight = 14 * 24 * 3600
	for _, o := range []offer.OfferBody{
		{Name: freeShipping, Kind: offer.FreeShipping, Prefix: "SHP", ExpiresSeconds: fortnight, AgentGrantable: true},
		{Name: tenPercent, Kind: offer.Percent, Percent: 10, Prefix: "ERA", ExpiresSeconds: fortnight, AgentGrantable: true},
	} {
		var made offer.OfferBody
		if err := t.api(ctx, t.ana, call{http.MethodPost, "/offers", o, &made}); err != nil {
			return err
		}
		t.offers[o.Name] = made.ID
	}
	return nil
}

// publish makes a shipped journey live.
func (t *teller) publish(ctx context.Context, file string) error {
	all, err := shipped.Definitions()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(d shipped.Definition) bool { return d.File == file })
	if at < 0 {
		return fmt.Errorf("no journey is shipped as %s", file)
	}
	var draft struct {
		ID string `json:"id"`
	}
	if err := t.api(ctx, t.ana, call{http.MethodPost, "/journeys", json.RawMessage(all[at].JSON), &draft}); err != nil {
		return err
	}
	return t.api(ctx, t.ana, call{method: http.MethodPost, path: "/journeys/" + draft.ID + "/publish"})
}

// welcomes gives a code to whoever signs up from now on: the visitor's YES is the first.
func (t *teller) welcomes(ctx context.Context) error { return t.publish(ctx, "welcome.json") }

// makePhones makes the simulated phones of Maria, who is the visitor's, and of two who wait in the inbox.
func (t *teller) makePhones(ctx context.Context) error {
	type body = map[string]any
	for _, p := range []body{
		{"number": mariaNumber, "name": "Maria Rossi", "country": "IT", "timezone": "Europe/Rome"},
		{"number": giuliaNumber, "name": "Giulia Romano", "country": "IT", "timezone": "Europe/Rome"},
		{"number": emmaNumber, "name": "Emma Clarke", "country": "GB", "timezone": "Europe/London"},
	} {
		if err := t.api(ctx, t.ana, call{http.MethodPost, "/sim/phones", p, nil}); err != nil {
			return err
		}
	}
	return nil
}
