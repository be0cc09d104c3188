package simulator

import (
	"context"
	_ "embed"
	"errors"
	"net/http"
	"net/url"
	"time"

	"parley/internal/commerce"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

//go:embed storefront.html
var storefrontHTML string

// storefront is the page of the simulated shop to which the restore link of a cart leads: what is in it, and Buy.
type storefront struct {
	s    *Service
	page httpx.Hosted
}

// storefrontView is what the page shows.
type storefrontView struct {
	Title string
	Lines []commerce.Line
	Code  string
	Off   string // empty: nothing but the shipping
	Total string
	Open  bool // can be bought
	Note  string
}

const pretend = "This shop is part of the simulation: nothing is charged and nothing is shipped."

func (s *Service) storefrontRoutes(api *httpx.API) {
	f := storefront{s, httpx.NewHosted("storefront", storefrontHTML)}
	limit := httpx.Rate{Burst: 60, Every: 500 * time.Millisecond}
	api.Raw(httpx.Route{Method: "GET", Path: "/shop/{slug}/{token}", ID: "sim-cart-page", Summary: "A cart in the simulated shop", Permission: httpx.Public, Rate: limit}, f.show)
	api.Raw(httpx.Route{Method: "POST", Path: "/shop/{slug}/{token}", ID: "sim-cart-buy", Summary: "Buy a cart in the simulated shop", Permission: httpx.Public, Rate: limit, MaxBody: 1 << 10}, f.buy)
}

// cartURL is where a cart can be seen again.
func (s *Service) cartURL(ws org.Workspace, token string) string {
	return s.PublicURL + "/shop/" + ws.Slug + "/" + url.PathEscape(token)
}

func (f storefront) show(w http.ResponseWriter, r *http.Request) {
	ws, p, c, err := f.find(r)
	if err != nil {
		f.fail(w, r, err)
		return
	}
	view, err := f.view(r.Context(), ws, p, c)
	if err != nil {
		f.fail(w, r, err)
		return
	}
	f.write(w, r, http.StatusOK, view)
}

// buy orders what lies in the cart, and shows it. A second click finds a cart that is over, and buys nothing.
func (f storefront) buy(w http.ResponseWriter, r *http.Request) {
	ws, p, c, err := f.find(r)
	if err == nil && !c.State.Over() {
		_, err = f.s.Act(r.Context(), p, Action{Do: "order", Token: c.Token})
	}
	if err != nil && !errors.Is(err, errNothing) {
		f.fail(w, r, err)
		return
	}
	http.Redirect(w, r, f.s.cartURL(ws, c.Token), http.StatusSeeOther) //nolint:gosec // it begins with our own address, and its parts come from the tables
}

// find is the cart of the address, if its owner's phone is a simulated one: carts of real customers are shown by their shop.
func (f storefront) find(r *http.Request) (ws org.Workspace, p Phone, c commerce.Cart, err error) {
	ctx, s := r.Context(), f.s
	if ws, err = s.Org.BySlug(ctx, s.DB, r.PathValue("slug")); err != nil {
		return ws, p, c, err
	}
	if c, err = s.Commerce.CartByToken(ctx, s.DB, ws.ID, r.PathValue("token")); err != nil {
		return ws, p, c, err
	}
	p, err = s.phoneOf(ctx, ws.ID, c.Person)
	return ws, p, c, err
}

// phoneOf is the simulated phone of a person.
func (s *Service) phoneOf(ctx context.Context, ws id.Workspace, person id.Person) (Phone, error) {
	if person == "" {
		return Phone{}, ErrUnknown
	}
	who, err := s.People.Get(ctx, s.DB, ws, person)
	if err != nil {
		return Phone{}, err
	}
	return findPhone(ctx, s.DB, ws, who.Phone())
}

func (f storefront) view(ctx context.Context, ws org.Workspace, p Phone, c commerce.Cart) (storefrontView, error) {
	v := storefrontView{Title: "Your cart at " + ws.Settings.Brand, Lines: c.Lines, Total: c.Total.String(), Open: !c.State.Over(), Note: pretend}
	switch {
	case c.State == commerce.Bought || c.State == commerce.Recovered:
		v.Title = "Thank you for your order at " + ws.Settings.Brand
		return v, nil
	case len(c.Lines) == 0 || !v.Open:
		v.Title, v.Open = "Your cart at "+ws.Settings.Brand+" is empty", false
		return v, nil
	}
	b := basket{token: c.Token, currency: c.Total.Currency, lines: c.Lines}
	code, err := f.s.discount(ctx, p, c.Person, "", b)
	if err != nil || code.code == "" {
		return v, err
	}
	total, off := b.worth(), b.worth()
	total.Minor -= code.off
	v.Code, v.Total = code.code, total.String()
	if off.Minor = code.off; code.off > 0 {
		v.Off = off.String()
	}
	return v, nil
}

// fail says that there is no such cart, or that it cannot be shown.
func (f storefront) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, org.ErrNoWorkspace) || errors.Is(err, commerce.ErrUnknownCart) || errors.Is(err, ErrUnknown) {
		f.write(w, r, http.StatusNotFound, storefrontView{Title: "There is no such cart", Note: "The link may be old, or a letter of it is missing. " + pretend})
		return
	}
	f.s.Log.Error("the simulated shop could not answer", "error", err)
	f.write(w, r, http.StatusServiceUnavailable, storefrontView{Title: "One moment, please", Note: "The simulated shop cannot answer right now. Nothing was bought; please try again."})
}

func (f storefront) write(w http.ResponseWriter, r *http.Request, status int, view storefrontView) {
	if err := f.page.Show(w, status, view); err != nil {
		f.s.Log.ErrorContext(r.Context(), "a page of the simulated shop could not be written", "error", err)
	}
}
