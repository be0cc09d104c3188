package setup

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/commerce"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/journey"
	"parley/internal/offer"
	"parley/internal/org"
)

// Team is what set-up changes in the organisation, inside its transaction. *org.Service fulfils it.
type Team interface {
	// HashPassword is what CreateMemberTx stores for a password; it refuses one that will not do.
	HashPassword(ctx context.Context, password string, about ...string) (string, error)
	UpdateWorkspaceTx(ctx context.Context, tx *db.Tx, actor org.Actor, change org.WorkspaceChange) (org.Workspace, error)
	UpdateMemberTx(ctx context.Context, tx *db.Tx, actor org.Actor, member org.MemberID, change org.MemberChange) (org.Member, error)
	// SaveKeyTx makes the key of this name, or gives it these scopes and this secret, and another end unless that is zero.
	// before is nil for a new key; when nothing differs nothing is written.
	SaveKeyTx(ctx context.Context, tx *db.Tx, actor org.Actor, n org.NewKey) (before *org.Key, rotated bool, err error)
	// FreeSecretsTx lets the keys named trade secrets; it comes before the first SaveKeyTx.
	FreeSecretsTx(ctx context.Context, tx *db.Tx, ws id.Workspace, wanted map[string]string) error
	// SetUpTx notes that somebody owns this installation, so that nobody else may claim it.
	SetUpTx(ctx context.Context, tx *db.Tx) error
}

// Channels is what set-up changes about channels. *channel.Service fulfils it.
type Channels interface {
	Kinds() []channel.Descriptor
	Channels(ctx context.Context, q db.Queryer, ws id.Workspace) ([]channel.Channel, error)
	// SaveTx makes the channel of this name, or gives it these settings, and names the secrets that are other than before.
	// When nothing differs nothing is written.
	SaveTx(ctx context.Context, tx *db.Tx, actor org.Actor, d channel.Draft) (rotated []string, err error)
}

// Shops is what set-up changes about shops. *commerce.Service fulfils it.
type Shops interface {
	Shops(ctx context.Context, q db.Queryer, ws id.Workspace) ([]commerce.Shop, error)
	SaveShopTx(ctx context.Context, tx *db.Tx, actor org.Actor, in commerce.ShopInput) (commerce.Shop, error)
	// ShopHolds says whether the shop's secrets are these already.
	ShopHolds(ctx context.Context, q db.Queryer, ws id.Workspace, shop, secret, token string) (sameSecret, sameToken bool, err error)
}

// Journeys is what set-up changes about journeys. *journey.Service fulfils it.
type Journeys interface {
	List(ctx context.Context, q db.Queryer, ws id.Workspace) ([]journey.Journey, error)
	// Live is the definition that people enter now; ErrUnknown when none was published.
	Live(ctx context.Context, q db.Queryer, ws id.Workspace, j journey.ID) (journey.Definition, error)
	SaveDraftTx(ctx context.Context, tx *db.Tx, actor org.Actor, j journey.ID, edit int, d journey.Definition) (journey.Journey, error)
	PublishTx(ctx context.Context, tx *db.Tx, actor org.Actor, j journey.ID) (journey.Journey, []journey.Problem, error)
	PauseTx(ctx context.Context, tx *db.Tx, actor org.Actor, j journey.ID, paused bool) (journey.Journey, error)
}

// Deps are what the service stands on. All are required.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	IDs      *id.Source
	Org      *org.Service
	Team     Team
	Channels Channels
	Shops    Shops
	Offers   *offer.Service
	Journeys Journeys
}

// Service applies set-up files. It is safe for concurrent use.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// errBack takes a transaction back that was only made to see what it does.
var errBack = errors.New("only a check")

// Check is what Apply would change, in the order in which it would do so; nothing is changed.
func (s *Service) Check(ctx context.Context, f File) ([]Difference, error) {
	return s.each(ctx, org.Actor{}, f, errBack)
}

// Apply makes everything as the file says. Each workspace is one transaction: when one fails those before it stand,
// and the differences that were made are returned with the error.
func (s *Service) Apply(ctx context.Context, actor org.Actor, f File) ([]Difference, error) {
	return s.each(ctx, actor, f, nil)
}

// each applies the workspaces in the order of their slugs; end is what their transactions end with.
func (s *Service) each(ctx context.Context, actor org.Actor, f File, end error) ([]Difference, error) {
	all := []Difference{}
	for _, w := range ordered(f.Workspaces, func(w Workspace) string { return w.Slug }) {
		made, err := s.one(ctx, actor, w, end)
		if err != nil {
			return all, wrap(err, w.Line, "workspace", w.Slug)
		}
		all = append(all, made...)
	}
	return all, nil
}

func (s *Service) one(ctx context.Context, actor org.Actor, w Workspace, end error) ([]Difference, error) {
	hashes, err := s.hash(ctx, w)
	if err != nil {
		return nil, err
	}
	var made []Difference
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		// Two nodes that start with the same file must not both make what is missing.
		tx.LockTx(ctx, "setup:"+w.Slug)
		a := &application{s: s, actor: actor, want: w, hashes: hashes}
		if err := a.run(ctx, tx); err != nil {
			return err
		}
		made = a.made
		return end
	})
	if errors.Is(err, errBack) {
		err = nil
	}
	return made, err
}

// hash prepares the passwords of members who are not there yet: it takes a while, so it is done before the transaction.
func (s *Service) hash(ctx context.Context, w Workspace) (map[string]string, error) {
	there := map[string]bool{}
	now, err := s.Org.BySlug(ctx, s.DB, w.Slug)
	if err == nil {
		members, err := s.Org.Members(ctx, s.DB, now.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			there[m.Email] = true
		}
	} else if !errors.Is(err, org.ErrNoWorkspace) {
		return nil, err
	}
	out := map[string]string{}
	for _, m := range w.Members {
		if m.Password == "" || there[m.Email] {
			continue
		}
		if out[m.Email], err = s.Team.HashPassword(ctx, m.Password, m.Email, m.Name, w.Name); err != nil {
			return nil, wrap(err, m.Line, "member", m.Email)
		}
	}
	return out, nil
}

// ordered is a copy in the order of names, so that the order in a file means nothing.
func ordered[T any](list []T, name func(T) string) []T {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	return out
}
