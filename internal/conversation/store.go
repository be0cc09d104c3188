package conversation

import (
	"context"
	"slices"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// inChunk bounds the values of one IN list, so that few statements are prepared.
const inChunk = 1024

// lineColumns are the columns of message in the order of line.values and scanLine.
func lineColumns() []string {
	return []string{"workspace_id", "person_id", "at", "id", "direction", "author_kind", "author_id", "seq", "episode_id",
		"text", "purpose", "send_kind", "subject", "run", "state", "code", "due_at", "told_optout", "asked", "segments",
		"client_key", "detail"}
}

const lineFields = `SELECT workspace_id, person_id, at, id, direction, author_kind, author_id, seq, episode_id,
	text, purpose, send_kind, subject, run, state, code, due_at, told_optout, asked, segments,
	COALESCE(client_key, ''), detail`

const selectLine = lineFields + ` FROM message`

func (l line) values() []any {
	var key any
	if l.clientKey != "" {
		key = l.clientKey
	}
	return []any{string(l.workspace), string(l.person), int64(l.at), string(l.id), string(l.direction), string(l.author),
		l.authorID, l.seq, string(l.episode), l.text, string(l.purpose), string(l.kind), l.subject, l.run,
		string(l.state), l.code, int64(l.due), l.told, l.asked, l.segments, key, db.JSON(l.detail)}
}

func scanLine(r *db.Rows) (line, error) {
	var l line
	err := r.Scan(&l.workspace, &l.person, &l.at, &l.id, &l.direction, &l.author, &l.authorID, &l.seq, &l.episode,
		&l.text, &l.purpose, &l.kind, &l.subject, &l.run, &l.state, &l.code, &l.due, &l.told, &l.asked, &l.segments,
		&l.clientKey, db.ScanJSON(&l.detail))
	return l, err
}

// insertLines writes many lines in few statements.
func insertLines(ctx context.Context, tx *db.Tx, lines []line) error {
	rows := make([][]any, len(lines))
	for i, l := range lines {
		rows[i] = l.values()
	}
	return tx.Bulk(ctx, db.Bulk{Table: "message", Columns: lineColumns(), JSON: []string{"detail"}, Rows: rows})
}

// insertArrivals writes what came in, and makes it findable.
func insertArrivals(ctx context.Context, tx *db.Tx, list []*arrival) error {
	lines := make([]line, len(list))
	for i, a := range list {
		lines[i] = a.line
		indexText(ctx, tx, a.line)
	}
	return insertLines(ctx, tx, lines)
}

// keyed is what is known of a client key that was used before.
type keyed struct {
	message MessageID
	person  id.Person
	state   State
	code    string
	until   clock.Time
	detail  detail
}

// loadKeys finds the messages behind client keys.
func loadKeys(ctx context.Context, q db.Queryer, ws id.Workspace, keys []string) (map[string]keyed, error) {
	out := map[string]keyed{}
	for part := range slices.Chunk(keys, inChunk) {
		rows, err := q.Query(ctx, `SELECT client_key, id, person_id, state, code, due_at, detail
			FROM `+db.Keys("$1", len(part), 2)+` AS k CROSS JOIN message
			WHERE workspace_id = k.column1 AND client_key = k.column2 AND client_key IS NOT NULL`, db.KeyArgs([]any{ws}, part)...)
		_, err = db.Collect(rows, err, func(r *db.Rows) (struct{}, error) {
			var key string
			var k keyed
			err := r.Scan(&key, &k.message, &k.person, &k.state, &k.code, &k.until, db.ScanJSON(&k.detail))
			out[key] = k
			return struct{}{}, err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// loadLines finds messages by id, in no order.
func loadLines(ctx context.Context, q db.Queryer, ws id.Workspace, ids []MessageID) (map[MessageID]line, error) {
	out := map[MessageID]line{}
	for part := range slices.Chunk(ids, inChunk) {
		rows, err := q.Query(ctx, lineFields+` FROM `+db.Keys("$1", len(part), 2)+` AS k CROSS JOIN message
			WHERE workspace_id = k.column1 AND id = k.column2`, db.KeyArgs([]any{ws}, part)...)
		found, err := db.Collect(rows, err, scanLine)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			out[l.id] = l
		}
	}
	return out, nil
}

// earlierRow is an outgoing message of the last weeks, as the gate counts it.
type earlierRow struct {
	Earlier
	person id.Person
	at     clock.Time
	id     MessageID
	told   bool
}

// askEarlier asks for the outgoing messages since a moment that were not dropped and did not fail.
func askEarlier(ws id.Workspace, since clock.Time, persons []id.Person, into map[id.Person][]earlierRow) []db.Question {
	var out []db.Question
	for part := range slices.Chunk(persons, inChunk) {
		out = append(out, db.Question{Text: `SELECT person_id, at, id, due_at, purpose, send_kind, subject, told_optout, asked FROM ` +
			db.Keys("$2", len(part), 3) + ` AS k CROSS JOIN message WHERE workspace_id = k.column1 AND person_id = k.column2
			AND at >= $1 AND direction = 'out' AND state <> 'dropped' AND state <> 'failed'`,
			Args: db.KeyArgs([]any{int64(since), ws}, part), Row: func(r *db.Rows) error {
				var e earlierRow
				err := r.Scan(&e.person, &e.at, &e.id, &e.At, &e.Purpose, &e.Kind, &e.Subject, &e.told, &e.Asked)
				into[e.person] = append(into[e.person], e)
				return err
			}})
	}
	return out
}

// change is a new state of an outgoing message.
type change struct {
	message MessageID
	state   State
	code    string
	due     clock.Time
	detail  *detail // nil leaves it
}

// saveChange writes a message's new state.
func saveChange(ctx context.Context, tx *db.Tx, ws id.Workspace, c change) {
	if c.detail == nil {
		tx.Queue(ctx, `UPDATE message SET state = $1, code = $2, due_at = $3 WHERE workspace_id = $4 AND id = $5`,
			string(c.state), c.code, int64(c.due), ws, c.message)
		return
	}
	tx.Queue(ctx, `UPDATE message SET state = $1, code = $2, due_at = $3, detail = $4 WHERE workspace_id = $5 AND id = $6`,
		string(c.state), c.code, int64(c.due), db.JSON(*c.detail), ws, c.message)
}

// revive puts a message that was written off, or held, back to queued, because the provider has it after all (I8).
func revive(ctx context.Context, tx *db.Tx, ws id.Workspace, message MessageID) {
	tx.Queue(ctx, `UPDATE message SET state = 'queued', code = '' WHERE workspace_id = $1 AND id = $2 AND state IN ('failed', 'held')`, ws, message)
}

// marked is a message that more follows from than its delivery: it belongs to a journey run, or it was given up or held.
type marked struct {
	run, step string
	off       bool
}

// loadMarked finds the marked ones of the messages; of a campaign's, none is.
func loadMarked(ctx context.Context, q db.Queryer, ws id.Workspace, ids []MessageID) (map[MessageID]marked, error) {
	out := map[MessageID]marked{}
	for part := range slices.Chunk(ids, inChunk) {
		rows, err := q.Query(ctx, `SELECT id, run, state, detail FROM `+db.Keys("$1", len(part), 2)+` AS k CROSS JOIN message
			WHERE workspace_id = k.column1 AND id = k.column2 AND (run <> '' OR state IN ('failed', 'held'))`, db.KeyArgs([]any{ws}, part)...)
		_, err = db.Collect(rows, err, func(r *db.Rows) (struct{}, error) {
			var message MessageID
			var m marked
			var state State
			var d detail
			err := r.Scan(&message, &m.run, &state, db.ScanJSON(&d))
			m.step, m.off = d.Step, state == StateFailed || state == StateHeld
			out[message] = m
			return struct{}{}, err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// earlierOut is our last message before an inbound one.
type earlierOut struct {
	id       MessageID
	author   AuthorKind
	authorID string
	run      string
}

// lastOuts are the newest messages that were sent to people since a moment, whatever became of them on the way.
func lastOuts(ctx context.Context, q db.Queryer, ws id.Workspace, persons []id.Person, since clock.Time) (map[id.Person]earlierOut, error) {
	out := make(map[id.Person]earlierOut, len(persons))
	for part := range slices.Chunk(persons, inChunk) {
		rows, err := q.Query(ctx, `SELECT m.person_id, m.id, m.author_kind, m.author_id, m.run
			FROM `+db.Keys("$2", len(part), 3)+` AS k CROSS JOIN message m
			WHERE m.workspace_id = k.column1 AND m.id = (SELECT l.id FROM message l
				WHERE l.workspace_id = k.column1 AND l.person_id = k.column2 AND l.at >= $1 AND l.direction = 'out' AND l.state <> 'dropped'
					AND l.send_kind <> 'compliance' ORDER BY l.at DESC, l.id DESC LIMIT 1)`, db.KeyArgs([]any{int64(since), ws}, part)...)
		_, err = db.Collect(rows, err, func(r *db.Rows) (struct{}, error) {
			var person id.Person
			var e earlierOut
			err := r.Scan(&person, &e.id, &e.author, &e.authorID, &e.run)
			out[person] = e
			return struct{}{}, err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// confirmedSince says whether an opt-out was confirmed to the person since a moment.
func confirmedSince(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person, since clock.Time) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM message WHERE workspace_id = $1 AND person_id = $2 AND at >= $3
		AND send_kind = 'compliance' AND subject = 'optout_reply' AND state <> 'dropped'`, ws, person, int64(since)).Scan(&n)
	return n > 0, err
}

// loadBurst are the parts of what a person is writing, in the order in which they belong.
func loadBurst(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person, fromSeq int64) ([]line, error) {
	rows, err := q.Query(ctx, selectLine+` WHERE workspace_id = $1 AND person_id = $2 AND direction = 'in' AND seq >= $3
		ORDER BY at DESC, id DESC LIMIT 50`, ws, person, fromSeq)
	found, err := db.Collect(rows, err, scanLine)
	slices.Reverse(found)
	return found, err
}
