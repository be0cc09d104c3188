package event

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/org"
	"parley/internal/people"
)

// apiSource names the API as the source of events. It is the same for every key of a workspace, so that a key can be
// replaced without telling events twice.
const apiSource = "api"

// Routes adds the routes of events.
func (s *Service) Routes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/events", ID: "ingest-events", MaxBody: MaxBody,
		Summary: "Tell what people did", Permission: org.EventWrite}, s.httpIngest)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/event-types", ID: "list-event-types",
		Summary: "The events that were seen, and their properties", Permission: org.PersonRead}, s.httpCatalogue)
}

// itemJSON is one event of a batch. It is kept raw, so that one that cannot be read does not spoil the others.
type itemJSON struct{ raw []byte }

// UnmarshalJSON keeps the bytes.
func (i *itemJSON) UnmarshalJSON(raw []byte) error {
	i.raw = bytes.Clone(raw)
	return nil
}

// Schema describes an event. It is loose: what is wrong with one event is said in its result.
func (i itemJSON) Schema(r huma.Registry) *huma.Schema {
	text := func(doc string) *huma.Schema { return &huma.Schema{Description: doc} }
	return &huma.Schema{
		Description: "An event. type and key are required, and one of the identities of the person. At most 32 KiB.",
		Properties: map[string]*huma.Schema{
			"type":   text("Name of the event, such as order_placed."),
			"at":     text("When it happened, RFC 3339; now when left out."),
			"key":    text("Names the event; a second one with the same key is a duplicate and does nothing."),
			"person": text("phone, email, external_id or username, and what else is known: name, given_name, family_name, language, timezone, country, state, zip."),
			"props":  text("Any JSON object. Money is {minor, currency}."),
		},
		Examples: []any{map[string]any{"type": "order_placed", "key": "order-1001", "person": map[string]any{"phone": "+15551234567"},
			"props": map[string]any{"total": map[string]any{"minor": 12800, "currency": "EUR"}}}},
	}
}

// eventJSON is what an item says.
type eventJSON struct {
	Type   string         `json:"type"`
	At     clock.Time     `json:"at"`
	Key    string         `json:"key"`
	Person whoJSON        `json:"person"`
	Props  map[string]any `json:"props"`
}

type whoJSON struct {
	Phone      string `json:"phone"`
	Email      string `json:"email"`
	ExternalID string `json:"external_id"`
	Username   string `json:"username"`
	Name       string `json:"name"`
	GivenName  string `json:"given_name"`
	FamilyName string `json:"family_name"`
	Language   string `json:"language"`
	Timezone   string `json:"timezone"`
	Country    string `json:"country"`
	State      string `json:"state"`
	Zip        string `json:"zip"`
}

// read turns an item into an event, or says why it cannot.
func (i itemJSON) read() (Incoming, error) {
	if len(i.raw) > MaxItem {
		return Incoming{}, errs.New(errs.TooLarge, "event_too_large", "An event has at most %d bytes.", MaxItem)
	}
	var e eventJSON
	d := json.NewDecoder(bytes.NewReader(i.raw))
	d.DisallowUnknownFields()
	d.UseNumber() // numbers are kept as they were written
	if err := d.Decode(&e); err != nil {
		return Incoming{Key: e.Key}, errs.Wrap(err, errs.Invalid, "event_unreadable", "This event cannot be read: %v.", err)
	}
	w := e.Person
	return Incoming{Type: e.Type, At: e.At, Key: e.Key, Props: e.Props, Person: Who{Phone: w.Phone, Email: w.Email,
		ExternalID: w.ExternalID, Username: w.Username, Hint: people.Hint{Name: w.Name, GivenName: w.GivenName,
			FamilyName: w.FamilyName, Language: w.Language, Timezone: w.Timezone, Country: w.Country, State: w.State, Zip: w.Zip}}}, nil
}

type ingestInput struct {
	Body struct {
		Events []itemJSON `json:"events" minItems:"1" maxItems:"1000"`
	}
}

type resultJSON struct {
	Key     string `json:"key"`
	Status  Status `json:"status" enum:"accepted,duplicate,rejected"`
	Code    string `json:"code" doc:"of a rejection"`
	Message string `json:"message" doc:"of a rejection"`
	EventID ID     `json:"event_id" doc:"of the stored event, also for a duplicate"`
}

type ingestOutput struct {
	Results []resultJSON `json:"results" doc:"in the order of the events"`
}

func (s *Service) httpIngest(ctx context.Context, in *ingestInput) (*httpx.Out[ingestOutput], error) {
	out := ingestOutput{Results: make([]resultJSON, len(in.Body.Events))}
	var batch []Incoming
	var places []int
	for n, item := range in.Body.Events {
		e, err := item.read()
		var why *errs.Error
		if errors.As(err, &why) {
			out.Results[n] = resultJSON{Key: e.Key, Status: Rejected, Code: why.Code, Message: why.Message}
			continue
		}
		batch, places = append(batch, e), append(places, n)
	}
	results, err := s.Ingest(ctx, org.ActorFrom(ctx).Workspace, apiSource, batch)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		out.Results[places[i]] = resultJSON{r.Key, r.Status, r.Code, r.Message, r.EventID}
	}
	return httpx.OK(out), nil
}

func (s *Service) httpCatalogue(ctx context.Context, _ *struct{}) (*httpx.Out[httpx.Page[Type]], error) {
	types, err := s.Catalogue(ctx, s.DB, org.ActorFrom(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	return httpx.OK(httpx.Page[Type]{Items: types}), nil
}
