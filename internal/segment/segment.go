package segment

import (
	"parley/internal/clock"
)

// Segment is a named question about customers.
type Segment struct {
	ID         ID
	Name       string // unique in its workspace
	Definition Definition
	CreatedBy  string
	CreatedAt  clock.Time
	UpdatedAt  clock.Time
	Version    int64
}
