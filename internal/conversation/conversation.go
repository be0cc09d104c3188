package conversation

import (
	"math"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/id"
	"parley/internal/org"
)

// Status is what the work in a conversation is in.
type Status string

// The statuses. Quiet is a conversation in which there was no work yet.
const (
	Quiet   Status = "quiet"
	Open    Status = "open"
	Snoozed Status = "snoozed"
	Closed  Status = "closed"
)

// Floor is who speaks for the brand. There is one holder.
type Floor string

// The holders.
const (
	FloorNone   Floor = "none"
	FloorBot    Floor = "bot"
	FloorMember Floor = "member"
)

// thread is a row of the table conversation.
type thread struct {
	workspace      id.Workspace
	person         id.Person
	status         Status
	owner          org.MemberID
	floor          Floor
	waitingSince   clock.Time // 0: nobody waits for a human
	lastAt         clock.Time
	snoozedUntil   clock.Time
	episode        EpisodeID // the latest
	number         int64     // of the latest episode
	closedAt       clock.Time
	needsReview    bool
	address        string // that the person wrote from last
	channel        channel.ID
	channelKind    channel.Kind
	lastInAt       clock.Time // provider's time of the newest inbound
	lastReceivedAt clock.Time // when the last inbound came in
	burstSeq       int64      // seq of the first inbound of the present burst
	inbound        int64      // how many inbound messages there are
	handled        int64      // how many of them somebody has dealt with
	seq            int64
	version        int64
}

// waitingKey sorts those who wait for a human first, longest first, then the others, newest first.
func (t thread) waitingKey() int64 {
	if t.waitingSince > 0 {
		return int64(t.waitingSince)
	}
	return math.MaxInt64 - int64(t.lastAt)
}

// tray is where the conversation lies in the inbox.
func (t thread) tray() string {
	switch {
	case t.status != Open:
		return string(t.status)
	case t.floor == FloorBot:
		return "bot"
	case t.owner == "":
		return "unassigned"
	}
	return "owned"
}

// open says whether there is work in hand.
func (t thread) open() bool { return t.status == Open || t.status == Snoozed }

// next takes the next place in the thread.
func (t *thread) next() int64 {
	t.seq++
	return t.seq
}

// Episode is a piece of work inside a conversation.
type Episode struct {
	ID       EpisodeID  `json:"id"`
	Number   int64      `json:"number"`
	Status   Status     `json:"status" enum:"open,closed,snoozed"`
	Topic    string     `json:"topic"`
	Owner    *MemberRef `json:"owner,omitempty"`
	OpenedAt clock.Time `json:"opened_at"`
	ClosedAt clock.Time `json:"closed_at"`
	Result   string     `json:"result"`
	Messages int64      `json:"messages"`
	Person   id.Person  `json:"-"`
	reason   string
	openedBy string
	closedBy string
	owner    org.MemberID
}

// MemberRef names a member of the team.
type MemberRef struct {
	ID   org.MemberID `json:"id"`
	Name string       `json:"name"`
}
