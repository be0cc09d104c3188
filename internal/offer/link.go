package offer

import (
	"context"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/org"
)

// Link is a short address that belongs to one person and leads to one target.
type Link struct {
	Slug      string
	Workspace id.Workspace
	Person    id.Person
	Once      string // the same person and once give the same link
	Kind      string // cart, offer, page
	Target    string
	Subject   string // cart token
	Run       string
	CreatedAt clock.Time
	ExpiresAt clock.Time
}

// linkLife is how long a link leads to its target: a lifelong conversation is read again years later.
const linkLife = 3 * 365 * 24 * time.Hour

// LinkTx makes a short link on the brand's own domain, or gives the one that was made before for the same Once.
func (s *Service) LinkTx(ctx context.Context, tx *db.Tx, l Link) (address string, err error) {
	if err := checkTarget(l.Target); err != nil {
		return "", err
	}
	now := s.clock.Now()
	l.Slug, l.CreatedAt = s.ids.Secret(10), now
	if l.ExpiresAt.IsZero() {
		l.ExpiresAt = now.Add(linkLife)
	}
	kept, err := insertLink(ctx, tx, l)
	if err != nil {
		return "", err
	}
	ws, err := s.org.Workspace(ctx, tx, l.Workspace)
	if err != nil {
		return "", err
	}
	return s.base(ws) + "/l/" + kept.Slug, nil
}

// base is the address that short links of the workspace begin with.
func (s *Service) base(ws org.Workspace) string {
	if ws.Settings.LinkDomain != "" {
		return "https://" + ws.Settings.LinkDomain
	}
	return strings.TrimRight(s.publicURL, "/")
}

// Follow records a fetch of a link and says where it leads; found is false for a link that does not exist, and expired
// links give no target. Only what a person does becomes an event.
func (s *Service) Follow(ctx context.Context, slug string, f Fetch) (l Link, found bool, err error) {
	l, found, err = findLink(ctx, s.db, slug)
	if err != nil || !found {
		return Link{}, false, err
	}
	now := s.clock.Now()
	human, reason := f.human()
	c := click{id: s.ids.New("clk"), at: now, human: human, reason: reason}
	err = s.db.TxGrouped(ctx, func(tx *db.Tx) error {
		insertClick(ctx, tx, l, c)
		if !human {
			return nil
		}
		_, err := s.events.IngestTx(ctx, tx, l.Workspace, eventSource, []event.Incoming{{
			Type: "link_clicked", Person: event.Who{ID: l.Person}, At: now, Key: c.id,
			Props: map[string]any{"kind": l.Kind, "target": l.Target, "cart_token": l.Subject, "run_id": l.Run, "slug": l.Slug},
		}})
		return err
	})
	if now.After(l.ExpiresAt) {
		l.Target, err = "", nil
	}
	return l, true, err
}
