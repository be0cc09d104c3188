package survey

import (
	"context"
	"net/http"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

// Body is a survey as the API writes it.
type Body struct {
	ID        ID         `json:"id"`
	Name      string     `json:"name"`
	Version   int        `json:"version" doc:"live version, 0: never published"`
	Edit      int        `json:"edit" doc:"send it back with a save"`
	Draft     Definition `json:"draft"`
	Problems  []Problem  `json:"problems" doc:"what keeps the draft from being published"`
	Tally     []Tally    `json:"tally" doc:"how many people stand where"`
	UpdatedAt clock.Time `json:"updated_at"`
}

// RunBody is a run with its answers as the API writes it.
type RunBody struct {
	ID        RunID      `json:"run_id"`
	SurveyID  ID         `json:"survey_id"`
	Name      string     `json:"name"`
	PersonID  id.Person  `json:"person_id"`
	Key       string     `json:"key"`
	Stage     Stage      `json:"stage" enum:"asked,doubt,paused,ended"`
	Question  string     `json:"question" doc:"which is asked, or was last"`
	Result    string     `json:"result" doc:"done, stopped, unanswered, people, opted_out, not_sent, or what a branch says"`
	Code      string     `json:"code" doc:"of the gate's last verdict"`
	Version   int        `json:"version" doc:"whose wording the answers were given to"`
	Answers   []Record   `json:"answers"`
	StartedAt clock.Time `json:"started_at"`
	EndedAt   clock.Time `json:"ended_at"`
}

// Path names a survey in an address.
type Path struct {
	ID ID `path:"id"`
}

// Routes declares the endpoints of surveys and their runs.
func (s *Service) Routes(api *httpx.API) {
	type list struct {
		Items []Body `json:"items"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/surveys", ID: "list-surveys", Summary: "Surveys with who stands where", Permission: org.SurveyRead},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[list], error) {
			found, err := listSurveys(ctx, s.DB, org.ActorFrom(ctx).Workspace)
			if err != nil {
				return nil, err
			}
			out := list{Items: make([]Body, len(found))}
			for i, survey := range found {
				body, err := s.answer(ctx, org.ActorFrom(ctx).Workspace, survey)
				if err != nil {
					return nil, err
				}
				out.Items[i] = body.Body
			}
			return httpx.OK(out), nil
		})
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/surveys/{id}", ID: "get-survey", Summary: "One survey", Permission: org.SurveyRead},
		func(ctx context.Context, in *Path) (*httpx.Out[Body], error) {
			ws := org.ActorFrom(ctx).Workspace
			found, err := findSurvey(ctx, s.DB, ws, in.ID)
			if err != nil {
				return nil, err
			}
			return s.answer(ctx, ws, found)
		})
	s.editRoutes(api)
	s.askRoutes(api)
	s.runRoutes(api)
}

func (s *Service) editRoutes(api *httpx.API) {
	type draft struct {
		Body Definition
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/surveys", ID: "create-survey", Summary: "Begin a survey as a draft", Permission: org.SurveyWrite, Status: http.StatusCreated},
		func(ctx context.Context, in *draft) (*httpx.Out[Body], error) {
			return s.change(ctx, func(tx *db.Tx, actor org.Actor) (Survey, error) {
				return s.SaveDraftTx(ctx, tx, actor, "", 0, in.Body)
			})
		})
	type save struct {
		Path
		Edit int `query:"edit" required:"true" doc:"the edit that this change began with"`
		Body Definition
	}
	httpx.Register(api, httpx.Route{Method: "PUT", Path: "/surveys/{id}", ID: "save-survey", Summary: "Save the draft", Permission: org.SurveyWrite},
		func(ctx context.Context, in *save) (*httpx.Out[Body], error) {
			return s.change(ctx, func(tx *db.Tx, actor org.Actor) (Survey, error) {
				return s.SaveDraftTx(ctx, tx, actor, in.ID, in.Edit, in.Body)
			})
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/surveys/{id}/publish", ID: "publish-survey", Summary: "Make the draft live; whoever is being asked finishes on their version", Permission: org.SurveyWrite},
		func(ctx context.Context, in *Path) (*httpx.Out[Body], error) {
			return s.change(ctx, func(tx *db.Tx, actor org.Actor) (Survey, error) { return s.PublishTx(ctx, tx, actor, in.ID) })
		})
}

func (s *Service) askRoutes(api *httpx.API) {
	type ask struct {
		Path
		Body struct {
			Person id.Person `json:"person_id"`
			Key    string    `json:"key,omitempty" doc:"names the occasion, such as an order; a second time with the same key asks nothing. Empty: once in a life" maxLength:"200"`
		}
	}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/surveys/{id}/ask", ID: "ask-survey", Summary: "Ask a customer the live version of a survey", Permission: org.SurveyAsk},
		func(ctx context.Context, in *ask) (*httpx.Out[RunBody], error) {
			ws := org.ActorFrom(ctx).Workspace
			var n *Run
			err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
				n, err = s.StartTx(ctx, tx, ws, Start{Person: in.Body.Person, Survey: in.ID, Key: in.Body.Key})
				return err
			})
			if err != nil {
				return nil, err
			}
			return s.runAnswer(ctx, ws, *n)
		})
	type runPath struct {
		Run RunID `path:"run"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/survey-runs/{run}", ID: "get-survey-run", Summary: "What a customer was asked and answered", Permission: org.SurveyRead},
		func(ctx context.Context, in *runPath) (*httpx.Out[RunBody], error) {
			ws := org.ActorFrom(ctx).Workspace
			n, err := findRun(ctx, s.DB, ws, in.Run)
			if err != nil {
				return nil, err
			}
			return s.runAnswer(ctx, ws, *n)
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/survey-runs/{run}/stop", ID: "stop-survey-run", Summary: "Ask this customer nothing more", Permission: org.SurveyAsk},
		func(ctx context.Context, in *runPath) (*httpx.Done, error) {
			return nil, s.DB.Tx(ctx, func(tx *db.Tx) error { return s.StopTx(ctx, tx, org.ActorFrom(ctx), in.Run) })
		})
}

func (s *Service) runRoutes(api *httpx.API) {
	type runs struct {
		Items []RunBody `json:"items"`
	}
	answer := func(ctx context.Context, ws id.Workspace, found []Run, err error) (*httpx.Out[runs], error) {
		if err != nil {
			return nil, err
		}
		items, err := s.runBodies(ctx, s.DB, ws, found)
		return httpx.OK(runs{items}), err
	}
	type bySurvey struct {
		Path
		Before clock.Time `query:"before"`
		Limit  int        `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/surveys/{id}/runs", ID: "list-survey-runs", Summary: "Who was asked and what they answered, latest first", Permission: org.SurveyRead},
		func(ctx context.Context, in *bySurvey) (*httpx.Out[runs], error) {
			ws := org.ActorFrom(ctx).Workspace
			found, err := runsAt(ctx, s.DB, ws, in.ID, in.Before, in.Limit)
			return answer(ctx, ws, found, err)
		})
	type personPath struct {
		Person id.Person `path:"id"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/people/{id}/surveys", ID: "list-person-surveys", Summary: "The surveys that a customer is or was asked", Permission: org.SurveyRead},
		func(ctx context.Context, in *personPath) (*httpx.Out[runs], error) {
			ws := org.ActorFrom(ctx).Workspace
			found, err := runsOf(ctx, s.DB, ws, in.Person)
			return answer(ctx, ws, found, err)
		})
}

// change runs an edit in one transaction and answers with the survey as it is then.
func (s *Service) change(ctx context.Context, edit func(*db.Tx, org.Actor) (Survey, error)) (*httpx.Out[Body], error) {
	actor := org.ActorFrom(ctx)
	var out Survey
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		out, err = edit(tx, actor)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, actor.Workspace, out)
}

func (s *Service) answer(ctx context.Context, ws id.Workspace, survey Survey) (*httpx.Out[Body], error) {
	problems, err := s.Problems(ctx, s.DB, ws, survey.Draft)
	if err != nil {
		return nil, err
	}
	tally, err := tallies(ctx, s.DB, ws, survey.ID)
	return httpx.OK(Body{survey.ID, survey.Name, survey.Live, survey.Edit, survey.Draft, problems, tally, survey.UpdatedAt}), err
}

func (s *Service) runAnswer(ctx context.Context, ws id.Workspace, n Run) (*httpx.Out[RunBody], error) {
	bodies, err := s.runBodies(ctx, s.DB, ws, []Run{n})
	if err != nil {
		return nil, err
	}
	return httpx.OK(bodies[0]), nil
}

func (s *Service) runBodies(ctx context.Context, q db.Queryer, ws id.Workspace, found []Run) ([]RunBody, error) {
	names := map[ID]string{}
	all, err := listSurveys(ctx, q, ws)
	if err != nil {
		return nil, err
	}
	for _, survey := range all {
		names[survey.ID] = survey.Name
	}
	ids := make([]RunID, len(found))
	for i, n := range found {
		ids[i] = n.ID
	}
	answers, err := answersOf(ctx, q, ws, ids)
	if err != nil {
		return nil, err
	}
	out := make([]RunBody, 0, len(found))
	for _, n := range found {
		records := answers[n.ID]
		if records == nil {
			records = []Record{}
		}
		out = append(out, RunBody{n.ID, n.Survey, names[n.Survey], n.Person, n.Key, n.Stage, n.Question, n.Result, n.Vars.Code, n.Version, records, n.StartedAt, n.EndedAt})
	}
	return out, nil
}
