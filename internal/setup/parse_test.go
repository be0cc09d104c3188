package setup_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"parley/internal/setup"
)

// top is the beginning of a file whose entries are under test; it has four lines.
const top = "version: 1\nworkspaces:\n- slug: era\n  name: Era\n"

func problems(t *testing.T, raw string, env map[string]string, dir fstest.MapFS) []string {
	t.Helper()
	_, err := setup.Parse([]byte(raw), lookup(env), dir)
	var list setup.Problems
	if err == nil {
		return nil
	}
	if !errors.As(err, &list) {
		t.Fatalf("%v is not a list of problems", err)
	}
	return strings.Split(list.In("setup.yaml"), "\n")
}

func TestEachProblemOfAFileIsToldWithItsLine(t *testing.T) {
	for what, c := range map[string]struct {
		file string
		want []string
	}{
		"an unknown field":        {top + "  colour: red\n", []string{`setup.yaml:5: there is no field "colour" in a workspace`}},
		"an unknown deep field":   {top + "  members:\n  - email: a@b.example\n    name: A\n    role: owner\n    mail: x\n", []string{`setup.yaml:9: there is no field "mail" in a member`}},
		"an unknown setting":      {top + "  settings:\n    brand: Era\n    color: red\n", []string{`setup.yaml:7: there is no such field: "color"`}},
		"an unknown limit":        {top + "  settings:\n    agent_limits:\n      per_week: 1\n", []string{`setup.yaml:7: there is no such field: "per_week"`}},
		"a wrong type":            {top + "  pilot: often\n", []string{"setup.yaml:5: `often` is not true or false"}},
		"a wrong type of setting": {top + "  settings:\n    undo_seconds: five\n", []string{"setup.yaml:6: undo_seconds: a string is not a whole number"}},
		"a field twice":           {top + "  name: Again\n", []string{`setup.yaml:5: mapping key "name" already defined at line 4`}},
		"a setting twice":         {top + "  settings:\n    brand: A\n    brand: B\n", []string{`setup.yaml:7: mapping key "brand" already defined at line 6`}},
		"two workspaces of a name": {top + "- slug: era\n  name: Era\n", []string{
			`setup.yaml:5: the workspace "era" is here a second time; the first is on line 3`}},
		"two members of an e-mail": {top + "  members:\n  - {email: A@b.example, name: A, role: owner}\n  - {email: a@B.example, name: A, role: agent}\n", []string{
			`setup.yaml:7: the member "a@b.example" is here a second time; the first is on line 6`}},
		"a channel and a shop of one name": {top + "  channels:\n  - {name: era, kind: sim}\n  shops:\n  - {name: era, kind: shopify, domain: era.example}\n", []string{
			`setup.yaml:8: the channel or shop "era" is here a second time; the first is on line 6`}},
		"keys with one secret": {top + "  api_keys:\n  - {name: a, scopes: [person.read], secret: x}\n  - {name: b, scopes: [person.read], secret: x}\n", []string{
			`setup.yaml:7: the API key "b" has the secret of the one on line 6`}},
		"a role and a scope that do not exist": {top + "  members:\n  - {email: a@b.example, name: A,\n    role: boss}\n  api_keys:\n  - name: a\n    secret: x\n    scopes:\n    - person.read\n    - person.eat\n", []string{
			`setup.yaml:7: there is no role "boss"; there are [owner admin lead marketer agent viewer]`, `setup.yaml:13: there is no permission "person.eat"`}},
		"what is missing": {"version: 1\nworkspaces:\n- slug: Era!\n  offers:\n  - {name: x}\n  channels:\n  - kind: sim\n", []string{
			"setup.yaml:3: name is missing", "setup.yaml:3: slug must be of small letters, digits and hyphens, at most 40, because it stands in addresses",
			"setup.yaml:5: kind is missing", "setup.yaml:7: a channel or shop without a name"}},
		"an end":               {top + "  api_keys:\n  - name: x\n    scopes: [event.write]\n    secret: y\n    expires_at: soon\n", []string{`setup.yaml:9: "soon" is not a time such as 2027-01-01T00:00:00Z`}},
		"a duration":           {top + "  offers:\n  - name: x\n    kind: percent\n    expires_after: soon\n", []string{`setup.yaml:8: "soon" is not a duration such as 30m, 36h or 7d`}},
		"no definition":        {top + "  journeys:\n  - name: x\n", []string{`setup.yaml:6: the journey "x" needs either definition or definition_file`}},
		"a bad definition":     {top + "  journeys:\n  - name: x\n    definition:\n      v: 1\n      shape: round\n", nil},
		"another version":      {"version: 2\nworkspaces:\n- {slug: era, name: Era}\n", []string{"setup.yaml:1: version must be 1"}},
		"no workspaces":        {"version: 1\n", []string{"setup.yaml:1: there are no workspaces in the file"}},
		"nothing":              {"", []string{"setup.yaml: the file is empty"}},
		"two documents":        {top + "---\n" + top, []string{"setup.yaml: the file holds more than one document; write several workspaces into one list instead"}},
		"no YAML":              {"version: 1\nworkspaces: [", nil},
		"a list where a field": {"version: 1\nworkspaces: era\n", []string{"setup.yaml:2: `era` is not a list"}},
		"several at once":      {top + "  colour: red\n  pilot: often\n", []string{`setup.yaml:5: there is no field "colour" in a workspace`, "setup.yaml:6: `often` is not true or false"}},
	} {
		t.Run(what, func(t *testing.T) {
			got := problems(t, c.file, nil, nil)
			if len(got) == 0 {
				t.Fatal("nothing was told")
			}
			if c.want == nil {
				if !regexp.MustCompile(`^setup\.yaml:\d+: .+`).MatchString(got[0]) {
					t.Errorf("no line in %q", got)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestVariablesAreTextsAndNeverMoreYAML(t *testing.T) {
	env := map[string]string{"NAME": "Era: [x]\nslug: other # no", "N": "7", "NULL": "null", "OLD": "007", "ON": "true", "EMPTY": ""}
	f, err := setup.Parse([]byte(`version: 1
workspaces:
- slug: era
  name: ${NAME}
  pilot: ${ON}
  settings:
    undo_seconds: ${N}
    program: "${N}"
    brand: $${NAME} of ${OLD}, ${N}$
  channels:
  - name: sms
    kind: twilio
    settings: {auth_token: "${NULL}", account_sid: "${OLD}", number: '${EMPTY}'}
`), lookup(env), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := f.Workspaces[0]
	if w.Slug != "era" || w.Name != "Era: [x]\nslug: other # no" || !*w.Pilot {
		t.Errorf("slug %q, name %q, pilot %v", w.Slug, w.Name, *w.Pilot)
	}
	if diff := cmp.Diff(map[string]any{"undo_seconds": 7, "program": "7", "brand": "${NAME} of 007, 7$"}, w.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"auth_token": "null", "account_sid": "007", "number": ""}, w.Channels[0].Settings); diff != "" {
		t.Errorf("channel (-want +got):\n%s", diff)
	}
	want := []string{`setup.yaml:5: the environment variable NOPE is not set`, `setup.yaml:6: "${two words}" is not a variable such as ${NAME}; a ${ that is meant as text is written $${`,
		`setup.yaml:7: "${open" is not a variable such as ${NAME}; a ${ that is meant as text is written $${`}
	if diff := cmp.Diff(want, problems(t, top+"  country: ${NOPE}\n  timezone: ${two words}\n  currency: ${open\n", env, nil)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestFilesBesideTheSetUpFileAreRead(t *testing.T) {
	dir := fstest.MapFS{"secrets/ana": {Data: []byte("correct horse\n")}, "cart.json": {Data: []byte(`{"v":1,"trigger":{"event":"x"},"reentry":{"rule":"once"},"steps":[{"id":"a","type":"stop"}]}`)},
		"odd.yaml": {Data: []byte("v: 1\nname: Other\nnew_field: 1\n")}}
	raw := top + "  members:\n  - {email: ana@b.example, name: Ana, role: owner, password_file: secrets/ana}\n  journeys:\n  - {name: Cart, definition_file: cart.json}\n"
	f, err := setup.Parse([]byte(raw), lookup(nil), dir)
	if err != nil {
		t.Fatal(err)
	}
	if w := f.Workspaces[0]; w.Members[0].Password != "correct horse" || w.Journeys[0].Read.Name != "Cart" || w.Journeys[0].Read.Trigger.Event != "x" {
		t.Errorf("read %+v", w)
	}
	for name, want := range map[string]string{
		"password_file: ../secrets/ana":                                        "is not a file below the folder",
		"password_file: /etc/passwd":                                           "is not a file below the folder",
		"password_file: secrets/bob":                                           "cannot read secrets/bob",
		"password: 'x', password_file: secrets/ana":                            "both password and password_file",
		"password: 'x'}]\n  journeys: [{name: Cart, definition_file: odd.yaml": "new_field",
	} {
		got := problems(t, top+"  members: [{email: ana@b.example, name: Ana, role: owner, "+name+"}]\n", nil, dir)
		if len(got) != 1 || !strings.Contains(got[0], want) || !strings.HasPrefix(got[0], "setup.yaml:") {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The manual's example is a file that works, and it shows every field there is.
func TestTheExampleOfTheManualIsRead(t *testing.T) {
	raw, err := os.ReadFile("../../docs/setup-as-code.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(raw)
	if m == nil {
		t.Fatal("the manual has no example")
	}
	env := func(string) (string, bool) { return strings.Repeat("secret of the manual ", 3), true }
	f, err := setup.Parse(m[1], env, fstest.MapFS{"secrets/bob-password": {Data: []byte("correct horse battery")}, "journeys/thank-you.json": {
		Data: []byte(`{"v":1,"trigger":{"event":"order_placed","key":"order_id"},"reentry":{"rule":"per_key"},"steps":[{"id":"end","type":"stop"}]}`)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Workspaces) != 1 || len(f.Workspaces[0].Journeys) != 2 {
		t.Errorf("read %+v", f)
	}
	for _, name := range yamlNames(setup.File{}) {
		if !strings.Contains(string(m[1]), name+":") {
			t.Errorf("the example does not show %s", name)
		}
		if !strings.Contains(string(raw), "`"+name+"`") {
			t.Errorf("the manual does not explain `%s`", name)
		}
	}
}

func FuzzParseNeverPanicsAndTellsWhereTheTroubleIs(f *testing.F) {
	f.Add([]byte(top))
	f.Add([]byte(top + "  settings: {brand: &a [*a]}\n"))
	f.Add([]byte(top + "  members: [{email: '${X}', limits: {per_day: 1e99}}]\n"))
	f.Add([]byte("a: &a [b]\nversion: *a\n? [x]\n: y\n"))
	f.Add([]byte(top + "  journeys: [{name: x, definition: {1: 2, steps: [{id: {}}]}}]\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := setup.Parse(raw, func(string) (string, bool) { return "1", true }, nil)
		var list setup.Problems
		if err != nil && !errors.As(err, &list) {
			t.Errorf("%v is not a list of problems", err)
		}
	})
}
