package reading_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"parley/internal/compliance"
)

var update = flag.Bool("update", false, "write docs/surveys-reading.md from the vectors")

func loadRules(tb testing.TB) *compliance.Rules {
	tb.Helper()
	rules, err := compliance.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

func lint(rules *compliance.Rules, text string) []compliance.Finding {
	return rules.Lint(compliance.Draft{Text: text, Purpose: "support", InConversation: true})
}

const (
	page      = "../../../docs/surveys-reading.md"
	beginMark = "<!-- written from internal/survey/reading/testdata/vectors by go test ./internal/survey/reading -update -->\n"
	endMark   = "<!-- end -->\n"
)

func TestThePageOfSurveysListsWhatIsReadAndWhatIsMissed(t *testing.T) {
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(raw), beginMark)
	_, after, ended := strings.Cut(rest, endMark)
	if !begun || !ended {
		t.Fatalf("%s lost its marks", page)
	}
	want := before + beginMark + tablesOf(loadVectors(t)) + endMark + after
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil { //nolint:gosec // a page of the documentation
			t.Fatal(err)
		}
		return
	}
	if want != string(raw) {
		t.Errorf("%s is stale: run go test ./internal/survey/reading -run Page -update", page)
	}
}

func TestEachLanguageHasTwentyAnswersAndMore(t *testing.T) {
	for _, v := range loadVectors(t) {
		read, refused := 0, 0
		for _, c := range v.Cases {
			if strings.HasPrefix(c.Want, "unread") {
				refused++
			} else {
				read++
			}
		}
		if read < 60 || refused < 10 {
			t.Errorf("%s has %d answers and %d refusals", v.Title, read, refused)
		}
	}
}

func tablesOf(all []vectors) string {
	var b strings.Builder
	for _, v := range all {
		missed := 0
		for _, c := range v.Cases {
			if c.Person != "" {
				missed++
			}
		}
		fmt.Fprintf(&b, "\n## %s\n\nRead as of %s, by somebody whose language is `%s` unless the text says otherwise: %d texts, of which %d are read differently by a person.\n\n",
			v.Title, v.Now, v.Language, len(v.Cases), missed)
		b.WriteString("| question | somebody writes | read as |\n| --- | --- | --- |\n")
		for _, c := range v.Cases {
			if c.Person == "" {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", c.Question, cell(c), bars(c.Want))
			}
		}
		fmt.Fprintf(&b, "\n### Known misses in %s\n\n| question | somebody writes | read as | a person reads |\n| --- | --- | --- | --- |\n", v.Title)
		for _, c := range v.Cases {
			if c.Person != "" {
				fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.Question, cell(c), bars(c.Want), bars(c.Person))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// bars keeps the bar between two readings from ending a cell.
func bars(want string) string { return strings.ReplaceAll(want, "|", "or") }

func cell(c vector) string {
	text := strings.ReplaceAll(c.Text, "|", "\\|")
	if c.Language != "" {
		text += " *(" + c.Language + ")*"
	}
	return text
}
