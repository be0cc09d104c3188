package segment

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/db"
	"parley/internal/id"
)

const segmentColumns = "id, name, definition, created_by, created_at, updated_at, version"

// storedDefinition reads a definition from its column.
type storedDefinition struct{ into *Definition }

// Scan parses what was stored. PostgreSQL gives JSON back with its keys in another order, which means the same.
func (s storedDefinition) Scan(src any) error {
	var raw text
	if err := raw.Scan(src); err != nil {
		return err
	}
	d, err := Parse(raw)
	*s.into = d
	return err
}

func scanSegment(r interface{ Scan(...any) error }) (s Segment, err error) {
	err = r.Scan(&s.ID, &s.Name, storedDefinition{&s.Definition}, &s.CreatedBy, &s.CreatedAt, &s.UpdatedAt, &s.Version)
	if errors.Is(err, db.ErrNoRows) {
		return s, ErrUnknown
	}
	return s, err
}

func findSegment(ctx context.Context, q db.Queryer, ws id.Workspace, segment ID) (Segment, error) {
	return scanSegment(q.QueryRow(ctx, "SELECT "+segmentColumns+" FROM segment WHERE workspace_id = $1 AND id = $2", ws, segment))
}

func listSegments(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Segment, error) {
	rows, err := q.Query(ctx, "SELECT "+segmentColumns+" FROM segment WHERE workspace_id = $1 ORDER BY name, id", ws)
	list, err := db.Collect(rows, err, func(r *db.Rows) (Segment, error) { return scanSegment(r) })
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	return list, nil
}

func insertSegment(ctx context.Context, tx *db.Tx, ws id.Workspace, s Segment) error {
	_, err := tx.Exec(ctx, "INSERT INTO segment (workspace_id, "+segmentColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		ws, s.ID, s.Name, string(s.Definition.Raw), s.CreatedBy, s.CreatedAt, s.UpdatedAt, s.Version)
	if db.IsUnique(err) {
		return ErrNameTaken
	}
	return err
}

// updateSegment writes a segment unless it was changed after the version that the edit began with.
func updateSegment(ctx context.Context, tx *db.Tx, ws id.Workspace, s Segment, was int64) error {
	n, err := tx.Exec(ctx, "UPDATE segment SET name = $1, definition = $2, updated_at = $3, version = $4 WHERE workspace_id = $5 AND id = $6 AND version = $7",
		s.Name, string(s.Definition.Raw), s.UpdatedAt, s.Version, ws, s.ID, was)
	switch {
	case db.IsUnique(err):
		return ErrNameTaken
	case err == nil && n == 0:
		return ErrEdited
	}
	return err
}

func deleteSegment(ctx context.Context, tx *db.Tx, ws id.Workspace, segment ID) error {
	n, err := tx.Exec(ctx, "DELETE FROM segment WHERE workspace_id = $1 AND id = $2", ws, segment)
	if err == nil && n == 0 {
		return ErrUnknown
	}
	return err
}
