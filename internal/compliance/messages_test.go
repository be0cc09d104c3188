package compliance

import (
	"regexp"
	"strings"
	"testing"

	"parley/internal/errs"
	"parley/internal/gsm"
)

var fullBrand = Brand{Name: "Fashion Era", Program: "Fashion Era Offers", SupportContact: "help@fashion-era.example", Frequency: "4 msgs/month", TermsURL: "https://fashion-era.example/terms"}

// what each text must say, what it may not, and its length.
func TestBuiltInTextsSayWhatTheRulesAskIn2Segments(t *testing.T) {
	r := rules(t)
	for _, c := range []struct {
		key      MessageKey
		language string
		has      []string
		not      string
	}{
		{OptOutConfirmation, "en", []string{"Fashion Era Offers", "unsubscribed", "no more messages", "help@fashion-era.example"}, `http|%|(?i)offer |coupon|sale|code|start|join`},
		{OptOutConfirmation, "es", []string{"Fashion Era Offers", "baja", "help@fashion-era.example"}, `http|%|(?i)cup[oó]n|descuento`},
		{OptInConfirmation, "en", []string{"Fashion Era Offers", "recurring automated", "4 msgs/month", "Msg & data rates", "help@fashion-era.example", "HELP", "STOP", "https://fashion-era.example/terms"}, `%`},
		{OptInConfirmation, "es", []string{"Fashion Era Offers", "recurrentes", "4 msgs/month", "tarifas", "help@fashion-era.example", "HELP", "STOP"}, `%`},
		{DoubleOptInAsk, "en", []string{"Fashion Era Offers", "Reply YES", "recurring automated", "not a condition of purchase", "rates", "HELP", "STOP"}, `%`},
		{DoubleOptInAsk, "es-MX", []string{"Fashion Era Offers", "YES", "condicion de compra", "HELP", "STOP"}, `%`},
		{HelpText, "en", []string{"Fashion Era Offers", "help@fashion-era.example", "4 msgs/month", "rates", "STOP to cancel"}, `%`},
		{HelpText, "pl", []string{"Fashion Era Offers", "For help"}, `%`},
	} {
		text, err := r.Message(c.key, c.language, fullBrand)
		if err != nil {
			t.Errorf("%s %s: %v", c.key, c.language, err)
			continue
		}
		for _, part := range c.has {
			if !strings.Contains(text, part) {
				t.Errorf("%s %s lacks %q: %s", c.key, c.language, part, text)
			}
		}
		if found := regexp.MustCompile(c.not).FindString(strings.ReplaceAll(text, "Offers", "")); found != "" {
			t.Errorf("%s %s may not say %q: %s", c.key, c.language, found, text)
		}
		if size := gsm.Count(text, gsm.TollFree()); size.Encoding != gsm.GSM7 || size.Segments > 2 {
			t.Errorf("%s %s: %s in %d segments: %s", c.key, c.language, size.Encoding, size.Segments, text)
		}
		for _, f := range r.Lint(Draft{Text: text, Purpose: "marketing", Brand: "Fashion Era", PendingDoubleOptIn: c.key == DoubleOptInAsk, InConversation: c.key == OptOutConfirmation}) {
			t.Errorf("%s %s does not pass our own lint: %+v", c.key, c.language, f)
		}
	}
}

func TestABrandWithoutWhatTheRulesAskGetsNoText(t *testing.T) {
	r := rules(t)
	for code, b := range map[string]Brand{
		"brand_name_missing":      {SupportContact: "a@b.example"},
		"support_contact_missing": {Name: "Era", SupportContact: " "},
		"support_contact_is_link": {Name: "Era", SupportContact: "https://era.example/help"},
		"message_too_long":        {Name: strings.Repeat("Era ", 90), SupportContact: "a@b.example"},
	} {
		if text, err := r.Message(OptInConfirmation, "en", b); errs.CodeOf(err) != code || text != "" {
			t.Errorf("%s: %q, %v", code, text, err)
		}
	}
	if _, err := r.Message("welcome", "en", fullBrand); errs.CodeOf(err) != "message_unknown" {
		t.Errorf("an unknown text: %v", err)
	}
	text, err := r.Message(HelpText, "", Brand{Name: "Era", SupportContact: "+1 800 555 0100"})
	if err != nil || !strings.HasPrefix(text, "Era: ") || !strings.Contains(text, "frequency varies") {
		t.Errorf("the smallest brand: %q, %v", text, err)
	}
}
