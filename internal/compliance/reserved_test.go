package compliance

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/clock"
)

const lintNow = clock.Time(1_780_000_000_000_000)

// day is 24 hours in microseconds.
const day = clock.Time(24 * 60 * 60 * 1_000_000)

func TestTextsThatAskForAReservedWordAreBlocked(t *testing.T) {
	r := rules(t)
	for text, want := range map[string]string{
		"Reply CANCEL to cancel your order":              "CANCEL",
		"Reply END to finish the survey":                 "END",
		"Text QUIT if you are done":                      "QUIT",
		"reply with stop to stop your delivery":          "stop",
		"Answer YES to reserve your size":                "YES",
		"Reply 'Y' for more photos":                      "Y",
		"Reply START to begin the survey":                "START",
		"Text INFO for the care instructions of wool":    "INFO",
		"Responde CANCELAR para cancelar tu pedido":      "CANCELAR",
		"Just type \"Remove\" to drop the item":          "Remove",
		"Fashion Era: reply BAJA para ver tallas":        "BAJA",
		"Send OPT OUT to your friends!":                  "OPT OUT",
		"Reply STOP to opt out of your order being sent": "STOP",
	} {
		got := r.Lint(Draft{Text: text, Purpose: "support"})
		if len(got) != 1 || got[0].Code != "reserved_word" || got[0].Severity != Block || text[got[0].Start:got[0].End] != want {
			t.Errorf("%q: %+v, want %q blocked", text, got, want)
		}
	}
	for _, text := range []string{
		"Reply STOP to opt out", "Reply STOP to unsubscribe.", "Text STOP to cancel, HELP for help", "Reply STOP to end. Msg&data rates may apply",
		"Reply HELP for help, STOP to cancel.", "STOP to opt out", "Txt STOP 2 stop", "Reply STOP to opt-out, HELP for info", "Responde STOP para cancelar.",
		"Reply STOP to stop receiving our texts", "Reply START to resubscribe", "Reply 1 for small, 2 for large", "We cancel nothing and stop at nothing",
		"Tap the link to cancel your order", "Reply BLUE or RED", "Say hello to yesterday's favourite", "Send us a photo of the end of the strap",
		"Reply STOP", "Text STOP or HELP",
	} {
		if got := r.Lint(Draft{Text: text, Purpose: "support"}); len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
	if got := r.Lint(Draft{Text: "Reply YES to join", PendingDoubleOptIn: true}); len(got) > 0 {
		t.Errorf("YES while an opt-in is pending: %+v", got)
	}
	if got := r.Lint(Draft{Text: "Reply 9 to unsubscribe"}); len(got) != 1 || got[0].Code != "numeric_opt_out" {
		t.Errorf("a number for STOP: %+v", got)
	}
}

//
func TestForbiddenTopicsAndPublicShortenersAreFound(t *testing.T) {
	r := rules(t)
	for text, code := range map[string]string{
		"20% off CBD gummies": "forbidden_content:block", "New vape flavours": "forbidden_content:block", "Casino night": "forbidden_content:block",
		"Payday loans today": "forbidden_content:block", "Handguns in stock": "forbidden_content:block", "Wine tasting on Friday": "forbidden_content:warn",
		"See bit.ly/abc": "public_shortener:block", "See HTTPS://Bit.Ly/abc?x=1": "public_shortener:block", "www.tinyurl.com/x": "public_shortener:block",
		"go.rb.gy/1": "public_shortener:block", "https://t.ly": "public_shortener:block",
	} {
		got := r.Lint(Draft{Text: text})
		if len(got) != 1 || got[0].Code+":"+string(got[0].Severity) != code {
			t.Errorf("%q: %+v, want %s", text, got, code)
		}
	}
	for _, text := range []string{
		"https://fashion-era.example/l/9f2", "hemline and scbdx are fine", "rabbit.ly/abc is another domain", "my.bit.lyric.com", "Sussex coats, grapes and vapour-free irons",
		"Costs $4.20.Thanks", "Hello.There is a typo",
	} {
		if got := r.Lint(Draft{Text: text}); len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

//
func TestAMarketingTextNamesTheBrandAndTheWayOut(t *testing.T) {
	r := rules(t)
	codes := func(d Draft) string {
		var out []string
		for _, f := range r.Lint(d) {
			out = append(out, f.Code+":"+string(f.Severity))
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		name, want string
		draft      Draft
	}{
		{"whole", "", Draft{Text: "Fashion Era: coats are in. Reply STOP to opt out", Brand: "Fashion Era", Purpose: "marketing", FirstMessage: true, Now: lintNow}},
		{"no brand", "brand_missing:block", Draft{Text: "Coats are in. Reply STOP to opt out", Brand: "Fashion Era", Purpose: "marketing", Now: lintNow}},
		{"brand in other letters", "", Draft{Text: "FASHION-ERA: coats. STOP to end", Brand: "Fashion Éra", Purpose: "cart", Now: lintNow}},
		{"first without a way out", "opt_out_notice_missing:block", Draft{Text: "Fashion Era: coats", Brand: "Fashion Era", Purpose: "marketing", FirstMessage: true, LastOptOutNoticeAt: lintNow, Now: lintNow}},
		{"30 days later", "opt_out_notice_missing:warn", Draft{Text: "Fashion Era: coats", Brand: "Fashion Era", Purpose: "loyalty", LastOptOutNoticeAt: lintNow - 30*day, Now: lintNow}},
		{"29 days later", "", Draft{Text: "Fashion Era: coats", Brand: "Fashion Era", Purpose: "marketing", LastOptOutNoticeAt: lintNow - 29*day, Now: lintNow}},
		{"in a conversation", "", Draft{Text: "Yes, in blue", Brand: "Fashion Era", Purpose: "marketing", InConversation: true, Now: lintNow}},
		{"support", "", Draft{Text: "Your parcel is on its way", Brand: "Fashion Era", Purpose: "transactional", Now: lintNow}},
		{"Spanish", "", Draft{Text: "Fashion Era: abrigos. Responde STOP para cancelar", Brand: "Fashion Era", Purpose: "marketing", FirstMessage: true, Now: lintNow}},
	} {
		if got := codes(c.draft); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFindingsPointIntoTheText(t *testing.T) {
	r := rules(t)
	piece := rapid.SampledFrom([]string{"Reply ", "STOP", "cancel", " to ", "opt out", "bit.ly/x", "vape", "é", "😀", "\n", " yes ", "http://", ".", "9", "\xff"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 20).Draw(t, "text"), "")
		for _, f := range r.Lint(Draft{Text: text, Purpose: "marketing", Brand: "B"}) {
			if f.Start < 0 || f.End < f.Start || f.End > len(text) || f.Text == "" {
				t.Fatalf("%q: %+v", text, f)
			}
		}
	})
}
