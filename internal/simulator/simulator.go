package simulator

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"parley/internal/channel"
	"parley/internal/channel/sim"
	"parley/internal/clock"
	"parley/internal/commerce"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/offer"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/phone"
)

// Deps are what the service stands on.
type Deps struct {
	DB            *db.DB
	Clock         *clock.Clock
	IDs           *id.Source
	Org           *org.Service
	People        *people.Service
	Channels      *channel.Service
	Conversations *conversation.Service
	Commerce      *commerce.Service
	Offers        *offer.Service
	Mailbox       *mailbox.Mailbox
	Carrier       *sim.Carrier
	Demo          bool // the clock may be moved
	PublicURL     string
	Log           *slog.Logger
}

// Service is the simulated phones of all workspaces.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// Phone is a phone that exists only here.
type Phone struct {
	Workspace id.Workspace
	Number    phone.Number
	Name      string
	Country   string
	Timezone  string
	Token     string
	CreatedAt clock.Time
}

// Errors that callers branch on.
var (
	ErrUnknown = errs.New(errs.NotFound, "phone_unknown", "There is no such simulated phone.")
	errClock   = errs.New(errs.Conflict, "clock_fixed", "The clock can be moved only in the demo, where no message reaches anybody. Nothing was changed.")
)

// maxPhones is how many phones a workspace may have.
const maxPhones = 200

// Create makes a phone. It is known to the brand only when it writes, or when the shop tells of it.
func (s *Service) Create(ctx context.Context, ws id.Workspace, p Phone) (Phone, error) {
	if !sim.Fiction(string(p.Number)) {
		return Phone{}, errs.New(errs.Invalid, "phone_real", "Simulated phones have numbers of fiction, like +1 555 010 0042, so that they cannot be mistaken for real ones.").
			WithField("number", "is not reserved for fiction")
	}
	if _, err := time.LoadLocation(p.Timezone); err != nil || p.Timezone == "" {
		p.Timezone = "Etc/UTC"
	}
	p.Workspace, p.Token, p.CreatedAt = ws, s.IDs.Secret(16), s.Clock.Now()
	if p.Name = strings.TrimSpace(p.Name); p.Name == "" {
		p.Name = string(p.Number)
	}
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		known, err := listPhones(ctx, tx, ws)
		if err != nil {
			return err
		}
		if len(known) >= maxPhones {
			return errs.New(errs.TooMany, "phones_many", "A workspace has at most %d simulated phones.", maxPhones)
		}
		return insertPhone(ctx, tx, p)
	})
	if db.IsUnique(err) {
		return Phone{}, errs.New(errs.Conflict, "phone_taken", "There is a simulated phone with this number already.")
	}
	return p, err
}

// Phones are the phones of a workspace, oldest first.
func (s *Service) Phones(ctx context.Context, ws id.Workspace) ([]Phone, error) {
	return listPhones(ctx, s.DB, ws)
}

// ByNumber is one phone of a workspace.
func (s *Service) ByNumber(ctx context.Context, ws id.Workspace, n phone.Number) (Phone, error) {
	return findPhone(ctx, s.DB, ws, n)
}

// ByToken is the phone that a token opens.
func (s *Service) ByToken(ctx context.Context, token string) (Phone, error) {
	return findPhoneByToken(ctx, s.DB, token)
}

// Send brings a text of the phone in, through the carrier, to the brand's simulated number.
func (s *Service) Send(ctx context.Context, p Phone, text string) error {
	to, err := s.brandNumber(ctx, p.Workspace)
	if err != nil {
		return err
	}
	return s.Carrier.Send(ctx, sim.Text{Workspace: p.Workspace, From: string(p.Number), To: to, Text: text})
}

// brandNumber is the number of the workspace's first simulated channel.
func (s *Service) brandNumber(ctx context.Context, ws id.Workspace) (string, error) {
	channels, err := s.Channels.Channels(ctx, s.DB, ws)
	if err != nil {
		return "", err
	}
	for _, c := range channels {
		if c.Kind == sim.Kind && c.State == channel.ChannelActive {
			return c.Settings["number"], nil
		}
	}
	return "", errs.New(errs.Conflict, "sim_missing", "This workspace has no simulated channel. Add one under Channels; nothing was sent.")
}

// Screen is what the phone shows, oldest first: what it sent, and what reached it.
func (s *Service) Screen(ctx context.Context, p Phone) ([]conversation.Message, error) {
	person, err := s.People.Find(ctx, s.DB, p.Workspace, people.Identity{Kind: people.Phone, Value: string(p.Number)})
	if err != nil || person == "" {
		return nil, err
	}
	thread, err := s.Conversations.Thread(ctx, org.System(p.Workspace), person, conversation.Pager{Filter: "messages", Limit: 200})
	if err != nil {
		return nil, err
	}
	var shown []conversation.Message
	for _, m := range thread.Items {
		if m.Direction == conversation.In && m.From == string(p.Number) || m.Direction == conversation.Out && arrived(m.State) && m.To == string(p.Number) {
			shown = append(shown, m)
		}
	}
	return shown, nil
}

// arrived says whether a message has left for the phone.
func arrived(s conversation.State) bool {
	return s == conversation.StateSent || s == conversation.StateDelivered || s == conversation.StateRead
}

// Skip moves the demo's clock: by d, or to the next moment when something is due. It says how far it went.
func (s *Service) Skip(ctx context.Context, ws id.Workspace, d time.Duration, toNext bool) (time.Duration, error) {
	if !s.Demo {
		return 0, errClock
	}
	if toNext {
		next, ok, err := s.NextDue(ctx, ws)
		if err != nil || !ok {
			return 0, err
		}
		d = next.Sub(s.Clock.Now())
	}
	if d < 0 || d > 400*24*time.Hour {
		return 0, errs.New(errs.Invalid, "clock_step", "The clock goes forward, at most 400 days at once. Nothing was changed.")
	}
	s.Clock.Skip(d)
	s.Mailbox.Wake()
	return d, nil
}

// NextDue is the next moment when something happens by itself in the workspace; ok is false when nothing waits.
func (s *Service) NextDue(ctx context.Context, ws id.Workspace) (next clock.Time, ok bool, err error) {
	next, ok, err = s.Mailbox.NextDue(ctx, ws)
	if err != nil {
		return 0, false, err
	}
	held, waits, err := s.Channels.NextDue(ctx, s.DB, ws)
	if err != nil {
		return 0, false, err
	}
	if waits && (!ok || held < next) {
		next, ok = held, true
	}
	return next, ok, nil
}
