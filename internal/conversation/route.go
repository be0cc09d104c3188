package conversation

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/gsm"
	"parley/internal/id"
	"parley/internal/org"
)

// RoutesOf are the channels that are switched on, in their order.
func RoutesOf(channels []channel.Channel) Routes {
	var out Routes
	for _, c := range channels {
		if c.State != channel.ChannelActive {
			continue
		}
		r := Route{Channel: c.ID, Kind: c.Kind, Number: c.Settings["number"], Simulated: c.Capabilities.Simulated,
			Sender: senderOf(c), Registration: c.Registration.State, Limits: gsm.Standard()}
		if c.Capabilities.ConcatUnits7 > 0 {
			r.Limits.GSMPart = c.Capabilities.ConcatUnits7
		}
		if c.Capabilities.ConcatUnits2 > 0 {
			r.Limits.UCS2Part = c.Capabilities.ConcatUnits2
		}
		if r.Sender == compliance.TollFree {
			r.Limits = gsm.TollFree()
		}
		// A list that cannot be read any more makes prices unknown, never wrong.
		r.Prices, _ = channel.ParsePrices(c.Settings[channel.PriceKey])
		out = append(out, r)
	}
	return out
}

// senderOf is the sort of sender as the law sorts them. A plain number counts as one that carriers want registered.
func senderOf(c channel.Channel) compliance.SenderKind {
	if c.Capabilities.Simulated {
		return compliance.Sim
	}
	switch c.Registration.Kind {
	case "toll_free":
		return compliance.TollFree
	case "short_code":
		return compliance.ShortCode
	case "alphanumeric":
		return compliance.Alphanumeric
	}
	return compliance.TenDLC
}

// routesFor is how long a change of a channel may go unseen by the gate. The outbox itself stops at once.
const routesFor = 2 * time.Second

// routeCache keeps the channels of workspaces, because each message asks for them.
type routeCache struct {
	mu    sync.Mutex
	known map[id.Workspace]cachedRoutes
}

type cachedRoutes struct {
	routes Routes
	at     clock.Time
}

// routes are the channels of a workspace that can send; in pilot mode the simulated ones come first.
func (s *Service) routes(ctx context.Context, q db.Queryer, w org.Workspace) (Routes, error) {
	now := s.Clock.Now()
	s.cache.mu.Lock()
	cached := s.cache.known[w.ID]
	s.cache.mu.Unlock()
	if age := now.Sub(cached.at); len(cached.routes) > 0 && age >= 0 && age < routesFor {
		return cached.routes, nil
	}
	channels, err := s.Senders(ctx, q, w.ID)
	if err != nil {
		return nil, fmt.Errorf("load channels: %w", err)
	}
	routes := RoutesOf(channels)
	if w.Pilot {
		slices.SortStableFunc(routes, func(a, b Route) int { return rank(b) - rank(a) })
	}
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	s.cache.known[w.ID] = cachedRoutes{routes, now}
	return routes, nil
}

func rank(r Route) int {
	if r.Simulated {
		return 1
	}
	return 0
}
