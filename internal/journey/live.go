package journey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"parley/internal/db"
	"parley/internal/id"
)

// lookEvery is how long what another process published may go unnoticed here.
const lookEvery = 2 * time.Second

// Live is the definition that people enter now, whatever its draft says; ErrUnknown when none was published. A paused
// journey has one too.
func (s *Service) Live(ctx context.Context, q db.Queryer, ws id.Workspace, journey ID) (Definition, error) {
	j, err := findJourney(ctx, q, ws, journey)
	if err != nil {
		return Definition{}, err
	}
	v, err := findVersion(ctx, q, ws, journey, j.Live)
	if err != nil {
		return Definition{}, fmt.Errorf("version %d of journey %s: %w", j.Live, journey, err)
	}
	return v.Definition, nil
}

// Follow looks now and then, until ctx ends, whether another process published or paused a journey. On SQLite there is no
// other.
func (s *Service) Follow(ctx context.Context) error {
	if s.DB.Engine() == db.SQLite {
		return nil
	}
	for s.Clock.Wait(ctx, s.Clock.Now().Add(lookEvery), nil) == nil {
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "what other nodes published is not known; it is looked up again", "error", err)
		}
	}
	return nil
}

// look forgets the live journeys of the workspaces where others are live by now.
func (s *Service) look(ctx context.Context) error {
	s.mu.RLock()
	known := maps.Clone(s.live)
	s.mu.RUnlock()
	for ws, programs := range known {
		now, err := liveNumbers(ctx, s.DB, ws)
		if err != nil {
			return fmt.Errorf("look which journeys are live: %w", err)
		}
		if !slices.EqualFunc(programs, now, func(p *program, v version) bool { return p.journey == v.Journey && p.number == v.Number }) {
			s.forget(ws)
		}
	}
	return nil
}
