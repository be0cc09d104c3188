package channel

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// storedInbound says which of the messages are stored already, by channel and provider's id.
func storedInbound(ctx context.Context, tx *db.Tx, list []*arrival) (map[[2]string]bool, error) {
	out := map[[2]string]bool{}
	byChannel := map[ID][]string{}
	for _, a := range list {
		byChannel[a.account.ID] = append(byChannel[a.account.ID], a.ProviderID)
	}
	for channel, ids := range byChannel {
		// A look-up for each id, not a join: PostgreSQL would read all messages of the channel while it has no statistics.
		rows, err := tx.Query(ctx, `SELECT v.column1 FROM (VALUES (`+asRows(db.Marks(len(ids), 3))+`)) AS v WHERE 1 =
			(SELECT 1 FROM inbound i WHERE i.workspace_id = $1 AND i.channel_id = $2 AND i.provider_id = v.column1)`,
			db.InArgs([]any{list[0].account.Workspace, channel}, ids)...)
		got, err := db.Collect(rows, err, func(r *db.Rows) (string, error) {
			var s string
			err := r.Scan(&s)
			return s, err
		})
		if err != nil {
			return nil, fmt.Errorf("look for repeated messages: %w", err)
		}
		for _, s := range got {
			out[[2]string{string(channel), s}] = true
		}
	}
	return out, nil
}

// asRows makes a list of placeholders the rows of VALUES.
func asRows(marks string) string { return strings.ReplaceAll(marks, ",", "),(") }

// inboundDetails is what is kept of a message beside its columns.
type inboundDetails struct {
	OptOut string          `json:"opt_out,omitempty"`
	Place  Place           `json:"place,omitzero"`
	Media  []ReceivedMedia `json:"media,omitempty"`
	New    bool            `json:"new,omitempty"` // its writer was not known before
}

// insertInbound stores messages with their raw bytes. One that is there already is a unique violation: another node was
// faster, and the transaction runs again.
func insertInbound(ctx context.Context, tx *db.Tx, list []*arrival) error {
	rows := make([][]any, 0, len(list))
	for _, a := range list {
		var part any
		seq, total := 0, 0
		if a.partKey != "" {
			part, seq, total = a.partKey, a.Concat.Seq, a.Concat.Total
		}
		raw := a.Raw
		if raw == nil {
			raw = []byte{}
		}
		rows = append(rows, []any{string(a.account.Workspace), string(a.account.ID), a.ProviderID, a.id, string(a.person), a.From, a.To,
			a.Text, raw, int64(a.At), int64(a.receivedAt), string(a.intent.Kind), part, int64(seq), int64(total), a.told,
			db.JSON(inboundDetails{a.OptOut, a.Place, a.media, a.created})})
	}
	return tx.Bulk(ctx, db.Bulk{Table: "inbound", JSON: []string{"details"}, Rows: rows,
		Columns: []string{"workspace_id", "channel_id", "provider_id", "id", "person_id", "from_address", "to_address", "body", "raw",
			"sent_at", "received_at", "intent", "part_key", "part_seq", "part_total", "told", "details"}})
}

// readParts are the stored parts of one long text, in order.
func readParts(ctx context.Context, tx *db.Tx, ws id.Workspace, channel ID, key string) ([]*arrival, error) {
	rows, err := tx.Query(ctx, `SELECT provider_id, id, person_id, from_address, to_address, body, sent_at, received_at, part_seq, part_total,
		told, details FROM inbound WHERE workspace_id = $1 AND channel_id = $2 AND part_key = $3 ORDER BY part_seq, id`, ws, channel, key)
	return db.Collect(rows, err, func(r *db.Rows) (*arrival, error) {
		a, c, d := &arrival{partKey: key}, Concat{}, inboundDetails{}
		err := r.Scan(&a.ProviderID, &a.id, &a.person, &a.From, &a.To, &a.Text, &a.At, &a.receivedAt, &c.Seq, &c.Total, &a.told, db.ScanJSON(&d))
		a.Concat, a.OptOut, a.Place, a.media, a.created = &c, d.OptOut, d.Place, d.Media, d.New
		return a, err
	})
}

// markTold notes that the parts were handed on, with what the whole text meant.
func markTold(ctx context.Context, tx *db.Tx, ws id.Workspace, channel ID, parts []*arrival, intent string) {
	for _, p := range parts {
		tx.Queue(ctx, "UPDATE inbound SET told = TRUE, intent = $1 WHERE workspace_id = $2 AND channel_id = $3 AND provider_id = $4",
			intent, ws, channel, p.ProviderID)
	}
}

// file is one file of a message.
type file struct {
	workspace   id.Workspace
	channel     ID
	id          string
	source      string
	state       string
	reason      string
	contentType string
	name        string
	size        int64
	tries       int
}

func insertFile(ctx context.Context, tx *db.Tx, f file, now clock.Time) {
	tx.Queue(ctx, `INSERT INTO media (workspace_id, id, channel_id, source, state, reason, content_type, name, size, tries, fetch_at, created_at)
		VALUES ($1, $2, $3, $4, 'waiting', '', $5, $6, $7, 0, $8, $8)`, f.workspace, f.id, f.channel, f.source, f.contentType, f.name, f.size, now)
}

const fileColumns = "workspace_id, channel_id, id, source, state, reason, content_type, name, size, tries"

func scanFile(r interface{ Scan(...any) error }) (file, error) {
	var f file
	err := r.Scan(&f.workspace, &f.channel, &f.id, &f.source, &f.state, &f.reason, &f.contentType, &f.name, &f.size, &f.tries)
	return f, err
}

// takeFiles are files to be fetched now; they are tried again at later if this node dies.
func takeFiles(ctx context.Context, tx *db.Tx, now, later clock.Time, n int) ([]file, error) {
	rows, err := tx.Query(ctx, `UPDATE media SET fetch_at = $1, tries = tries + 1 WHERE fetch_at IS NOT NULL AND (workspace_id, id) IN
		(SELECT workspace_id, id FROM media WHERE fetch_at <= $2 ORDER BY fetch_at LIMIT $3) RETURNING `+fileColumns, later, now, n)
	return db.Collect(rows, err, func(r *db.Rows) (file, error) { return scanFile(r) })
}

func endFile(ctx context.Context, tx *db.Tx, f file) error {
	_, err := tx.Exec(ctx, `UPDATE media SET state = $1, reason = $2, content_type = $3, size = $4, fetch_at = NULL
		WHERE workspace_id = $5 AND id = $6`, f.state, f.reason, f.contentType, f.size, f.workspace, f.id)
	return err
}

func delayFile(ctx context.Context, tx *db.Tx, f file, at clock.Time) error {
	_, err := tx.Exec(ctx, "UPDATE media SET fetch_at = $1, reason = $2 WHERE workspace_id = $3 AND id = $4", at, f.reason, f.workspace, f.id)
	return err
}

func readFile(ctx context.Context, q db.Queryer, ws id.Workspace, media string) (file, error) {
	return scanFile(q.QueryRow(ctx, "SELECT "+fileColumns+" FROM media WHERE workspace_id = $1 AND id = $2", ws, media))
}
