package commerce

import (
	"context"
	"errors"
	"net/http"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/org"
)

// CartBody is a cart as the API writes it.
type CartBody struct {
	ID          CartID       `json:"id"`
	Token       string       `json:"token"`
	PersonID    id.Person    `json:"person_id"`
	PersonName  string       `json:"person_name"`
	Number      string       `json:"number"`
	State       CartState    `json:"state" enum:"active,abandoned,recovering,recovered,bought,emptied,expired"`
	Items       []Line       `json:"items"`
	Total       money.Amount `json:"total"`
	AbandonedAt clock.Time   `json:"abandoned_at"`
	UpdatedAt   clock.Time   `json:"updated_at"`
	StateAt     clock.Time   `json:"state_at"`
	RestoreURL  string       `json:"restore_url"`
	Reason      Reason       `json:"reason"`
	ReasonNote  string       `json:"reason_note"`
	OrderID     string       `json:"order_id"`
	MessageID   string       `json:"message_id"`
	JourneyID   string       `json:"journey_id"`
	RunID       string       `json:"run_id"`
}

// OrderBody is an order as the API writes it.
type OrderBody struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Status    string       `json:"status"`
	Total     money.Amount `json:"total"`
	Items     []Line       `json:"items"`
	Codes     []string     `json:"codes"`
	PlacedAt  clock.Time   `json:"placed_at"`
	StatusURL string       `json:"status_url"`
}

// BoardColumn is one state of the board with its latest carts.
type BoardColumn struct {
	State CartState    `json:"state"`
	Count int          `json:"count"`
	Total money.Amount `json:"total"`
	Items []CartBody   `json:"items"`
}

// ShopBody is a shop as the API writes it; its secrets are never read back.
type ShopBody struct {
	ID             ShopID     `json:"id"`
	Name           string     `json:"name"`
	Kind           string     `json:"kind"`
	Domain         string     `json:"domain"`
	ConsentWording string     `json:"consent_wording"`
	LastWebhookAt  clock.Time `json:"last_webhook_at"`
	ReconciledAt   clock.Time `json:"reconciled_at"`
	Problem        string     `json:"problem"`
}

// Routes declares the endpoints of carts, orders and shops.
func (s *Service) Routes(api *httpx.API) {
	type query struct {
		httpx.Paging
		State CartState `query:"state" enum:"active,abandoned,recovering,recovered,bought,emptied,expired"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/carts", ID: "list-carts", Summary: "Carts, latest change first", Permission: org.CartRead},
		func(ctx context.Context, in *query) (*httpx.Out[httpx.Page[CartBody]], error) {
			page, err := s.cartPage(ctx, org.ActorFrom(ctx).Workspace, in.State, in.Paging)
			return httpx.OK(page), err
		})
	type board struct {
		Columns []BoardColumn `json:"columns"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/carts/board", ID: "cart-board", Summary: "Carts by state, with counts and sums", Permission: org.CartRead},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[board], error) {
			columns, err := s.board(ctx, org.ActorFrom(ctx).Workspace)
			return httpx.OK(board{columns}), err
		})
	type reasonInput struct {
		ID   CartID `path:"id"`
		Body struct {
			Reason Reason `json:"reason" enum:",unexpected_cost,account_needed,delivery_time,long_checkout,other"`
			Note   string `json:"note,omitempty" maxLength:"1000"`
		}
	}
	httpx.Register(api, httpx.Route{Method: "PUT", Path: "/carts/{id}/reason", ID: "set-cart-reason", Summary: "Why the customer stopped, as they told us", Permission: org.CartWrite},
		func(ctx context.Context, in *reasonInput) (*httpx.Out[CartBody], error) {
			actor := org.ActorFrom(ctx)
			c, err := s.SetReason(ctx, actor, in.ID, in.Body.Reason, in.Body.Note)
			if err != nil {
				return nil, err
			}
			bodies, err := s.bodies(ctx, actor.Workspace, []Cart{c})
			if err != nil {
				return nil, err
			}
			return httpx.OK(bodies[0]), nil
		})
	s.personRoutes(api)
	s.shopRoutes(api)
	s.privacyRoutes(api)
}

func (s *Service) privacyRoutes(api *httpx.API) {
	type requests struct {
		Items []PrivacyRequest `json:"items"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/privacy-requests", ID: "list-privacy-requests", Summary: "What shops ask on behalf of customers", Permission: org.SettingsRead},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[requests], error) {
			items, err := listPrivacy(ctx, s.db, org.ActorFrom(ctx).Workspace)
			return httpx.OK(requests{items}), err
		})
	type done struct {
		Delivery string `path:"delivery" maxLength:"200"`
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/privacy-requests/{delivery}/done", ID: "finish-privacy-request", Summary: "Say that a request was seen to", Permission: org.SettingsWrite},
		func(ctx context.Context, in *done) (*httpx.Done, error) {
			return nil, s.finishPrivacy(ctx, org.ActorFrom(ctx), in.Delivery)
		})
}

func (s *Service) finishPrivacy(ctx context.Context, actor org.Actor, delivery string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		found, err := finishPrivacy(ctx, tx, actor.Workspace, delivery, actor.Ref(), s.clock.Now())
		if err == nil && !found {
			return errPrivacy
		}
		if err != nil {
			return err
		}
		return s.org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "privacy.done", Object: delivery})
	})
}

type personPath struct {
	Person id.Person `path:"id"`
}

func (s *Service) personRoutes(api *httpx.API) {
	type carts struct {
		Items []CartBody `json:"items"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/people/{id}/carts", ID: "list-person-carts", Summary: "A person's carts, latest first", Permission: org.CartRead},
		func(ctx context.Context, in *personPath) (*httpx.Out[carts], error) {
			ws := org.ActorFrom(ctx).Workspace
			found, err := s.CartsOf(ctx, s.db, ws, in.Person)
			if err != nil {
				return nil, err
			}
			items, err := s.bodies(ctx, ws, found)
			return httpx.OK(carts{items}), err
		})
	type orders struct {
		Items []OrderBody `json:"items"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/people/{id}/orders", ID: "list-person-orders", Summary: "A person's orders, latest first", Permission: org.CartRead},
		func(ctx context.Context, in *personPath) (*httpx.Out[orders], error) {
			found, err := s.OrdersOf(ctx, s.db, org.ActorFrom(ctx).Workspace, in.Person)
			var items []OrderBody
			for _, o := range found {
				items = append(items, OrderBody{o.ID, o.Name, o.Status, o.Total, o.Lines, o.Codes, o.PlacedAt, o.StatusURL})
			}
			return httpx.OK(orders{items}), err
		})
}

func (s *Service) shopRoutes(api *httpx.API) {
	type shops struct {
		Items []ShopBody `json:"items"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/shops", ID: "list-shops", Summary: "Shops and how they are", Permission: org.ChannelRead},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[shops], error) {
			found, err := s.Shops(ctx, s.db, org.ActorFrom(ctx).Workspace)
			var items []ShopBody
			for _, f := range found {
				items = append(items, shopBody(f))
			}
			return httpx.OK(shops{items}), err
		})
	type input struct {
		Name string `path:"name" maxLength:"40"`
		Body struct {
			Kind           string  `json:"kind" enum:"shopify"`
			Domain         string  `json:"domain" maxLength:"253" doc:"such as fashion-era.myshopify.com"`
			BaseURL        string  `json:"base_url,omitempty" maxLength:"300" doc:"of the Admin API, when it is not https://<domain>"`
			Secret         *string `json:"secret,omitempty" maxLength:"300" doc:"signs its webhooks; left out: as it is"`
			Token          *string `json:"token,omitempty" maxLength:"300" doc:"for its Admin API; left out: as it is"`
			ConsentWording string  `json:"consent_wording,omitempty" maxLength:"2000" doc:"the words beside the box at its checkout; empty: its box is no consent here"`
		}
	}
	httpx.Register(api, httpx.Route{Method: "PUT", Path: "/shops/{name}", ID: "save-shop", Summary: "Connect a shop, or change it", Permission: org.ChannelWrite},
		func(ctx context.Context, in *input) (*httpx.Out[ShopBody], error) {
			var saved Shop
			b := in.Body
			err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
				saved, err = s.SaveShopTx(ctx, tx, org.ActorFrom(ctx), ShopInput{in.Name, b.Kind, b.Domain, b.BaseURL, b.Secret, b.Token, b.ConsentWording})
				return err
			})
			return httpx.OK(shopBody(saved)), err
		})
	type replayed struct {
		Count int `json:"count"`
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/shops/replay", ID: "replay-shop-webhooks", Summary: "Use again the webhooks that could not be used", Permission: org.ChannelWrite},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[replayed], error) {
			n, err := s.Replay(ctx, org.ActorFrom(ctx).Workspace)
			return httpx.OK(replayed{n}), err
		})
}

func shopBody(f Shop) ShopBody {
	return ShopBody{f.ID, f.Name, f.Kind, f.Domain, f.ConsentWording, f.LastWebhookAt, f.ReconciledAt, f.Problem}
}

func (s *Service) cartPage(ctx context.Context, ws id.Workspace, state CartState, p httpx.Paging) (httpx.Page[CartBody], error) {
	w := cartQuery{State: state, Limit: p.Limit + 1}
	bind := "carts:" + string(ws) + ":" + string(state)
	if p.Cursor != "" {
		if err := httpx.DecodeCursor(bind, p.Cursor, &w.BeforeAt, &w.BeforeID); err != nil {
			return httpx.Page[CartBody]{}, err
		}
	}
	found, err := listCarts(ctx, s.db, ws, w)
	if err != nil {
		return httpx.Page[CartBody]{}, err
	}
	var page httpx.Page[CartBody]
	if len(found) > p.Limit {
		found = found[:p.Limit]
		last := found[len(found)-1]
		page.Next = httpx.EncodeCursor(bind, last.StateAt, last.ID)
	}
	page.Items, err = s.bodies(ctx, ws, found)
	return page, err
}

func (s *Service) board(ctx context.Context, ws id.Workspace) ([]BoardColumn, error) {
	totals, err := cartTotals(ctx, s.db, ws)
	if err != nil {
		return nil, err
	}
	workspace, err := s.org.Workspace(ctx, s.db, ws)
	if err != nil {
		return nil, err
	}
	var columns []BoardColumn
	for _, state := range States() {
		column := BoardColumn{State: state, Total: money.Amount{Currency: workspace.Currency}}
		for _, t := range totals {
			if t.State == state {
				column.Count, column.Total.Minor = t.Count, t.Total
			}
		}
		latest, err := listCarts(ctx, s.db, ws, cartQuery{State: state, Limit: 20})
		if err != nil {
			return nil, err
		}
		if column.Items, err = s.bodies(ctx, ws, latest); err != nil {
			return nil, err
		}
		columns = append(columns, column)
	}
	return columns, nil
}

// bodies writes carts with the names of their people.
func (s *Service) bodies(ctx context.Context, ws id.Workspace, carts []Cart) ([]CartBody, error) {
	var ids []id.Person
	for _, c := range carts {
		if c.Person != "" {
			ids = append(ids, c.Person)
		}
	}
	known, err := s.people.GetAll(ctx, s.db, ws, ids)
	if err != nil {
		return nil, err
	}
	out := make([]CartBody, 0, len(carts))
	for _, c := range carts {
		p := known[c.Person]
		out = append(out, CartBody{ID: c.ID, Token: c.Token, PersonID: c.Person, PersonName: p.Display(), Number: string(p.Phone()), State: c.State, Items: c.Lines,
			Total: c.Total, AbandonedAt: c.AbandonedAt, UpdatedAt: c.TouchedAt, StateAt: c.StateAt, RestoreURL: c.RestoreURL, Reason: c.Reason,
			ReasonNote: c.ReasonNote, OrderID: c.Order, MessageID: c.Message, JourneyID: c.Journey, RunID: c.Run})
	}
	return out, nil
}

// Hook answers a shop's webhook. handled is false when the workspace has no shop of that name.
func (s *Service) Hook(w http.ResponseWriter, r *http.Request, ws id.Workspace, name string, body []byte) (handled bool, err error) {
	err = s.Receive(r.Context(), ws, name, r.Header, body)
	if errors.Is(err, ErrUnknownShop) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	w.WriteHeader(http.StatusOK)
	return true, nil
}
