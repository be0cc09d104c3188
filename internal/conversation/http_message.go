package conversation

import (
	"context"
	"net/http"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/gsm"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/phone"
)

func (s *Service) messageRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/conversations/{person}/messages", ID: "list-messages",
		Summary: "A page of the thread, oldest first", Permission: org.ConversationRead}, s.httpThread)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/conversations/{person}/messages", ID: "write-message",
		Summary: "Send a reply, or keep a note", Permission: org.ConversationReply, Status: http.StatusCreated}, s.httpWrite)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/conversations/{person}/search", ID: "search-thread",
		Summary: "Find a text in the whole thread", Permission: org.ConversationRead}, s.httpSearch)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/messages/{id}", ID: "get-message",
		Summary: "One message, with why it was sent", Permission: org.ConversationRead}, s.httpMessage)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/messages/{id}/undo", ID: "undo-message",
		Summary: "Take a message back before it leaves", Permission: org.ConversationReply}, s.httpTakeBack)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/messages/{id}/retry", ID: "retry-message",
		Summary: "Send a message that failed once more", Permission: org.ConversationReply}, s.httpRetry)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/conversations/{person}/draft", ID: "get-draft",
		Summary: "What the member is writing", Permission: org.ConversationReply}, s.httpDraft)
	httpx.Register(api, httpx.Route{Method: http.MethodPut, Path: "/conversations/{person}/draft", ID: "put-draft",
		Summary: "Keep what the member is writing", Permission: org.ConversationReply}, s.httpSaveDraft)
	httpx.Register(api, httpx.Route{Method: http.MethodDelete, Path: "/conversations/{person}/draft", ID: "delete-draft",
		Summary: "Forget what the member is writing", Permission: org.ConversationReply}, s.httpDropDraft)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/conversations/{person}/prepared", ID: "list-prepared",
		Summary: "Texts that journeys prepared for a member to send", Permission: org.ConversationReply}, s.httpPrepared)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/text/count", ID: "count-text",
		Summary: "Encoding and segments of a text", Permission: org.ConversationRead}, s.httpCount)
}

type threadInput struct {
	PersonPath
	Before MessageID `query:"before" maxLength:"60"`
	After  MessageID `query:"after" maxLength:"60"`
	Around MessageID `query:"around" maxLength:"60"`
	Filter Filter    `query:"filter" enum:"all,messages,events" default:"all"`
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *Service) httpThread(ctx context.Context, in *threadInput) (*httpx.Out[Thread], error) {
	page, err := s.Thread(ctx, org.ActorFrom(ctx), in.Person, Pager{in.Before, in.After, in.Around, in.Filter, in.Limit})
	if err != nil {
		return nil, err
	}
	return httpx.OK(page), nil
}

type writeInput struct {
	PersonPath
	Key  string `header:"Idempotency-Key" maxLength:"200"`
	Body struct {
		Text      string         `json:"text" maxLength:"8000"`
		Kind      string         `json:"kind" enum:"reply,note"`
		SeenSeq   int64          `json:"seen_seq" minimum:"0"`
		Media     []File         `json:"media,omitempty" maxItems:"10"`
		Close     bool           `json:"close,omitempty"`
		ChannelID channel.ID     `json:"channel_id,omitempty" maxLength:"60"`
		ClientKey string         `json:"client_key,omitempty" maxLength:"200"`
		Purpose   people.Purpose `json:"purpose,omitempty" enum:",support,cart,marketing,loyalty,transactional" doc:"of a text that opens a conversation"`
		Subject   string         `json:"subject,omitempty" maxLength:"200" doc:"what it is about: the token of a cart"`
		Prepared  string         `json:"prepared,omitempty" maxLength:"200" doc:"id of the prepared text that this is"`
	}
}

func (s *Service) httpWrite(ctx context.Context, in *writeInput) (*httpx.Out[Message], error) {
	b := in.Body
	if b.ClientKey == "" {
		b.ClientKey = in.Key
	}
	m, err := s.Write(ctx, org.ActorFrom(ctx), Reply{Person: in.Person, Text: b.Text, Note: b.Kind == "note", SeenSeq: b.SeenSeq,
		Media: b.Media, Channel: b.ChannelID, Purpose: b.Purpose, Subject: b.Subject, ClientKey: b.ClientKey, Close: b.Close, Prepared: b.Prepared})
	if err != nil {
		return nil, err
	}
	return httpx.OK(m), nil
}

type searchInput struct {
	PersonPath
	Q      string `query:"q" minLength:"1" maxLength:"200"`
	Cursor string `query:"cursor" maxLength:"1000"`
}

func (s *Service) httpSearch(ctx context.Context, in *searchInput) (*httpx.Out[httpx.Page[Found]], error) {
	page, err := s.SearchThread(ctx, org.ActorFrom(ctx), in.Person, in.Q, in.Cursor)
	if err != nil {
		return nil, err
	}
	return httpx.OK(page), nil
}

type messagePath struct {
	ID MessageID `path:"id" maxLength:"60"`
}

func (s *Service) httpMessage(ctx context.Context, in *messagePath) (*httpx.Out[Message], error) {
	return message(s.Message(ctx, org.ActorFrom(ctx), in.ID))
}

func (s *Service) httpTakeBack(ctx context.Context, in *messagePath) (*httpx.Out[Message], error) {
	return message(s.TakeBack(ctx, org.ActorFrom(ctx), in.ID))
}

func (s *Service) httpRetry(ctx context.Context, in *messagePath) (*httpx.Out[Message], error) {
	return message(s.Retry(ctx, org.ActorFrom(ctx), in.ID))
}

func message(m Message, err error) (*httpx.Out[Message], error) {
	if err != nil {
		return nil, err
	}
	return httpx.OK(m), nil
}

type draftQuery struct {
	PersonPath
	Kind string `query:"kind" enum:"reply,note" default:"reply"`
}

func (s *Service) httpDraft(ctx context.Context, in *draftQuery) (*httpx.Out[Draft], error) {
	d, err := s.Draft(ctx, org.ActorFrom(ctx), in.Person, in.Kind)
	if err != nil {
		return nil, err
	}
	return httpx.OK(d), nil
}

type draftInput struct {
	PersonPath
	Body struct {
		Kind        string `json:"kind" enum:"reply,note"`
		Text        string `json:"text" maxLength:"20000"`
		BaseVersion int64  `json:"base_version" minimum:"0"`
	}
}

func (s *Service) httpSaveDraft(ctx context.Context, in *draftInput) (*httpx.Out[Draft], error) {
	d, err := s.SaveDraft(ctx, org.ActorFrom(ctx), in.Person, Draft{Kind: in.Body.Kind, Text: in.Body.Text}, in.Body.BaseVersion)
	if err != nil {
		return nil, err
	}
	return httpx.OK(d), nil
}

func (s *Service) httpDropDraft(ctx context.Context, in *draftQuery) (*httpx.Done, error) {
	return nil, s.DropDraft(ctx, org.ActorFrom(ctx), in.Person, in.Kind)
}

type countInput struct {
	Body struct {
		Text    string     `json:"text" maxLength:"8000"`
		Person  id.Person  `json:"person_id,omitempty" maxLength:"60" doc:"who gets it: their number's country and their channel count"`
		Channel channel.ID `json:"channel_id,omitempty" maxLength:"60" doc:"of the text; empty: the person's, else the first"`
		Country string     `json:"country,omitempty" maxLength:"2" doc:"of the recipient, where no person is named"`
	}
}

// countJSON is the size of a text. Prices are left out where the channel does not know them.
type countJSON struct {
	gsm.Size
	Limits       gsm.Limits   `json:"limits" doc:"what a segment carries on this channel"`
	Price        *money.Price `json:"price,omitempty" doc:"of the whole text; left out when it is not known"`
	SegmentPrice *money.Price `json:"segment_price,omitempty" doc:"of one segment; left out when it is not known"`
}

func (s *Service) httpCount(ctx context.Context, in *countInput) (*httpx.Out[countJSON], error) {
	actor, b := org.ActorFrom(ctx), in.Body
	w, err := s.Org.Workspace(ctx, s.DB, actor.Workspace)
	if err != nil {
		return nil, err
	}
	routes, err := s.routes(ctx, s.DB, w)
	if err != nil {
		return nil, err
	}
	var used channel.ID
	if b.Person != "" {
		if used, b.Country, err = s.destination(ctx, actor, b.Person); err != nil {
			return nil, err
		}
	}
	route, ok := routes.Pick(b.Channel, used)
	if !ok {
		route.Limits = gsm.Standard()
	}
	out := countJSON{Size: gsm.Count(b.Text, route.Limits), Limits: route.Limits}
	if each, known := route.Prices.Segment(b.Country); known {
		whole := each.Times(out.Segments)
		out.Price, out.SegmentPrice = &whole, &each
	}
	return httpx.OK(out), nil
}

// destination is the channel that a person used last, and the country of the number that a text to them goes to.
func (s *Service) destination(ctx context.Context, actor org.Actor, person id.Person) (channel.ID, string, error) {
	if err := s.mustSee(ctx, s.DB, actor, person); err != nil {
		return "", "", err
	}
	threads, err := loadThreads(ctx, s.DB, actor.Workspace, idsOf(person))
	if err != nil {
		return "", "", err
	}
	if t := threads[person]; t != nil && t.address != "" {
		return t.channel, phone.Number(t.address).Country(), nil
	}
	p, err := s.People.Get(ctx, s.DB, actor.Workspace, person)
	return "", p.Phone().Country(), err
}

// PreparedBody is a prepared text as the API writes it.
type PreparedBody struct {
	ID      string         `json:"id"`
	Title   string         `json:"title" doc:"the journey that prepared it"`
	Text    string         `json:"text"`
	Purpose people.Purpose `json:"purpose"`
	Subject string         `json:"subject" doc:"the token of the cart it is about"`
	MadeAt  clock.Time     `json:"made_at"`
	Until   clock.Time     `json:"until" doc:"after this the journey goes on without anybody"`
}

type preparedList struct {
	Items []PreparedBody `json:"items"`
}

func (s *Service) httpPrepared(ctx context.Context, in *PersonPath) (*httpx.Out[preparedList], error) {
	found, err := s.Prepared(ctx, org.ActorFrom(ctx), in.Person)
	var out preparedList
	for _, h := range found {
		out.Items = append(out.Items, PreparedBody{h.Send.JourneyRun + ":" + h.Send.Step, h.Title, h.Send.Text, h.Send.Purpose, h.Send.Subject, h.MadeAt, h.Until})
	}
	return httpx.OK(out), err
}
