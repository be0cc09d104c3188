package journey

import (
	"context"
	"net/http"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

// Body is a journey as the API writes it.
type Body struct {
	ID        ID         `json:"id"`
	Name      string     `json:"name"`
	State     string     `json:"state" enum:"draft,live,paused"`
	Version   int        `json:"version" doc:"live version, 0: never published"`
	Edit      int        `json:"edit" doc:"send it back with a save"`
	Draft     Definition `json:"draft"`
	Problems  []Problem  `json:"problems" doc:"what keeps the draft from being published"`
	Standings []Standing `json:"standings" doc:"how many people stand where"`
	UpdatedAt clock.Time `json:"updated_at"`
}

// RunBody is a run as the API writes it.
type RunBody struct {
	ID        RunID      `json:"run_id"`
	JourneyID ID         `json:"journey_id"`
	Name      string     `json:"name"`
	PersonID  id.Person  `json:"person_id"`
	State     RunState   `json:"state"`
	Step      string     `json:"step"`
	NextAt    clock.Time `json:"next_at"`
	Result    string     `json:"result"`
	Version   int        `json:"version"`
	StartedAt clock.Time `json:"started_at"`
	EndedAt   clock.Time `json:"ended_at"`
}

// JourneyPath names a journey in an address.
type JourneyPath struct {
	ID ID `path:"id"`
}

// Routes declares the endpoints of journeys and runs.
func (s *Service) Routes(api *httpx.API) {
	type list struct {
		Items []Body `json:"items"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/journeys", ID: "list-journeys", Summary: "Journeys with who stands where", Permission: org.JourneyRead},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[list], error) {
			items, err := s.bodies(ctx, org.ActorFrom(ctx).Workspace)
			return httpx.OK(list{items}), err
		})
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/journeys/{id}", ID: "get-journey", Summary: "One journey", Permission: org.JourneyRead},
		func(ctx context.Context, in *JourneyPath) (*httpx.Out[Body], error) {
			ws := org.ActorFrom(ctx).Workspace
			j, err := findJourney(ctx, s.DB, ws, in.ID)
			if err != nil {
				return nil, err
			}
			return s.answer(ctx, ws, j)
		})
	s.editRoutes(api)
	s.runRoutes(api)
}

func (s *Service) editRoutes(api *httpx.API) {
	type draft struct {
		Body Definition
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/journeys", ID: "create-journey", Summary: "Begin a journey as a draft", Permission: org.JourneyWrite, Status: http.StatusCreated},
		func(ctx context.Context, in *draft) (*httpx.Out[Body], error) {
			return s.change(ctx, func(tx *db.Tx, actor org.Actor) (Journey, error) {
				return s.SaveDraftTx(ctx, tx, actor, "", 0, in.Body)
			})
		})
	type save struct {
		JourneyPath
		Edit int `query:"edit" required:"true" doc:"the edit that this change began with"`
		Body Definition
	}
	httpx.Register(api, httpx.Route{Method: "PUT", Path: "/journeys/{id}", ID: "save-journey", Summary: "Save the draft", Permission: org.JourneyWrite},
		func(ctx context.Context, in *save) (*httpx.Out[Body], error) {
			return s.change(ctx, func(tx *db.Tx, actor org.Actor) (Journey, error) {
				return s.SaveDraftTx(ctx, tx, actor, in.ID, in.Edit, in.Body)
			})
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/journeys/{id}/publish", ID: "publish-journey", Summary: "Make the draft live; those inside finish on their version", Permission: org.JourneyWrite},
		func(ctx context.Context, in *JourneyPath) (*httpx.Out[Body], error) {
			return s.change(ctx, func(tx *db.Tx, actor org.Actor) (Journey, error) {
				j, problems, err := s.PublishTx(ctx, tx, actor, in.ID)
				if err == nil && len(problems) > 0 {
					err = invalid("The journey was not published: %s: %s", problems[0].Step, problems[0].Text)
				}
				return j, err
			})
		})
	for path, paused := range map[string]bool{"pause": true, "resume": false} {
		httpx.Register(api, httpx.Route{Method: "POST", Path: "/journeys/{id}/" + path, ID: path + "-journey", Summary: "Keep people from entering, or let them in again", Permission: org.JourneyWrite},
			func(ctx context.Context, in *JourneyPath) (*httpx.Out[Body], error) {
				return s.change(ctx, func(tx *db.Tx, actor org.Actor) (Journey, error) { return s.PauseTx(ctx, tx, actor, in.ID, paused) })
			})
	}
}

func (s *Service) runRoutes(api *httpx.API) {
	type runs struct {
		Items []RunBody `json:"items"`
	}
	type byJourney struct {
		JourneyPath
		Before clock.Time `query:"before"`
		Limit  int        `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/journeys/{id}/runs", ID: "list-journey-runs", Summary: "Who went through a journey, latest first", Permission: org.JourneyRead},
		func(ctx context.Context, in *byJourney) (*httpx.Out[runs], error) {
			ws := org.ActorFrom(ctx).Workspace
			found, err := runsAt(ctx, s.DB, ws, in.ID, in.Before, in.Limit)
			if err != nil {
				return nil, err
			}
			items, err := s.runBodies(ctx, ws, found)
			return httpx.OK(runs{items}), err
		})
	type personPath struct {
		Person id.Person `path:"id"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/people/{id}/journeys", ID: "list-person-journeys", Summary: "The journeys a person is or was in", Permission: org.JourneyRead},
		func(ctx context.Context, in *personPath) (*httpx.Out[runs], error) {
			ws := org.ActorFrom(ctx).Workspace
			found, err := runsOf(ctx, s.DB, ws, in.Person)
			if err != nil {
				return nil, err
			}
			items, err := s.runBodies(ctx, ws, found)
			return httpx.OK(runs{items}), err
		})
	type runPath struct {
		Run RunID `path:"run"`
	}
	type trail struct {
		Run   RunBody `json:"run"`
		Items []Mark  `json:"items"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/journey-runs/{run}", ID: "get-journey-run", Summary: "What a run did, step by step", Permission: org.JourneyRead},
		func(ctx context.Context, in *runPath) (*httpx.Out[trail], error) {
			ws := org.ActorFrom(ctx).Workspace
			n, err := findRun(ctx, s.DB, ws, in.Run)
			if err != nil {
				return nil, err
			}
			bodies, err := s.runBodies(ctx, ws, []Run{n})
			if err != nil {
				return nil, err
			}
			marks, err := trailOf(ctx, s.DB, ws, n)
			return httpx.OK(trail{bodies[0], marks}), err
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/journey-runs/{run}/exit", ID: "exit-journey-run", Summary: "Take the person out of the journey", Permission: org.JourneyWrite},
		func(ctx context.Context, in *runPath) (*httpx.Done, error) {
			return nil, s.DB.Tx(ctx, func(tx *db.Tx) error { return s.ExitTx(ctx, tx, org.ActorFrom(ctx), in.Run) })
		})
}

// change runs an edit in one transaction and answers with the journey as it is then.
func (s *Service) change(ctx context.Context, edit func(*db.Tx, org.Actor) (Journey, error)) (*httpx.Out[Body], error) {
	actor := org.ActorFrom(ctx)
	var j Journey
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		j, err = edit(tx, actor)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, actor.Workspace, j)
}

func (s *Service) answer(ctx context.Context, ws id.Workspace, j Journey) (*httpx.Out[Body], error) {
	problems, err := s.Problems(ctx, s.DB, ws, j.Draft)
	if err != nil {
		return nil, err
	}
	places, err := standings(ctx, s.DB, ws, j.ID)
	return httpx.OK(Body{j.ID, j.Name, j.State, j.Live, j.Edit, j.Draft, problems, places, j.UpdatedAt}), err
}

func (s *Service) bodies(ctx context.Context, ws id.Workspace) ([]Body, error) {
	found, err := listJourneys(ctx, s.DB, ws)
	if err != nil {
		return nil, err
	}
	var out []Body
	for _, j := range found {
		b, err := s.answer(ctx, ws, j)
		if err != nil {
			return nil, err
		}
		out = append(out, b.Body)
	}
	return out, nil
}

func (s *Service) runBodies(ctx context.Context, ws id.Workspace, found []Run) ([]RunBody, error) {
	names := map[ID]string{}
	all, err := listJourneys(ctx, s.DB, ws)
	if err != nil {
		return nil, err
	}
	for _, j := range all {
		names[j.ID] = j.Name
	}
	out := make([]RunBody, 0, len(found))
	for _, n := range found {
		out = append(out, RunBody{n.ID, n.Journey, names[n.Journey], n.Person, n.State, n.Step, n.WakeAt, n.Result, n.Version, n.StartedAt, n.EndedAt})
	}
	return out, nil
}
