package people

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/org"
)

// Routes adds the routes of people.
func (s *Service) Routes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/people", ID: "list-people",
		Summary: "Find customers by name, number, e-mail or tag", Permission: org.PersonRead}, s.httpList)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/people", ID: "create-person", Status: http.StatusCreated,
		Summary: "Add a customer", Permission: org.PersonWrite}, s.httpCreate)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/people/{id}", ID: "get-person",
		Summary: "One customer", Permission: org.PersonRead}, s.httpGet)
	httpx.Register(api, httpx.Route{Method: http.MethodPatch, Path: "/people/{id}", ID: "update-person",
		Summary: "Change what is known about a customer", Permission: org.PersonWrite}, s.httpUpdate)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/people/{id}/timeline", ID: "get-person-timeline",
		Summary: "Everything that happened to a customer", Permission: org.PersonRead}, s.httpTimeline)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/attributes", ID: "list-attributes",
		Summary: "The attributes that customers may have", Permission: org.PersonRead}, s.httpDefinitions)
	httpx.Register(api, httpx.Route{Method: http.MethodPut, Path: "/attributes/{key}", ID: "put-attribute",
		Summary: "Define an attribute", Permission: org.PersonWrite}, s.httpDefine)
	s.consentRoutes(api)
}

// personJSON is a customer as the API shows it.
type personJSON struct {
	ID               id.Person                  `json:"id"`
	Name             string                     `json:"name" doc:"the number when nobody told the name"`
	GivenName        string                     `json:"given_name"`
	FamilyName       string                     `json:"family_name"`
	Identities       []identityJSON             `json:"identities"`
	Language         string                     `json:"language"`
	Timezone         string                     `json:"timezone"`
	LocalTime        string                     `json:"local_time" doc:"where the customer most likely is; empty when unknown"`
	Quiet            quietJSON                  `json:"quiet"`
	Country          string                     `json:"country"`
	State            string                     `json:"state"`
	Zip              string                     `json:"zip"`
	Attributes       map[string]any             `json:"attributes"`
	AttributeSources map[string]AttributeSource `json:"attribute_sources"`
	Tags             []string                   `json:"tags"`
	Value            money.Amount               `json:"value"`
	Orders           int                        `json:"orders"`
	LastOrderAt      clock.Time                 `json:"last_order_at"`
	CreatedAt        clock.Time                 `json:"created_at"`
	PreferredChannel string                     `json:"preferred_channel"`
	Version          int64                      `json:"version"`
}

type identityJSON struct {
	Kind       IdentityKind `json:"kind" enum:"phone,email,external,username"`
	Value      string       `json:"value"`
	VerifiedAt clock.Time   `json:"verified_at"`
	Source     string       `json:"source"`
}

type quietJSON struct {
	Open  bool       `json:"open" doc:"texts that nobody asked for may be sent now"`
	Until clock.Time `json:"until"`
	Text  string     `json:"text"`
}

// show turns people into JSON, with their local time.
func (s *Service) show(ctx context.Context, ws id.Workspace, list []Person) ([]personJSON, error) {
	hours, err := s.HoursAll(ctx, s.DB, ws, list)
	if err != nil {
		return nil, err
	}
	out := make([]personJSON, len(list))
	for i, p := range list {
		h := hours[p.ID]
		out[i] = personJSON{ID: p.ID, Name: p.Display(), GivenName: p.GivenName, FamilyName: p.FamilyName, Language: p.Language,
			Timezone: p.Timezone, LocalTime: h.Local, Quiet: quietJSON{h.Open, h.Until, h.Text}, Country: p.Country, State: p.State,
			Zip: p.Zip, Attributes: p.Attributes, AttributeSources: p.AttributeSources, Tags: p.Tags, Value: p.Value, Orders: p.Orders,
			LastOrderAt: p.LastOrderAt, CreatedAt: p.CreatedAt, PreferredChannel: p.PreferredChannel, Version: p.Version}
		for _, identity := range p.Identities {
			out[i].Identities = append(out[i].Identities, identityJSON{identity.Kind, identity.Value, identity.VerifiedAt, identity.Source})
		}
	}
	return out, nil
}

func (s *Service) showOne(ctx context.Context, ws id.Workspace, p Person) (*httpx.Out[personJSON], error) {
	list, err := s.show(ctx, ws, []Person{p})
	if err != nil {
		return nil, err
	}
	return httpx.OK(list[0]), nil
}

type listInput struct {
	httpx.Paging
	Q   string `query:"q" maxLength:"200" doc:"part of a name, a number or an address"`
	Tag string `query:"tag" maxLength:"60"`
}

func (s *Service) httpList(ctx context.Context, in *listInput) (*httpx.Out[httpx.Page[personJSON]], error) {
	ws := org.ActorFrom(ctx).Workspace
	page, err := s.List(ctx, s.DB, ws, Query{Search: in.Q, Tag: in.Tag, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	items, err := s.show(ctx, ws, page.People)
	if err != nil {
		return nil, err
	}
	return httpx.OK(httpx.Page[personJSON]{Items: items, Next: page.Next}), nil
}

type personPath struct {
	ID id.Person `path:"id" maxLength:"60"`
}

func (s *Service) httpGet(ctx context.Context, in *personPath) (*httpx.Out[personJSON], error) {
	ws := org.ActorFrom(ctx).Workspace
	p, err := s.Get(ctx, s.DB, ws, in.ID)
	if err != nil {
		return nil, err
	}
	return s.showOne(ctx, ws, p)
}

// personBody is what may be written. A field that is left out stays as it is.
type personBody struct {
	Name             *string        `json:"name,omitempty"`
	GivenName        *string        `json:"given_name,omitempty"`
	FamilyName       *string        `json:"family_name,omitempty"`
	Language         *string        `json:"language,omitempty"`
	Timezone         *string        `json:"timezone,omitempty"`
	Country          *string        `json:"country,omitempty"`
	State            *string        `json:"state,omitempty"`
	Zip              *string        `json:"zip,omitempty"`
	PreferredChannel *string        `json:"preferred_channel,omitempty"`
	Attributes       map[string]any `json:"attributes,omitempty" doc:"null removes an attribute"`
	AddTags          []string       `json:"add_tags,omitempty" maxItems:"50"`
	RemoveTags       []string       `json:"remove_tags,omitempty" maxItems:"50"`
	AddIdentities    []givenJSON    `json:"add_identities,omitempty" maxItems:"20"`
	Version          int64          `json:"version,omitempty" doc:"of the customer as it was read; the change is refused if somebody else was faster"`
}

// givenJSON is an identity that somebody claims; proof of it comes from the holder alone.
type givenJSON struct {
	Kind  IdentityKind `json:"kind" enum:"phone,email,external,username"`
	Value string       `json:"value" maxLength:"320"`
}

func (b personBody) update(source string) Update {
	u := Update{Name: b.Name, GivenName: b.GivenName, FamilyName: b.FamilyName, Language: b.Language, Timezone: b.Timezone,
		Country: b.Country, State: b.State, Zip: b.Zip, PreferredChannel: b.PreferredChannel, Attributes: b.Attributes,
		AddTags: b.AddTags, RemoveTags: b.RemoveTags, Source: source, Version: b.Version}
	for _, i := range b.AddIdentities {
		u.AddIdentities = append(u.AddIdentities, Identity{Kind: i.Kind, Value: i.Value, Source: source})
	}
	return u
}

type createInput struct{ Body personBody }

func (s *Service) httpCreate(ctx context.Context, in *createInput) (*httpx.Out[personJSON], error) {
	actor := org.ActorFrom(ctx)
	u := in.Body.update(actor.Ref())
	subject := Subject{Identities: u.AddIdentities, Hint: Hint{Source: actor.Ref()}}
	var p Person
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		out, err := s.ResolveAllTx(ctx, tx, actor.Workspace, []Subject{subject})
		if err == nil {
			err = out[0].Err
		}
		if err != nil {
			return err
		}
		if !out[0].Created {
			return ErrIdentityTaken
		}
		p, err = s.UpdateTx(ctx, tx, actor.Workspace, out[0].Person, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.showOne(ctx, actor.Workspace, p)
}

type updateInput struct {
	ID   id.Person `path:"id" maxLength:"60"`
	Body personBody
}

func (s *Service) httpUpdate(ctx context.Context, in *updateInput) (*httpx.Out[personJSON], error) {
	actor := org.ActorFrom(ctx)
	var p Person
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		p, err = s.UpdateTx(ctx, tx, actor.Workspace, in.ID, in.Body.update(actor.Ref()))
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.showOne(ctx, actor.Workspace, p)
}

type timelineInput struct {
	ID id.Person `path:"id" maxLength:"60"`
	httpx.Paging
	Filter string `query:"filter" maxLength:"200" doc:"kinds, separated by commas; all when empty"`
}

type timelineJSON struct {
	httpx.Page[TimelineItem]
	Counts map[string]int64 `json:"counts"`
}

func (s *Service) httpTimeline(ctx context.Context, in *timelineInput) (*httpx.Out[timelineJSON], error) {
	var kinds []string
	for kind := range strings.SplitSeq(in.Filter, ",") {
		if kind = strings.TrimSpace(kind); kind != "" && kind != "all" {
			kinds = append(kinds, kind)
		}
	}
	page, err := s.Timeline(ctx, s.DB, org.ActorFrom(ctx).Workspace, TimelineQuery{Person: in.ID, Kinds: kinds, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return httpx.OK(timelineJSON{httpx.Page[TimelineItem]{Items: page.Items, Next: page.Next}, page.Counts}), nil
}

func (s *Service) httpDefinitions(ctx context.Context, _ *struct{}) (*httpx.Out[httpx.Page[Definition]], error) {
	have, err := s.Definitions(ctx, s.DB, org.ActorFrom(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	var items []Definition
	for _, key := range slices.Sorted(maps.Keys(have)) {
		items = append(items, have[key])
	}
	return httpx.OK(httpx.Page[Definition]{Items: items}), nil
}

type defineInput struct {
	Key  string `path:"key" maxLength:"60"`
	Body struct {
		Type  AttributeType `json:"type" enum:"text,number,date,bool,list,money"`
		Label string        `json:"label,omitempty"`
	}
}

func (s *Service) httpDefine(ctx context.Context, in *defineInput) (*httpx.Out[Definition], error) {
	d := Definition{Key: in.Key, Type: in.Body.Type, Label: in.Body.Label}
	var have map[string]Definition
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		ws := org.ActorFrom(ctx).Workspace
		if err := s.DefineTx(ctx, tx, ws, d); err != nil {
			return err
		}
		var err error
		have, err = s.Definitions(ctx, tx, ws)
		return err
	})
	if err != nil {
		return nil, err
	}
	return httpx.OK(have[in.Key]), nil
}
