package conversation

import (
	"context"
	"sort"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/org"
)

// goneAfter is how long a member counts as there after the last sign of them (IN-6).
const goneAfter = 20 * time.Second

// Viewer is a member who has a conversation open.
type Viewer struct {
	ID        org.MemberID `json:"id"`
	Name      string       `json:"name"`
	Composing bool         `json:"composing"`
}

// place is a conversation of a workspace.
type place struct {
	workspace id.Workspace
	person    id.Person
}

type visit struct {
	name      string
	composing bool
	until     clock.Time
}

// presence is who looks at what. It is a hint, lives in memory of each
// node, which tells the others, and is lost with the process: browsers repeat it.
type presence struct {
	clock *clock.Clock
	mu    *sync.Mutex
	here  map[place]map[org.MemberID]visit
}

// note keeps a sign of a member, and says whether that changed what others see.
func (p presence) note(at place, member org.MemberID, v visit) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	was, known := p.here[at][member]
	changed := !known || was.composing != v.composing || was.until < p.clock.Now()
	if p.here[at] == nil {
		p.here[at] = map[org.MemberID]visit{}
	}
	p.here[at][member] = v
	return changed
}

// leave forgets a member, and says whether they were there.
func (p presence) leave(at place, member org.MemberID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.here[at][member]
	delete(p.here[at], member)
	if len(p.here[at]) == 0 {
		delete(p.here, at)
	}
	return known
}

// viewers are the members at a conversation, without the one who asks.
func (p presence) viewers(ws id.Workspace, person id.Person, except org.MemberID) []Viewer {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, now, out := place{ws, person}, p.clock.Now(), []Viewer{}
	for member, v := range p.here[at] {
		switch {
		case v.until <= now:
			delete(p.here[at], member)
		case member != except:
			out = append(out, Viewer{member, v.name, v.composing})
		}
	}
	if len(p.here[at]) == 0 {
		delete(p.here, at)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// Presence is what a browser says about its member.
type Presence struct {
	Person    id.Person
	Viewing   bool
	Composing bool
}

// presenceNews is the body of presence.changed. It holds for Seconds; then the browser forgets it by itself.
type presenceNews struct {
	Viewers []Viewer `json:"viewers"`
	Seconds int      `json:"seconds"`
}

// Sign is what one node tells the others about a member at a conversation. It may be lost: browsers repeat it.
type Sign struct {
	Workspace id.Workspace `json:"w"`
	Person    id.Person    `json:"p"`
	Member    org.MemberID `json:"m"`
	Name      string       `json:"n"`
	Here      bool         `json:"h"`
	Composing bool         `json:"c,omitempty"`
}

// Hear notes a sign that another node told of. Browsers are told by that node's change stream.
func (s *Service) Hear(sign Sign) { s.presence.take(sign) }

// take keeps a sign, and says whether that changed what others see.
func (p presence) take(sign Sign) bool {
	at := place{sign.Workspace, sign.Person}
	if !sign.Here {
		return p.leave(at, sign.Member)
	}
	return p.note(at, sign.Member, visit{sign.Name, sign.Composing, p.clock.Now().Add(goneAfter)})
}

// Present notes where a member is and tells the others when that changed. A conversation that is opened becomes seen by
// the member, which reads nothing.
func (s *Service) Present(ctx context.Context, actor org.Actor, p Presence) error {
	if err := s.mustSee(ctx, s.DB, actor, p.Person); err != nil {
		return err
	}
	sign := Sign{Workspace: actor.Workspace, Person: p.Person, Member: actor.Member, Name: actor.Name, Here: p.Viewing || p.Composing, Composing: p.Composing}
	changed := s.presence.take(sign)
	if s.OnSign != nil && actor.Member != "" {
		s.OnSign(sign)
	}
	if !changed || actor.Member == "" {
		return nil
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		if threads, err := loadThreads(ctx, tx, actor.Workspace, idsOf(p.Person)); err != nil {
			return err
		} else if t := threads[p.Person]; t != nil && p.Viewing {
			glance(ctx, tx, seenRow{workspace: actor.Workspace, person: p.Person, member: actor.Member, seq: t.seq})
		}
		return s.Feed.AppendTx(ctx, tx, feed.Event{Workspace: actor.Workspace, Topic: topicPresence, Person: p.Person,
			Body: presenceNews{s.presence.viewers(actor.Workspace, p.Person, ""), int(goneAfter.Seconds())}})
	})
}
