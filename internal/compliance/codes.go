package compliance

import "fmt"

// Action is what to do after a provider's error.
type Action string

// The actions.
const (
	Revoke        Action = "revoke"          // record an opt-out; never retry
	Unreachable   Action = "unreachable"     // the number cannot be texted; keep the consent
	RetryDaily    Action = "retry_daily"     // at most twice over 24 hours, then unreachable after three strikes in 30 days
	StopMessage   Action = "stop_message"    // this message only; suppress at the second
	Filtered      Action = "filtered"        // never send again; count for the campaign
	RetryOnce     Action = "retry_once"      // only where a repeat is harmless
	Backoff       Action = "backoff"         // slow down and try again
	CarrierDayCap Action = "carrier_day_cap" // hold that carrier until its day ends
	Alert         Action = "alert"           // nothing failed; tell the team
	BlockSender   Action = "block_sender"    // nothing leaves from this sender until it is registered
	FallbackSMS   Action = "fallback_sms"    // once, as text with a link
	AuthorError   Action = "author_error"    // the text must change
	ConfigError   Action = "config_error"    // the account or sender must change
	Unknown       Action = "unknown"         // fail, suppress nothing
)

// Meaning is one provider error, read.
type Meaning struct {
	Code     string `json:"code"`
	Action   Action `json:"action"`
	Suppress bool   `json:"suppress"` // stop texting this number: a revocation or a dead number
	Meaning  string `json:"meaning"`  // plain words for an agent
	Do       string `json:"do"`       // what to do
}

// Thresholds of R-35; the design marks them as ours, not the providers'.
const (
	RetryDailyMax       = 2  // retries over 24 hours after RetryDaily
	UnreachableStrikes  = 3  // messages ended by RetryDaily within 30 days that make a number unreachable
	StopMessageStrikes  = 2  // StopMessage failures that suppress a number
	FilteredPercent     = 2  // share of a campaign, in percent, at which it pauses
	FilteredMessages    = 50 // or this many messages
	CarrierDayResetZone = "America/Los_Angeles"
)

func (r *Rules) loadCodes() error {
	r.codes = map[string]map[string]Meaning{}
	for _, provider := range []string{"twilio"} {
		var rows []Meaning
		if err := r.read("provider_codes."+provider, &rows); err != nil {
			return err
		}
		byCode := map[string]Meaning{}
		for _, row := range rows {
			if row.Code == "" || row.Action == "" || row.Meaning == "" || row.Do == "" || byCode[row.Code].Code != "" {
				return fmt.Errorf("provider_codes.%s: row %q is incomplete or double", provider, row.Code)
			}
			byCode[row.Code] = row
		}
		r.codes[provider] = byCode
	}
	return nil
}

// Lookup reads a provider's error code. Providers add codes at any time, so what is not known fails the message and
// suppresses nobody.
func (r *Rules) Lookup(provider, code string) Meaning {
	if m, ok := r.codes[provider][code]; ok {
		return m
	}
	return Meaning{
		Code: code, Action: Unknown,
		Meaning: fmt.Sprintf("The provider refused or lost the message with code %s, which Parley does not know.", code),
		Do:      "Look the code up at the provider. The message is not sent again by itself, and the person stays textable.",
	}
}
