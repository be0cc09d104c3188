package conversation

import (
	"context"

	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/org"
)

// maxDraft bounds a draft, in bytes.
const maxDraft = 20_000

// Draft is what the actor is writing to a person, as a reply or as a note.
func (s *Service) Draft(ctx context.Context, actor org.Actor, person id.Person, kind string) (Draft, error) {
	if err := s.mustSee(ctx, s.DB, actor, person); err != nil {
		return Draft{}, err
	}
	return loadDraft(ctx, s.DB, draftKey{actor.Workspace, person, actor.Member, kind})
}

// SaveDraft keeps what the actor is writing. base is the version it was based on: a draft that another device changed
// since is not overwritten. An empty text is a draft too, so that clearing travels like writing.
func (s *Service) SaveDraft(ctx context.Context, actor org.Actor, person id.Person, d Draft, base int64) (Draft, error) {
	if len(d.Text) > maxDraft {
		return Draft{}, errs.New(errs.TooLarge, "draft_too_long", "A draft has at most %d bytes. The stored one was left as it is.", maxDraft)
	}
	if err := s.mustSee(ctx, s.DB, actor, person); err != nil {
		return Draft{}, err
	}
	d.Version, d.UpdatedAt = base+1, s.Clock.Now()
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		saved, err := saveDraft(ctx, tx, draftKey{actor.Workspace, person, actor.Member, d.Kind}, d, base)
		if err == nil && !saved {
			return errDraftStale
		}
		return err
	})
	return d, err
}

// DropDraft forgets what the actor was writing.
func (s *Service) DropDraft(ctx context.Context, actor org.Actor, person id.Person, kind string) error {
	if err := s.mustSee(ctx, s.DB, actor, person); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		deleteDraft(ctx, tx, draftKey{actor.Workspace, person, actor.Member, kind})
		return nil
	})
}
