package journey

import (
	"context"

	"parley/internal/db"
	"parley/internal/id"
)

// liveNumbers are the live versions without their definitions, in the order of liveVersions.
func liveNumbers(ctx context.Context, q db.Queryer, ws id.Workspace) ([]version, error) {
	rows, err := q.Query(ctx, "SELECT id, live_version FROM journey WHERE workspace_id = $1 AND state = 'live' ORDER BY id", ws)
	return db.Collect(rows, err, func(r *db.Rows) (version, error) {
		var v version
		return v, r.Scan(&v.Journey, &v.Number)
	})
}
