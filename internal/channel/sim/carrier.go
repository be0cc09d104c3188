package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/gsm"
	"parley/internal/id"
)

// Dials are how one phone and its network behave. The zero Dials deliver at once, without receipts.
type Dials struct {
	LatencyMS   int    `json:"latency_ms" minimum:"0" maximum:"600000" doc:"between acceptance and receipt"`
	Receipts    bool   `json:"receipts" doc:"the network reports delivery"`
	FailCode    string `json:"fail_code" enum:",30003,30005,30007" doc:"the network reports this failure instead"`
	Duplicate   bool   `json:"duplicate" doc:"what the phone sends arrives twice"`
	OutOfOrder  bool   `json:"out_of_order" doc:"the parts of a long text arrive backwards"`
	CarrierStop bool   `json:"carrier_stop" doc:"the carrier answers STOP itself and blocks the phone"`
}

// usual are the dials of a phone that nobody has touched.
func usual() Dials { return Dials{LatencyMS: 300, Receipts: true} }

// Carrier is the network that all simulated channels of one program share. It is safe for concurrent use.
type Carrier struct {
	clock *clock.Clock
	ids   *id.Source

	mu      sync.Mutex
	dials   map[phone]Dials
	blocked map[phone]bool
	open    map[phone][]*conn // the newest last: a channel may be opened anew before its old connection is closed
	parts   int
}

// phone is one number in one workspace.
type phone struct {
	workspace id.Workspace
	number    string
}

// NewCarrier is a carrier without phones.
func NewCarrier(c *clock.Clock, ids *id.Source) *Carrier {
	return &Carrier{clock: c, ids: ids, dials: map[phone]Dials{}, blocked: map[phone]bool{}, open: map[phone][]*conn{}}
}

// Dials are how the phone behaves.
func (c *Carrier) Dials(ws id.Workspace, number string) Dials {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d, ok := c.dials[phone{ws, number}]; ok {
		return d
	}
	return usual()
}

// SetDials changes how the phone behaves from now on.
func (c *Carrier) SetDials(ws id.Workspace, number string, d Dials) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials[phone{ws, number}] = d
}

// Reset puts the phone's dials back and lifts the carrier's block.
func (c *Carrier) Reset(ws id.Workspace, number string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.dials, phone{ws, number})
	delete(c.blocked, phone{ws, number})
}

// Text is one message that a simulated phone sends.
type Text struct {
	Workspace id.Workspace
	From      string // the phone
	To        string // the number of a simulated channel
	Text      string
	Media     []channel.MediaRef
}

// Send brings a phone's text in through the channel with the number To. It returns when the text is stored.
func (c *Carrier) Send(ctx context.Context, t Text) error {
	c.mu.Lock()
	opened := c.open[phone{t.Workspace, t.To}]
	c.mu.Unlock()
	if len(opened) == 0 {
		return errs.New(errs.NotFound, "sim_number_unknown", "No simulated channel has the number %s. Nothing was sent.", t.To)
	}
	to, d := opened[len(opened)-1], c.Dials(t.Workspace, t.From)
	units := c.units(t, d)
	if d.Duplicate {
		units = append(units, units...)
	}
	for _, in := range units {
		if err := to.account.Deliver(ctx, channel.Intake{Inbound: []channel.Inbound{in}}); err != nil {
			return fmt.Errorf("bring in a simulated text: %w", err)
		}
	}
	return nil
}

// units are the messages on the wire: one, or the parts of a long text backwards.
func (c *Carrier) units(t Text, d Dials) []channel.Inbound {
	whole := channel.Inbound{ProviderID: c.ids.New("sim"), From: t.From, To: t.To, Text: t.Text, Media: t.Media,
		At: c.clock.Now(), Raw: []byte(t.Text), OptOut: c.keyword(t, d)}
	if len(whole.Raw) == 0 {
		whole.Raw = []byte("(media)")
	}
	parts := gsm.Split(t.Text, gsm.Standard())
	if !d.OutOfOrder || len(parts) < 2 {
		return []channel.Inbound{whole}
	}
	c.mu.Lock()
	c.parts++
	ref := c.parts % 256
	c.mu.Unlock()
	var out []channel.Inbound
	for i := len(parts) - 1; i >= 0; i-- {
		part := whole
		part.ProviderID, part.Text, part.Raw = c.ids.New("sim"), parts[i].Text, []byte(parts[i].Text)
		part.Concat = &channel.Concat{Ref: ref, Total: len(parts), Seq: i + 1}
		if i > 0 {
			part.Media = nil
		}
		out = append(out, part)
	}
	return out
}

// keyword is what the carrier handles itself, if the phone's network does so.
func (c *Carrier) keyword(t Text, d Dials) string {
	if !d.CarrierStop {
		return ""
	}
	word := strings.ToUpper(strings.TrimSpace(t.Text))
	c.mu.Lock()
	defer c.mu.Unlock()
	switch word {
	case "STOP":
		c.blocked[phone{t.Workspace, t.From}] = true
	case "START", "UNSTOP":
		delete(c.blocked, phone{t.Workspace, t.From})
		word = "START"
	default:
		return ""
	}
	return word
}

func (c *Carrier) isBlocked(p phone) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocked[p]
}

// report tells the channel what became of a message, after the phone's latency. It tries again while the channel cannot
// take it.
func (c *Carrier) report(ctx context.Context, a channel.Account, out channel.Outgoing, providerID string) {
	d := c.Dials(a.Workspace, out.To)
	if c.clock.Wait(ctx, c.clock.Now().Add(time.Duration(d.LatencyMS)*time.Millisecond), nil) != nil {
		return
	}
	update := channel.StatusUpdate{Attempt: out.Attempt, ProviderID: providerID, Status: channel.StatusDelivered, At: c.clock.Now()}
	if d.FailCode != "" {
		update.Status, update.ProviderCode, update.Text = channel.StatusFailed, d.FailCode, failureText(d.FailCode)
	}
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := a.Deliver(ctx, channel.Intake{Statuses: []channel.StatusUpdate{update}})
		if err == nil || errors.Is(err, context.Canceled) {
			return
		}
		if c.clock.Wait(ctx, c.clock.Now().Add(pause), nil) != nil {
			return
		}
	}
}

func failureText(code string) string {
	switch code {
	case "30003":
		return "The phone is switched off or out of reach."
	case "30005":
		return "The number is not in use."
	case "30007":
		return "The carrier filtered the message."
	}
	return "The message was not delivered."
}
