package conversation

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/org"
)

// condition is the one predicate over conversations: what a view holds, of what the actor may see. List, counts, search,
// bulk actions and the feed all use it, so they cannot differ.
type condition struct {
	where string
	args  []any
	few   bool // it finds so few that they are better sorted than looked for in an order
}

// and adds a part; each %s in it becomes the next placeholder.
func (c *condition) and(part string, args ...any) {
	marks := make([]any, len(args))
	for i, a := range args {
		c.args = append(c.args, a)
		marks[i] = fmt.Sprintf("$%d", len(c.args))
	}
	c.where += " AND " + fmt.Sprintf(part, marks...)
}

// among keeps only the persons of a list.
func (c *condition) among(persons []id.Person) {
	c.where += " AND person_id IN " + db.In(len(persons), len(c.args)+1)
	c.args = db.InArgs(c.args, persons)
}

// predicate is the condition for a view of an actor.
func predicate(actor org.Actor, view View) condition {
	c := condition{where: "workspace_id = $1", args: []any{string(actor.Workspace)}}
	// Who may read conversations sees all of the workspace; who may not sees none.
	if !actor.Can(org.ConversationRead) {
		c.and("FALSE")
	}
	c.few = view == ViewMine || view == ViewUnassigned || view == ViewBot
	switch view {
	case ViewMine:
		c.and("owner_id = %s AND owner_id <> '' AND status = 'open'", string(actor.Member))
	case ViewUnassigned:
		c.and("tray = 'unassigned'")
	case ViewBot:
		c.and("tray = 'bot'")
	case ViewSnoozed:
		c.and("status = 'snoozed'")
	case ViewClosed:
		c.and("status = 'closed'")
	case ViewOpen:
		c.and("status = 'open'")
	}
	return c
}

// countThreads is how many conversations the condition holds for.
func countThreads(ctx context.Context, q db.Queryer, c condition) (int64, error) {
	var n int64
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM conversation WHERE `+c.where, c.args...).Scan(&n)
	return n, err
}

// listSpots is a page of the conversations that the condition holds for, after a place in the order. It reads the places
// only, which the indexes hold; the rows follow by their key.
func listSpots(ctx context.Context, q db.Queryer, c condition, sort Sort, after *spot, limit int) ([]spot, error) {
	column, direction, than := "waiting_key", "ASC", ">"
	if sort == SortNewest {
		column, direction, than = "last_at", "DESC", "<"
		if c.few {
			column = "+last_at" // keeps the planner from walking all conversations by time
		}
	}
	if after != nil {
		c.and("("+column+", person_id) "+than+" (%s, %s)", after.Key, string(after.Person))
	}
	c.args = append(c.args, limit)
	rows, err := q.Query(ctx, fmt.Sprintf(`SELECT %s, person_id FROM conversation WHERE %s ORDER BY %s %s, person_id %s LIMIT $%d`,
		column, c.where, column, direction, direction, len(c.args)), c.args...)
	return db.Collect(rows, err, func(r *db.Rows) (spot, error) {
		var s spot
		err := r.Scan(&s.Key, &s.Person)
		return s, err
	})
}

// listPersons are the persons of the conversations that the condition holds for, after a person, in the order of their ids.
func listPersons(ctx context.Context, q db.Queryer, c condition, after id.Person, limit int) ([]id.Person, error) {
	c.and("person_id > %s", string(after))
	c.args = append(c.args, limit)
	rows, err := q.Query(ctx, fmt.Sprintf(`SELECT person_id FROM conversation WHERE %s ORDER BY person_id LIMIT $%d`, c.where, len(c.args)), c.args...)
	return db.Collect(rows, err, func(r *db.Rows) (id.Person, error) {
		var p id.Person
		err := r.Scan(&p)
		return p, err
	})
}

// lastLines are the newest messages of persons, as a row of the inbox previews them: no events, nothing dropped.
func lastLines(ctx context.Context, q db.Queryer, ws id.Workspace, persons []id.Person) (map[id.Person]line, error) {
	var ids []MessageID
	for part := range slices.Chunk(persons, inChunk) {
		rows, err := q.Query(ctx, `SELECT COALESCE((SELECT m.id FROM message m WHERE m.workspace_id = c.workspace_id AND m.person_id = c.person_id
				AND m.direction <> 'event' AND m.state <> 'dropped' ORDER BY m.at DESC, m.id DESC LIMIT 1), '')
			FROM conversation c WHERE c.workspace_id = $1 AND c.person_id IN `+db.In(len(part), 2), db.InArgs([]any{ws}, part)...)
		found, err := db.Collect(rows, err, func(r *db.Rows) (MessageID, error) {
			var m MessageID
			err := r.Scan(&m)
			return m, err
		})
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	lines, err := loadLines(ctx, q, ws, ids)
	out := map[id.Person]line{}
	for _, l := range lines {
		out[l.person] = l
	}
	return out, err
}
