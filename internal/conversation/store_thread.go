package conversation

import (
	"context"
	"slices"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

const threadColumns = `workspace_id, person_id, status, owner_id, floor, waiting_since, last_at, snoozed_until, episode_id,
	episode_number, closed_at, needs_review, address, channel_id, channel_kind, last_in_at, last_received_at, burst_seq,
	inbound, handled, seq, version`

func scanThread(r *db.Rows) (thread, error) {
	var t thread
	err := r.Scan(&t.workspace, &t.person, &t.status, &t.owner, &t.floor, &t.waitingSince, &t.lastAt, &t.snoozedUntil, &t.episode,
		&t.number, &t.closedAt, &t.needsReview, &t.address, &t.channel, &t.channelKind, &t.lastInAt, &t.lastReceivedAt, &t.burstSeq,
		&t.inbound, &t.handled, &t.seq, &t.version)
	return t, err
}

// lockThread is the person's conversation, made when there is none, and kept from everybody else until the unit ends.
func lockThread(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person) (*thread, error) {
	found, err := lockThreads(ctx, tx, ws, idsOf(person))
	return found[person], err
}

// lockThreads is lockThread for several people, in one order for all units.
func lockThreads(ctx context.Context, tx *db.Tx, ws id.Workspace, persons []id.Person) (map[id.Person]*thread, error) {
	out := make(map[id.Person]*thread, len(persons))
	for part := range slices.Chunk(distinct(persons), inChunk) {
		rows, err := tx.Query(ctx, `INSERT INTO conversation (workspace_id, person_id, status, owner_id, floor, tray, waiting_since, waiting_key,
				last_at, snoozed_until, episode_id, episode_number, closed_at, needs_review, address, channel_id, channel_kind,
				last_in_at, last_received_at, burst_seq, inbound, handled, seq, version)
			SELECT k.column1, k.column2, 'quiet', '', 'none', 'quiet', 0, $1, 0, 0, '', 0, 0, FALSE, '', '', '', 0, 0, 0, 0, 0, 0, 1
			FROM `+db.Keys("$2", len(part), 3)+` AS k WHERE k.column2 IS NOT NULL
			ON CONFLICT (workspace_id, person_id) DO UPDATE SET version = conversation.version + 1
			RETURNING `+threadColumns, db.KeyArgs([]any{thread{}.waitingKey(), ws}, part)...)
		found, err := db.Collect(rows, err, scanThread)
		if err != nil {
			return nil, err
		}
		for i := range found {
			out[found[i].person] = &found[i]
		}
	}
	return out, nil
}

// saveThread writes what changed in a locked conversation.
func saveThread(ctx context.Context, tx *db.Tx, t *thread) {
	tx.Queue(ctx, `UPDATE conversation SET status = $1, owner_id = $2, floor = $3, waiting_since = $4, waiting_key = $5, last_at = $6,
			snoozed_until = $7, episode_id = $8, episode_number = $9, closed_at = $10, needs_review = $11, address = $12,
			channel_id = $13, channel_kind = $14, last_in_at = $15, last_received_at = $16, burst_seq = $17, inbound = $18,
			handled = $19, seq = $20, tray = $21
		WHERE workspace_id = $22 AND person_id = $23`, t.values()...)
}

// values are what saveThread writes, with the key at the end.
func (t *thread) values() []any {
	return []any{string(t.status), string(t.owner), string(t.floor), int64(t.waitingSince), t.waitingKey(), int64(t.lastAt),
		int64(t.snoozedUntil), string(t.episode), t.number, int64(t.closedAt), t.needsReview, t.address,
		string(t.channel), string(t.channelKind), int64(t.lastInAt), int64(t.lastReceivedAt), t.burstSeq, t.inbound,
		t.handled, t.seq, t.tray(), string(t.workspace), string(t.person)}
}

// saveThreads is saveThread for several.
func saveThreads(ctx context.Context, tx *db.Tx, threads []*thread) error {
	rows := make([][]any, len(threads))
	for i, t := range threads {
		rows[i] = append(t.values(), t.version)
	}
	return tx.Bulk(ctx, db.Bulk{Table: "conversation", Rows: rows,
		Columns: []string{"status", "owner_id", "floor", "waiting_since", "waiting_key", "last_at", "snoozed_until", "episode_id",
			"episode_number", "closed_at", "needs_review", "address", "channel_id", "channel_kind", "last_in_at", "last_received_at",
			"burst_seq", "inbound", "handled", "seq", "tray", "workspace_id", "person_id", "version"},
		Conflict: `ON CONFLICT (workspace_id, person_id) DO UPDATE SET status = excluded.status, owner_id = excluded.owner_id,
			floor = excluded.floor, waiting_since = excluded.waiting_since, waiting_key = excluded.waiting_key, last_at = excluded.last_at,
			snoozed_until = excluded.snoozed_until, episode_id = excluded.episode_id, episode_number = excluded.episode_number,
			closed_at = excluded.closed_at, needs_review = excluded.needs_review, address = excluded.address,
			channel_id = excluded.channel_id, channel_kind = excluded.channel_kind, last_in_at = excluded.last_in_at,
			last_received_at = excluded.last_received_at, burst_seq = excluded.burst_seq, inbound = excluded.inbound,
			handled = excluded.handled, seq = excluded.seq, tray = excluded.tray`})
}

// loadThreads are the conversations that exist among the persons.
func loadThreads(ctx context.Context, q db.Queryer, ws id.Workspace, persons []id.Person) (map[id.Person]*thread, error) {
	out := map[id.Person]*thread{}
	for part := range slices.Chunk(persons, inChunk) {
		rows, err := q.Query(ctx, `SELECT `+threadColumns+` FROM `+db.Keys("$1", len(part), 2)+`
			AS k CROSS JOIN conversation WHERE workspace_id = k.column1 AND person_id = k.column2`, db.KeyArgs([]any{ws}, part)...)
		found, err := db.Collect(rows, err, scanThread)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			out[t.person] = &t
		}
	}
	return out, nil
}

const episodeFields = `SELECT person_id, number, id, status, owner_id, topic, result, reason, opened_at, opened_by, closed_at,
	closed_by, messages`

const selectEpisode = episodeFields + ` FROM episode`

func scanEpisode(r *db.Rows) (Episode, error) {
	var e Episode
	err := r.Scan(&e.Person, &e.Number, &e.ID, &e.Status, &e.owner, &e.Topic, &e.Result, &e.reason, &e.OpenedAt, &e.openedBy,
		&e.ClosedAt, &e.closedBy, &e.Messages)
	return e, err
}

func insertEpisode(ctx context.Context, tx *db.Tx, t *thread, at clock.Time, by string) {
	tx.Queue(ctx, `INSERT INTO episode (workspace_id, person_id, number, id, status, owner_id, topic, result, reason, opened_at, opened_by,
			closed_at, closed_by, messages)
		VALUES ($1, $2, $3, $4, 'open', $5, '', '', '', $6, $7, 0, '', 0)`,
		t.workspace, t.person, t.number, string(t.episode), string(t.owner), int64(at), by)
}

// followEpisodes writes the episodes that messages begin, and brings those that they belong to in line with their
// conversations.
func followEpisodes(ctx context.Context, tx *db.Tx, list []*arrival) error {
	var rows [][]any
	for _, a := range list {
		t, counted := a.thread, int64(0)
		if t.number == 0 {
			continue
		}
		if a.line.episode != "" {
			counted = 1
		}
		rows = append(rows, []any{string(t.workspace), string(t.person), t.number, string(t.episode), string(t.status), string(t.owner),
			"", "", "", int64(a.line.at), "customer", int64(t.closedAt), "", counted})
	}
	return tx.Bulk(ctx, db.Bulk{Table: "episode", Rows: rows,
		Columns: []string{"workspace_id", "person_id", "number", "id", "status", "owner_id", "topic", "result", "reason", "opened_at",
			"opened_by", "closed_at", "closed_by", "messages"},
		Conflict: `ON CONFLICT (workspace_id, person_id, number) DO UPDATE SET status = excluded.status, owner_id = excluded.owner_id,
			closed_at = excluded.closed_at, messages = episode.messages + excluded.messages`})
}

// mirrorEpisode brings status and owner of the latest episode in line with the conversation.
func mirrorEpisode(ctx context.Context, tx *db.Tx, t *thread) {
	if t.number == 0 {
		return
	}
	tx.Queue(ctx, `UPDATE episode SET status = $1, owner_id = $2, closed_at = $3 WHERE workspace_id = $4 AND person_id = $5 AND number = $6`,
		string(t.status), string(t.owner), int64(t.closedAt), t.workspace, t.person, t.number)
}

func closeEpisode(ctx context.Context, tx *db.Tx, t *thread, by, result, reason string) {
	tx.Queue(ctx, `UPDATE episode SET closed_by = $1, result = $2, reason = $3 WHERE workspace_id = $4 AND person_id = $5 AND number = $6`,
		by, result, reason, t.workspace, t.person, t.number)
}

func countMessage(ctx context.Context, tx *db.Tx, t *thread) {
	tx.Queue(ctx, `UPDATE episode SET messages = messages + 1 WHERE workspace_id = $1 AND person_id = $2 AND number = $3`,
		t.workspace, t.person, t.number)
}

func setTopic(ctx context.Context, tx *db.Tx, t *thread, topic string) {
	tx.Queue(ctx, `UPDATE episode SET topic = $1 WHERE workspace_id = $2 AND person_id = $3 AND number = $4`,
		topic, t.workspace, t.person, t.number)
}

// loadEpisodes are a person's episodes, newest first.
func loadEpisodes(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) ([]Episode, error) {
	rows, err := q.Query(ctx, selectEpisode+` WHERE workspace_id = $1 AND person_id = $2 ORDER BY number DESC LIMIT 500`, ws, person)
	return db.Collect(rows, err, scanEpisode)
}

// latestEpisodes are the episodes that conversations are in.
func latestEpisodes(ctx context.Context, q db.Queryer, ws id.Workspace, threads []thread) (map[id.Person]EpisodeRef, error) {
	numbers := map[id.Person]int64{}
	var persons []id.Person
	for _, t := range threads {
		if t.open() {
			numbers[t.person] = t.number
			persons = append(persons, t.person)
		}
	}
	out := map[id.Person]EpisodeRef{}
	for part := range slices.Chunk(persons, inChunk) {
		rows, err := q.Query(ctx, episodeFields+` FROM `+db.Keys("$1", len(part), 2)+`
			AS k CROSS JOIN episode WHERE workspace_id = k.column1 AND person_id = k.column2 AND status <> 'closed'`, db.KeyArgs([]any{ws}, part)...)
		found, err := db.Collect(rows, err, scanEpisode)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if e.Number == numbers[e.Person] {
				out[e.Person] = EpisodeRef{e.ID, e.Number, e.Status, e.Topic, e.OpenedAt}
			}
		}
	}
	return out, nil
}
