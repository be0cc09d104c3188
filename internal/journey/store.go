package journey

import (
	"context"
	"errors"
	"math"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// Journey is a journey of a workspace: the draft that is edited, and which version is live.
type Journey struct {
	ID        ID
	Name      string
	State     string // draft, live, paused
	Draft     Definition
	Live      int // version, 0: never published
	Edit      int // grows with each save
	CreatedAt clock.Time
	UpdatedAt clock.Time
}

const journeyColumns = "id, name, state, draft, live_version, edit, created_at, updated_at"

func scanJourney(r interface{ Scan(...any) error }) (Journey, error) {
	var j Journey
	err := r.Scan(&j.ID, &j.Name, &j.State, db.ScanJSON(&j.Draft), &j.Live, &j.Edit, &j.CreatedAt, &j.UpdatedAt)
	return j, err
}

func unknown(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return ErrUnknown
	}
	return err
}

func findJourney(ctx context.Context, q db.Queryer, ws id.Workspace, journey ID) (Journey, error) {
	j, err := scanJourney(q.QueryRow(ctx, "SELECT "+journeyColumns+" FROM journey WHERE workspace_id = $1 AND id = $2", ws, journey))
	return j, unknown(err)
}

func findJourneyByName(ctx context.Context, q db.Queryer, ws id.Workspace, name string) (Journey, error) {
	j, err := scanJourney(q.QueryRow(ctx, "SELECT "+journeyColumns+" FROM journey WHERE workspace_id = $1 AND name = $2", ws, name))
	return j, unknown(err)
}

func listJourneys(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Journey, error) {
	rows, err := q.Query(ctx, "SELECT "+journeyColumns+" FROM journey WHERE workspace_id = $1 ORDER BY name", ws)
	return db.Collect(rows, err, func(r *db.Rows) (Journey, error) { return scanJourney(r) })
}

func saveJourney(ctx context.Context, tx *db.Tx, ws id.Workspace, j Journey) error {
	_, err := tx.Exec(ctx, `INSERT INTO journey (workspace_id, `+journeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, state = excluded.state, draft = excluded.draft,
			live_version = excluded.live_version, edit = excluded.edit, updated_at = excluded.updated_at`,
		ws, j.ID, j.Name, j.State, j.Draft.canonical(), j.Live, j.Edit, j.CreatedAt, j.UpdatedAt)
	if db.IsUnique(err) {
		return ErrNameTaken
	}
	return err
}

// version is a published definition.
type version struct {
	Journey    ID
	Number     int
	Definition Definition
	At         clock.Time
	By         string
}

func insertVersion(ctx context.Context, tx *db.Tx, ws id.Workspace, v version) {
	tx.Queue(ctx, "INSERT INTO journey_version (workspace_id, journey_id, version, definition, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6)",
		ws, v.Journey, v.Number, v.Definition.canonical(), v.At, v.By)
}

// liveVersions are the versions that people enter now.
func liveVersions(ctx context.Context, q db.Queryer, ws id.Workspace) ([]version, error) {
	rows, err := q.Query(ctx, `SELECT v.journey_id, v.version, v.definition, v.published_at, v.published_by
		FROM journey j JOIN journey_version v ON v.workspace_id = j.workspace_id AND v.journey_id = j.id AND v.version = j.live_version
		WHERE j.workspace_id = $1 AND j.state = 'live' ORDER BY v.journey_id`, ws)
	return db.Collect(rows, err, scanVersion)
}

func findVersion(ctx context.Context, q db.Queryer, ws id.Workspace, journey ID, number int) (version, error) {
	rows, err := q.Query(ctx, "SELECT journey_id, version, definition, published_at, published_by FROM journey_version WHERE workspace_id = $1 AND journey_id = $2 AND version = $3", ws, journey, number)
	found, err := db.Collect(rows, err, scanVersion)
	if err == nil && len(found) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return version{}, err
	}
	return found[0], nil
}

func scanVersion(r *db.Rows) (version, error) {
	var v version
	return v, r.Scan(&v.Journey, &v.Number, db.ScanJSON(&v.Definition), &v.At, &v.By)
}

const runColumns = "person_id, journey_id, entry_key, id, version, state, step, wake_at, result, vars, started_at, ended_at"

func scanRun(r *db.Rows) (Run, error) {
	var n Run
	err := r.Scan(&n.Person, &n.Journey, &n.Key, &n.ID, &n.Version, &n.State, &n.Step, &n.WakeAt, &n.Result, db.ScanJSON(&n.Vars), &n.StartedAt, &n.EndedAt)
	n.timed = n.WakeAt != 0
	return n, err
}

// runsOf are a person's runs in the order of their journeys and keys.
func runsOf(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) ([]Run, error) {
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM journey_run WHERE workspace_id = $1 AND person_id = $2 ORDER BY started_at, id", ws, p)
	return db.Collect(rows, err, scanRun)
}

// activeRuns are those of some people that still act, by person, oldest first.
func activeRuns(ctx context.Context, q db.Queryer, ws id.Workspace, persons []id.Person) (map[id.Person][]*Run, error) {
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM "+db.Keys("$1", len(persons), 2)+
		" AS k CROSS JOIN journey_run WHERE workspace_id = k.column1 AND person_id = k.column2 AND state = 'active' ORDER BY started_at, id", db.KeyArgs([]any{ws}, persons)...)
	found, err := db.Collect(rows, err, scanRun)
	out := make(map[id.Person][]*Run, len(found))
	for i := range found {
		n := &found[i]
		out[n.Person] = append(out[n.Person], n)
	}
	return out, err
}

// findRuns are those of the runs that exist, by their ids.
func findRuns(ctx context.Context, q db.Queryer, ws id.Workspace, ids []RunID) (map[RunID]*Run, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM "+db.Keys("$1", len(ids), 2)+
		" AS k CROSS JOIN journey_run WHERE workspace_id = k.column1 AND id = k.column2", db.KeyArgs([]any{ws}, ids)...)
	found, err := db.Collect(rows, err, scanRun)
	out := make(map[RunID]*Run, len(found))
	for i := range found {
		out[found[i].ID] = &found[i]
	}
	return out, err
}

func findRun(ctx context.Context, q db.Queryer, ws id.Workspace, run RunID) (Run, error) {
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM journey_run WHERE workspace_id = $1 AND id = $2", ws, run)
	found, err := db.Collect(rows, err, scanRun)
	if err == nil && len(found) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return Run{}, err
	}
	return found[0], nil
}

// lastEntries are when people last entered a journey; those who never did are not in it.
func lastEntries(ctx context.Context, q db.Queryer, ws id.Workspace, journey ID, persons []id.Person) (map[id.Person]clock.Time, error) {
	rows, err := q.Query(ctx, "SELECT person_id, MAX(started_at) FROM "+db.Keys("$1, $2", len(persons), 3)+
		" AS k CROSS JOIN journey_run WHERE workspace_id = k.column1 AND journey_id = k.column2 AND person_id = k.column3 GROUP BY person_id", db.KeyArgs([]any{ws, journey}, persons)...)
	out := map[id.Person]clock.Time{}
	_, err = db.Collect(rows, err, func(r *db.Rows) (struct{}, error) {
		var person id.Person
		var at clock.Time
		err := r.Scan(&person, &at)
		out[person] = at
		return struct{}{}, err
	})
	return out, err
}

// usedKeys are the people who entered a journey before with the key that they ask to enter with now.
func usedKeys(ctx context.Context, q db.Queryer, ws id.Workspace, journey ID, asking []entry) (map[id.Person]bool, error) {
	args := []any{ws, journey}
	for _, e := range asking {
		args = append(args, e.item.Person, e.key)
	}
	rows, err := q.Query(ctx, "SELECT person_id FROM "+db.KeyPairs("$1, $2", len(asking), 3)+
		" AS k CROSS JOIN journey_run WHERE workspace_id = k.column1 AND journey_id = k.column2 AND person_id = k.column3 AND entry_key = k.column4", db.PairArgs(args, len(asking))...)
	out := map[id.Person]bool{}
	_, err = db.Collect(rows, err, func(r *db.Rows) (struct{}, error) {
		var person id.Person
		err := r.Scan(&person)
		out[person] = true
		return struct{}{}, err
	})
	return out, err
}

// saveRuns writes runs as they stand and the lines that their trails got. One that is fresh must not be there: two entries
// with one key are a fault, and the second is undone.
func saveRuns(ctx context.Context, tx *db.Tx, ws id.Workspace, runs []*Run) error {
	var fresh, known, lines [][]any
	for _, n := range runs {
		row := []any{string(ws), string(n.Person), string(n.Journey), n.Key, string(n.ID), n.Version, string(n.State), n.Step, int64(n.WakeAt),
			n.Result, db.JSON(n.Vars), int64(n.StartedAt), int64(n.EndedAt)}
		if n.fresh {
			fresh = append(fresh, row)
		} else {
			known = append(known, row)
		}
		for _, m := range n.trail {
			if m.Detail == nil {
				m.Detail = map[string]any{}
			}
			lines = append(lines, []any{string(ws), string(n.Person), string(n.ID), m.Number, int64(m.At), m.Step, m.What, db.JSON(m.Detail)})
		}
		n.trail, n.fresh = nil, false
	}
	run := db.Bulk{Table: "journey_run", JSON: []string{"vars"}, Rows: fresh, Columns: []string{"workspace_id", "person_id", "journey_id",
		"entry_key", "id", "version", "state", "step", "wake_at", "result", "vars", "started_at", "ended_at"}}
	if err := tx.Bulk(ctx, run); err != nil {
		return err
	}
	run.Rows = known
	run.Conflict = `ON CONFLICT (workspace_id, person_id, journey_id, entry_key) DO UPDATE SET state = excluded.state, step = excluded.step,
		wake_at = excluded.wake_at, result = excluded.result, vars = excluded.vars, ended_at = excluded.ended_at, version = excluded.version`
	if err := tx.Bulk(ctx, run); err != nil {
		return err
	}
	return tx.Bulk(ctx, db.Bulk{Table: "journey_trail", JSON: []string{"detail"}, Rows: lines,
		Columns: []string{"workspace_id", "person_id", "run_id", "number", "at", "step", "what", "detail"}})
}

func trailOf(ctx context.Context, q db.Queryer, ws id.Workspace, n Run) ([]Mark, error) {
	rows, err := q.Query(ctx, "SELECT number, at, step, what, detail FROM journey_trail WHERE workspace_id = $1 AND person_id = $2 AND run_id = $3 ORDER BY number", ws, n.Person, n.ID)
	return db.Collect(rows, err, func(r *db.Rows) (Mark, error) {
		var m Mark
		return m, r.Scan(&m.Number, &m.At, &m.Step, &m.What, db.ScanJSON(&m.Detail))
	})
}

// Standing counts the runs of a journey at one place.
type Standing struct {
	State  RunState `json:"state"`
	Step   string   `json:"step"`
	Result string   `json:"result"`
	Count  int      `json:"count"`
}

func standings(ctx context.Context, q db.Queryer, ws id.Workspace, journey ID) ([]Standing, error) {
	rows, err := q.Query(ctx, "SELECT state, step, result, COUNT(*) FROM journey_run WHERE workspace_id = $1 AND journey_id = $2 GROUP BY state, step, result ORDER BY state, step, result", ws, journey)
	return db.Collect(rows, err, func(r *db.Rows) (Standing, error) {
		var s Standing
		return s, r.Scan(&s.State, &s.Step, &s.Result, &s.Count)
	})
}

func runsAt(ctx context.Context, q db.Queryer, ws id.Workspace, journey ID, before clock.Time, limit int) ([]Run, error) {
	if before.IsZero() {
		before = math.MaxInt64
	}
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM journey_run WHERE workspace_id = $1 AND journey_id = $2 AND started_at < $3 ORDER BY started_at DESC LIMIT $4", ws, journey, int64(before), limit)
	return db.Collect(rows, err, scanRun)
}

// runsBefore are a person's runs for the timeline, latest first.
func runsBefore(ctx context.Context, q db.Queryer, ask people.TimelineAsk) ([]Run, error) {
	rows, err := q.Query(ctx, "SELECT "+runColumns+" FROM journey_run WHERE workspace_id = $1 AND person_id = $2 AND (started_at, id) < ($3, $4) ORDER BY started_at DESC, id DESC LIMIT $5",
		ask.Workspace, ask.Person, int64(ask.Before.At), ask.Before.ID, ask.Limit)
	return db.Collect(rows, err, scanRun)
}

func countRuns(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) (n int64, err error) {
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM journey_run WHERE workspace_id = $1 AND person_id = $2", ws, p).Scan(&n)
	return n, err
}
