package job

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

func insertJob(ctx context.Context, tx *db.Tx, j Job, now clock.Time) {
	tx.Queue(ctx, `INSERT INTO job (id, workspace_id, kind, uniq, args, run_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (workspace_id, kind, uniq) WHERE uniq <> '' DO UPDATE SET args = excluded.args, again = job.running,
			run_at = CASE WHEN NOT job.running AND excluded.run_at < job.run_at THEN excluded.run_at ELSE job.run_at END`,
		j.ID, j.Workspace, j.Kind, j.Unique, string(j.raw), j.RunAt, now)
}

// upsertPeriod makes sure that a periodic job exists, and comes no later than its interval says.
func upsertPeriod(ctx context.Context, tx *db.Tx, j Job, now clock.Time) {
	tx.Queue(ctx, `INSERT INTO job (id, workspace_id, kind, uniq, args, run_at, created_at, every) VALUES ($1, '', $2, $3, 'null', $4, $5, $6)
		ON CONFLICT (workspace_id, kind, uniq) WHERE uniq <> '' DO UPDATE SET every = excluded.every,
			run_at = CASE WHEN NOT job.running AND excluded.run_at < job.run_at THEN excluded.run_at ELSE job.run_at END`,
		j.ID, j.Kind, j.Unique, now.Add(j.every), now, j.every.Microseconds())
}

// claimJob takes the longest due job of the kinds until lease, but none of those that run here already: their leases look
// over when the clock is moved on, though their worker is alive.
func claimJob(ctx context.Context, tx *db.Tx, kinds, here []string, now, lease clock.Time) (Job, bool, error) {
	text := `UPDATE job SET run_at = $1, fence = fence + 1, attempts = attempts + 1, running = TRUE WHERE id IN (
		SELECT id FROM job WHERE run_at <= $2 AND kind IN ` + db.In(len(kinds), 3)
	args := db.InArgs([]any{lease, now}, kinds)
	if len(here) > 0 {
		text += ` AND id NOT IN ` + db.In(len(here), len(args)+1)
		args = db.InArgs(args, here)
	}
	text += ` ORDER BY run_at, id LIMIT 1` + tx.ClaimSuffix() + `)
		RETURNING id, workspace_id, kind, uniq, args, run_at, attempts, fence, every`
	rows, err := tx.Query(ctx, text, args...)
	jobs, err := db.Collect(rows, err, func(r *db.Rows) (j Job, err error) {
		var raw string
		var every int64
		err = r.Scan(&j.ID, &j.Workspace, &j.Kind, &j.Unique, &raw, &j.RunAt, &j.Attempts, &j.fence, &every)
		j.Attempts-- // this run is not a failed one yet
		j.raw, j.every = []byte(raw), micro(every)
		return j, err
	})
	if err != nil || len(jobs) == 0 {
		return Job{}, false, err
	}
	return jobs[0], true, nil
}

// holdJob says whether the run has the lease, and keeps others from taking it until the transaction ends.
func holdJob(ctx context.Context, tx *db.Tx, j Job) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE job SET running = TRUE WHERE id = $1 AND fence = $2`, j.ID, j.fence)
	return n == 1, err
}

func extendLease(ctx context.Context, tx *db.Tx, j Job, lease clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE job SET run_at = $1 WHERE id = $2 AND fence = $3`, lease, j.ID, j.fence)
	return n == 1, err
}

// deleteDone removes a finished job unless it was enqueued again meanwhile.
func deleteDone(ctx context.Context, tx *db.Tx, j Job) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM job WHERE id = $1 AND fence = $2 AND NOT again`, j.ID, j.fence)
	return n == 1, err
}

// rest ends a run whose job stays: it comes again at next, with attempts failed runs behind it.
func rest(ctx context.Context, tx *db.Tx, j Job, attempts int, next clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE job SET running = FALSE, again = FALSE, attempts = $1, run_at = $2 WHERE id = $3 AND fence = $4`,
		attempts, next, j.ID, j.fence)
	return n == 1, err
}

// bury moves a job to the dead.
func bury(ctx context.Context, tx *db.Tx, j Job, reason string, now clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO job_dead (workspace_id, id, kind, uniq, args, attempts, reason, created_at, dead_at)
		SELECT workspace_id, id, kind, uniq, args, attempts, CAST($1 AS TEXT), created_at, CAST($2 AS BIGINT) FROM job WHERE id = $3 AND fence = $4`,
		reason, now, j.ID, j.fence)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM job WHERE id = $1`, j.ID)
	return true, err
}

func deleteUnique(ctx context.Context, tx *db.Tx, ws id.Workspace, kind, unique string) ([]string, error) {
	rows, err := tx.Query(ctx, `DELETE FROM job WHERE workspace_id = $1 AND kind = $2 AND uniq = $3 AND uniq <> '' RETURNING id`, ws, kind, unique)
	return db.Collect(rows, err, func(r *db.Rows) (s string, err error) { return s, r.Scan(&s) })
}

// findNext is when the next job of the kinds is due; never when none waits.
func findNext(ctx context.Context, q db.Queryer, kinds []string) (clock.Time, error) {
	var at clock.Time
	err := q.QueryRow(ctx, `SELECT run_at FROM job WHERE kind IN `+db.In(len(kinds), 1)+` ORDER BY run_at LIMIT 1`, db.InArgs(nil, kinds)...).Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		return never, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for the next job: %w", err)
	}
	return at, nil
}

const deadColumns = `workspace_id, id, kind, uniq, args, attempts, reason, created_at, dead_at`

func scanDead(r *db.Rows) (d Dead, err error) {
	var raw string
	err = r.Scan(&d.Workspace, &d.ID, &d.Kind, &d.Unique, &raw, &d.Attempts, &d.Reason, &d.CreatedAt, &d.At)
	d.raw = []byte(raw)
	return d, err
}

func listDead(ctx context.Context, q db.Queryer, ws id.Workspace, limit int) ([]Dead, error) {
	rows, err := q.Query(ctx, `SELECT `+deadColumns+` FROM job_dead WHERE workspace_id = $1 ORDER BY id LIMIT $2`, ws, limit)
	dead, err := db.Collect(rows, err, scanDead)
	if err != nil {
		return nil, fmt.Errorf("list dead jobs of %s: %w", ws, err)
	}
	return dead, nil
}

func takeDead(ctx context.Context, tx *db.Tx, ws id.Workspace, job string) (Dead, bool, error) {
	rows, err := tx.Query(ctx, `DELETE FROM job_dead WHERE workspace_id = $1 AND id = $2 RETURNING `+deadColumns, ws, job)
	dead, err := db.Collect(rows, err, scanDead)
	if err != nil || len(dead) == 0 {
		return Dead{}, false, err
	}
	return dead[0], true, nil
}
