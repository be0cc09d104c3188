package twilio

import (
	"net/url"
	"strings"

	"parley/internal/channel"
	"parley/internal/errs"
)

// Kind is the adapter's name in settings and in the database.
const Kind channel.Kind = "twilio"

const defaultBase = "https://api.twilio.com"

// Adapter opens Twilio accounts. It holds no state.
type Adapter struct{}

// Describe says what Twilio can carry and which settings it needs.
func (Adapter) Describe() channel.Descriptor {
	return channel.Descriptor{
		Kind:    Kind,
		Name:    "Twilio",
		Summary: "Text and picture messages through a Twilio number or Messaging Service.",
		Settings: []channel.Setting{
			{Key: "account_sid", Label: "Account SID", Type: "text", Required: true,
				Help: "Starts with AC. Twilio Console, Account Info."},
			{Key: "auth_token", Label: "Auth token", Type: "secret", Required: true,
				Help: "Twilio Console, Account Info. It signs what Twilio sends to Parley."},
			{Key: "auth_token_next", Label: "Second auth token", Type: "secret",
				Help: "While you rotate the token: requests signed with either are accepted."},
			{Key: "number", Label: "Number", Type: "phone",
				Help: "Your Twilio number with its country code. Needed unless a Messaging Service is set."},
			{Key: "messaging_service_sid", Label: "Messaging Service SID", Type: "text",
				Help: "Starts with MG. Twilio then chooses the sender."},
			{Key: "rate", Label: "Segments per second", Type: "number", Default: "1", Required: true,
				Help: "What your sender is registered for: 1 for a plain number, 3 for toll-free, 100 for a short code."},
			{Key: "base_url", Label: "API address", Type: "url", Default: defaultBase,
				Help: "Change it only for a test server or a regional address."},
			channel.PriceSetting(),
		},
		Capabilities: channel.Capabilities{Media: true, MaxMedia: 5 << 20, MaxUnits: 1600, Receipts: true},
		Guide:        guide,
	}
}

const guide = `1. In the Twilio Console copy **Account SID** and **Auth token** from *Account Info*.
2. Buy or choose a number under *Phone Numbers, Manage, Active numbers*, and register it (10DLC, toll-free or short code).
3. Paste the webhook address shown here into the number's *Messaging, A message comes in*, as *HTTP POST*.
4. Send a text to the number: it appears here at once.`

// Open checks the settings. It opens no socket.
func (Adapter) Open(a channel.Account) (channel.Conn, error) {
	sid, token := a.Settings["account_sid"], a.Settings["auth_token"]
	if !strings.HasPrefix(sid, "AC") {
		return nil, errs.New(errs.Invalid, "setting_invalid", "The Account SID of Twilio starts with AC.").
			WithField("account_sid", "starts with AC")
	}
	if token == "" {
		return nil, errs.New(errs.Invalid, "setting_missing", "Twilio needs the auth token of the account.").
			WithField("auth_token", "is missing")
	}
	if a.Number() == "" && a.Settings["messaging_service_sid"] == "" {
		return nil, errs.New(errs.Invalid, "setting_missing", "Twilio needs a number or a Messaging Service to send from.").
			WithField("number", "is missing")
	}
	base, err := parseBase(a.Settings["base_url"])
	if err != nil {
		return nil, err
	}
	c := &conn{account: a, base: base, root: base.String() + "/2010-04-01/Accounts/" + url.PathEscape(sid), sid: sid, token: token}
	c.tokens = append(c.tokens, []byte(token))
	if next := a.Settings["auth_token_next"]; next != "" {
		c.tokens = append(c.tokens, []byte(next))
	}
	return c, nil
}

func parseBase(text string) (*url.URL, error) {
	if text == "" {
		text = defaultBase
	}
	base, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || base.Host == "" || base.User != nil || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, errs.New(errs.Invalid, "setting_invalid", "The API address is not a web address.").
			WithField("base_url", "is not a web address")
	}
	return base, nil
}

// conn is one Twilio account with one sender.
type conn struct {
	account channel.Account
	base    *url.URL
	root    string // base + version + account
	sid     string
	token   string
	tokens  [][]byte // live signing secrets
}

// Close does nothing: there is no connection of its own.
func (c *conn) Close() error { return nil }
