package conversation

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// at is a place in a thread.
type at struct {
	time clock.Time
	id   MessageID
}

// Filter is which lines of a thread are shown.
type Filter string

// The filters.
const (
	FilterAll      Filter = "all"
	FilterMessages Filter = "messages"
	FilterEvents   Filter = "events"
)

func (f Filter) where() string {
	switch f {
	case FilterMessages:
		return " AND direction <> 'event'"
	case FilterEvents:
		return " AND direction = 'event'"
	}
	return ""
}

// stretch is a part of a person's thread: so many lines before or after a place.
type stretch struct {
	workspace id.Workspace
	person    id.Person
	from      at
	older     bool
	filter    Filter
	pattern   string // of a search
	limit     int
}

// pageLines reads a stretch, oldest first. The key of the table is the order, so a page costs its own rows however long
// the thread is.
func pageLines(ctx context.Context, q db.Queryer, p stretch) ([]line, error) {
	than, order := ">", "ASC"
	if p.older {
		than, order = "<", "DESC"
	}
	rows, err := q.Query(ctx, fmt.Sprintf(`%s WHERE workspace_id = $1 AND person_id = $2 AND (at, id) %s ($3, $4)%s
		ORDER BY at %s, id %s LIMIT $5`, selectLine, than, p.filter.where(), order, order), p.workspace, p.person, int64(p.from.time), string(p.from.id), p.limit)
	found, err := db.Collect(rows, err, scanLine)
	if p.older {
		slices.Reverse(found)
	}
	return found, err
}

// loadSince are the lines said after a seq, in their order of arrival. The newest few hundred are enough for a guard.
func loadSince(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person, seq int64) ([]line, error) {
	rows, err := q.Query(ctx, selectLine+` WHERE workspace_id = $1 AND person_id = $2 AND seq > $3 ORDER BY seq LIMIT 200`, ws, person, seq)
	return db.Collect(rows, err, scanLine)
}

// searchLines finds a text before a place of one thread, over all of its history, newest first.
func searchLines(ctx context.Context, q db.Queryer, p stretch) ([]line, error) {
	rows, err := q.Query(ctx, selectLine+` WHERE workspace_id = $1 AND person_id = $2 AND (at, id) < ($3, $4) AND direction <> 'event'
		AND LOWER(text) LIKE $5 ESCAPE '\' ORDER BY at DESC, id DESC LIMIT $6`,
		p.workspace, p.person, int64(p.from.time), string(p.from.id), p.pattern, p.limit)
	return db.Collect(rows, err, scanLine)
}

// timelineLines are messages and notes for the timeline of a person, older than a place, newest first.
func timelineLines(ctx context.Context, q db.Queryer, ask people.TimelineAsk) ([]line, error) {
	which := " AND direction <> 'event' AND state <> 'dropped'"
	if len(ask.Kinds) == 1 && ask.Kinds[0] == "note" {
		which += " AND direction = 'note'"
	} else if len(ask.Kinds) == 1 {
		which += " AND direction <> 'note'"
	}
	rows, err := q.Query(ctx, selectLine+` WHERE workspace_id = $1 AND person_id = $2 AND (at, id) < ($3, $4)`+which+
		` ORDER BY at DESC, id DESC LIMIT $5`, ask.Workspace, ask.Person, int64(ask.Before.At), ask.Before.ID, ask.Limit)
	return db.Collect(rows, err, scanLine)
}

func countTimeline(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) (messages, notes int64, err error) {
	err = q.QueryRow(ctx, `SELECT COALESCE(CAST(SUM(CASE WHEN direction = 'note' THEN 0 ELSE 1 END) AS BIGINT), 0),
			COALESCE(CAST(SUM(CASE WHEN direction = 'note' THEN 1 ELSE 0 END) AS BIGINT), 0)
		FROM message WHERE workspace_id = $1 AND person_id = $2 AND direction <> 'event' AND state <> 'dropped'`, ws, person).Scan(&messages, &notes)
	return messages, notes, err
}

// indexText makes what people wrote findable across all threads. What automation sends is not: it is the same for all.
func indexText(ctx context.Context, tx *db.Tx, l line) {
	if l.text == "" || (l.direction == Out && l.kind != KindReply) {
		return
	}
	tx.Queue(ctx, `INSERT INTO message_text (workspace_id, message_id, person_id, body) VALUES ($1, $2, $3, $4)`,
		l.workspace, string(l.id), l.person, l.text)
}

// searchText are the persons in whose threads all words occur in what was written, the best first.
func searchText(ctx context.Context, q db.Queryer, engine db.Engine, ws id.Workspace, words []string, limit int) ([]id.Person, error) {
	text, query := searchPostgres, tsquery(words)
	if engine == db.SQLite {
		text, query = searchSQLite, ftsQuery(words)
	}
	rows, err := q.Query(ctx, text, query, string(ws), limit)
	return db.Collect(rows, err, func(r *db.Rows) (id.Person, error) {
		var p id.Person
		err := r.Scan(&p)
		return p, err
	})
}

// The full-text search is one of the places in which the engines differ.
const (
	searchSQLite = `SELECT person_id FROM message_text WHERE message_text MATCH $1 AND workspace_id = $2
		ORDER BY rowid DESC LIMIT $3`
	searchPostgres = `SELECT person_id FROM message_text WHERE to_tsvector('simple', body) @@ to_tsquery('simple', $1) AND workspace_id = $2
		ORDER BY message_id DESC LIMIT $3`
)
