package org

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// Audit is a change to record. Before and After are anything that marshals to a JSON object, without secrets; nil is
// nothing.
type Audit struct {
	Actor  Actor  // whose Workspace it belongs to
	Action string // "member.update"
	Object string // id of what was changed
	Before any
	After  any
}

// AuditEntry is a recorded change.
type AuditEntry struct {
	ID        string
	Workspace id.Workspace
	At        clock.Time
	Actor     string // Actor.Ref
	Action    string
	Object    string
	Before    map[string]any
	After     map[string]any
}

// AuditTx records a change with the transaction that makes it.
func (s *Service) AuditTx(ctx context.Context, tx *db.Tx, a Audit) error {
	insertAudit(ctx, tx, auditRow{id: s.ids.New("aud"), at: s.clock.Now(), audit: a})
	return nil
}

// AuditLog is a page of the changes of a workspace, newest first. The cursor is the id of the last entry seen.
func (s *Service) AuditLog(ctx context.Context, ws id.Workspace, before string, limit int) ([]AuditEntry, error) {
	entries, err := listAudit(ctx, s.db, ws, before, limit)
	return entries, wrap(err, "read the audit log of %s", ws)
}
