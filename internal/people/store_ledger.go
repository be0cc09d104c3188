package people

import (
	"context"

	"parley/internal/db"
	"parley/internal/id"
)

// byMedium groups chains, because a query asks for one medium.
func byMedium(list []chainID) map[Medium][]string {
	out := map[Medium][]string{}
	for _, c := range list {
		out[c.medium] = append(out[c.medium], c.key)
	}
	return out
}

func loadLedger(ctx context.Context, q db.Queryer, ws id.Workspace, list []chainID) ([]ledgerRow, error) {
	var out []ledgerRow
	for medium, list := range byMedium(list) {
		err := chunks(list, func(part []string) error {
			rows, err := q.Query(ctx, `SELECT workspace_id, medium, address_key, seq, id, purpose, action, at, record, row_hash
				FROM consent_event WHERE (workspace_id, medium, address_key) IN `+inRows("$1, $2", len(part), 3)+
				" ORDER BY address_key, seq", db.InArgs([]any{ws, medium}, part)...)
			got, err := db.Collect(rows, err, func(r *db.Rows) (l ledgerRow, err error) {
				return l, r.Scan(&l.workspace, &l.medium, &l.key, &l.seq, &l.id, &l.purpose, &l.action, &l.at, &l.record, &l.hash)
			})
			out = append(out, got...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// loadStates are the stored states of some chains; one without a row has an empty state.
func loadStates(ctx context.Context, q db.Queryer, ws id.Workspace, list []chainID) (map[chainID]State, error) {
	out := make(map[chainID]State, len(list))
	for _, c := range list {
		out[c] = State{}
	}
	for medium, list := range byMedium(list) {
		err := chunks(list, func(part []string) error {
			return readStates(ctx, q, ws, medium, part, func(key string, p Purpose, s Standing) { out[chainID{medium, key}][p] = s })
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func scanHead(r *db.Rows) (h chainHead, err error) {
	return h, r.Scan(&h.medium, &h.key, &h.length, &h.head)
}

func loadHeads(ctx context.Context, q db.Queryer, ws id.Workspace, list []chainID) ([]chainHead, error) {
	var out []chainHead
	for _, c := range list {
		rows, err := q.Query(ctx, `SELECT medium, address_key, length, head FROM consent_chain
			WHERE workspace_id = $1 AND medium = $2 AND address_key = $3`, ws, c.medium, c.key)
		heads, err := db.Collect(rows, err, scanHead)
		if err != nil {
			return nil, err
		}
		out = append(out, heads...)
	}
	return out, nil
}

func pageHeads(ctx context.Context, q db.Queryer, ws id.Workspace, after chainID, limit int) ([]chainHead, error) {
	rows, err := q.Query(ctx, `SELECT medium, address_key, length, head FROM consent_chain
		WHERE workspace_id = $1 AND (medium, address_key) > ($2, $3) ORDER BY medium, address_key LIMIT $4`,
		ws, after.medium, after.key, limit)
	return db.Collect(rows, err, scanHead)
}

func headlessChains(ctx context.Context, q db.Queryer, ws id.Workspace) ([]chainID, error) {
	rows, err := q.Query(ctx, `SELECT DISTINCT e.medium, e.address_key FROM consent_event e WHERE e.workspace_id = $1 AND NOT EXISTS
			(SELECT 1 FROM consent_chain c WHERE c.workspace_id = $1 AND c.medium = e.medium AND c.address_key = e.address_key)
		UNION SELECT s.medium, s.address_key FROM consent_state s WHERE s.workspace_id = $1 AND NOT EXISTS
			(SELECT 1 FROM consent_chain c WHERE c.workspace_id = $1 AND c.medium = s.medium AND c.address_key = s.address_key)`, ws)
	return db.Collect(rows, err, func(r *db.Rows) (c chainID, err error) { return c, r.Scan(&c.medium, &c.key) })
}

func countLedger(ctx context.Context, q db.Queryer, ws id.Workspace, list []chainID) (int64, error) {
	var total int64
	for medium, list := range byMedium(list) {
		err := chunks(list, func(part []string) error {
			var n int64
			err := q.QueryRow(ctx, `SELECT COALESCE(CAST(SUM(length) AS BIGINT), 0) FROM consent_chain
				WHERE (workspace_id, medium, address_key) IN `+inRows("$1, $2", len(part), 3), db.InArgs([]any{ws, medium}, part)...).Scan(&n)
			total += n
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return total, nil
}
