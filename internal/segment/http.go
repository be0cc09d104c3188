package segment

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

// maxBody is how large a request with a definition may be.
const maxBody = 2 * maxBytes

// Routes adds the routes of segments.
func (s *Service) Routes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/segments", ID: "list-segments",
		Summary: "Segments with how many customers are in each now", Permission: org.SegmentRead}, s.httpList)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/segments", ID: "create-segment",
		Summary: "Save a new segment", Permission: org.SegmentWrite, Status: http.StatusCreated, MaxBody: maxBody}, s.httpCreate)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/segments/preview", ID: "preview-segment",
		Summary:    "Count a definition now: what each condition keeps, who can be reached, a sample, and whether one person belongs",
		Permission: org.SegmentRead, MaxBody: maxBody}, s.httpPreview)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/segments/{id}", ID: "get-segment",
		Summary: "One segment", Permission: org.SegmentRead}, s.httpGet)
	httpx.Register(api, httpx.Route{Method: http.MethodPut, Path: "/segments/{id}", ID: "save-segment",
		Summary: "Change a segment", Permission: org.SegmentWrite, MaxBody: maxBody}, s.httpSave)
	httpx.Register(api, httpx.Route{Method: http.MethodDelete, Path: "/segments/{id}", ID: "delete-segment",
		Summary: "Delete a segment that no other one contains", Permission: org.SegmentWrite}, s.httpDelete)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/segments/{id}/people", ID: "list-segment-people",
		Summary: "Who is in a segment now, oldest customer first", Permission: org.SegmentRead}, s.httpMembers)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/people/{id}/segments", ID: "list-person-segments",
		Summary: "In which segments a person is, and why or why not", Permission: org.SegmentRead}, s.httpOf)
}

// definitionJSON is a definition as it came in, so that all that is wrong with it can be said at once.
type definitionJSON struct{ raw []byte }

// UnmarshalJSON keeps the bytes.
func (d *definitionJSON) UnmarshalJSON(raw []byte) error {
	d.raw = bytes.Clone(raw)
	return nil
}

// MarshalJSON gives them back.
func (d definitionJSON) MarshalJSON() ([]byte, error) { return d.raw, nil }

// Schema describes a definition. It is loose: what is wrong is said by the path of the condition.
func (d definitionJSON) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "Who belongs. where is a group (all, any, none) of conditions, or one of them: attr, consent, event, sequence or segment. " +
			"tz is the zone of calendar words, the workspace's when left out.",
		Properties: map[string]*huma.Schema{
			"v":     {Description: "1"},
			"tz":    {Description: "IANA zone, or workspace"},
			"where": {Description: "a group or a condition"},
		},
		Examples: []any{map[string]any{"v": 1, "where": map[string]any{"all": []any{
			map[string]any{"attr": "country", "op": "in", "value": []any{"US"}},
			map[string]any{"consent": "sms", "is": "granted"},
			map[string]any{"event": "order_placed", "op": "gte", "value": 2, "window": map[string]any{"last": "90d"}},
		}}}},
	}
}

type segmentJSON struct {
	ID         ID             `json:"id"`
	Name       string         `json:"name"`
	Definition definitionJSON `json:"definition"`
	Text       string         `json:"text" doc:"the definition as a sentence"`
	Count      int            `json:"count" doc:"customers in it now"`
	Problem    string         `json:"problem" doc:"why it cannot be counted: something that it names is gone"`
	CreatedBy  string         `json:"created_by"`
	CreatedAt  clock.Time     `json:"created_at"`
	UpdatedAt  clock.Time     `json:"updated_at"`
	Version    int64          `json:"version" doc:"send it back with a change"`
}

func (c Counted) json() segmentJSON {
	return segmentJSON{ID: c.ID, Name: c.Name, Definition: definitionJSON{c.Definition.Raw}, Text: c.Text, Count: c.Count, Problem: c.Problem,
		CreatedBy: c.CreatedBy, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, Version: c.Version}
}

func (s *Service) httpList(ctx context.Context, _ *struct{}) (*httpx.Out[httpx.Page[segmentJSON]], error) {
	list, err := s.List(ctx, org.ActorFrom(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := httpx.Page[segmentJSON]{}
	for _, c := range list {
		out.Items = append(out.Items, c.json())
	}
	return httpx.OK(out), nil
}

// Path names a segment in an address.
type Path struct {
	ID ID `path:"id"`
}

func (s *Service) httpGet(ctx context.Context, in *Path) (*httpx.Out[segmentJSON], error) {
	return s.show(ctx, in.ID)
}

// show is one segment with its number.
func (s *Service) show(ctx context.Context, segment ID) (*httpx.Out[segmentJSON], error) {
	c, err := s.Get(ctx, org.ActorFrom(ctx).Workspace, segment)
	if err != nil {
		return nil, err
	}
	return httpx.OK(c.json()), nil
}

type saveBody struct {
	Name       string         `json:"name" maxLength:"120"`
	Definition definitionJSON `json:"definition"`
}

type createInput struct{ Body saveBody }

func (s *Service) httpCreate(ctx context.Context, in *createInput) (*httpx.Out[segmentJSON], error) {
	return s.save(ctx, Save{Name: in.Body.Name, Definition: in.Body.Definition.raw})
}

type saveInput struct {
	Path
	Version int64 `query:"version" required:"true" doc:"the version that this change began with"`
	Body    saveBody
}

func (s *Service) httpSave(ctx context.Context, in *saveInput) (*httpx.Out[segmentJSON], error) {
	return s.save(ctx, Save{ID: in.ID, Name: in.Body.Name, Definition: in.Body.Definition.raw, Version: in.Version})
}

func (s *Service) save(ctx context.Context, in Save) (*httpx.Out[segmentJSON], error) {
	var saved Segment
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		saved, err = s.SaveTx(ctx, tx, org.ActorFrom(ctx), in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.show(ctx, saved.ID)
}

func (s *Service) httpDelete(ctx context.Context, in *Path) (*httpx.Done, error) {
	return nil, s.DB.Tx(ctx, func(tx *db.Tx) error { return s.DeleteTx(ctx, tx, org.ActorFrom(ctx), in.ID) })
}

type previewInput struct {
	Body struct {
		Definition definitionJSON `json:"definition"`
		Person     id.Person      `json:"person_id,omitempty" doc:"also say whether this person belongs"`
	}
}

type personJSON struct {
	ID   id.Person `json:"id"`
	Name string    `json:"name"`
}

// WhyBody says whether a person belongs, and why.
type WhyBody struct {
	In    bool       `json:"is_in"`
	Until clock.Time `json:"until" doc:"when that may change though nothing happens; empty when it cannot"`
	Steps []Because  `json:"conditions"`
}

type previewJSON struct {
	Text      string       `json:"text" doc:"the definition as a sentence"`
	At        clock.Time   `json:"at" doc:"the moment that the numbers are of"`
	Total     int          `json:"total" doc:"all customers"`
	Count     int          `json:"count" doc:"those who belong"`
	Reachable int          `json:"reachable" doc:"of those, who agreed to marketing by text and can be reached"`
	Steps     []Step       `json:"conditions" doc:"what each condition keeps, in their order"`
	Sample    []personJSON `json:"sample" doc:"a few who belong"`
	Person    *WhyBody     `json:"person,omitempty" doc:"of the person that was asked about"`
}

func (s *Service) httpPreview(ctx context.Context, in *previewInput) (*httpx.Out[previewJSON], error) {
	ws := org.ActorFrom(ctx).Workspace
	d, err := Parse(in.Body.Definition.raw)
	if err != nil {
		return nil, err
	}
	p, err := s.Preview(ctx, ws, d)
	if err != nil {
		return nil, err
	}
	out := previewJSON{Text: p.Text, At: p.At, Total: p.Total, Count: p.Count, Reachable: p.Reachable, Steps: p.Steps}
	if out.Sample, err = s.named(ctx, ws, p.Sample); err != nil {
		return nil, err
	}
	if in.Body.Person != "" {
		answers, err := s.Of(ctx, ws, in.Body.Person, d)
		if err != nil {
			return nil, err
		}
		out.Person = &WhyBody{answers[0].In, answers[0].Until, answers[0].Steps}
	}
	return httpx.OK(out), nil
}

// named are persons with the names that screens show.
func (s *Service) named(ctx context.Context, ws id.Workspace, ids []id.Person) ([]personJSON, error) {
	known, err := s.People.GetAll(ctx, s.DB, ws, ids)
	if err != nil {
		return nil, err
	}
	out := make([]personJSON, len(ids))
	for i, person := range ids {
		out[i] = personJSON{person, known[person].Display()}
	}
	return out, nil
}

type membersInput struct {
	Path
	httpx.Paging
}

func (s *Service) httpMembers(ctx context.Context, in *membersInput) (*httpx.Out[httpx.Page[personJSON]], error) {
	ws := org.ActorFrom(ctx).Workspace
	bind := "segment people " + string(ws) + string(in.ID)
	var after id.Person
	if in.Cursor != "" {
		if err := httpx.DecodeCursor(bind, in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	ids, err := s.Members(ctx, ws, in.ID, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := httpx.Page[personJSON]{}
	if len(ids) > in.Limit {
		ids = ids[:in.Limit]
		out.Next = httpx.EncodeCursor(bind, ids[len(ids)-1])
	}
	out.Items, err = s.named(ctx, ws, ids)
	return httpx.OK(out), err
}

type ofInput struct {
	ID id.Person `path:"id"`
}

type answerJSON struct {
	ID      ID     `json:"id"`
	Name    string `json:"name"`
	Text    string `json:"text" doc:"the segment as a sentence"`
	Problem string `json:"problem" doc:"why there is no answer: something that the segment names is gone"`
	WhyBody
}

func (s *Service) httpOf(ctx context.Context, in *ofInput) (*httpx.Out[httpx.Page[answerJSON]], error) {
	answers, err := s.Of(ctx, org.ActorFrom(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	out := httpx.Page[answerJSON]{}
	for _, a := range answers {
		out.Items = append(out.Items, answerJSON{a.Segment.ID, a.Segment.Name, a.Text, a.Problem, WhyBody{a.In, a.Until, a.Steps}})
	}
	return httpx.OK(out), nil
}
