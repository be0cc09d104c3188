package simulator

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"parley/internal/channel/sim"
	"parley/internal/clock"
	"parley/internal/conversation"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/phone"
)

// PhoneBody is a phone as the API writes it.
type PhoneBody struct {
	Number        phone.Number `json:"number"`
	Name          string       `json:"name"`
	Country       string       `json:"country"`
	Timezone      string       `json:"timezone"`
	PersonID      id.Person    `json:"person_id" doc:"empty until the brand knows the number"`
	ChannelNumber string       `json:"channel_number" doc:"the brand's number that the phone writes to"`
	Token         string       `json:"token,omitempty" doc:"opens the phone without signing in"`
	URL           string       `json:"url,omitempty" doc:"for a QR code"`
	Dials         sim.Dials    `json:"dials"`
}

// ClockBody is the demo's clock.
type ClockBody struct {
	Now     clock.Time `json:"now"`
	Skipped int64      `json:"skipped_seconds" doc:"how far it is ahead"`
	Movable bool       `json:"movable" doc:"false outside the demo"`
	NextDue clock.Time `json:"next_due" doc:"when something happens by itself next"`
}

type screen struct {
	Phone PhoneBody              `json:"phone"`
	Now   clock.Time             `json:"now" doc:"the workspace's time, which a demo may have skipped ahead"`
	Items []conversation.Message `json:"items"`
}

type textBody struct {
	Text string `json:"text" minLength:"1" maxLength:"1600"`
}

// NumberPath names a phone of the workspace in an address.
type NumberPath struct {
	Number phone.Number `path:"number" maxLength:"20"`
}

// TokenPath names a phone by the token of its link.
type TokenPath struct {
	Token string `path:"token" maxLength:"80"`
}

// Routes declares the endpoints of simulated phones.
func (s *Service) Routes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/sim/phones", ID: "list-sim-phones", Summary: "Simulated phones", Permission: org.SimUse},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[httpx.Page[PhoneBody]], error) {
			items, err := s.phoneBodies(ctx, org.ActorFrom(ctx).Workspace)
			return httpx.OK(httpx.Page[PhoneBody]{Items: items}), err
		})
	type create struct {
		Body struct {
			Number   phone.Number `json:"number" maxLength:"20"`
			Name     string       `json:"name" maxLength:"80"`
			Country  string       `json:"country,omitempty" maxLength:"2"`
			Timezone string       `json:"timezone,omitempty" maxLength:"60"`
		}
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/sim/phones", ID: "create-sim-phone", Summary: "Make a simulated phone", Permission: org.SimUse, Status: http.StatusCreated},
		func(ctx context.Context, in *create) (*httpx.Out[PhoneBody], error) {
			p, err := s.Create(ctx, org.ActorFrom(ctx).Workspace, Phone{Number: in.Body.Number, Name: in.Body.Name, Country: in.Body.Country, Timezone: in.Body.Timezone})
			if err != nil {
				return nil, err
			}
			b, err := s.phoneBody(ctx, p)
			return httpx.OK(b), err
		})
	s.memberRoutes(api)
	s.tokenRoutes(api)
	s.clockRoutes(api)
	s.storefrontRoutes(api)
}

// memberRoutes are a phone in the hands of somebody who is signed in.
func (s *Service) memberRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/sim/phones/{number}/messages", ID: "sim-phone-screen", Summary: "What a simulated phone shows", Permission: org.SimUse},
		func(ctx context.Context, in *NumberPath) (*httpx.Out[screen], error) {
			return with(s, ctx, in.Number, s.screen)
		})
	type write struct {
		NumberPath
		Body textBody
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/sim/phones/{number}/messages", ID: "send-from-sim-phone", Summary: "Text the brand from a simulated phone", Permission: org.SimUse},
		func(ctx context.Context, in *write) (*httpx.Out[screen], error) {
			return with(s, ctx, in.Number, func(ctx context.Context, p Phone) (*httpx.Out[screen], error) {
				return s.sendAndShow(ctx, p, in.Body.Text)
			})
		})
	type dial struct {
		NumberPath
		Body sim.Dials
	}
	httpx.Register(api, httpx.Route{Method: "PUT", Path: "/sim/phones/{number}/dials", ID: "turn-sim-dials", Summary: "How a phone and its network behave", Permission: org.SimUse},
		func(ctx context.Context, in *dial) (*httpx.Out[PhoneBody], error) {
			return with(s, ctx, in.Number, func(ctx context.Context, p Phone) (*httpx.Out[PhoneBody], error) {
				s.Carrier.SetDials(p.Workspace, string(p.Number), in.Body)
				b, err := s.phoneBody(ctx, p)
				return httpx.OK(b), err
			})
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/sim/phones/{number}/reset", ID: "reset-sim-phone", Summary: "Put the dials back and lift the carrier's block", Permission: org.SimUse},
		func(ctx context.Context, in *NumberPath) (*httpx.Out[PhoneBody], error) {
			return with(s, ctx, in.Number, func(ctx context.Context, p Phone) (*httpx.Out[PhoneBody], error) {
				s.Carrier.Reset(p.Workspace, string(p.Number))
				b, err := s.phoneBody(ctx, p)
				return httpx.OK(b), err
			})
		})
	type act struct {
		NumberPath
		Body Action
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/sim/phones/{number}/shop", ID: "sim-shop", Summary: "Do something in the simulated shop; the shop tells of it by a signed webhook", Permission: org.SimUse},
		func(ctx context.Context, in *act) (*httpx.Out[Told], error) {
			return with(s, ctx, in.Number, func(ctx context.Context, p Phone) (*httpx.Out[Told], error) {
				told, err := s.Act(ctx, p, in.Body)
				return httpx.OK(told), err
			})
		})
}

// tokenRoutes are a phone in the hands of a colleague who only has its link.
func (s *Service) tokenRoutes(api *httpx.API) {
	limit := httpx.Rate{Burst: 60, Every: 500 * time.Millisecond}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/phone/{token}", ID: "phone-screen", Summary: "What the phone of this link shows", Permission: httpx.Public, Rate: limit},
		func(ctx context.Context, in *TokenPath) (*httpx.Out[screen], error) {
			p, err := s.ByToken(ctx, in.Token)
			if err != nil {
				return nil, err
			}
			return s.screen(ctx, p)
		})
	type write struct {
		TokenPath
		Body textBody
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/phone/{token}/messages", ID: "send-from-phone", Summary: "Text the brand from the phone of this link", Permission: httpx.Public, Rate: limit},
		func(ctx context.Context, in *write) (*httpx.Out[screen], error) {
			p, err := s.ByToken(ctx, in.Token)
			if err != nil {
				return nil, err
			}
			return s.sendAndShow(ctx, p, in.Body.Text)
		})
	type act struct {
		TokenPath
		Body Action
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/phone/{token}/shop", ID: "phone-shop", Summary: "Do something in the simulated shop", Permission: httpx.Public, Rate: limit},
		func(ctx context.Context, in *act) (*httpx.Out[Told], error) {
			p, err := s.ByToken(ctx, in.Token)
			if err != nil {
				return nil, err
			}
			told, err := s.Act(ctx, p, in.Body)
			return httpx.OK(told), err
		})
}

func (s *Service) clockRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/sim/clock", ID: "get-sim-clock", Summary: "The clock, and when something happens next", Permission: org.SimUse},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[ClockBody], error) { return s.clockBody(ctx) })
	type skip struct {
		Body struct {
			Seconds int64 `json:"seconds,omitempty" minimum:"0" maximum:"34560000"`
			ToNext  bool  `json:"to_next,omitempty" doc:"to the next moment when something is due"`
		}
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/sim/clock/skip", ID: "skip-sim-clock", Summary: "Move the demo's clock forward", Permission: org.SimUse},
		func(ctx context.Context, in *skip) (*httpx.Out[ClockBody], error) {
			if _, err := s.Skip(ctx, org.ActorFrom(ctx).Workspace, time.Duration(in.Body.Seconds)*time.Second, in.Body.ToNext); err != nil {
				return nil, err
			}
			return s.clockBody(ctx)
		})
}

// with finds the phone of the number in the actor's workspace and goes on with it.
func with[T any](s *Service, ctx context.Context, n phone.Number, do func(context.Context, Phone) (T, error)) (T, error) {
	p, err := s.ByNumber(ctx, org.ActorFrom(ctx).Workspace, n)
	if err != nil {
		var none T
		return none, err
	}
	return do(ctx, p)
}

func (s *Service) screen(ctx context.Context, p Phone) (*httpx.Out[screen], error) {
	items, err := s.Screen(ctx, p)
	if err != nil {
		return nil, err
	}
	b, err := s.phoneBody(ctx, p)
	b.Token, b.URL = "", ""
	return httpx.OK(screen{b, s.Clock.Now(), items}), err
}

func (s *Service) sendAndShow(ctx context.Context, p Phone, text string) (*httpx.Out[screen], error) {
	if err := s.Send(ctx, p, text); err != nil {
		return nil, err
	}
	return s.screen(ctx, p)
}

func (s *Service) clockBody(ctx context.Context) (*httpx.Out[ClockBody], error) {
	next, _, err := s.NextDue(ctx, org.ActorFrom(ctx).Workspace)
	return httpx.OK(ClockBody{s.Clock.Now(), int64(s.Clock.Skipped().Seconds()), s.Demo, next}), err
}

func (s *Service) phoneBodies(ctx context.Context, ws id.Workspace) ([]PhoneBody, error) {
	found, err := s.Phones(ctx, ws)
	var out []PhoneBody
	for _, p := range found {
		b, err := s.phoneBody(ctx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, err
}

func (s *Service) phoneBody(ctx context.Context, p Phone) (PhoneBody, error) {
	b := PhoneBody{Number: p.Number, Name: p.Name, Country: p.Country, Timezone: p.Timezone, Token: p.Token,
		URL: s.PublicURL + "/sim/" + url.PathEscape(string(p.Number)) + "?t=" + p.Token, Dials: s.Carrier.Dials(p.Workspace, string(p.Number))}
	var err error
	if b.PersonID, err = s.People.Find(ctx, s.DB, p.Workspace, people.Identity{Kind: people.Phone, Value: string(p.Number)}); err != nil {
		return b, err
	}
	if number, err := s.brandNumber(ctx, p.Workspace); err == nil {
		b.ChannelNumber = number
	}
	return b, nil
}
