package job

import (
	"context"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
)

// ErrNotDead is a replay of something that is not among the dead of the workspace.
var ErrNotDead = errs.New(errs.NotFound, "job_unknown", "There is no such failed job. It may have been started again already.")

// Dead is a job that was given up, with the reason of its last failure.
type Dead struct {
	Job
	Reason    string
	CreatedAt clock.Time
	At        clock.Time
}

// Dead lists the dead jobs of a workspace, oldest first, up to 200 of them.
func (q *Queue) Dead(ctx context.Context, ws id.Workspace) ([]Dead, error) {
	return listDead(ctx, q.db, ws, 200)
}

// Replay runs a dead job again, with all its attempts. When one of the same unique text waits, that one takes its
// arguments. It fails with ErrNotDead.
func (q *Queue) Replay(ctx context.Context, ws id.Workspace, job string) error {
	return q.db.Tx(ctx, func(tx *db.Tx) error {
		d, found, err := takeDead(ctx, tx, ws, job)
		if err != nil {
			return fmt.Errorf("replay job %s: %w", job, err)
		}
		if !found {
			return ErrNotDead
		}
		d.RunAt = q.clock.Now()
		insertJob(ctx, tx, d.Job, d.RunAt)
		tx.AfterCommit(func() { q.told(d.RunAt) })
		return nil
	})
}

// Discard drops a dead job for good. It fails with ErrNotDead.
func (q *Queue) Discard(ctx context.Context, ws id.Workspace, job string) error {
	return q.db.Tx(ctx, func(tx *db.Tx) error {
		_, found, err := takeDead(ctx, tx, ws, job)
		if err == nil && !found {
			return ErrNotDead
		}
		return err
	})
}
