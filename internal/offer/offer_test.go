package offer

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/gsm"
	"parley/internal/money"
	"parley/internal/org"
)

func TestCodesAreReadableAndFitAText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[0-9a-hjkmnp-tv-z]{16}`).Draw(t, "randomness")
		code := newCode("ERA", secret)
		if len(code) != 12 || strings.ContainsAny(code[4:], "01IO") {
			t.Fatalf("%s is easily misread", code)
		}
		if gsm.Count(code, gsm.Standard()).Encoding != "GSM-7" {
			t.Fatalf("%s would double the price of its text", code)
		}
	})
	if newCode("", "0000000000000000") == newCode("", "0000000100000000") {
		t.Error("different randomness makes the same code")
	}
}

func TestAMemberGivesOnlyWithinTheirLimits(t *testing.T) {
	limits := org.GrantLimits{MaxPercent: 10, MaxAmount: 1000, FreeShipping: true, PerDay: 3}
	offer := func(kind Kind, percent int, minor int64) Offer {
		return Offer{Name: "x", Kind: kind, Percent: percent, Amount: money.Amount{Minor: minor, Currency: "EUR"}, AgentGrantable: true}
	}
	cases := map[string]struct {
		offer  Offer
		limits org.GrantLimits
		today  int
		ok     bool
	}{
		"ten percent":                     {offer(Percent, 10, 0), limits, 0, true},
		"eleven percent":                  {offer(Percent, 11, 0), limits, 0, false},
		"ten euro":                        {offer(Amount, 0, 1000), limits, 0, true},
		"ten euro and a cent":             {offer(Amount, 0, 1001), limits, 0, false},
		"free shipping":                   {offer(FreeShipping, 0, 0), limits, 0, true},
		"free shipping without the leave": {offer(FreeShipping, 0, 0), org.GrantLimits{MaxPercent: 10}, 0, false},
		"the third of the day":            {offer(Percent, 5, 0), limits, 2, true},
		"the fourth of the day":           {offer(Percent, 5, 0), limits, 3, false},
		"not for agents":                  {Offer{Name: "x", Kind: FreeShipping}, limits, 0, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := GrantedBy{ID: "mem_1", Limits: c.limits}.allowed(c.offer, c.today)
			if (err == nil) != c.ok {
				t.Fatalf("got %v, want allowed %v", err, c.ok)
			}
			if err != nil && (errs.CodeOf(err) != "grant_limit" || !strings.Contains(err.Error(), "No code was issued.")) {
				t.Errorf("the refusal does not say what happened: %v", err)
			}
		})
	}
}

func TestI35OnlyPeopleCountAsClicks(t *testing.T) {
	const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	cases := map[string]struct {
		fetch Fetch
		human bool
	}{
		"a person on a phone":             {Fetch{"GET", iPhone, ""}, true},
		"a person on Android":             {Fetch{"GET", "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36", ""}, true},
		"only the head":                   {Fetch{"HEAD", iPhone, ""}, false},
		"a browser that fetches ahead":    {Fetch{"GET", iPhone, "prefetch;prerender"}, false},
		"the preview of Apple's Messages": {Fetch{"GET", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0", ""}, false},
		"the preview of WhatsApp":         {Fetch{"GET", "WhatsApp/2.25.1 A", ""}, false},
		"a mail scanner":                  {Fetch{"GET", "Mozilla/5.0 (compatible; Barracuda Sentinel)", ""}, false},
		"a script":                        {Fetch{"GET", "curl/8.5.0", ""}, false},
		"nobody says who":                 {Fetch{"GET", "", ""}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			human, reason := c.fetch.human()
			if human != c.human || human == (reason != "") {
				t.Errorf("human %v because %q", human, reason)
			}
		})
	}
}

func TestI35LinksLeadOnlyToWebAddresses(t *testing.T) {
	for _, target := range []string{"javascript:alert(1)", "//evil.example", "/relative", "https://user:pass@x.example/", "ftp://x.example/", "https://", "http:x"} {
		if checkTarget(target) == nil {
			t.Errorf("%q was accepted", target)
		}
	}
	if err := checkTarget("https://shop.example/checkouts/1/recover?key=a%20b"); err != nil {
		t.Error(err)
	}
}

func TestACodeIsLiveUntilItIsUsedOverOrRefused(t *testing.T) {
	const now = clock.Time(1_790_000_000_000_000)
	cases := map[string]struct {
		code  Code
		state string
		live  bool
	}{
		"fresh":               {Code{Shop: ShopNone}, "issued", true},
		"until tomorrow":      {Code{Shop: ShopReady, ExpiresAt: now.Add(24 * time.Hour)}, "issued", true},
		"expired this moment": {Code{Shop: ShopReady, ExpiresAt: now}, "expired", false},
		"redeemed":            {Code{Shop: ShopReady, RedeemedAt: now - 1, ExpiresAt: now}, "redeemed", false},
		"refused by the shop": {Code{Shop: ShopFailed}, "issued", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.code.State(now); got != c.state || c.code.live(now) != c.live {
				t.Errorf("%s, live %v; want %s, live %v", got, c.code.live(now), c.state, c.live)
			}
		})
	}
}
