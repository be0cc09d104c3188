package offer

import (
	"context"
	"errors"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

const linkColumns = "slug, workspace_id, person_id, once, kind, target, subject, run_id, created_at, expires_at"

func scanLink(r interface{ Scan(...any) error }) (Link, error) {
	var l Link
	err := r.Scan(&l.Slug, &l.Workspace, &l.Person, &l.Once, &l.Kind, &l.Target, &l.Subject, &l.Run, &l.CreatedAt, &l.ExpiresAt)
	return l, err
}

// insertLink stores a link unless the same was made before, and is the one that counts.
func insertLink(ctx context.Context, tx *db.Tx, l Link) (Link, error) {
	n, err := tx.Exec(ctx, "INSERT INTO link ("+linkColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (workspace_id, person_id, once) DO NOTHING",
		l.Slug, l.Workspace, l.Person, l.Once, l.Kind, l.Target, l.Subject, l.Run, l.CreatedAt, l.ExpiresAt)
	if err != nil || n == 1 {
		return l, err
	}
	return scanLink(tx.QueryRow(ctx, "SELECT "+linkColumns+" FROM link WHERE workspace_id = $1 AND person_id = $2 AND once = $3", l.Workspace, l.Person, l.Once))
}

func findLink(ctx context.Context, q db.Queryer, slug string) (Link, bool, error) {
	l, err := scanLink(q.QueryRow(ctx, "SELECT "+linkColumns+" FROM link WHERE slug = $1", slug))
	if errors.Is(err, db.ErrNoRows) {
		return Link{}, false, nil
	}
	return l, err == nil, err
}

// click is one fetch of a link.
type click struct {
	id     string
	at     clock.Time
	human  bool
	reason string
}

func insertClick(ctx context.Context, tx *db.Tx, l Link, c click) {
	tx.Queue(ctx, "INSERT INTO click (workspace_id, slug, id, at, human, reason) VALUES ($1, $2, $3, $4, $5, $6)",
		l.Workspace, l.Slug, c.id, c.at, c.human, c.reason)
}

// Clicks counts the fetches of a person's links.
type Clicks struct {
	Link     Link
	Human    int
	Machines int
}

func clicksOf(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) ([]Clicks, error) {
	rows, err := q.Query(ctx, `SELECT l.slug, l.workspace_id, l.person_id, l.once, l.kind, l.target, l.subject, l.run_id, l.created_at, l.expires_at,
			COUNT(c.id) FILTER (WHERE c.human), COUNT(c.id) FILTER (WHERE NOT c.human)
		FROM link l LEFT JOIN click c ON c.workspace_id = l.workspace_id AND c.slug = l.slug
		WHERE l.workspace_id = $1 AND l.person_id = $2
		GROUP BY l.slug, l.workspace_id, l.person_id, l.once, l.kind, l.target, l.subject, l.run_id, l.created_at, l.expires_at
		ORDER BY l.created_at DESC LIMIT 200`, ws, p)
	return db.Collect(rows, err, func(r *db.Rows) (Clicks, error) {
		var c Clicks
		l := &c.Link
		err := r.Scan(&l.Slug, &l.Workspace, &l.Person, &l.Once, &l.Kind, &l.Target, &l.Subject, &l.Run, &l.CreatedAt, &l.ExpiresAt, &c.Human, &c.Machines)
		return c, err
	})
}
