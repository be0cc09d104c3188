package channel

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

const channelColumns = `workspace_id, id, kind, name, settings, secrets, state, reason, registration, version, created_at,
	last_inbound_at, last_receipt_at, backfilled_at`

func scanChannel(r interface{ Scan(...any) error }) (Channel, error) {
	c := Channel{Settings: map[string]string{}}
	err := r.Scan(&c.Workspace, &c.ID, &c.Kind, &c.Name, db.ScanJSON(&c.Settings), &c.sealed, &c.State, &c.Reason,
		db.ScanJSON(&c.Registration), &c.Version, &c.CreatedAt, &c.LastInboundAt, &c.LastReceiptAt, &c.backfilledAt)
	return c, err
}

func readChannel(ctx context.Context, q db.Queryer, ws id.Workspace, channel ID) (Channel, error) {
	c, err := scanChannel(q.QueryRow(ctx, "SELECT "+channelColumns+" FROM channel WHERE workspace_id = $1 AND id = $2 AND deleted_at = 0", ws, channel))
	return c, orUnknown(err)
}

func readChannelByName(ctx context.Context, q db.Queryer, ws id.Workspace, name string) (Channel, error) {
	c, err := scanChannel(q.QueryRow(ctx, "SELECT "+channelColumns+" FROM channel WHERE workspace_id = $1 AND name = $2 AND deleted_at = 0", ws, name))
	return c, orUnknown(err)
}

func orUnknown(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return ErrUnknown
	}
	if err != nil {
		return fmt.Errorf("read a channel: %w", err)
	}
	return nil
}

func listChannels(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Channel, error) {
	rows, err := q.Query(ctx, "SELECT "+channelColumns+" FROM channel WHERE workspace_id = $1 AND deleted_at = 0 ORDER BY name", ws)
	return db.Collect(rows, err, func(r *db.Rows) (Channel, error) { return scanChannel(r) })
}

// activeChannels are those of all workspaces that are not deleted.
func activeChannels(ctx context.Context, q db.Queryer) ([]Channel, error) {
	rows, err := q.Query(ctx, "SELECT "+channelColumns+" FROM channel WHERE deleted_at = 0")
	return db.Collect(rows, err, func(r *db.Rows) (Channel, error) { return scanChannel(r) })
}

func insertChannel(ctx context.Context, tx *db.Tx, c Channel) error {
	_, err := tx.Exec(ctx, `INSERT INTO channel (workspace_id, id, kind, name, settings, secrets, state, reason, registration, version,
		created_at, deleted_at, last_inbound_at, last_receipt_at, backfilled_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, 0, 0, 0, $10)`,
		c.Workspace, c.ID, c.Kind, c.Name, db.JSON(c.Settings), c.sealed, c.State, c.Reason, db.JSON(c.Registration), c.CreatedAt)
	return orTaken(err)
}

func updateChannel(ctx context.Context, tx *db.Tx, c Channel) error {
	n, err := tx.Exec(ctx, `UPDATE channel SET name = $1, settings = $2, secrets = $3, state = $4, reason = $5, registration = $6,
		version = version + 1 WHERE workspace_id = $7 AND id = $8 AND version = $9 AND deleted_at = 0`,
		c.Name, db.JSON(c.Settings), c.sealed, c.State, c.Reason, db.JSON(c.Registration), c.Workspace, c.ID, c.Version)
	if err == nil && n == 0 {
		return ErrChanged
	}
	return orTaken(err)
}

func orTaken(err error) error {
	if db.IsUnique(err) {
		return ErrNameTaken
	}
	if err != nil {
		return fmt.Errorf("save a channel: %w", err)
	}
	return nil
}

// setState ends the active state of a channel.
func setState(ctx context.Context, tx *db.Tx, ws id.Workspace, channel ID, state, reason string) error {
	_, err := tx.Exec(ctx, "UPDATE channel SET state = $1, reason = $2, version = version + 1 WHERE workspace_id = $3 AND id = $4 AND state = 'active'",
		state, reason, ws, channel)
	return err
}

func deleteChannel(ctx context.Context, tx *db.Tx, ws id.Workspace, channel ID, now clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE channel SET deleted_at = $1, state = 'stopped', secrets = '', version = version + 1
		WHERE workspace_id = $2 AND id = $3 AND deleted_at = 0`, now, ws, channel)
	return n == 1, err
}

// noteSeen moves the times of the last message and receipt of a channel forward.
func noteSeen(ctx context.Context, tx *db.Tx, ws id.Workspace, channel ID, inbound, receipt clock.Time) {
	tx.Queue(ctx, `UPDATE channel SET
		last_inbound_at = CASE WHEN last_inbound_at < $1 THEN $1 ELSE last_inbound_at END,
		last_receipt_at = CASE WHEN last_receipt_at < $2 THEN $2 ELSE last_receipt_at END
		WHERE workspace_id = $3 AND id = $4`, inbound, receipt, ws, channel)
}

// takeBackfill notes that the channel is being back-filled, unless another node did since before.
func takeBackfill(ctx context.Context, tx *db.Tx, c Channel, now clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE channel SET backfilled_at = $1 WHERE workspace_id = $2 AND id = $3 AND backfilled_at = $4",
		now, c.Workspace, c.ID, c.backfilledAt)
	return n == 1, err
}

func updateSecrets(ctx context.Context, tx *db.Tx, c Channel, sealed string) error {
	_, err := tx.Exec(ctx, "UPDATE channel SET secrets = $1, version = version + 1 WHERE workspace_id = $2 AND id = $3", sealed, c.Workspace, c.ID)
	return err
}
