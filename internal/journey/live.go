package journey

import (
	"context"
	"fmt"

	"parley/internal/db"
	"parley/internal/id"
)

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
