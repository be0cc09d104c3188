package people

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/httpx"
	"parley/internal/id"
)

// TimelineItem is one thing that happened to a person.
type TimelineItem struct {
	ID    string         `json:"id"`
	Kind  string         `json:"kind" doc:"message, event, order, click, journey, consent, note ..."`
	At    clock.Time     `json:"at"`
	Title string         `json:"title"`
	Text  string         `json:"text"`
	Icon  string         `json:"icon"`
	Link  string         `json:"link" doc:"where in the app it can be seen whole; may be empty"`
	Props map[string]any `json:"props,omitempty"`
}

// TimelineAsk is what a source is asked for: items of the kinds, older than Before (or with the same time and a smaller id),
// newest first by time and then id, at most Limit.
type TimelineAsk struct {
	Workspace id.Workspace
	Person    id.Person
	Kinds     []string // never empty; only kinds that the source gives
	Before    TimelinePlace
	Limit     int
}

// TimelinePlace is a place between two items.
type TimelinePlace struct {
	At clock.Time
	ID string
}

// Holds says whether an item comes after the place, reading from the newest to the oldest.
func (p TimelinePlace) Holds(at clock.Time, id string) bool {
	return at < p.At || (at == p.At && id < p.ID)
}

// TimelineSource gives the items of some kinds. Another domain registers one with OnTimeline.
type TimelineSource struct {
	Kinds []string
	Items func(ctx context.Context, q db.Queryer, ask TimelineAsk) ([]TimelineItem, error)
	Count func(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) (map[string]int64, error)
}

// TimelineQuery asks for a page of a person's timeline.
type TimelineQuery struct {
	Person id.Person
	Kinds  []string // all when empty
	Cursor string
	Limit  int // 50 when 0, at most 200
}

// TimelinePage is a page of a timeline, with how many items of each kind there are in all.
type TimelinePage struct {
	Items  []TimelineItem
	Next   string
	Counts map[string]int64
}

// timeline holds the registered sources.
type timeline struct{ sources []TimelineSource }

// OnTimeline adds a source to every person's timeline. Sources are added before the service is used.
func (s *Service) OnTimeline(source TimelineSource) {
	s.timeline.sources = append(s.timeline.sources, source)
}

// Timeline is a page of everything that happened to a person, newest first, merged from all sources.
func (s *Service) Timeline(ctx context.Context, q db.Queryer, ws id.Workspace, ask TimelineQuery) (TimelinePage, error) {
	p, err := s.Get(ctx, q, ws, ask.Person)
	if err != nil {
		return TimelinePage{}, err
	}
	if ask.Limit <= 0 || ask.Limit > 200 {
		ask.Limit = 50
	}
	bind := fmt.Sprint("timeline ", ws, p.ID, ask.Kinds)
	before := TimelinePlace{At: 1<<62 - 1}
	if ask.Cursor != "" {
		if err := httpx.DecodeCursor(bind, ask.Cursor, &before.At, &before.ID); err != nil {
			return TimelinePage{}, err
		}
	}
	page := TimelinePage{Counts: map[string]int64{}}
	for _, source := range s.timeline.sources {
		items, err := source.page(ctx, q, TimelineAsk{ws, p.ID, ask.Kinds, before, ask.Limit + 1})
		if err != nil {
			return TimelinePage{}, fmt.Errorf("timeline of %v: %w", source.Kinds, err)
		}
		page.Items = append(page.Items, items...)
		counts, err := source.Count(ctx, q, ws, p.ID)
		if err != nil {
			return TimelinePage{}, fmt.Errorf("count %v: %w", source.Kinds, err)
		}
		maps.Copy(page.Counts, counts)
	}
	page.trim(ask.Limit, bind)
	return page, nil
}

// page asks a source for those of the wanted kinds that it gives.
func (t TimelineSource) page(ctx context.Context, q db.Queryer, ask TimelineAsk) ([]TimelineItem, error) {
	wanted := t.Kinds
	if len(ask.Kinds) > 0 {
		wanted = nil
		for _, kind := range ask.Kinds {
			if slices.Contains(t.Kinds, kind) {
				wanted = append(wanted, kind)
			}
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	ask.Kinds = wanted
	return t.Items(ctx, q, ask)
}

// trim sorts the merged items and keeps one page of them.
func (p *TimelinePage) trim(limit int, bind string) {
	slices.SortFunc(p.Items, func(a, b TimelineItem) int {
		return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.ID, a.ID))
	})
	if len(p.Items) > limit {
		p.Items = p.Items[:limit]
		last := p.Items[limit-1]
		p.Next = httpx.EncodeCursor(bind, last.At, last.ID)
	}
}

// consentTimeline is what people itself puts on the timeline.
func (s *Service) consentTimeline() TimelineSource {
	return TimelineSource{
		Kinds: []string{"consent"},
		Items: func(ctx context.Context, q db.Queryer, ask TimelineAsk) ([]TimelineItem, error) {
			events, err := s.personLedger(ctx, q, ask.Workspace, ask.Person)
			var out []TimelineItem
			for _, e := range events {
				if ask.Before.Holds(e.At, string(e.ID)) {
					out = append(out, e.timelineItem())
				}
			}
			slices.SortFunc(out, func(a, b TimelineItem) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.ID, a.ID)) })
			return out[:min(len(out), ask.Limit)], err
		},
		Count: func(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) (map[string]int64, error) {
			p, err := s.Get(ctx, q, ws, person)
			if err != nil {
				return nil, err
			}
			n, err := countLedger(ctx, q, ws, p.chains(ws))
			return map[string]int64{"consent": n}, err
		},
	}
}

func (e ConsentEvent) timelineItem() TimelineItem {
	what := "everything"
	if e.Purpose != All {
		what = e.Purpose.noun()
	}
	title := map[Action]string{Grant: "Agreed to " + what, Pending: "Asked to confirm " + what, Confirm: "Confirmed " + what,
		Revoke: "Opted out of " + what, Block: "Blocked at the provider", Restore: "Opted in again", Clarify: "Keeps " + what,
		Unreachable: "Could not be reached", Reachable: "Can be reached again", Acknowledge: "Opt-out was confirmed"}[e.Action]
	text := strings.TrimSpace(e.Proof.Text)
	if text == "" {
		text = e.Source.phrase()
	}
	return TimelineItem{ID: string(e.ID), Kind: "consent", At: e.At, Title: title, Text: text, Icon: "consent",
		Props: map[string]any{"medium": string(e.Medium), "purpose": string(e.Purpose), "action": string(e.Action), "source": string(e.Source)}}
}
