package compliance

import (
	"fmt"
	"strings"
	"text/template"

	"parley/internal/errs"
	"parley/internal/gsm"
)

// MessageKey names a built-in text.
type MessageKey string

// The built-in texts.
const (
	OptOutConfirmation MessageKey = "opt_out_confirmation"
	OptInConfirmation  MessageKey = "opt_in_confirmation"
	DoubleOptInAsk     MessageKey = "double_opt_in_ask"
	HelpText           MessageKey = "help"
)

// Brand is what the built-in texts say about the sender. Name and SupportContact are always needed; Frequency where a
// program is joined. Program defaults to the name.
type Brand struct {
	Name           string // "Fashion Era"
	Program        string // "Fashion Era Offers"
	SupportContact string // e-mail or toll-free number
	Frequency      string // "4 msgs/month"; empty: "Msg frequency varies"
	TermsURL       string
	PrivacyURL     string
}

// maxSegments is what a built-in text may take.
const maxSegments = 2

// catalogue is the built-in texts in one language.
type catalogue map[MessageKey]*template.Template

func (r *Rules) loadMessages() error {
	r.messages = map[string]catalogue{}
	for _, language := range []string{"en", "es"} {
		var rows map[MessageKey]string
		if err := r.read("messages."+language, &rows); err != nil {
			return err
		}
		texts := catalogue{}
		for _, key := range []MessageKey{OptOutConfirmation, OptInConfirmation, DoubleOptInAsk, HelpText} {
			t, err := template.New(string(key)).Option("missingkey=error").Parse(rows[key])
			if err != nil || rows[key] == "" || !gsm.Writable(rows[key]) {
				return fmt.Errorf("messages.%s: %s is missing, malformed or not GSM-7: %w", language, key, err)
			}
			texts[key] = t
		}
		r.messages[language] = texts
	}
	return nil
}

// Message renders a built-in text in the language, English when there is none in it. It fails, with errs.Invalid,
// when the brand lacks what the rule asks for or the text would take more than two segments.
func (r *Rules) Message(key MessageKey, language string, b Brand) (string, error) {
	texts := r.messages["en"]
	if len(language) >= 2 && r.messages[strings.ToLower(language[:2])] != nil {
		texts = r.messages[strings.ToLower(language[:2])]
	}
	if texts[key] == nil {
		return "", errs.New(errs.Internal, "message_unknown", "There is no built-in text %q.", key)
	}
	if err := b.check(); err != nil {
		return "", err
	}
	if b.Program == "" {
		b.Program = b.Name
	}
	var out strings.Builder
	if err := texts[key].Execute(&out, b); err != nil {
		return "", fmt.Errorf("built-in text %s: %w", key, err)
	}
	text := gsm.Plain(out.String())
	if size := gsm.Measure(text, gsm.TollFree()); size.Segments > maxSegments {
		return "", errs.New(errs.Invalid, "message_too_long",
			"The text takes %d segments and may take 2. Shorten the brand's name, program, contact or links, or write them in plain letters.",
			size.Segments)
	}
	return text, nil
}

func (b Brand) check() error {
	if strings.TrimSpace(b.Name) == "" {
		return errs.New(errs.Invalid, "brand_name_missing", "The brand has no name. Every text must say who sends it; set it in the settings.")
	}
	if strings.TrimSpace(b.SupportContact) == "" {
		return errs.New(errs.Invalid, "support_contact_missing",
			"The brand has no support contact. Carriers ask for an e-mail address or a toll-free number; set it in the settings.")
	}
	if strings.Contains(b.SupportContact, "/") {
		return errs.New(errs.Invalid, "support_contact_is_link",
			"The support contact is a link, and a confirmation may not carry one. Set an e-mail address or a telephone number.")
	}
	return nil
}
