package conversation

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/org"
)

// insertHandover is false when this step of this run was handed over before.
func insertHandover(ctx context.Context, tx *db.Tx, h HandOver, at clock.Time) (bool, error) {
	s := h.Send
	n, err := tx.Exec(ctx, `INSERT INTO handover (workspace_id, person_id, run, step, title, text, purpose, subject, subject_at, why, made_at, until, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open') ON CONFLICT DO NOTHING`,
		s.Workspace, s.Person, s.JourneyRun, s.Step, h.Title, s.Text, string(s.Purpose), s.Subject, int64(s.SubjectAt), db.JSON(s.Why), int64(at), int64(h.Until))
	return n == 1, err
}

// openHandovers are a person's prepared texts that nobody has sent yet, newest first.
func openHandovers(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) ([]HandOver, error) {
	rows, err := q.Query(ctx, `SELECT run, step, title, text, purpose, subject, subject_at, why, made_at, until FROM handover
		WHERE workspace_id = $1 AND person_id = $2 AND state = 'open' ORDER BY made_at DESC`, ws, person)
	return db.Collect(rows, err, func(r *db.Rows) (HandOver, error) {
		h := HandOver{Send: Send{Workspace: ws, Person: person}}
		s := &h.Send
		return h, r.Scan(&s.JourneyRun, &s.Step, &h.Title, &s.Text, &s.Purpose, &s.Subject, &s.SubjectAt, db.ScanJSON(&s.Why), &h.MadeAt, &h.Until)
	})
}

// endHandover is false when somebody sent it, or it was withdrawn, before.
func endHandover(ctx context.Context, tx *db.Tx, h HandOver, state string) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE handover SET state = $1 WHERE workspace_id = $2 AND person_id = $3 AND run = $4 AND step = $5 AND state = 'open'",
		state, h.Send.Workspace, h.Send.Person, h.Send.JourneyRun, h.Send.Step)
	return n == 1, err
}

// lastAgent is the member who wrote last to a person between two moments; empty when nobody did.
func lastAgent(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person, from, to clock.Time) (org.MemberID, error) {
	rows, err := q.Query(ctx, `SELECT author_id FROM message WHERE workspace_id = $1 AND person_id = $2 AND at >= $3 AND at <= $4
		AND direction = 'out' AND author_kind = 'agent' AND state NOT IN ('dropped', 'failed') ORDER BY at DESC, id DESC LIMIT 1`, ws, person, int64(from), int64(to))
	found, err := db.Collect(rows, err, func(r *db.Rows) (org.MemberID, error) {
		var m org.MemberID
		return m, r.Scan(&m)
	})
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}
