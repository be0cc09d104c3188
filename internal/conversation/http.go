package conversation

import (
	"context"
	"net/http"

	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

// Routes adds the routes of conversations.
func (s *Service) Routes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/conversations", ID: "list-conversations",
		Summary: "A view of the inbox", Permission: org.ConversationRead}, s.httpInbox)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/conversations/counts", ID: "count-conversations",
		Summary: "How many conversations each view holds", Permission: org.ConversationRead}, s.httpCounts)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/conversations/bulk", ID: "bulk-conversations",
		Summary: "Do something to many conversations", Permission: org.ConversationReply}, s.httpBulk)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/conversations/{person}", ID: "get-conversation",
		Summary: "One conversation", Permission: org.ConversationRead}, s.httpConversation)
	httpx.Register(api, httpx.Route{Method: http.MethodGet, Path: "/conversations/{person}/episodes", ID: "list-episodes",
		Summary: "The episodes of a conversation", Permission: org.ConversationRead}, s.httpEpisodes)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/undo/{token}", ID: "undo",
		Summary: "Undo what an action did", Permission: org.ConversationReply}, s.httpUndo)
	s.messageRoutes(api)
	s.actionRoutes(api)
	s.optOutRoutes(api)
}

// PersonPath names the person of a conversation in an address.
type PersonPath struct {
	Person id.Person `path:"person" maxLength:"60"`
}

type inboxInput struct {
	httpx.Paging
	View View   `query:"view" enum:"mine,unassigned,bot,snoozed,closed,all,open" default:"open"`
	Q    string `query:"q" maxLength:"200" doc:"part of a name or a number, or words that were written"`
	Sort Sort   `query:"sort" enum:"waiting,newest" default:"waiting"`
}

func (s *Service) httpInbox(ctx context.Context, in *inboxInput) (*httpx.Out[httpx.Page[Conversation]], error) {
	page, err := s.Inbox(ctx, org.ActorFrom(ctx), Ask{View: in.View, Search: in.Q, Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return httpx.OK(page), nil
}

func (s *Service) httpCounts(ctx context.Context, _ *struct{}) (*httpx.Out[map[View]int64], error) {
	counts, err := s.Counts(ctx, org.ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return httpx.OK(counts), nil
}

func (s *Service) httpConversation(ctx context.Context, in *PersonPath) (*httpx.Out[Conversation], error) {
	c, err := s.Conversation(ctx, org.ActorFrom(ctx), in.Person)
	if err != nil {
		return nil, err
	}
	return httpx.OK(c), nil
}

func (s *Service) httpEpisodes(ctx context.Context, in *PersonPath) (*httpx.Out[httpx.Page[Episode]], error) {
	found, err := s.Episodes(ctx, org.ActorFrom(ctx), in.Person)
	if err != nil {
		return nil, err
	}
	return httpx.OK(httpx.Page[Episode]{Items: found}), nil
}

type bulkInput struct {
	Body struct {
		View View        `json:"view" enum:"mine,unassigned,bot,snoozed,closed,all,open"`
		Q    string      `json:"q,omitempty" maxLength:"200"`
		IDs  []id.Person `json:"ids,omitempty" maxItems:"20000"`
		All  bool        `json:"all,omitempty" doc:"all that the view and the search hold, on every page"`
		ActionBody
	}
}

func (s *Service) httpBulk(ctx context.Context, in *bulkInput) (*httpx.Out[Done], error) {
	actor, b := org.ActorFrom(ctx), in.Body
	a := b.action()
	if err := mayDo(actor, a.Kind); err != nil {
		return nil, err
	}
	done, err := s.DoBulk(ctx, actor, Bulk{Ask: Ask{View: b.View, Search: b.Q}, All: b.All, Persons: b.IDs, Action: a})
	if err != nil {
		return nil, err
	}
	return httpx.OK(done), nil
}

type undoInput struct {
	Token string `path:"token" maxLength:"60"`
}

func (s *Service) httpUndo(ctx context.Context, in *undoInput) (*httpx.Out[Done], error) {
	done, err := s.Undo(ctx, org.ActorFrom(ctx), in.Token)
	if err != nil {
		return nil, err
	}
	return httpx.OK(done), nil
}
