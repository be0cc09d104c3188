package channel

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"parley/internal/clock"
	"parley/internal/id"
	"parley/internal/money"
)

// Kind names an adapter: "twilio", "smpp", "sim".
type Kind string

// ID names a channel of a workspace: one account at one provider.
type ID string

// AttemptID names one try to hand a message to a provider. It is in the callback URL, so that a status finds its
// attempt whatever the provider answered.
type AttemptID string

// Adapter makes connections of one Kind. Its life:
//
//  1. app passes the list of adapters to the channel service; an adapter holds no state of its own;
//  2. Describe is asked for settings, limits and abilities, which also draw the form in the web app;
//  3. Open turns one account's settings into a Conn; it checks them but opens no socket that it would wait for;
//  4. the Conn sends and receives until Close; abilities beyond Send are the small interfaces below,
//     found by type assertion on the Conn.
//
// Adapters translate and classify. They never store, never retry, and know no person.
type Adapter interface {
	Describe() Descriptor
	Open(Account) (Conn, error)
}

// Conn is one open account. It is safe for concurrent use.
type Conn interface {
	// Send hands one message to the provider and waits for its answer. A refusal is a *Failure; any other
	// error after the request may have left counts as unknown.
	Send(ctx context.Context, out Outgoing) (Receipt, error)
	Close() error
}

// Submitter is a Conn that keeps many messages in flight on one connection. Submit returns when the message
// has its place in the window; done is called once, from any goroutine, with the outcome.
type Submitter interface {
	Submit(ctx context.Context, out Outgoing, done func(Receipt, error)) error
}

// WebhookReceiver is a Conn whose provider calls us. Receive checks the signature first and returns
// ErrForged for a bad one; nothing is stored or fetched then.
type WebhookReceiver interface {
	Receive(ctx context.Context, req WebhookRequest) (Intake, error)
}

// Listener is a Conn that holds a connection to its provider. Listen runs until ctx ends; it acknowledges a unit
// to the provider only after sink returned nil, which means that it is on disk.
type Listener interface {
	Listen(ctx context.Context, sink func(context.Context, Intake) error) error
}

// Backfiller is a Conn that can list what the provider received for us, to repair a gap after an outage (I7).
type Backfiller interface {
	Backfill(ctx context.Context, since, until clock.Time) ([]Inbound, error)
}

// Finder is a Conn that can look up what became of an attempt, as evidence for an unknown outcome (I10). found is
// false only when the provider surely never accepted it.
type Finder interface {
	Find(ctx context.Context, try Tried) (status *StatusUpdate, found bool, err error)
}

// MediaFetcher is a Conn whose inbound media must be fetched with the account's credentials.
type MediaFetcher interface {
	FetchMedia(ctx context.Context, ref MediaRef, maxBytes int64) (Media, error)
}

// Checker is a Conn that can test its settings against the provider.
type Checker interface {
	Check(ctx context.Context) []Check
}

// Descriptor says what an adapter is. The web app draws its form from it.
type Descriptor struct {
	Kind         Kind         `json:"kind"`
	Name         string       `json:"name" doc:"as people know it"`
	Summary      string       `json:"summary" doc:"one sentence"`
	Settings     []Setting    `json:"settings"`
	Capabilities Capabilities `json:"capabilities"`
	Guide        string       `json:"guide" doc:"how to set it up, Markdown"`
}

// Setting is one field of an adapter's form.
type Setting struct {
	Key      string   `json:"key"`
	Label    string   `json:"label"`
	Type     string   `json:"type" enum:"text,secret,number,bool,choice,url,phone,list"`
	Choices  []string `json:"choices,omitempty"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required"`
	Help     string   `json:"help"`
}

// Capabilities are what a channel can carry.
type Capabilities struct {
	Media        bool  `json:"media"`
	MaxMedia     int64 `json:"max_media" doc:"bytes of one file"`
	MaxUnits     int   `json:"max_units" doc:"longest text, in characters of the provider"`
	Receipts     bool  `json:"receipts" doc:"says whether a message was delivered"`
	Read         bool  `json:"read" doc:"says whether a message was read"`
	Simulated    bool  `json:"simulated" doc:"reaches no real person"`
	ConcatUnits7 int   `json:"concat_units_7,omitempty" doc:"septets of one part of a long GSM-7 text; 153 unless the route differs"`
	ConcatUnits2 int   `json:"concat_units_2,omitempty" doc:"UTF-16 units of one part of a long UCS-2 text; 67 unless the route differs"`
}

// Account is what Open gets: one channel's settings with its secrets in the clear, and the ways out.
type Account struct {
	ID          ID
	Workspace   id.Workspace
	Slug        string            // of the workspace, as in /hooks/<slug>/<name>
	Name        string            // of the channel
	Settings    map[string]string // by Setting.Key, secrets included
	CallbackURL string            // public URL of this channel's webhook; its statuses come to CallbackURL + "/status"
	HTTP        HTTPClient        // the only way out for HTTP
	Dial        DialFunc          // the only way out for other protocols
	Clock       *clock.Clock
	Log         *slog.Logger                        // for what no message shows; nil: nobody reads it
	Deliver     func(context.Context, Intake) error // for adapters without a webhook, such as sim
}

// Number is the sender of the account, if its settings name one under "number".
func (a Account) Number() string { return a.Settings["number"] }

// HTTPClient is egress as adapters see it; tests give a fake provider's client.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// DialFunc opens a TCP connection through egress.
type DialFunc func(ctx context.Context, network, address string) (Socket, error)

// Outgoing is one message as an adapter gets it: shaped for the channel, rendered, allowed.
type Outgoing struct {
	Attempt  AttemptID
	From     string // sender number, short code or name; empty = the account's own
	To       string // E.164
	Text     string
	Media    []MediaRef
	Expires  clock.Time // the provider should drop it after this; zero = its default
	Segments int        // as counted by Parley
}

// Receipt is a provider's acceptance.
type Receipt struct {
	ProviderID string // the provider's id of the message
	Status     Status // StatusSent unless the provider already knows better; StatusQueued when it only queued
	ByID       bool   // later statuses name only ProviderID, so that it must be found by it
	Price      money.Amount
}

// Status is how far a message got. It never goes back: Rank orders it.
type Status string

// The statuses of a message at a provider, in order.
const (
	StatusQueued    Status = "queued"
	StatusSent      Status = "sent"
	StatusFailed    Status = "failed" // not delivered, for good; a later delivered wins over it (I8)
	StatusDelivered Status = "delivered"
	StatusRead      Status = "read"
)

// Rank orders statuses; a status with a lower rank than the present one changes nothing.
func (s Status) Rank() int {
	switch s {
	case StatusQueued:
		return 1
	case StatusSent:
		return 2
	case StatusFailed:
		return 3
	case StatusDelivered:
		return 4
	case StatusRead:
		return 5
	}
	return 0
}

// StatusUpdate is news about a message handed over earlier.
type StatusUpdate struct {
	Attempt      AttemptID // from the callback URL; empty when the provider names only its own id
	ProviderID   string
	Status       Status
	ProviderCode string // error code as the provider writes it
	OptedOut     bool   // the provider refuses this recipient because they opted out
	Text         string // the provider's words about a failure
	At           clock.Time
}

// Inbound is one message from a person.
type Inbound struct {
	ProviderID string // unique at this account
	From, To   string // E.164 where possible
	Text       string
	Media      []MediaRef
	At         clock.Time // when the provider says that it was sent; zero = now
	OptOut     string     // "STOP", "START", "HELP" when the provider has already handled and answered it
	Place      Place      // where the provider says that the number is
	Concat     *Concat    // part of a longer text whose other parts come as units of their own
	Raw        []byte     // exact bytes received
}

// Concat tells where one part stands in a longer text.
type Concat struct {
	Ref        int
	Total, Seq int // Seq counts from 1
}

// Place is a provider's guess of where a number lives.
type Place struct{ City, State, Zip, Country string }

// MediaRef points to a file of a message.
type MediaRef struct {
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	Name        string `json:"name,omitempty"`
	Size        int64  `json:"size,omitempty"`
}

// Media is a fetched file.
type Media struct {
	ContentType string
	Bytes       []byte
}

// WebhookRequest is a request to a channel's webhook as the adapter sees it.
type WebhookRequest struct {
	Method    string
	PublicURL string // as the provider called it, scheme, host, port, path and query
	Path      string // what follows the channel's name: "" or "status"
	Query     map[string][]string
	Header    http.Header
	Body      []byte
}

// Intake is what came in: messages and statuses, and the answer that the provider expects.
type Intake struct {
	Inbound  []Inbound
	Statuses []StatusUpdate
	Answer   Answer
}

// Answer is the response to a webhook; the zero Answer is an empty 204.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}

// Tried describes an attempt whose outcome is unknown.
type Tried struct {
	Attempt    AttemptID
	ProviderID string
	To, From   string
	Text       string
	At         clock.Time
}

// Check is one line of a live check of a channel's settings.
type Check struct {
	Key    string `json:"key"`
	Title  string `json:"title"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail" doc:"what was found, with the provider's own words"`
	Fix    string `json:"fix,omitempty" doc:"what to do"`
}

// Policy is what the outbox does about a Failure.
type Policy int

// The policies.
const (
	Never   Policy = iota // refused for good: fail, with the reason
	Later                 // surely not accepted: try again after a pause (I11)
	Unknown               // may have been accepted: wait for evidence (I10)
	Stop                  // the account itself is refused: stop the channel, keep its queue (I12)
)

// Failure is a provider's refusal, or the lack of an answer, as a value with policy. Adapters classify; the outbox
// decides.
type Failure struct {
	Policy       Policy
	Code         string // ours, stable: "throttled", "bad_number", "opted_out", "no_answer", "account_refused"
	ProviderCode string // theirs
	Text         string // plain words for an agent
	OptedOut     bool   // the recipient opted out at the provider: recorded as a revocation
	RetryAfter   time.Duration
	Err          error
}

// Error is the code and the words.
func (f *Failure) Error() string {
	s := f.Code + ": " + f.Text
	if f.ProviderCode != "" {
		s += " (" + f.ProviderCode + ")"
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap is the cause.
func (f *Failure) Unwrap() error { return f.Err }
