package conversation

import (
	"context"
	"slices"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/org"
)

// unanswered is when the first inbound of the present episode came that no member's text followed; 0 when there is none.
func unanswered(ctx context.Context, q db.Queryer, t *thread) (clock.Time, error) {
	var at clock.Time
	err := q.QueryRow(ctx, `SELECT COALESCE(MIN(at), 0) FROM message
		WHERE workspace_id = $1 AND person_id = $2 AND direction = 'in' AND episode_id = $3 AND seq >
			(SELECT COALESCE(MAX(seq), 0) FROM message WHERE workspace_id = $4 AND person_id = $5 AND direction = 'out'
				AND send_kind = 'reply' AND state <> 'dropped' AND state <> 'failed')`,
		t.workspace, t.person, string(t.episode), t.workspace, t.person).Scan(&at)
	return at, err
}

// draftKey names a draft: what one member writes to one person, as a reply or as a note (CV-4).
type draftKey struct {
	workspace id.Workspace
	person    id.Person
	member    org.MemberID
	kind      string
}

// Draft is what a member is writing.
type Draft struct {
	Kind      string     `json:"kind" enum:"reply,note"`
	Text      string     `json:"text"`
	Version   int64      `json:"version" doc:"0 when there is no draft"`
	UpdatedAt clock.Time `json:"updated_at"`
}

func loadDraft(ctx context.Context, q db.Queryer, k draftKey) (Draft, error) {
	rows, err := q.Query(ctx, `SELECT kind, text, version, updated_at FROM draft
		WHERE workspace_id = $1 AND person_id = $2 AND member_id = $3 AND kind = $4`, k.workspace, k.person, string(k.member), k.kind)
	found, err := db.Collect(rows, err, func(r *db.Rows) (Draft, error) {
		var d Draft
		err := r.Scan(&d.Kind, &d.Text, &d.Version, &d.UpdatedAt)
		return d, err
	})
	if err != nil || len(found) == 0 {
		return Draft{Kind: k.kind}, err
	}
	return found[0], nil
}

// saveDraft writes a draft; it is false when the stored version is not the one it was based on.
func saveDraft(ctx context.Context, tx *db.Tx, k draftKey, d Draft, base int64) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO draft (workspace_id, person_id, member_id, kind, text, version, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (workspace_id, person_id, member_id, kind) DO UPDATE SET text = excluded.text, version = excluded.version,
			updated_at = excluded.updated_at WHERE draft.version = $8`,
		k.workspace, k.person, string(k.member), k.kind, d.Text, d.Version, int64(d.UpdatedAt), base)
	return n > 0, err
}

func deleteDraft(ctx context.Context, tx *db.Tx, k draftKey) {
	tx.Queue(ctx, `DELETE FROM draft WHERE workspace_id = $1 AND person_id = $2 AND member_id = $3 AND kind = $4`,
		k.workspace, k.person, string(k.member), k.kind)
}

// seenRow is how far a member has read one conversation.
type seenRow struct {
	workspace id.Workspace
	person    id.Person
	member    org.MemberID
	read      int64 // inbound messages
	seq       int64
	marked    bool
}

func saveSeen(ctx context.Context, tx *db.Tx, r seenRow) {
	tx.Queue(ctx, `INSERT INTO seen (workspace_id, person_id, member_id, read_inbound, seen_seq, marked) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (workspace_id, person_id, member_id) DO UPDATE SET read_inbound = excluded.read_inbound,
			seen_seq = excluded.seen_seq, marked = excluded.marked`,
		r.workspace, r.person, string(r.member), r.read, r.seq, r.marked)
}

// glance notes that a member has the conversation open; it reads nothing (IN-7).
func glance(ctx context.Context, tx *db.Tx, r seenRow) {
	tx.Queue(ctx, `INSERT INTO seen (workspace_id, person_id, member_id, read_inbound, seen_seq, marked) VALUES ($1, $2, $3, 0, $4, FALSE)
		ON CONFLICT (workspace_id, person_id, member_id) DO UPDATE SET seen_seq = excluded.seen_seq`,
		r.workspace, r.person, string(r.member), r.seq)
}

func loadSeen(ctx context.Context, q db.Queryer, ws id.Workspace, member org.MemberID, persons []id.Person) (map[id.Person]seenRow, error) {
	out := map[id.Person]seenRow{}
	for part := range slices.Chunk(persons, inChunk) {
		rows, err := q.Query(ctx, `SELECT person_id, read_inbound, seen_seq, marked FROM seen
			WHERE workspace_id = $1 AND member_id = $2 AND person_id IN `+db.In(len(part), 3), db.InArgs([]any{ws, string(member)}, part)...)
		_, err = db.Collect(rows, err, func(r *db.Rows) (struct{}, error) {
			row := seenRow{workspace: ws, member: member}
			err := r.Scan(&row.person, &row.read, &row.seq, &row.marked)
			out[row.person] = row
			return struct{}{}, err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// step is what an undo token puts back for one person.
type step struct {
	person  id.Person
	member  org.MemberID
	version int64 // of the conversation after the action
	before  before
}

// before is the part of a conversation that an undo puts back.
type before struct {
	Status  Status       `json:"status"`
	Owner   org.MemberID `json:"owner"`
	Floor   Floor        `json:"floor"`
	Waiting clock.Time   `json:"waiting"`
	Snoozed clock.Time   `json:"snoozed"`
	Closed  clock.Time   `json:"closed"`
	Handled int64        `json:"handled"`
	Review  bool         `json:"review"`
}

func beforeOf(t *thread) before {
	return before{t.status, t.owner, t.floor, t.waitingSince, t.snoozedUntil, t.closedAt, t.handled, t.needsReview}
}

func (b before) restore(t *thread) {
	t.status, t.owner, t.floor, t.waitingSince, t.snoozedUntil = b.Status, b.Owner, b.Floor, b.Waiting, b.Snoozed
	t.closedAt, t.handled, t.needsReview = b.Closed, b.Handled, b.Review
}

// undoSet is what one token puts back.
type undoSet struct {
	workspace id.Workspace
	token     string
	action    ActionKind
	expires   clock.Time
	steps     []step
}

func saveSteps(ctx context.Context, tx *db.Tx, u undoSet) error {
	rows := make([][]any, len(u.steps))
	for i, st := range u.steps {
		rows[i] = []any{string(u.workspace), u.token, string(st.person), string(st.member), string(u.action), st.version,
			db.JSON(st.before), int64(u.expires)}
	}
	return tx.Bulk(ctx, db.Bulk{Table: "undo_step", JSON: []string{"before"}, Rows: rows,
		Columns: []string{"workspace_id", "token", "person_id", "member_id", "action", "version", "before", "expires_at"}})
}

// takeSteps reads the steps of a token and uses it up.
func takeSteps(ctx context.Context, tx *db.Tx, ws id.Workspace, token string, now clock.Time) ([]step, error) {
	rows, err := tx.Query(ctx, `SELECT person_id, member_id, version, before FROM undo_step
		WHERE workspace_id = $1 AND token = $2 AND expires_at > $3 ORDER BY person_id`, ws, token, int64(now))
	found, err := db.Collect(rows, err, func(r *db.Rows) (step, error) {
		var st step
		err := r.Scan(&st.person, &st.member, &st.version, db.ScanJSON(&st.before))
		return st, err
	})
	if err != nil {
		return nil, err
	}
	tx.Queue(ctx, `DELETE FROM undo_step WHERE workspace_id = $1 AND token = $2`, ws, token)
	return found, nil
}

// trimSteps removes what can no longer be undone.
func trimSteps(ctx context.Context, tx *db.Tx, now clock.Time) {
	tx.Queue(ctx, `DELETE FROM undo_step WHERE expires_at < $1`, int64(now))
}

// botLines are the bot's messages since a moment that may not have left yet.
func botLines(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person, since clock.Time) ([]line, error) {
	rows, err := q.Query(ctx, selectLine+` WHERE workspace_id = $1 AND person_id = $2 AND at >= $3 AND direction = 'out'
		AND send_kind = 'bot' AND state IN ('queued', 'held')`, ws, person, int64(since))
	return db.Collect(rows, err, scanLine)
}
