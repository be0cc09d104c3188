package conversation

import (
	"parley/internal/compliance"
	"parley/internal/org"
)

// WeekOf is the window of a workspace's own choosing; the zero Week means the default one.
func WeekOf(settings org.Settings) compliance.Week { return brandOf(settings).Week }
