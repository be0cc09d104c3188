package channel

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

// maxWebhook is the longest webhook body; Meta's largest is 3 MB, Twilio's a few kB.
const maxWebhook = 4 << 20

type channelInput struct {
	ID ID `path:"id"`
}

type draftInput struct{ Body Draft }

type changeInput struct {
	ID   ID `path:"id"`
	Body Draft
}

type checkList struct {
	Checks []Check `json:"checks"`
}

type outboxInput struct {
	httpx.Paging
	State string `query:"state" enum:"unknown,held,queued" default:"unknown"`
}

type releaseInput struct {
	Body struct {
		Messages []MessageID `json:"messages,omitempty" maxItems:"1000" doc:"all held ones when left out"`
	}
}

type released struct {
	Released int64 `json:"released"`
}

type resolveInput struct {
	ID   MessageID `path:"id"`
	Body struct {
		Sent bool `json:"sent" doc:"whether the provider took it, as somebody found out"`
	}
}

// Routes adds the routes of channels, the outbox, files and webhooks.
func (s *Service) Routes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/channels", ID: "list-channels", Summary: "Channels", Permission: org.ChannelRead}, s.httpList)
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/channel-kinds", ID: "list-channel-kinds", Summary: "Kinds of channels with their settings", Permission: org.ChannelRead}, s.httpKinds)
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/channels", ID: "create-channel", Summary: "Add a channel", Permission: org.ChannelWrite, Status: 201}, s.httpCreate)
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/channels/check", ID: "check-channel-draft", Summary: "Test settings before they are saved", Permission: org.ChannelWrite}, s.httpCheckDraft)
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/channels/{id}", ID: "get-channel", Summary: "One channel", Permission: org.ChannelRead}, s.httpGet)
	httpx.Register(api, httpx.Route{Method: "PUT", Path: "/channels/{id}", ID: "update-channel", Summary: "Change a channel", Permission: org.ChannelWrite}, s.httpUpdate)
	httpx.Register(api, httpx.Route{Method: "DELETE", Path: "/channels/{id}", ID: "delete-channel", Summary: "Remove a channel", Permission: org.ChannelWrite}, s.httpDelete)
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/channels/{id}/check", ID: "check-channel", Summary: "Test a channel against its provider", Permission: org.ChannelWrite}, s.httpCheck)
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/channels/{id}/health", ID: "channel-health", Summary: "How a channel does", Permission: org.ChannelRead}, s.httpHealth)
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/channels/{id}/resume", ID: "resume-channel", Summary: "Send again after a refusal or a stop", Permission: org.ChannelWrite}, s.httpResume)
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/outbox", ID: "list-outbox", Summary: "Messages that wait, are held, or whose outcome is unknown", Permission: org.ChannelRead}, s.httpOutbox)
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/outbox/release", ID: "release-outbox", Summary: "Send what was held after a gap", Permission: org.ChannelWrite}, s.httpRelease)
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/outbox/{id}/resolve", ID: "resolve-outbox", Summary: "Say what became of a message whose outcome is unknown", Permission: org.ChannelWrite}, s.httpResolve)
	api.Raw(httpx.Route{Method: "GET", Path: httpx.Base + "/media/{id}", ID: "get-media", Summary: "A file of a message", Permission: org.ConversationRead}, s.httpMedia(api))
	for _, method := range []string{"GET", "POST"} {
		for path, kind := range map[string]string{"/hooks/{slug}/{name}": "", "/hooks/{slug}/{name}/status": "status"} {
			api.Raw(httpx.Route{Method: method, Path: path, ID: "webhook-" + method + "-" + kind, Summary: "What a provider sends",
				Permission: httpx.Public, MaxBody: maxWebhook, AnyOrigin: true}, s.httpWebhook(api, kind))
		}
	}
}

func (s *Service) httpList(ctx context.Context, _ *struct{}) (*httpx.Out[httpx.Page[Channel]], error) {
	list, err := s.Channels(ctx, s.DB, org.ActorFrom(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	return httpx.OK(httpx.Page[Channel]{Items: append([]Channel{}, list...)}), nil
}

func (s *Service) httpKinds(context.Context, *struct{}) (*httpx.Out[httpx.Page[Descriptor]], error) {
	return httpx.OK(httpx.Page[Descriptor]{Items: s.Kinds()}), nil
}

func (s *Service) httpCreate(ctx context.Context, in *draftInput) (*httpx.Out[Channel], error) {
	c, err := s.Create(ctx, org.ActorFrom(ctx), in.Body)
	return httpx.OK(c), err
}

func (s *Service) httpGet(ctx context.Context, in *channelInput) (*httpx.Out[Channel], error) {
	c, err := s.Channel(ctx, s.DB, org.ActorFrom(ctx).Workspace, in.ID)
	return httpx.OK(c), err
}

func (s *Service) httpUpdate(ctx context.Context, in *changeInput) (*httpx.Out[Channel], error) {
	c, err := s.Update(ctx, org.ActorFrom(ctx), in.ID, in.Body)
	return httpx.OK(c), err
}

func (s *Service) httpDelete(ctx context.Context, in *channelInput) (*httpx.Done, error) {
	return &httpx.Done{}, s.Delete(ctx, org.ActorFrom(ctx), in.ID)
}

func (s *Service) httpCheck(ctx context.Context, in *channelInput) (*httpx.Out[checkList], error) {
	checks, err := s.Check(ctx, org.ActorFrom(ctx).Workspace, in.ID)
	return httpx.OK(checkList{checks}), err
}

func (s *Service) httpCheckDraft(ctx context.Context, in *draftInput) (*httpx.Out[checkList], error) {
	checks, err := s.CheckDraft(ctx, org.ActorFrom(ctx).Workspace, in.Body)
	return httpx.OK(checkList{checks}), err
}

func (s *Service) httpHealth(ctx context.Context, in *channelInput) (*httpx.Out[Health], error) {
	h, err := s.Health(ctx, org.ActorFrom(ctx).Workspace, in.ID)
	return httpx.OK(h), err
}

func (s *Service) httpResume(ctx context.Context, in *channelInput) (*httpx.Done, error) {
	return &httpx.Done{}, s.Resume(ctx, org.ActorFrom(ctx), in.ID)
}

func (s *Service) httpOutbox(ctx context.Context, in *outboxInput) (*httpx.Out[httpx.Page[Sent]], error) {
	page, err := s.Outbox(ctx, org.ActorFrom(ctx).Workspace, in.State, MessageID(in.Cursor), in.Limit)
	return httpx.OK(page), err
}

// Outbox is a page of messages in one state. Unknown ones are paged by message; of waiting and held ones it is the head.
func (s *Service) Outbox(ctx context.Context, ws id.Workspace, state string, after MessageID, limit int) (httpx.Page[Sent], error) {
	page := httpx.Page[Sent]{Items: []Sent{}}
	if state == string(StateUnknown) {
		list, err := listUnknown(ctx, s.DB, ws, after, limit)
		page.Items = append(page.Items, list...)
		if len(list) == limit {
			page.Next = string(list[limit-1].Message)
		}
		return page, err
	}
	for _, l := range s.outbox.lanesOf(ws) {
		number := l.number
		if state == string(StateHeld) {
			number = -number
		}
		list, err := listWaiting(ctx, s.DB, number, limit-len(page.Items))
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, list...)
	}
	return page, nil
}

func (s *Service) httpRelease(ctx context.Context, in *releaseInput) (*httpx.Out[released], error) {
	var out released
	actor := org.ActorFrom(ctx)
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		if out.Released, err = s.ReleaseTx(ctx, tx, actor.Workspace, in.Body.Messages); err != nil {
			return err
		}
		return s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "outbox.release", Object: string(actor.Workspace), After: out})
	})
	return httpx.OK(out), err
}

func (s *Service) httpResolve(ctx context.Context, in *resolveInput) (*httpx.Done, error) {
	return &httpx.Done{}, s.Resolve(ctx, org.ActorFrom(ctx).Workspace, in.ID, in.Body.Sent)
}

// httpMedia serves a file: as what its bytes are, never as something that a browser runs (I32, I36).
func (s *Service) httpMedia(api *httpx.API) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m, err := s.File(r.Context(), org.ActorFrom(r.Context()).Workspace, r.PathValue("id"))
		if err != nil {
			api.Fail(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", m.ContentType)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		h.Set("Cache-Control", "private, max-age=86400, immutable")
		if !shownInline(m.ContentType) {
			h.Set("Content-Disposition", "attachment")
		}
		_, _ = w.Write(m.Bytes)
	}
}

// contentType is what the bytes are, whatever anybody says (I36).
func contentType(content []byte) string { return http.DetectContentType(content) }

// shownInline says whether a browser may show the type in the page: pictures, sound and film that hold no script.
func shownInline(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch kind {
	case "image/jpeg", "image/png", "image/gif", "image/webp", "audio/mpeg", "audio/wave", "audio/aiff", "video/mp4", "video/webm":
		return true
	}
	return false
}

// httpWebhook takes what a provider sends. It answers success only when everything is on disk (I1, I3).
func (s *Service) httpWebhook(api *httpx.API, path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			api.Fail(w, r, errs.Wrap(err, errs.TooLarge, "webhook_too_large", "The request is larger than Parley takes, or broke off. Nothing was stored."))
			return
		}
		answer, err := s.Webhook(r.Context(), r.PathValue("slug"), r.PathValue("name"), WebhookRequest{Method: r.Method,
			PublicURL: s.o.PublicURL + r.URL.RequestURI(), Path: path, Query: r.URL.Query(), Header: r.Header, Body: body})
		if err != nil {
			api.Fail(w, r, webhookError(err))
			return
		}
		if answer.Status == 0 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if answer.ContentType != "" {
			w.Header().Set("Content-Type", answer.ContentType)
		}
		w.WriteHeader(answer.Status)
		_, _ = w.Write(answer.Body)
	}
}

// webhookError makes every failure to store one that the provider repeats.
func webhookError(err error) error {
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.NotFound, errs.TooLarge, errs.Unavailable:
		return err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return errs.Wrap(err, errs.Unavailable, "webhook_not_stored", "This could not be stored. Nothing of it was kept; send it again.")
}

// Webhook takes one request for a channel of a workspace and returns the answer for its provider.
func (s *Service) Webhook(ctx context.Context, slug, name string, req WebhookRequest) (Answer, error) {
	a, err := s.byName(ctx, slug, name)
	if errors.Is(err, ErrUnknown) && s.hooks.Otherwise != nil {
		return s.hooks.Otherwise(ctx, slug, name, req)
	}
	if err != nil {
		return Answer{}, err
	}
	receiver, ok := a.conn.(WebhookReceiver)
	if !ok {
		return Answer{}, ErrUnknown
	}
	in, err := receiver.Receive(ctx, req)
	if err != nil {
		return Answer{}, err
	}
	return in.Answer, s.store(ctx, &unit{account: a, in: in})
}
