package conversation

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/org"
)

// bulkChunk is how many conversations one commit of a bulk action changes, so that others get their turn.
const bulkChunk = 200

// maxBulk is how many conversations one bulk action may change.
const maxBulk = 20_000

// Bulk is an action on many conversations: those named, or all that an ask of the inbox holds.
type Bulk struct {
	Ask     Ask
	All     bool
	Persons []id.Person
	Action  Action
}

// DoBulk does something to many conversations. Exactly those that the list shows are changed, and one token undoes it.
func (s *Service) DoBulk(ctx context.Context, actor org.Actor, b Bulk) (Done, error) {
	persons, err := s.chosen(ctx, actor, b)
	if err != nil {
		return Done{}, err
	}
	out := Done{Undo: s.IDs.Secret(16)}
	undoable := false
	for part := range slices.Chunk(persons, bulkChunk) {
		var done Done
		err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
			done, err = s.doAll(ctx, tx, actor, part, b.Action, out.Undo)
			return err
		})
		if err != nil {
			return Done{}, fmt.Errorf("after %d of %d conversations: %w", out.Count, len(persons), err)
		}
		out.Count += done.Count
		undoable = undoable || done.Undo != ""
	}
	if !undoable {
		out.Undo = ""
	}
	return out, nil
}

// chosen are the persons that a bulk action is about, of those the actor sees.
func (s *Service) chosen(ctx context.Context, actor org.Actor, b Bulk) ([]id.Person, error) {
	c, err := s.condition(ctx, actor, b.Ask)
	if err != nil {
		return nil, err
	}
	if !b.All {
		if len(b.Persons) == 0 || len(b.Persons) > maxBulk {
			return nil, errs.New(errs.Invalid, "bulk_nothing", "Name the conversations, at most %d, or choose all. Nothing was changed.", maxBulk)
		}
		c = predicate(actor, ViewAll)
	}
	var out []id.Person
	for part := range slices.Chunk(orOne(b.Persons, b.All), inChunk) {
		narrowed := condition{where: c.where, args: slices.Clone(c.args)}
		if !b.All {
			narrowed.among(part)
		}
		found, err := listPersons(ctx, s.DB, narrowed, "", maxBulk+1)
		if err != nil {
			return nil, fmt.Errorf("choose conversations: %w", err)
		}
		out = append(out, found...)
	}
	if len(out) > maxBulk {
		return nil, errs.New(errs.TooLarge, "bulk_too_many", "More than %d conversations at once are too many. Nothing was changed; narrow the list.", maxBulk)
	}
	return out, nil
}

// orOne makes one round for all conversations, and one per part of a list.
func orOne(persons []id.Person, all bool) []id.Person {
	if all {
		return []id.Person{""}
	}
	return persons
}
