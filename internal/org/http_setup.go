package org

import (
	"context"
	"time"

	"parley/internal/httpx"
)

type setupState struct {
	Needed       bool   `json:"needed"`
	CodeRequired bool   `json:"code_required" doc:"the set-up code must be given, because the request comes from another machine"`
	CodePath     string `json:"code_path,omitempty" doc:"file on the server that holds the code"`
	Guess        Guess  `json:"guess"`
}

type setupBody struct {
	Code      string `json:"code,omitempty" maxLength:"100"`
	Workspace string `json:"workspace" maxLength:"80"`
	Name      string `json:"name" maxLength:"80"`
	Email     string `json:"email" maxLength:"200"`
	Password  string `json:"password" maxLength:"400"`
	Country   string `json:"country" maxLength:"2"`
	Timezone  string `json:"timezone" maxLength:"60"`
	Currency  string `json:"currency" maxLength:"3"`
	Demo      bool   `json:"demo,omitempty" doc:"add a simulated channel and a phone to try it with"`
}

type codeState struct {
	CodePath string `json:"code_path"`
}

func (s *Service) setupRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/setup", ID: "setup-state", Summary: "Whether Parley must be set up", Permission: httpx.Public},
		func(ctx context.Context, in *struct {
			Language string `header:"Accept-Language"`
		}) (*httpx.Out[setupState], error) {
			needed, err := s.SetupNeeded(ctx)
			if err != nil || !needed {
				return httpx.OK(setupState{}), err
			}
			state := setupState{Needed: true, CodeRequired: !httpx.ClientFrom(ctx).Local, Guess: GuessFrom(in.Language, time.Local.String())}
			if state.CodeRequired {
				state.CodePath = s.SetupPath()
			}
			return httpx.OK(state), nil
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/setup", ID: "setup", Summary: "Set Parley up: first workspace and owner", Permission: httpx.Public, Rate: httpx.Rate{Burst: 10, Every: 6 * time.Second}},
		func(ctx context.Context, in *struct{ Body setupBody }) (*signedIn, error) {
			b := in.Body
			session, err := s.Setup(ctx, SetupInput{
				Code: b.Code, Local: httpx.ClientFrom(ctx).Local, Workspace: b.Workspace, Name: b.Name, Email: b.Email, Password: b.Password,
				Country: b.Country, Timezone: b.Timezone, Currency: b.Currency, Demo: b.Demo,
			})
			return signIn(ctx, session, err)
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/setup/code", ID: "setup-code", Summary: "Make a new set-up code; it is written to the log and the file", Permission: httpx.Public, Rate: httpx.Rate{Burst: 3, Every: time.Minute}},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[codeState], error) {
			if err := s.NewSetupCode(ctx, true); err != nil {
				return nil, err
			}
			return httpx.OK(codeState{CodePath: s.SetupPath()}), nil
		})
}
