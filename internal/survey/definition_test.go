package survey

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/compliance"
	"parley/internal/errs"
	"parley/internal/people"
)

func load(tb testing.TB, name string) Definition {
	tb.Helper()
	raw, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	d, err := ParseDefinition(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func attributes() map[string]people.Definition {
	out := map[string]people.Definition{}
	for key, t := range map[string]people.AttributeType{"birthday": people.Date, "wife": people.Text, "anniversary": people.Date, "color": people.Text, "csat": people.Number} {
		out[key] = people.Definition{Key: key, Type: t}
	}
	return out
}

func rules(tb testing.TB) *compliance.Rules {
	tb.Helper()
	r, err := compliance.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestTheSurveysOfTheStoriesCanBePublished(t *testing.T) {
	for _, name := range []string{"john", "unhappy"} {
		if problems := check(load(t, name), rules(t), []string{"de", "en", "es"}, attributes()); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestTheExampleOfTheDocsCanBePublished(t *testing.T) {
	page, err := os.ReadFile("../../docs/surveys.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, found := strings.Cut(example, "```")
	d, err := ParseDefinition([]byte(example))
	if err != nil || !found {
		t.Fatalf("the example: %v", err)
	}
	if problems := check(d, rules(t), []string{"de", "en", "es"}, attributes()); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
}

func TestAStoredDefinitionIsTheSameWhenReadAgain(t *testing.T) {
	for _, name := range []string{"john", "unhappy"} {
		d := load(t, name)
		again, err := ParseDefinition([]byte(d.canonical()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("%s (-first +again):\n%s", name, diff)
		}
	}
}

func TestEveryMistakeIsToldWithItsPlace(t *testing.T) {
	cases := map[string]struct{ change, to, question, text string }{
		"no name":                        {`"name":"About you"`, `"name":" "`, "survey", "no name"},
		"no purpose":                     {`"purpose":"support"`, `"purpose":"cart"`, "survey", "which consent"},
		"no time":                        {`"wait_hours":24`, `"wait_hours":0`, "survey", "how many hours"},
		"too many tries":                 {`"tries":2`, `"tries":9`, "survey", "five times"},
		"a language of its own missing":  {`"language":"en"`, `"language":"fr"`, "survey", "own language"},
		"a language that is not read":    {`"en":"Hi{%`, `"fr":"Salut","en":"Hi{%`, "survey", "cannot be read"},
		"a wording missing":              {`"de":"Und Ihr Hochzeitstag?",`, ``, "anniversary", "is missing"},
		"a wording too many":             {`"en":"And your anniversary?"`, `"en":"And your anniversary?","it":"E?"`, "anniversary", "the first question is not"},
		"a question that asks for STOP":  {`And your anniversary?`, `Your anniversary? Reply CANCEL to skip.`, "anniversary", "is an opt-out"},
		"a question that asks for YES":   {`And your anniversary?`, `Married? Reply YES.`, "anniversary", "confirms an opt-in"},
		"a number in the place of STOP":  {`And your anniversary?`, `Your anniversary? Reply 2 to unsubscribe.`, "anniversary", "Carriers forbid"},
		"an option that is an opt-out":   {`"label":{"en":"Blue"`, `"label":{"en":"Cancel"`, "color", "means stop"},
		"an option that is YES":          {`"label":{"en":"Blue"`, `"label":{"en":"Yes"`, "color", "means yes"},
		"a skip word that is an opt-out": {`"id":"wife",`, `"id":"wife","skip_words":{"en":["quit"]},`, "wife", "means stop"},
		"a stop word that is an opt-out": {`"suficiente"`, `"baja"`, "survey", "means stop"},
		"two questions of one id":        {`"id":"wife"`, `"id":"birthday"`, "birthday", "an id of its own"},
		"a branch back":                  {`"go":"color"`, `"go":"birthday"`, "wife", "no later question"},
		"a branch of numbers":            {`"if":{"skipped":true}`, `"if":{"below":3}`, "wife", "compare numbers"},
		"an unknown attribute":           {`"attribute":"wife"`, `"attribute":"husband"`, "wife", "no attribute"},
		"an attribute of another type":   {`"attribute":"wife"`, `"attribute":"csat"`, "wife", "is number"},
		"options of one label":           {`"label":{"en":"Green"`, `"label":{"en":"Blue"`, "color", "called the same"},
		"a type that is none":            {`"type":"name"`, `"type":"colour"`, "wife", "no question type"},
	}
	raw, err := os.ReadFile("testdata/john.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(raw), c.change, c.to, 1)
			if changed == string(raw) {
				t.Fatal("the case changes nothing")
			}
			d, err := ParseDefinition([]byte(changed))
			if err != nil {
				t.Fatal(err)
			}
			problems := check(d, rules(t), []string{"de", "en", "es"}, attributes())
			for _, p := range problems {
				if p.Question == c.question && strings.Contains(p.Text, c.text) {
					return
				}
			}
			t.Errorf("problems: %v, want one at %q with %q", problems, c.question, c.text)
		})
	}
}

func TestAnUnknownFieldIsRefused(t *testing.T) {
	for _, raw := range []string{`{"v":1,"name":"x","questionz":[]}`, `{"v":1} {"v":1}`, `[]`} {
		if _, err := ParseDefinition([]byte(raw)); errs.CodeOf(err) != "survey_invalid" {
			t.Errorf("%s: got %v", raw, err)
		}
	}
}

func FuzzADefinitionNeverBreaksItsCheck(f *testing.F) {
	for _, name := range []string{"john", "unhappy"} {
		raw, _ := json.Marshal(load(f, name))
		f.Add(raw)
	}
	law := rules(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := ParseDefinition(raw)
		if err != nil {
			return
		}
		check(d, law, []string{"en"}, attributes())
	})
}
