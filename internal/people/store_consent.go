package people

import (
	"context"
	"slices"

	"parley/internal/db"
	"parley/internal/id"
)

// lockChains makes or takes the chains, so that nobody else appends to them before the transaction ends, and reads how far
// they are and where their addresses stand. The chains come in the one order.
func lockChains(ctx context.Context, tx *db.Tx, ws id.Workspace, chains []*chain) error {
	rows := make([][]any, len(chains))
	byKey := make(map[chainID]*chain, len(chains))
	keysOf := map[Medium][]string{}
	for i, c := range chains {
		rows[i] = []any{ws, c.medium, c.key, c.address, 0, ""}
		byKey[c.chainID] = c
		keysOf[c.medium] = append(keysOf[c.medium], c.key)
	}
	err := tx.Bulk(ctx, db.Bulk{Table: "consent_chain",
		Columns:  []string{"workspace_id", "medium", "address_key", "address", "length", "head"},
		Conflict: "ON CONFLICT (workspace_id, medium, address_key) DO UPDATE SET address = excluded.address", Rows: rows})
	if err != nil {
		return err
	}
	for medium, list := range keysOf {
		err := chunks(list, func(part []string) error {
			if err := readChains(ctx, tx, ws, medium, part, byKey); err != nil {
				return err
			}
			return readStates(ctx, tx, ws, medium, part, func(key string, p Purpose, s Standing) {
				byKey[chainID{medium, key}].state[p] = s
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func readChains(ctx context.Context, q db.Queryer, ws id.Workspace, m Medium, part []string, into map[chainID]*chain) error {
	rows, err := q.Query(ctx, `SELECT address_key, length, head FROM consent_chain
		WHERE (workspace_id, medium, address_key) IN `+inRows("$1, $2", len(part), 3), db.InArgs([]any{ws, m}, part)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, head string
		var length int64
		if err := rows.Scan(&key, &length, &head); err != nil {
			return err
		}
		c := into[chainID{m, key}]
		c.length, c.head = length, head
	}
	return rows.Err()
}

func readStates(ctx context.Context, q db.Queryer, ws id.Workspace, m Medium, part []string, each func(string, Purpose, Standing)) error {
	rows, err := q.Query(ctx, `SELECT address_key, purpose, status, since, event_id, source, given, given_source, disclosure_hash,
			frequency, double_opt_in, pending_until, revoked_at, doubtful, unreachable_at
		FROM consent_state WHERE (workspace_id, medium, address_key) IN `+inRows("$1, $2", len(part), 3),
		db.InArgs([]any{ws, m}, part)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var p Purpose
		s, err := scanStanding(rows, &key, &p)
		if err != nil {
			return err
		}
		each(key, p, s)
	}
	return rows.Err()
}

func scanStanding(r *db.Rows, key *string, p *Purpose) (s Standing, err error) {
	err = r.Scan(key, p, &s.Status, &s.Since, &s.Event, &s.Source, &s.Given, &s.GivenSource, &s.DisclosureHash,
		&s.Frequency, &s.DoubleOptIn, &s.PendingUntil, &s.RevokedAt, &s.Doubtful, &s.UnreachableAt)
	return s, err
}

// askStandings asks for the states of some addresses for one purpose, by their keys.
func askStandings(ws id.Workspace, set addressSet, addressKeys []string, into map[string]Standing) []db.Question {
	var out []db.Question
	for part := range slices.Chunk(addressKeys, inList) {
		out = append(out, db.Question{Text: `SELECT address_key, purpose, status, since, event_id, source, given, given_source, disclosure_hash,
				frequency, double_opt_in, pending_until, revoked_at, doubtful, unreachable_at
			FROM consent_state WHERE (workspace_id, medium, purpose, address_key) IN ` + inRows("$1, $2, $3", len(part), 4),
			Args: db.InArgs([]any{ws, set.medium, set.purpose}, part), Row: func(r *db.Rows) error {
				var key string
				var p Purpose
				standing, err := scanStanding(r, &key, &p)
				into[key] = standing
				return err
			}})
	}
	return out
}

// saveChains appends the new events, moves the heads, and writes the states that changed.
func saveChains(ctx context.Context, tx *db.Tx, ws id.Workspace, chains []*chain) error {
	var events, heads, states, words [][]any
	shown := map[string]bool{}
	for _, c := range chains {
		heads = append(heads, []any{ws, c.medium, c.key, c.address, c.length, c.head})
		for i, e := range c.events {
			events = append(events, []any{ws, e.Medium, e.AddressKey, e.Seq, e.ID, e.Purpose, e.Action, e.At, c.records[i], e.RowHash})
			if e.Disclosure != "" && !shown[e.DisclosureHash] {
				shown[e.DisclosureHash] = true
				words = append(words, []any{ws, e.DisclosureHash, e.Disclosure})
			}
		}
		for _, p := range Purposes() {
			if c.touched[p] {
				states = append(states, stateRow(ws, c.chainID, p, c.state[p]))
			}
		}
	}
	for _, b := range []db.Bulk{
		{Table: "consent_disclosure", Columns: []string{"workspace_id", "hash", "text"},
			Conflict: "ON CONFLICT (workspace_id, hash) DO NOTHING", Rows: words},
		{Table: "consent_event", Rows: events,
			Columns: []string{"workspace_id", "medium", "address_key", "seq", "id", "purpose", "action", "at", "record", "row_hash"}},
		{Table: "consent_chain", Columns: []string{"workspace_id", "medium", "address_key", "address", "length", "head"}, Rows: heads,
			Conflict: "ON CONFLICT (workspace_id, medium, address_key) DO UPDATE SET length = excluded.length, head = excluded.head"},
		{Table: "consent_state", Columns: stateColumns(), Rows: states, Conflict: stateConflict},
	} {
		if err := tx.Bulk(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func stateColumns() []string {
	return []string{"workspace_id", "medium", "address_key", "purpose", "status", "since", "event_id", "source", "given",
		"given_source", "disclosure_hash", "frequency", "double_opt_in", "pending_until", "revoked_at", "doubtful", "unreachable_at"}
}

const stateConflict = `ON CONFLICT (workspace_id, medium, address_key, purpose) DO UPDATE SET status = excluded.status,
	since = excluded.since, event_id = excluded.event_id, source = excluded.source, given = excluded.given,
	given_source = excluded.given_source, disclosure_hash = excluded.disclosure_hash, frequency = excluded.frequency,
	double_opt_in = excluded.double_opt_in, pending_until = excluded.pending_until, revoked_at = excluded.revoked_at,
	doubtful = excluded.doubtful, unreachable_at = excluded.unreachable_at`

func stateRow(ws id.Workspace, c chainID, p Purpose, s Standing) []any {
	return []any{ws, c.medium, c.key, p, s.Status, s.Since, s.Event, s.Source, s.Given, s.GivenSource, s.DisclosureHash,
		s.Frequency, s.DoubleOptIn, s.PendingUntil, s.RevokedAt, s.Doubtful, s.UnreachableAt}
}

func loadDisclosures(ctx context.Context, q db.Queryer, ws id.Workspace, hashes []string) (map[string]string, error) {
	out := make(map[string]string, len(hashes))
	err := chunks(hashes, func(part []string) error {
		rows, err := q.Query(ctx, "SELECT hash, text FROM consent_disclosure WHERE (workspace_id, hash) IN "+inRows("$1", len(part), 2),
			db.InArgs([]any{ws}, part)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var hash, text string
			if err := rows.Scan(&hash, &text); err != nil {
				return err
			}
			out[hash] = text
		}
		return rows.Err()
	})
	return out, err
}

func forgetAddress(ctx context.Context, tx *db.Tx, ws id.Workspace, c chainID) {
	tx.Queue(ctx, "UPDATE consent_chain SET address = '' WHERE workspace_id = $1 AND medium = $2 AND address_key = $3", ws, c.medium, c.key)
}
