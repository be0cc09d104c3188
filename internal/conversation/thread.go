package conversation

import (
	"context"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/people"
)

// Pager says which part of a thread is wanted: at most one of the three; the newest page when none.
type Pager struct {
	Before MessageID
	After  MessageID
	Around MessageID
	Filter Filter
	Limit  int
}

// Thread is a page of a thread, oldest first.
type Thread struct {
	Items []Message `json:"items"`
	Next  string    `json:"next,omitempty" doc:"for before, to get the page that came earlier"`
	First bool      `json:"first" doc:"nothing was said before this page"`
	Last  bool      `json:"last" doc:"nothing was said after this page"`
}

// Thread reads a page of a person's thread.
func (s *Service) Thread(ctx context.Context, actor org.Actor, person id.Person, p Pager) (Thread, error) {
	if err := s.mustSee(ctx, s.DB, actor, person); err != nil {
		return Thread{}, err
	}
	if p.Limit <= 0 || p.Limit > 200 {
		p.Limit = 50
	}
	lines, out, err := s.page(ctx, actor.Workspace, person, p)
	if err != nil {
		return Thread{}, fmt.Errorf("read the thread of %s: %w", person, err)
	}
	if out.Items, err = s.asMessages(ctx, s.DB, actor.Workspace, lines); err != nil {
		return Thread{}, err
	}
	if len(lines) > 0 && !out.First {
		out.Next = string(lines[0].id)
	}
	return out, nil
}

func (s *Service) page(ctx context.Context, ws id.Workspace, person id.Person, p Pager) ([]line, Thread, error) {
	read := func(from at, older bool, limit int) ([]line, error) {
		return pageLines(ctx, s.DB, stretch{workspace: ws, person: person, from: from, older: older, filter: p.Filter, limit: limit})
	}
	switch {
	case p.Around != "":
		return s.around(ctx, ws, person, p, read)
	case p.After != "":
		from, err := s.placeOf(ctx, ws, person, p.After)
		if err != nil {
			return nil, Thread{}, err
		}
		lines, err := read(from, false, p.Limit+1)
		last := len(lines) <= p.Limit
		return lines[:min(len(lines), p.Limit)], Thread{Last: last}, err
	}
	from := at{time: math.MaxInt64}
	if p.Before != "" {
		var err error
		if from, err = s.placeOf(ctx, ws, person, p.Before); err != nil {
			return nil, Thread{}, err
		}
	}
	lines, err := read(from, true, p.Limit+1)
	first := len(lines) <= p.Limit
	return lines[max(0, len(lines)-p.Limit):], Thread{First: first, Last: p.Before == ""}, err
}

// around is a page with a message in its middle, for a search that lands on it (CV-11).
func (s *Service) around(ctx context.Context, ws id.Workspace, person id.Person, p Pager, read func(at, bool, int) ([]line, error)) ([]line, Thread, error) {
	from, err := s.placeOf(ctx, ws, person, p.Around)
	if err != nil {
		return nil, Thread{}, err
	}
	half := max(1, p.Limit/2)
	older, err := read(from, true, half+1)
	if err != nil {
		return nil, Thread{}, err
	}
	// One place earlier, so that the message itself is in the second part.
	newer, err := read(at{from.time, from.id[:len(from.id)-1]}, false, p.Limit-half+1)
	if err != nil {
		return nil, Thread{}, err
	}
	out := Thread{First: len(older) <= half, Last: len(newer) <= p.Limit-half}
	older = older[max(0, len(older)-half):]
	newer = newer[:min(len(newer), p.Limit-half)]
	return append(older, newer...), out, nil
}

// placeOf is where a message of a person stands in the thread.
func (s *Service) placeOf(ctx context.Context, ws id.Workspace, person id.Person, message MessageID) (at, error) {
	lines, err := loadLines(ctx, s.DB, ws, []MessageID{message})
	if err != nil {
		return at{}, err
	}
	l, found := lines[message]
	if !found || l.person != person {
		return at{}, errNoMessage
	}
	return at{l.at, l.id}, nil
}

// asMessages are lines as people see them, with what the outbox knows.
func (s *Service) asMessages(ctx context.Context, q db.Queryer, ws id.Workspace, lines []line) ([]Message, error) {
	var sent []MessageID
	for _, l := range lines {
		if l.direction == Out && l.state != StateDropped {
			sent = append(sent, l.id)
		}
	}
	states := map[MessageID]channel.Sent{}
	if len(sent) > 0 {
		var err error
		if states, err = s.Channels.DeliveryStatus(ctx, q, ws, sent); err != nil {
			return nil, fmt.Errorf("look up deliveries: %w", err)
		}
	}
	now := s.Clock.Now()
	out := make([]Message, len(lines))
	for i, l := range lines {
		state, known := states[l.id]
		out[i] = l.message(state, known, now)
	}
	return out, nil
}

func (s *Service) asMessage(ctx context.Context, q db.Queryer, l line) (Message, error) {
	out, err := s.asMessages(ctx, q, l.workspace, []line{l})
	if err != nil {
		return Message{}, err
	}
	return out[0], nil
}

// Found is a message that a search found.
type Found struct {
	Message MessageID  `json:"message_id"`
	At      clock.Time `json:"at"`
	Snippet string     `json:"snippet"`
}

// SearchThread finds a text in one person's thread, over all of its history, newest first.
func (s *Service) SearchThread(ctx context.Context, actor org.Actor, person id.Person, text, cursor string) (httpx.Page[Found], error) {
	page := httpx.Page[Found]{Items: []Found{}}
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 200 {
		return page, errs.New(errs.Invalid, "search_text", "Write what to look for, in at most 200 characters.")
	}
	if err := s.mustSee(ctx, s.DB, actor, person); err != nil {
		return page, err
	}
	bind, before := strings.Join([]string{"thread", string(actor.Workspace), string(person), text}, "\x00"), at{time: math.MaxInt64}
	if cursor != "" {
		if err := httpx.DecodeCursor(bind, cursor, &before.time, &before.id); err != nil {
			return page, err
		}
	}
	const limit = 50
	lines, err := searchLines(ctx, s.DB, stretch{workspace: actor.Workspace, person: person, from: before, pattern: likePattern(text), limit: limit + 1})
	if err != nil {
		return page, fmt.Errorf("search the thread of %s: %w", person, err)
	}
	if len(lines) > limit {
		lines = lines[:limit]
		page.Next = httpx.EncodeCursor(bind, int64(lines[limit-1].at), lines[limit-1].id)
	}
	for _, l := range lines {
		page.Items = append(page.Items, Found{l.id, l.at, snippet(l.text, text)})
	}
	return page, nil
}

// snippet is the part of a text around what was looked for.
func snippet(text, wanted string) string {
	text = strings.Join(strings.Fields(text), " ")
	i := strings.Index(strings.ToLower(text), strings.ToLower(wanted))
	if i < 0 {
		i = 0
	}
	start, end := max(0, i-40), min(len(text), i+len(wanted)+80)
	for start > 0 && start < len(text) && !utf8.RuneStart(text[start]) {
		start--
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	out := text[min(start, end):end]
	if start > 0 {
		out = "…" + out
	}
	if end < len(text) {
		out += "…"
	}
	return out
}

// Episodes are a person's episodes, newest first.
func (s *Service) Episodes(ctx context.Context, actor org.Actor, person id.Person) ([]Episode, error) {
	if err := s.mustSee(ctx, s.DB, actor, person); err != nil {
		return nil, err
	}
	found, err := loadEpisodes(ctx, s.DB, actor.Workspace, person)
	if err != nil {
		return nil, fmt.Errorf("load the episodes of %s: %w", person, err)
	}
	members, err := s.memberNames(ctx, actor.Workspace)
	for i, e := range found {
		if e.owner != "" {
			found[i].Owner = &MemberRef{e.owner, members[e.owner]}
		}
	}
	return found, err
}

// Timeline is what conversations put on a person's timeline.
func (s *Service) Timeline() people.TimelineSource {
	return people.TimelineSource{
		Kinds: []string{"message", "note"},
		Items: func(ctx context.Context, q db.Queryer, ask people.TimelineAsk) ([]people.TimelineItem, error) {
			lines, err := timelineLines(ctx, q, ask)
			out := make([]people.TimelineItem, len(lines))
			for i, l := range lines {
				out[i] = l.timelineItem()
			}
			return out, err
		},
		Count: func(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) (map[string]int64, error) {
			messages, notes, err := countTimeline(ctx, q, ws, person)
			return map[string]int64{"message": messages, "note": notes}, err
		},
	}
}

func (l line) timelineItem() people.TimelineItem {
	item := people.TimelineItem{ID: string(l.id), Kind: "message", At: l.at, Text: l.preview(), Icon: "message",
		Link:  "/c/" + string(l.person) + "?message=" + string(l.id),
		Props: map[string]any{"author": string(l.author), "author_name": l.detail.AuthorName, "channel": string(l.detail.ChannelKind)}}
	switch {
	case l.direction == Note:
		item.Kind, item.Icon, item.Title = "note", "note", "Note by "+l.detail.AuthorName
	case l.direction == In:
		item.Title = "Wrote"
	case l.detail.AuthorName == "":
		item.Title = "Sent automatically"
	default:
		item.Title = "Sent by " + l.detail.AuthorName
	}
	return item
}

// Message is one line of a thread, with why it was sent (CP-4).
func (s *Service) Message(ctx context.Context, actor org.Actor, message MessageID) (Message, error) {
	lines, err := loadLines(ctx, s.DB, actor.Workspace, []MessageID{message})
	if err != nil {
		return Message{}, fmt.Errorf("load message %s: %w", message, err)
	}
	l, found := lines[message]
	if !found {
		return Message{}, errNoMessage
	}
	if err := s.mustSee(ctx, s.DB, actor, l.person); err != nil {
		return Message{}, errNoMessage
	}
	return s.asMessage(ctx, s.DB, l)
}
