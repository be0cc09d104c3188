package offer

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/org"
)

// OfferBody is an offer as the API writes it.
type OfferBody struct {
	ID             ID            `json:"id,omitempty" readOnly:"true"`
	Name           string        `json:"name" maxLength:"80" minLength:"1"`
	Kind           Kind          `json:"kind" enum:"free_shipping,percent,amount"`
	Percent        int           `json:"percent,omitempty" minimum:"0" maximum:"100"`
	Amount         *money.Amount `json:"amount,omitempty"`
	Prefix         string        `json:"prefix,omitempty" maxLength:"12" doc:"of its codes; ERA makes ERA-7K2QX9PA"`
	ExpiresSeconds int64         `json:"expires_seconds,omitempty" minimum:"0" maximum:"157680000" doc:"life of a code; 0: for ever"`
	MaxCodes       int           `json:"max_codes,omitempty" minimum:"0" doc:"0: no limit"`
	AgentGrantable bool          `json:"agent_grantable,omitempty"`
	Shop           string        `json:"shop,omitempty" maxLength:"80" doc:"name of the shop that must know the codes"`
	Worth          string        `json:"worth,omitempty" readOnly:"true" doc:"in words"`
	Allowed        bool          `json:"allowed,omitempty" readOnly:"true" doc:"whether the caller may give it to a customer"`
	Pool           *PoolBody     `json:"pool,omitempty" readOnly:"true"`
}

// PoolBody counts the codes of an offer.
type PoolBody struct {
	Issued   int `json:"issued"`
	Redeemed int `json:"redeemed"`
	Expired  int `json:"expired"`
	Left     int `json:"left" doc:"-1: no limit"`
}

func bodyOf(o Offer) OfferBody {
	b := OfferBody{ID: o.ID, Name: o.Name, Kind: o.Kind, Percent: o.Percent, Prefix: o.Prefix, ExpiresSeconds: int64(o.ExpiresAfter.Seconds()),
		MaxCodes: o.MaxCodes, AgentGrantable: o.AgentGrantable, Shop: o.Shop, Worth: o.Worth()}
	if o.Kind == Amount {
		b.Amount = &o.Amount
	}
	return b
}

func (b OfferBody) offer() Offer {
	o := Offer{ID: b.ID, Name: strings.TrimSpace(b.Name), Kind: b.Kind, Percent: b.Percent, Prefix: b.Prefix,
		ExpiresAfter: time.Duration(b.ExpiresSeconds) * time.Second, MaxCodes: b.MaxCodes, AgentGrantable: b.AgentGrantable, Shop: b.Shop}
	if b.Amount != nil {
		o.Amount = *b.Amount
	}
	return o
}

// CodeBody is a person's code as the API writes it.
type CodeBody struct {
	Code       string     `json:"code"`
	OfferID    ID         `json:"offer_id"`
	Offer      string     `json:"offer"`
	Worth      string     `json:"worth"`
	State      string     `json:"state" enum:"issued,redeemed,expired"`
	IssuedAt   clock.Time `json:"issued_at"`
	ExpiresAt  clock.Time `json:"expires_at"`
	IssuedBy   string     `json:"issued_by"`
	RedeemedAt clock.Time `json:"redeemed_at"`
	OrderID    string     `json:"order_id"`
	Shop       ShopState  `json:"shop_state" doc:"whether the shop knows it"`
	ShopError  string     `json:"shop_error,omitempty"`
}

// LinkBody is a person's link with its clicks.
type LinkBody struct {
	URL       string     `json:"url"`
	Kind      string     `json:"kind"`
	Target    string     `json:"target"`
	CreatedAt clock.Time `json:"created_at"`
	Clicks    int        `json:"clicks" doc:"by a person"`
	Previews  int        `json:"previews" doc:"by previews and bots, not counted"`
}

// Routes declares the endpoints of offers, codes and links.
func (s *Service) Routes(api *httpx.API) {
	type list struct {
		Items []OfferBody `json:"items"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/offers", ID: "list-offers", Summary: "Offers and what became of their codes", Permission: org.OfferRead},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[list], error) {
			items, err := s.listBodies(ctx, org.ActorFrom(ctx))
			return httpx.OK(list{items}), err
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/offers", ID: "create-offer", Summary: "Make an offer", Permission: org.OfferWrite, Status: http.StatusCreated},
		func(ctx context.Context, in *struct{ Body OfferBody }) (*httpx.Out[OfferBody], error) {
			o, err := s.Create(ctx, org.ActorFrom(ctx), in.Body.offer())
			return httpx.OK(bodyOf(o)), err
		})
	httpx.Register(api, httpx.Route{Method: "PUT", Path: "/offers/{id}", ID: "replace-offer", Summary: "Change an offer; codes issued before keep what they were", Permission: org.OfferWrite},
		func(ctx context.Context, in *struct {
			ID   ID `path:"id"`
			Body OfferBody
		}) (*httpx.Out[OfferBody], error) {
			o, err := s.replace(ctx, org.ActorFrom(ctx), in.ID, in.Body.offer())
			return httpx.OK(bodyOf(o)), err
		})
	s.personRoutes(api)
	api.Raw(httpx.Route{Method: "GET", Path: "/l/{slug}", ID: "follow-link", Summary: "Follow a short link", Permission: httpx.Public, Rate: httpx.Rate{Burst: 60, Every: time.Second}}, s.follow)
	api.Raw(httpx.Route{Method: "HEAD", Path: "/l/{slug}", ID: "look-at-link", Summary: "Look at a short link without following it", Permission: httpx.Public, Rate: httpx.Rate{Burst: 60, Every: time.Second}}, s.follow)
}

// PersonPath names a person in an address.
type PersonPath struct {
	Person id.Person `path:"id"`
}

func (s *Service) personRoutes(api *httpx.API) {
	type codes struct {
		Items []CodeBody `json:"items"`
		Links []LinkBody `json:"links"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/people/{id}/codes", ID: "list-person-codes", Summary: "A person's codes and links", Permission: org.OfferRead},
		func(ctx context.Context, in *PersonPath) (*httpx.Out[codes], error) {
			items, links, err := s.personBodies(ctx, org.ActorFrom(ctx).Workspace, in.Person)
			return httpx.OK(codes{items, links}), err
		})
	type grantInput struct {
		PersonPath
		Body struct {
			OfferID ID     `json:"offer_id"`
			Subject string `json:"cart_token,omitempty" maxLength:"200"`
		}
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/people/{id}/codes", ID: "grant-code", Summary: "Give a person their code of an offer, within the giver's limits", Permission: org.OfferGrant, Status: http.StatusCreated},
		func(ctx context.Context, in *grantInput) (*httpx.Out[CodeBody], error) {
			c, err := s.Give(ctx, org.ActorFrom(ctx), Grant{Person: in.Person, Offer: in.Body.OfferID, Subject: in.Body.Subject})
			return httpx.OK(c), err
		})
	type lookup struct {
		Code   string    `query:"code" maxLength:"40" required:"true"`
		Person id.Person `query:"person_id"`
	}
	type verdict struct {
		Valid bool   `json:"valid"`
		Text  string `json:"text" doc:"why, in plain words"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/codes", ID: "check-code", Summary: "Whether a code is valid for a person, and why", Permission: org.OfferRead},
		func(ctx context.Context, in *lookup) (*httpx.Out[verdict], error) {
			valid, text, err := s.Valid(ctx, org.ActorFrom(ctx).Workspace, in.Code, in.Person)
			return httpx.OK(verdict{valid, text}), err
		})
}

func (s *Service) listBodies(ctx context.Context, actor org.Actor) ([]OfferBody, error) {
	offers, err := listOffers(ctx, s.db, actor.Workspace)
	if err != nil {
		return nil, err
	}
	counted, err := pools(ctx, s.db, actor.Workspace, s.clock.Now())
	if err != nil {
		return nil, err
	}
	limits, err := s.limits(ctx, actor)
	if err != nil {
		return nil, err
	}
	var out []OfferBody
	for _, o := range offers {
		b, p := bodyOf(o), counted[o.ID]
		b.Pool = &PoolBody{p.Issued, p.Redeemed, p.Expired, -1}
		if o.MaxCodes > 0 {
			b.Pool.Left = max(0, o.MaxCodes-p.Issued)
		}
		b.Allowed = GrantedBy{Limits: limits}.allowed(o, 0) == nil
		out = append(out, b)
	}
	return out, nil
}

func (s *Service) personBodies(ctx context.Context, ws id.Workspace, p id.Person) ([]CodeBody, []LinkBody, error) {
	codes, err := codesOf(ctx, s.db, ws, p)
	if err != nil {
		return nil, nil, err
	}
	var items []CodeBody
	for _, c := range codes {
		o, err := findOffer(ctx, s.db, ws, c.Offer)
		if err != nil {
			return nil, nil, err
		}
		items = append(items, s.codeBody(o, c))
	}
	clicks, err := clicksOf(ctx, s.db, ws, p)
	if err != nil {
		return nil, nil, err
	}
	workspace, err := s.org.Workspace(ctx, s.db, ws)
	if err != nil {
		return nil, nil, err
	}
	var links []LinkBody
	for _, c := range clicks {
		links = append(links, LinkBody{s.base(workspace) + "/l/" + c.Link.Slug, c.Link.Kind, c.Link.Target, c.Link.CreatedAt, c.Human, c.Machines})
	}
	return items, links, nil
}

func (s *Service) codeBody(o Offer, c Code) CodeBody {
	return CodeBody{Code: c.Code, OfferID: c.Offer, Offer: o.Name, Worth: o.Worth(), State: c.State(s.clock.Now()), IssuedAt: c.IssuedAt,
		ExpiresAt: c.ExpiresAt, IssuedBy: c.IssuedBy, RedeemedAt: c.RedeemedAt, OrderID: c.Order, Shop: c.Shop, ShopError: c.ShopError}
}

// limits are what the actor may give; keys and the system are bound only by the offers.
func (s *Service) limits(ctx context.Context, actor org.Actor) (org.GrantLimits, error) {
	if actor.Member == "" {
		return org.Unlimited(), nil
	}
	ws, err := s.org.Workspace(ctx, s.db, actor.Workspace)
	if err != nil {
		return org.GrantLimits{}, err
	}
	member, err := s.org.Member(ctx, s.db, actor.Workspace, actor.Member)
	return ws.LimitsOf(member), err
}

// Give issues a code in the name of the actor, within the actor's limits.
func (s *Service) Give(ctx context.Context, actor org.Actor, g Grant) (CodeBody, error) {
	limits, err := s.limits(ctx, actor)
	if err != nil {
		return CodeBody{}, err
	}
	g.Workspace, g.By = actor.Workspace, actor.Ref()
	if actor.Member != "" {
		g.Member = &GrantedBy{ID: actor.Member, Limits: limits}
	}
	var body CodeBody
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := s.people.Get(ctx, tx, g.Workspace, g.Person); err != nil {
			return err
		}
		c, err := s.IssueTx(ctx, tx, g)
		if err != nil {
			return err
		}
		o, err := findOffer(ctx, tx, g.Workspace, g.Offer)
		body = s.codeBody(o, c)
		return err
	})
	return body, err
}

func (s *Service) replace(ctx context.Context, actor org.Actor, offer ID, o Offer) (Offer, error) {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := findOffer(ctx, tx, actor.Workspace, offer)
		if err != nil {
			return err
		}
		o.ID, o.CreatedAt = before.ID, before.CreatedAt
		return s.SaveTx(ctx, tx, actor, o)
	})
	return o, err
}

// Valid says whether a person can use a code now, with the reason in words an agent can pass on.
func (s *Service) Valid(ctx context.Context, ws id.Workspace, code string, p id.Person) (bool, string, error) {
	c, err := findCode(ctx, s.db, ws, strings.ToUpper(strings.TrimSpace(code)))
	if errors.Is(err, ErrUnknown) {
		return false, "No code of ours reads like this.", nil
	}
	if err != nil {
		return false, "", err
	}
	now := s.clock.Now()
	switch {
	case !c.RedeemedAt.IsZero():
		return false, "It was used on " + c.RedeemedAt.Std().Format("2 January 2006") + ".", nil
	case c.State(now) == "expired":
		return false, "It expired on " + c.ExpiresAt.Std().Format("2 January 2006") + ".", nil
	case p != "" && c.Person != p:
		return false, "It is somebody else's personal code.", nil
	case !c.Usable():
		return false, "The shop does not know it yet.", nil
	}
	return true, "It is valid.", nil
}

// follow answers a short link: one redirect to the stored target, never to anything from the request.
func (s *Service) follow(w http.ResponseWriter, r *http.Request) {
	purpose := r.Header.Get("Sec-Purpose") + r.Header.Get("Purpose") + r.Header.Get("X-Moz")
	l, found, err := s.Follow(r.Context(), r.PathValue("slug"), Fetch{Method: r.Method, UserAgent: r.UserAgent(), Purpose: purpose})
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	switch {
	case err != nil && l.Target == "":
		s.log.Error("a link could not be looked up", "error", err)
		deadLink(w, http.StatusServiceUnavailable, "One moment, please", "This link cannot be opened right now. Please try it again in a minute.")
	case !found && err == nil:
		deadLink(w, http.StatusNotFound, "This link leads nowhere", "Perhaps a letter is missing at its end. Open it from your message again, or reply to the message and we will help.")
	case l.Target == "":
		deadLink(w, http.StatusGone, "This link has expired", "Reply to the message it came with, and we will send you a new one.")
	default:
		if err != nil {
			s.log.Error("a click was not recorded; the person was led on all the same", "error", err)
		}
		http.Redirect(w, r, l.Target, http.StatusFound) // #nosec G710 -- the target was stored by us and checked by checkTarget
	}
}

// deadLink is a small page without scripts for the three ways a link can end.
func deadLink(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
		`<title>` + title + `</title><body><main><h1>` + title + `</h1><p>` + text + `</p></main></body></html>`))
}
