package conversation

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/org"
	"parley/internal/people"
)

// View is a part of the inbox.
type View string

// The views.
const (
	ViewMine       View = "mine"
	ViewUnassigned View = "unassigned"
	ViewBot        View = "bot"
	ViewSnoozed    View = "snoozed"
	ViewClosed     View = "closed"
	ViewAll        View = "all"
	ViewOpen       View = "open"
)

// Views are all views, in the order in which they are shown.
func Views() []View {
	return []View{ViewMine, ViewUnassigned, ViewOpen, ViewBot, ViewSnoozed, ViewClosed, ViewAll}
}

// Sort is an order of the inbox.
type Sort string

// The orders. Waiting begins with who has waited longest for a human.
const (
	SortWaiting Sort = "waiting"
	SortNewest  Sort = "newest"
)

// spot is a place in an ordered list.
type spot struct {
	Key    int64
	Person id.Person
}

// overdueAfter is how long somebody may wait for a human before the row says so.
const overdueAfter = 30 * time.Minute

// EpisodeRef is the work in hand, as a row shows it.
type EpisodeRef struct {
	ID       EpisodeID  `json:"id"`
	Number   int64      `json:"number"`
	Status   Status     `json:"status" enum:"open,closed,snoozed"`
	Topic    string     `json:"topic"`
	OpenedAt clock.Time `json:"opened_at"`
}

// CartRef is the cart that a row shows; the package that owns carts fills it in.
type CartRef struct {
	ID    string       `json:"id"`
	State string       `json:"state"`
	Total money.Amount `json:"total"`
}

// Conversation is a row of the inbox.
type Conversation struct {
	Person            id.Person    `json:"person_id"`
	Name              string       `json:"name"`
	Number            string       `json:"number"`
	Initials          string       `json:"avatar_initials"`
	Preview           string       `json:"preview"`
	PreviewAuthor     string       `json:"preview_author" enum:",you,bot,note,customer,journey,campaign,agent,system"`
	PreviewAuthorName string       `json:"preview_author_name"`
	LastAt            clock.Time   `json:"last_at"`
	WaitingSince      clock.Time   `json:"waiting_since"`
	Overdue           bool         `json:"overdue"`
	Unread            int64        `json:"unread"`
	Seen              bool         `json:"seen"`
	ChannelKind       channel.Kind `json:"channel_kind"`
	Owner             *MemberRef   `json:"owner,omitempty"`
	Status            Status       `json:"status" enum:"quiet,open,snoozed,closed"`
	Floor             Floor        `json:"floor" enum:"none,bot,member"`
	NeedsReview       bool         `json:"needs_review" doc:"words that may be an opt-out wait for a person's decision"`
	Tags              []string     `json:"tags"`
	SnoozedUntil      clock.Time   `json:"snoozed_until"`
	Episode           *EpisodeRef  `json:"episode,omitempty"`
	Cart              *CartRef     `json:"cart,omitempty"`
	OptedOut          bool         `json:"opted_out"`
	Viewers           []Viewer     `json:"viewers"`
	Seq               int64        `json:"seq" doc:"of the newest that was said; a reply names the one its author saw"`
	Version           int64        `json:"version"`
}

// Ask is a question to the inbox.
type Ask struct {
	View   View
	Search string
	Sort   Sort
	Cursor string
	Limit  int
}

// bind names the list that a cursor belongs to.
func (a Ask) bind(actor org.Actor) string {
	return strings.Join([]string{"inbox", string(actor.Workspace), string(actor.Member), string(a.View), a.Search, string(a.Sort)}, "\x00")
}

// Inbox is a page of conversations; the first one has the exact number of all.
func (s *Service) Inbox(ctx context.Context, actor org.Actor, ask Ask) (httpx.Page[Conversation], error) {
	page := httpx.Page[Conversation]{Items: []Conversation{}}
	c, err := s.condition(ctx, actor, ask)
	if err != nil {
		return page, err
	}
	var after *spot
	if ask.Cursor != "" {
		after = &spot{}
		if err := httpx.DecodeCursor(ask.bind(actor), ask.Cursor, &after.Key, &after.Person); err != nil {
			return page, err
		}
	}
	if ask.Limit <= 0 || ask.Limit > 200 {
		ask.Limit = 50
	}
	spots, err := listSpots(ctx, s.DB, c, ask.Sort, after, ask.Limit+1)
	if err != nil {
		return page, fmt.Errorf("list the inbox: %w", err)
	}
	if len(spots) > ask.Limit {
		spots = spots[:ask.Limit]
		last := spots[ask.Limit-1]
		page.Next = httpx.EncodeCursor(ask.bind(actor), last.Key, last.Person)
	}
	if page.Items, err = s.rowsAt(ctx, actor, spots); err != nil {
		return page, err
	}
	if ask.Cursor != "" || !ask.counted() {
		return page, nil
	}
	total, err := countThreads(ctx, s.DB, c)
	page.Total = &total
	return page, err
}

// counted says whether the first page names the number of all. The two views that grow for ever leave it to Counts, so
// that their pages cost the same at any age.
func (a Ask) counted() bool {
	return strings.TrimSpace(a.Search) != "" || (a.View != ViewClosed && a.View != ViewAll)
}

// rowsAt are the rows at places of the inbox, in their order.
func (s *Service) rowsAt(ctx context.Context, actor org.Actor, spots []spot) ([]Conversation, error) {
	persons := make([]id.Person, len(spots))
	for i, sp := range spots {
		persons[i] = sp.Person
	}
	found, err := loadThreads(ctx, s.DB, actor.Workspace, persons)
	if err != nil {
		return nil, fmt.Errorf("list the inbox: %w", err)
	}
	threads := make([]thread, 0, len(spots))
	for _, person := range persons {
		if t := found[person]; t != nil {
			threads = append(threads, *t)
		}
	}
	return s.rows(ctx, actor, threads)
}

// condition is the predicate of an ask; a search narrows it to the persons found.
func (s *Service) condition(ctx context.Context, actor org.Actor, ask Ask) (condition, error) {
	c := predicate(actor, ask.View)
	if strings.TrimSpace(ask.Search) == "" {
		return c, nil
	}
	found, err := s.search(ctx, actor.Workspace, ask.Search)
	if err != nil {
		return c, fmt.Errorf("search the inbox: %w", err)
	}
	c.among(found)
	return c, nil
}

// Counts are how many conversations each view holds.
func (s *Service) Counts(ctx context.Context, actor org.Actor) (map[View]int64, error) {
	out := map[View]int64{}
	for _, view := range Views() {
		n, err := countThreads(ctx, s.DB, predicate(actor, view))
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", view, err)
		}
		out[view] = n
	}
	return out, nil
}

// Conversation is one row of the inbox. A person with whom nobody spoke yet has a quiet one.
func (s *Service) Conversation(ctx context.Context, actor org.Actor, person id.Person) (Conversation, error) {
	if err := s.mustSee(ctx, s.DB, actor, person); err != nil {
		return Conversation{}, err
	}
	threads, err := loadThreads(ctx, s.DB, actor.Workspace, idsOf(person))
	if err != nil {
		return Conversation{}, err
	}
	t := threads[person]
	if t == nil {
		t = &thread{workspace: actor.Workspace, person: person, status: Quiet, floor: FloorNone}
	}
	rows, err := s.rows(ctx, actor, []thread{*t})
	if err != nil {
		return Conversation{}, err
	}
	return rows[0], nil
}

// CanSee says which of the persons' conversations the actor may see. The feed asks it before it tells.
func (s *Service) CanSee(ctx context.Context, q db.Queryer, actor org.Actor, persons []id.Person) (map[id.Person]bool, error) {
	out := map[id.Person]bool{}
	if len(persons) == 0 || !actor.Can(org.ConversationRead) {
		return out, nil
	}
	c := predicate(actor, ViewAll)
	c.among(persons)
	found, err := listPersons(ctx, q, c, "", len(persons))
	for _, p := range found {
		out[p] = true
	}
	return out, err
}

// mustSee is people.ErrNotFound unless the actor may see the person's conversation, or could if there were one.
func (s *Service) mustSee(ctx context.Context, q db.Queryer, actor org.Actor, person id.Person) error {
	seen, err := s.CanSee(ctx, q, actor, idsOf(person))
	if err != nil || seen[person] {
		return err
	}
	if !actor.Can(org.ConversationRead) {
		return people.ErrNotFound
	}
	_, err = s.People.Get(ctx, q, actor.Workspace, person)
	return err
}

// rows are threads as the inbox shows them, with a handful of questions for all of them.
func (s *Service) rows(ctx context.Context, actor org.Actor, threads []thread) ([]Conversation, error) {
	if len(threads) == 0 {
		return []Conversation{}, nil
	}
	f, err := s.furnish(ctx, actor, threads)
	if err != nil {
		return nil, fmt.Errorf("furnish the inbox: %w", err)
	}
	out := make([]Conversation, len(threads))
	refs := make([]*Conversation, len(threads))
	for i, t := range threads {
		out[i] = f.row(s, actor, t)
		refs[i] = &out[i]
	}
	for _, add := range s.decorators {
		if err := add(ctx, s.DB, actor.Workspace, refs); err != nil {
			return nil, fmt.Errorf("furnish the inbox: %w", err)
		}
	}
	return out, nil
}

// Decorator adds to rows of the inbox what a higher domain knows, such as the cart.
type Decorator func(ctx context.Context, q db.Queryer, ws id.Workspace, rows []*Conversation) error

// Decorate names who adds to the rows of the inbox.
func (s *Service) Decorate(d Decorator) { s.decorators = append(s.decorators, d) }

// furniture is what rows are made of beside the threads.
type furniture struct {
	people   map[id.Person]people.Person
	last     map[id.Person]line
	seen     map[id.Person]seenRow
	optedOut map[string]people.Reading
	episodes map[id.Person]EpisodeRef
	members  map[org.MemberID]string
	now      clock.Time
}

func (s *Service) furnish(ctx context.Context, actor org.Actor, threads []thread) (f furniture, err error) {
	ws := actor.Workspace
	persons := make([]id.Person, len(threads))
	var addresses []string
	for i, t := range threads {
		persons[i] = t.person
	}
	f.now = s.Clock.Now()
	if f.people, err = s.People.GetAll(ctx, s.DB, ws, persons); err != nil {
		return f, err
	}
	for _, t := range threads {
		addresses = append(addresses, t.addressOf(f.people[t.person]))
	}
	if f.optedOut, err = s.People.ConsentAll(ctx, s.DB, ws, people.SMS, people.Support, addresses); err != nil {
		return f, err
	}
	if f.last, err = lastLines(ctx, s.DB, ws, persons); err != nil {
		return f, err
	}
	if f.seen, err = loadSeen(ctx, s.DB, ws, actor.Member, persons); err != nil {
		return f, err
	}
	if f.episodes, err = latestEpisodes(ctx, s.DB, ws, threads); err != nil {
		return f, err
	}
	f.members, err = s.memberNames(ctx, ws)
	return f, err
}

func (t thread) addressOf(p people.Person) string {
	if t.address != "" {
		return t.address
	}
	return string(p.Phone())
}

// memberNames are the names of the team.
func (s *Service) memberNames(ctx context.Context, ws id.Workspace) (map[org.MemberID]string, error) {
	members, err := s.Org.Members(ctx, s.DB, ws)
	out := make(map[org.MemberID]string, len(members))
	for _, m := range members {
		out[m.ID] = m.Name
	}
	return out, err
}

func (f furniture) row(s *Service, actor org.Actor, t thread) Conversation {
	p, last, seen := f.people[t.person], f.last[t.person], f.seen[t.person]
	number := t.addressOf(p)
	reading := f.optedOut[number]
	c := Conversation{
		Person: t.person, Name: p.Display(), Number: number, Initials: initials(p), LastAt: max(t.lastAt, last.at),
		WaitingSince: t.waitingSince, Overdue: t.waitingSince > 0 && f.now.Sub(t.waitingSince) > overdueAfter,
		Unread: t.unread(seen), Seen: seen.seq >= t.seq, ChannelKind: t.channelKind, Status: t.status, Floor: t.floor,
		NeedsReview: t.needsReview, Tags: p.Tags, SnoozedUntil: t.snoozedUntil,
		OptedOut: reading.State == string(people.Blocked) || (reading.State == string(people.Revoked) && !t.needsReview),
		Viewers:  s.presence.viewers(actor.Workspace, t.person, actor.Member), Seq: t.seq, Version: t.version,
	}
	if c.Tags == nil {
		c.Tags = []string{}
	}
	if last.id != "" {
		c.Preview, c.PreviewAuthor, c.PreviewAuthorName = last.preview(), last.previewAuthor(actor), last.detail.AuthorName
	}
	if t.owner != "" {
		c.Owner = &MemberRef{t.owner, f.members[t.owner]}
	}
	if e, found := f.episodes[t.person]; found && t.open() {
		c.Episode = &e
	}
	return c
}

// unread is how many inbound messages nobody has dealt with and this member has not read (IN-7).
func (t thread) unread(seen seenRow) int64 {
	n := max(0, t.inbound-max(t.handled, seen.read))
	if seen.marked && n == 0 && t.inbound > 0 {
		return 1
	}
	return n
}

// maxPreview bounds a preview, in characters.
const maxPreview = 140

// preview is one line of a message; files without a text are named, so that it is never empty (IN-5).
func (l line) preview() string {
	text := strings.Join(strings.Fields(l.text), " ")
	if text == "" && len(l.detail.Media) > 0 {
		switch kind, _, _ := strings.Cut(l.detail.Media[0].ContentType, "/"); kind {
		case "image":
			return "📷 Photo"
		case "video":
			return "🎬 Video"
		case "audio":
			return "🎤 Audio"
		}
		return "📎 File"
	}
	if utf8.RuneCountInString(text) > maxPreview {
		text = string([]rune(text)[:maxPreview-1]) + "…"
	}
	return text
}

// previewAuthor is who spoke last, as the row says it.
func (l line) previewAuthor(actor org.Actor) string {
	switch {
	case l.direction == Note:
		return "note"
	case l.author == ByAgent && l.authorID == string(actor.Member) && actor.Member != "":
		return "you"
	}
	return string(l.author)
}

// initials are up to two letters for an avatar; empty when only a number is known.
func initials(p people.Person) string {
	out := ""
	for _, word := range strings.Fields(p.Name) {
		if r, _ := utf8.DecodeRuneInString(word); r != utf8.RuneError && utf8.RuneCountInString(out) < 2 {
			out += strings.ToUpper(string(r))
		}
	}
	return out
}
