package conversation

import (
	"context"
	"net/http"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/people"
)

func (s *Service) actionRoutes(api *httpx.API) {
	post := func(path, name, summary string, p org.Permission) httpx.Route {
		return httpx.Route{Method: http.MethodPost, Path: "/conversations/{person}/" + path, ID: name, Summary: summary, Permission: p}
	}
	httpx.Register(api, post("assign", "assign-conversation", "Give a conversation to a member, or back to everybody", org.ConversationAssign), s.httpAssign)
	httpx.Register(api, post("close", "close-conversation", "End the work in a conversation", org.ConversationReply), s.httpClose)
	httpx.Register(api, post("snooze", "snooze-conversation", "Put a conversation away until a time", org.ConversationReply), s.httpSnooze)
	httpx.Register(api, post("tag", "tag-conversation", "Tag the customer", org.ConversationReply), s.httpTag)
	httpx.Register(api, post("topic", "set-topic", "Say what the work is about", org.ConversationReply), s.httpTopic)
	httpx.Register(api, post("opt-out", "opt-out-person", "Note that the customer wants no texts", org.ConversationReply), s.httpOptOut)
	httpx.Register(api, post("presence", "set-presence", "Say that the member looks or writes here", org.ConversationRead), s.httpPresence)
	httpx.Register(api, httpx.Route{Method: http.MethodPost, Path: "/presence", ID: "presence",
		Summary: "Say where the member looks or writes", Permission: org.ConversationRead}, s.httpPresent)
	plain := []struct {
		path, name, summary string
		kind                ActionKind
		permission          org.Permission
	}{
		{"claim", "claim-conversation", "Take a conversation", Claim, org.ConversationReply},
		{"reopen", "reopen-conversation", "Continue what was closed", Reopen, org.ConversationReply},
		{"read", "read-conversation", "Count everything as read by the member", Read, org.ConversationRead},
		{"unread", "unread-conversation", "Mark as unread for the member", Unread, org.ConversationRead},
		{"take-over", "take-over", "Take the floor from the bot", TakeOver, org.ConversationReply},
		{"hand-back", "hand-back", "Give the floor back to the bot", HandBack, org.ConversationReply},
	}
	for _, p := range plain {
		httpx.Register(api, post(p.path, p.name, p.summary, p.permission), s.doPlain(p.kind))
	}
}

// doPlain is the handler of an action that needs nothing but its conversation.
func (s *Service) doPlain(kind ActionKind) func(context.Context, *PersonPath) (*httpx.Out[Done], error) {
	return func(ctx context.Context, in *PersonPath) (*httpx.Out[Done], error) {
		return s.done(ctx, in.Person, Action{Kind: kind})
	}
}

func (s *Service) done(ctx context.Context, person id.Person, a Action) (*httpx.Out[Done], error) {
	out, err := s.Do(ctx, org.ActorFrom(ctx), person, a)
	if err != nil {
		return nil, err
	}
	return httpx.OK(out), nil
}

// ActionBody is an action in a bulk.
type ActionBody struct {
	Action   ActionKind   `json:"action" enum:"assign,claim,close,reopen,snooze,read,unread,tag"`
	MemberID org.MemberID `json:"member_id,omitempty" maxLength:"60"`
	Until    clock.Time   `json:"until,omitempty"`
	Result   string       `json:"result,omitempty" maxLength:"200"`
	Reason   string       `json:"reason,omitempty" maxLength:"2000"`
	Add      []string     `json:"add,omitempty" maxItems:"50"`
	Remove   []string     `json:"remove,omitempty" maxItems:"50"`
}

func (b ActionBody) action() Action {
	return Action{Kind: b.Action, Member: b.MemberID, Until: b.Until, Result: b.Result, Reason: b.Reason, Add: b.Add, Remove: b.Remove}
}

// mayDo refuses an action of a bulk for which its own route asks for another permission.
func mayDo(actor org.Actor, kind ActionKind) error {
	if kind == Assign && !actor.Can(org.ConversationAssign) {
		return errs.New(errs.Forbidden, "not_allowed", "You may not give conversations to others. Nothing was changed.")
	}
	return nil
}

type assignInput struct {
	PersonPath
	Body struct {
		MemberID org.MemberID `json:"member_id" maxLength:"60" doc:"empty gives the conversation back to everybody"`
	}
}

func (s *Service) httpAssign(ctx context.Context, in *assignInput) (*httpx.Out[Done], error) {
	return s.done(ctx, in.Person, Action{Kind: Assign, Member: in.Body.MemberID})
}

// closeBody may be left out.
type closeBody struct {
	Result string `json:"result,omitempty" maxLength:"200"`
	Reason string `json:"reason,omitempty" maxLength:"2000"`
}

type closeInput struct {
	PersonPath
	Body *closeBody
}

func (s *Service) httpClose(ctx context.Context, in *closeInput) (*httpx.Out[Done], error) {
	a := Action{Kind: Finish}
	if in.Body != nil {
		a.Result, a.Reason = in.Body.Result, in.Body.Reason
	}
	return s.done(ctx, in.Person, a)
}

type snoozeInput struct {
	PersonPath
	Body struct {
		Until clock.Time `json:"until"`
	}
}

func (s *Service) httpSnooze(ctx context.Context, in *snoozeInput) (*httpx.Out[Done], error) {
	return s.done(ctx, in.Person, Action{Kind: Snooze, Until: in.Body.Until})
}

type tagInput struct {
	PersonPath
	Body struct {
		Add    []string `json:"add,omitempty" maxItems:"50"`
		Remove []string `json:"remove,omitempty" maxItems:"50"`
	}
}

func (s *Service) httpTag(ctx context.Context, in *tagInput) (*httpx.Out[Done], error) {
	return s.done(ctx, in.Person, Action{Kind: Tag, Add: in.Body.Add, Remove: in.Body.Remove})
}

type topicInput struct {
	PersonPath
	Body struct {
		Topic string `json:"topic" maxLength:"120"`
	}
}

func (s *Service) httpTopic(ctx context.Context, in *topicInput) (*httpx.Out[Done], error) {
	return s.done(ctx, in.Person, Action{Kind: Topic, Topic: in.Body.Topic})
}

type optOutInput struct {
	PersonPath
	Body struct {
		Purpose people.Purpose `json:"purpose,omitempty" enum:",marketing,cart,loyalty,transactional,support" doc:"empty means everything"`
		Note    string         `json:"note,omitempty" maxLength:"2000" doc:"how the customer asked for it"`
	}
}

func (s *Service) httpOptOut(ctx context.Context, in *optOutInput) (*httpx.Done, error) {
	return nil, s.OptOut(ctx, org.ActorFrom(ctx), in.Person, in.Body.Purpose, in.Body.Note)
}

type presenceInput struct {
	PersonPath
	Body struct {
		Composing bool  `json:"composing"`
		Viewing   *bool `json:"viewing,omitempty" doc:"true when left out"`
	}
}

func (s *Service) httpPresence(ctx context.Context, in *presenceInput) (*httpx.Done, error) {
	viewing := in.Body.Viewing == nil || *in.Body.Viewing
	return nil, s.Present(ctx, org.ActorFrom(ctx), Presence{in.Person, viewing, in.Body.Composing})
}

type presentInput struct {
	Body struct {
		Person    id.Person `json:"person_id" maxLength:"60"`
		Composing bool      `json:"composing"`
		Viewing   bool      `json:"viewing"`
	}
}

func (s *Service) httpPresent(ctx context.Context, in *presentInput) (*httpx.Done, error) {
	return nil, s.Present(ctx, org.ActorFrom(ctx), Presence{in.Body.Person, in.Body.Viewing, in.Body.Composing})
}
