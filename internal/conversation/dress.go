package conversation

import (
	"strings"

	"parley/internal/compliance"
	"parley/internal/people"
)

// optOutNotice is the way out as the carriers want it said.
const optOutNotice = " Reply STOP to opt out."

// dress adds what a text must say and does not: the brand's name, and how to opt out when that is due.
// What is wrong and cannot be mended comes back as a refusal.
func (k *knowledge) dress(send Send, f Facts) (text string, told bool, lint compliance.Verdict) {
	draft := compliance.Draft{
		Text: send.Text, Brand: k.workspace.Settings.Brand, Purpose: string(send.Purpose), InConversation: asked(f),
		LastOptOutNoticeAt: k.toldAt(send.Person), Now: f.Now, PendingDoubleOptIn: f.Reading.State == string(people.Awaiting),
	}
	draft.FirstMessage = draft.LastOptOutNoticeAt.IsZero()
	lint = compliance.Verdict{Allowed: true, Code: "ok"}
	text = send.Text
	for _, finding := range k.lint(draft) {
		switch {
		case finding.Code == "brand_missing" && draft.Brand != "":
			text = draft.Brand + ": " + text
		case finding.Code == "opt_out_notice_missing":
			text = strings.TrimRight(text, " ") + optOutNotice
		case finding.Severity == compliance.Block && lint.Allowed:
			lint = compliance.Verdict{Code: finding.Code, Why: finding.Text}
		}
	}
	return text, tellsOptOut(text), lint
}

// lint is the judgement on a text, kept for the batch: many get the same words.
func (k *knowledge) lint(d compliance.Draft) []compliance.Finding {
	key := d
	key.Now, key.LastOptOutNoticeAt = 0, 0
	if !d.LastOptOutNoticeAt.IsZero() && d.Now.Sub(d.LastOptOutNoticeAt) < month {
		key.LastOptOutNoticeAt = 1
	}
	found, known := k.linted[key]
	if !known {
		found = k.rules.Lint(d)
		k.linted[key] = found
	}
	return found
}

// tellsOptOut says whether a text names the way out. A text that says it in other words is only told again sooner.
func tellsOptOut(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, "reply stop") || strings.Contains(lower, "text stop") || strings.Contains(lower, "stop to ")
}
