package compliance

import (
	"strings"
	"testing"
)

// every code of the rule, its action, and who is suppressed.
func TestProviderCodesAreReadAsTheRuleSays(t *testing.T) {
	r := rules(t)
	for action, codes := range map[Action]string{
		Revoke: "21610", Unreachable: "21211 21614 21604 30005 30006", RetryDaily: "30003", StopMessage: "30004", Filtered: "30007",
		RetryOnce: "30008 30410", Backoff: "30001 21611 20429 14107 30022", CarrierDayCap: "30023 30027", Alert: "30025 30026", BlockSender: "30032 30034",
		FallbackSMS: "30011 30019", AuthorError: "21617", ConfigError: "21408 30018", Unknown: "99999 x",
	} {
		for _, code := range strings.Fields(codes) {
			m := r.Lookup("twilio", code)
			if m.Action != action || m.Code != code || m.Suppress != (action == Revoke || action == Unreachable) || m.Meaning == "" || m.Do == "" {
				t.Errorf("%s: %+v, want %s", code, m, action)
			}
		}
	}
	if m := r.Lookup("vonage", "21610"); m.Action != Unknown || m.Suppress {
		t.Errorf("another provider's 21610: %+v", m)
	}
}

//
func TestAnUnregisteredSenderSendsNothing(t *testing.T) {
	r := rules(t)
	for _, c := range []struct {
		sender Sender
		code   string
	}{
		{Sender{TenDLC, "approved", "US", false}, "ok"}, {Sender{TenDLC, "APPROVED", "us", false}, "ok"},
		{Sender{TenDLC, "pending", "US", false}, "sender_unregistered"}, {Sender{TenDLC, "", "US", false}, "sender_unregistered"},
		{Sender{TenDLC, "", "", false}, "sender_unregistered"}, {Sender{TenDLC, "", "DE", false}, "ok"},
		{Sender{TollFree, "verified", "CA", false}, "ok"}, {Sender{TollFree, "in_review", "CA", false}, "sender_unregistered"},
		{Sender{ShortCode, "active", "US", false}, "ok"}, {Sender{ShortCode, "", "GB", false}, "sender_unregistered"},
		{Sender{Alphanumeric, "", "US", true}, "sender_forbidden"}, {Sender{Alphanumeric, "", "DE", false}, "sender_one_way"},
		{Sender{Alphanumeric, "", "DE", true}, "ok"}, {Sender{Sim, "", "US", false}, "ok"}, {Sender{"pager", "approved", "US", false}, "sender_unknown"},
	} {
		if v := r.Registered(c.sender); v.Code != c.code || v.Allowed != (c.code == "ok") || !v.Allowed && v.Why == "" {
			t.Errorf("%+v: %+v, want %s", c.sender, v, c.code)
		}
	}
}
