package survey

import (
	"context"
	"errors"
	"math"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
	"parley/internal/survey/reading"
)

// Survey is a survey of a workspace: the draft that is edited, and which version is live.
type Survey struct {
	ID        ID
	Name      string
	Draft     Definition
	Live      int // version, 0: never published
	Edit      int // grows with each save
	CreatedAt clock.Time
	UpdatedAt clock.Time
}

const surveyColumns = "id, name, draft, live_version, edit, created_at, updated_at"

func scanSurvey(r interface{ Scan(...any) error }) (Survey, error) {
	var s Survey
	err := r.Scan(&s.ID, &s.Name, db.ScanJSON(&s.Draft), &s.Live, &s.Edit, &s.CreatedAt, &s.UpdatedAt)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrUnknown
	}
	return s, err
}

func findSurvey(ctx context.Context, q db.Queryer, ws id.Workspace, survey ID) (Survey, error) {
	return scanSurvey(q.QueryRow(ctx, "SELECT "+surveyColumns+" FROM survey WHERE workspace_id = $1 AND id = $2", ws, survey))
}

func listSurveys(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Survey, error) {
	rows, err := q.Query(ctx, "SELECT "+surveyColumns+" FROM survey WHERE workspace_id = $1 ORDER BY name", ws)
	return db.Collect(rows, err, func(r *db.Rows) (Survey, error) { return scanSurvey(r) })
}

func saveSurvey(ctx context.Context, tx *db.Tx, ws id.Workspace, s Survey) error {
	_, err := tx.Exec(ctx, `INSERT INTO survey (workspace_id, `+surveyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, draft = excluded.draft,
			live_version = excluded.live_version, edit = excluded.edit, updated_at = excluded.updated_at`,
		ws, s.ID, s.Name, s.Draft.canonical(), s.Live, s.Edit, s.CreatedAt, s.UpdatedAt)
	if db.IsUnique(err) {
		return ErrNameTaken
	}
	return err
}

func insertVersion(ctx context.Context, tx *db.Tx, ws id.Workspace, s Survey, by string) {
	tx.Queue(ctx, "INSERT INTO survey_version (workspace_id, survey_id, version, definition, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6)",
		ws, s.ID, s.Live, s.Draft.canonical(), s.UpdatedAt, by)
}

func findVersion(ctx context.Context, q db.Queryer, ws id.Workspace, survey ID, number int) (Definition, error) {
	var d Definition
	err := q.QueryRow(ctx, "SELECT definition FROM survey_version WHERE workspace_id = $1 AND survey_id = $2 AND version = $3", ws, survey, number).Scan(db.ScanJSON(&d))
	if errors.Is(err, db.ErrNoRows) {
		err = ErrUnknown
	}
	return d, err
}

const runColumns = "person_id, survey_id, entry_key, id, version, stage, question, result, vars, started_at, ended_at"

func scanRun(r *db.Rows) (Run, error) {
	var n Run
	return n, r.Scan(&n.Person, &n.Survey, &n.Key, &n.ID, &n.Version, &n.Stage, &n.Question, &n.Result, db.ScanJSON(&n.Vars), &n.StartedAt, &n.EndedAt)
}

// activeRuns are those of some people that have not ended: one each.
func activeRuns(ctx context.Context, q db.Queryer, ws id.Workspace, persons []id.Person) (map[id.Person]*Run, error) {
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM survey_run JOIN "+db.Keys("$1", len(persons), 2)+
		" AS k ON workspace_id = k.column1 AND person_id = k.column2 WHERE stage <> 'ended'", db.KeyArgs([]any{ws}, persons)...)
	found, err := db.Collect(rows, err, scanRun)
	out := make(map[id.Person]*Run, len(found))
	for i := range found {
		out[found[i].Person] = &found[i]
	}
	return out, err
}

func findRun(ctx context.Context, q db.Queryer, ws id.Workspace, run RunID) (*Run, error) {
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM survey_run WHERE workspace_id = $1 AND id = $2", ws, run)
	found, err := db.Collect(rows, err, scanRun)
	if err == nil && len(found) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

func runsOf(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) ([]Run, error) {
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM survey_run WHERE workspace_id = $1 AND person_id = $2 ORDER BY started_at, id", ws, p)
	return db.Collect(rows, err, scanRun)
}

func runsAt(ctx context.Context, q db.Queryer, ws id.Workspace, survey ID, before clock.Time, limit int) ([]Run, error) {
	if before.IsZero() {
		before = math.MaxInt64
	}
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM survey_run WHERE workspace_id = $1 AND survey_id = $2 AND started_at < $3 ORDER BY started_at DESC, id LIMIT $4", ws, survey, int64(before), limit)
	return db.Collect(rows, err, scanRun)
}

// insertRun is false when the person was asked with this key before.
func insertRun(ctx context.Context, tx *db.Tx, ws id.Workspace, n *Run) (bool, error) {
	count, err := tx.Exec(ctx, "INSERT INTO survey_run (workspace_id, "+runColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (workspace_id, person_id, survey_id, entry_key) DO NOTHING",
		ws, n.Person, n.Survey, n.Key, n.ID, n.Version, n.Stage, n.Question, n.Result, db.JSON(n.Vars), n.StartedAt, n.EndedAt)
	return count == 1, err
}

func findEntry(ctx context.Context, q db.Queryer, ws id.Workspace, n *Run) (*Run, error) {
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM survey_run WHERE workspace_id = $1 AND person_id = $2 AND survey_id = $3 AND entry_key = $4", ws, n.Person, n.Survey, n.Key)
	found, err := db.Collect(rows, err, scanRun)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func saveRun(ctx context.Context, tx *db.Tx, ws id.Workspace, n *Run) {
	tx.Queue(ctx, "UPDATE survey_run SET stage = $1, question = $2, result = $3, vars = $4, ended_at = $5 WHERE workspace_id = $6 AND person_id = $7 AND survey_id = $8 AND entry_key = $9",
		n.Stage, n.Question, n.Result, db.JSON(n.Vars), n.EndedAt, ws, n.Person, n.Survey, n.Key)
}

// kept is an answer's value as it is stored: SQLite gives a bare number or truth of a JSON column back as one of its own.
type kept struct {
	Value any `json:"value"`
}

func insertAnswer(ctx context.Context, tx *db.Tx, ws id.Workspace, run RunID, r Record) {
	tx.Queue(ctx, "INSERT INTO survey_answer (workspace_id, run_id, question, state, value, said, why, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		ws, run, r.Question, r.State, db.JSON(kept{r.Value}), r.Text, r.Why, r.At)
}

// answersOf are the answers of some runs in the order in which they were given.
func answersOf(ctx context.Context, q db.Queryer, ws id.Workspace, runs []RunID) (map[RunID][]Record, error) {
	out := map[RunID][]Record{}
	if len(runs) == 0 {
		return out, nil
	}
	rows, err := q.Query(ctx, "SELECT run_id, question, state, value, said, why, at FROM survey_answer JOIN "+db.Keys("$1", len(runs), 2)+
		" AS k ON workspace_id = k.column1 AND run_id = k.column2 ORDER BY at, question", db.KeyArgs([]any{ws}, runs)...)
	_, err = db.Collect(rows, err, func(r *db.Rows) (struct{}, error) {
		var run RunID
		var a Record
		var value kept
		err := r.Scan(&run, &a.Question, &a.State, db.ScanJSON(&value), &a.Text, &a.Why, &a.At)
		a.Value = reading.Revive(value.Value)
		out[run] = append(out[run], a)
		return struct{}{}, err
	})
	return out, err
}

// Tally counts the runs of a survey by how they stand.
type Tally struct {
	Stage  Stage  `json:"stage"`
	Result string `json:"result"`
	Count  int    `json:"count"`
}

func tallies(ctx context.Context, q db.Queryer, ws id.Workspace, survey ID) ([]Tally, error) {
	rows, err := q.Query(ctx, "SELECT stage, result, COUNT(*) FROM survey_run WHERE workspace_id = $1 AND survey_id = $2 GROUP BY stage, result ORDER BY stage, result", ws, survey)
	return db.Collect(rows, err, func(r *db.Rows) (Tally, error) {
		var t Tally
		return t, r.Scan(&t.Stage, &t.Result, &t.Count)
	})
}

// runsBefore are a person's runs for the timeline, latest first.
func runsBefore(ctx context.Context, q db.Queryer, ask people.TimelineAsk) ([]Run, error) {
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM survey_run WHERE workspace_id = $1 AND person_id = $2 AND (started_at, id) < ($3, $4) ORDER BY started_at DESC, id DESC LIMIT $5",
		ask.Workspace, ask.Person, int64(ask.Before.At), ask.Before.ID, ask.Limit)
	return db.Collect(rows, err, scanRun)
}

func countRuns(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) (n int64, err error) {
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM survey_run WHERE workspace_id = $1 AND person_id = $2", ws, p).Scan(&n)
	return n, err
}
