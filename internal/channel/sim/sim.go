package sim

import (
	"context"
	"regexp"
	"slices"
	"sync"

	"parley/internal/channel"
	"parley/internal/errs"
)

// Kind is the adapter's name in settings and in the database.
const Kind channel.Kind = "sim"

// Adapter opens simulated channels at the Carrier.
type Adapter struct{ Carrier *Carrier }

// Describe says what a simulated channel can carry.
func (Adapter) Describe() channel.Descriptor {
	return channel.Descriptor{
		Kind:    Kind,
		Name:    "Simulated phones",
		Summary: "Phones that exist only here, to try everything without reaching anybody.",
		Settings: []channel.Setting{
			{Key: "number", Label: "Number", Type: "phone", Required: true, Default: "+15550100001",
				Help: "The brand's simulated number, from a range that is reserved for fiction."},
			{Key: "rate", Label: "Segments per second", Type: "number", Required: true, Default: "100",
				Help: "How fast the simulated carrier takes messages."},
			channel.PriceSetting(),
		},
		Capabilities: channel.Capabilities{Media: true, MaxMedia: 5 << 20, MaxUnits: 1600, Receipts: true, Simulated: true},
		Guide:        "Nothing to set up: open *Simulator* and pick up a phone.",
	}
}

// Open connects a simulated number to the carrier.
func (a Adapter) Open(account channel.Account) (channel.Conn, error) {
	if !Fiction(account.Number()) {
		return nil, errs.New(errs.Invalid, "setting_invalid",
			"A simulated channel needs a number from a range reserved for fiction, like +1 555 010 0001.").
			WithField("number", "is not reserved for fiction")
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &conn{carrier: a.Carrier, account: account, ctx: ctx, cancel: cancel}
	a.Carrier.mu.Lock()
	defer a.Carrier.mu.Unlock()
	key := phone{account.Workspace, account.Number()}
	a.Carrier.open[key] = append(a.Carrier.open[key], c)
	return c, nil
}

// fiction are ranges that no real phone has: the North American area code 555 and the numbers 555-01xx of any area
// (NANPA), and the drama ranges of Ofcom, ARCEP and PTS.
const fiction = `^(\+1555\d{7}|\+1[2-9]\d{2}55501\d{2}|\+447700900\d{3}|\+3363998\d{4}|\+4670174\d{4})$`

// Fiction says whether a number is from a range reserved for fiction.
func Fiction(number string) bool {
	ok, err := regexp.MatchString(fiction, number)
	return err == nil && ok
}

// conn is one simulated number.
type conn struct {
	carrier *Carrier
	account channel.Account
	ctx     context.Context
	cancel  context.CancelFunc
	reports sync.WaitGroup
}

// Send accepts at once, unless the carrier has blocked the phone; receipts follow by themselves.
func (c *conn) Send(_ context.Context, out channel.Outgoing) (channel.Receipt, error) {
	to := phone{c.account.Workspace, out.To}
	if c.carrier.isBlocked(to) {
		return channel.Receipt{}, &channel.Failure{Policy: channel.Never, Code: "opted_out", ProviderCode: "21610", OptedOut: true,
			Text: "The carrier has blocked this phone after STOP."}
	}
	providerID := c.carrier.ids.New("sim")
	if d := c.carrier.Dials(to.workspace, to.number); d.Receipts || d.FailCode != "" {
		c.reports.Go(func() { c.carrier.report(c.ctx, c.account, out, providerID) })
	}
	return channel.Receipt{ProviderID: providerID, Status: channel.StatusSent}, nil
}

// Close forgets the receipts that have not come yet.
func (c *conn) Close() error {
	c.cancel()
	c.reports.Wait()
	c.carrier.mu.Lock()
	defer c.carrier.mu.Unlock()
	key := phone{c.account.Workspace, c.account.Number()}
	// A fresh slice: a text on its way may hold the old one.
	c.carrier.open[key] = slices.DeleteFunc(slices.Clone(c.carrier.open[key]), func(other *conn) bool { return other == c })
	return nil
}

// Check has nothing to ask anybody.
func (c *conn) Check(context.Context) []channel.Check {
	return []channel.Check{{Key: "sim", Title: "The simulated carrier is open", OK: true, Detail: "Reaches no real person."}}
}
