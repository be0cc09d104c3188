package journey

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parley/internal/errs"
)

const tree = `{"v":1,"name":"Test","trigger":{"event":"cart_abandoned","key":"cart_token"},"reentry":{"rule":"per_key"},
"exit":[{"event":"order_placed","same":"cart_token","result":"recovered"}],
"steps":[
 {"id":"cool","type":"wait","for":"20m","until":{"event":"link_clicked","same":"cart_token"},"then":[{"id":"clicked","type":"set","attribute":"keen","value":true}],"else":[{"id":"quiet","type":"set","attribute":"keen","value":false}]},
 {"id":"rich","type":"branch","cases":[{"name":"large","when":{"prop":"total_minor","op":"gte","value":10000},"steps":[{"id":"give","type":"offer","offer":"Ten"},{"id":"tell","type":"send","purpose":"cart","text":"Hi"}]},
   {"name":"tiny","when":{"prop":"total_minor","op":"lt","value":100},"steps":[{"id":"drop","type":"stop","result":"tiny"}]}],"else":[{"id":"plain","type":"send","purpose":"cart","text":"Hi"}]},
 {"id":"end","type":"stop"}]}`

func TestADefinitionIsLaidOutSoThatEachStepKnowsWhatFollows(t *testing.T) {
	d, err := ParseDefinition([]byte(tree))
	if err != nil {
		t.Fatal(err)
	}
	p, problems := compile(d)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	got := map[string][]string{}
	for name, n := range p.steps {
		got[name] = append([]string{n.next, n.then, n.other}, n.cases...)
	}
	want := map[string][]string{
		"cool": {"rich", "clicked", "quiet"}, "clicked": {"rich", "rich", "rich"}, "quiet": {"rich", "rich", "rich"},
		"rich": {"end", "end", "plain", "give", "drop"}, "give": {"tell", "tell", "tell"}, "tell": {"end", "end", "end"},
		"drop": {"", "", ""}, "plain": {"end", "end", "end"}, "end": {"", "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" || p.first != "cool" {
		t.Errorf("first %s (-want +got):\n%s", p.first, diff)
	}
	for _, event := range []string{"cart_abandoned", "order_placed", "link_clicked"} {
		if !p.hears[event] {
			t.Errorf("does not hear %s", event)
		}
	}
}

func TestAStoredDefinitionIsTheSameWhenReadAgain(t *testing.T) {
	d, err := ParseDefinition([]byte(tree))
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseDefinition([]byte(d.canonical()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, again); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
}

func TestEveryMistakeIsToldWithItsPlace(t *testing.T) {
	cases := map[string]struct{ change, to, step, text string }{
		"no trigger":            {`"event":"cart_abandoned"`, `"event":""`, "trigger", "Nothing starts"},
		"no key":                {`,"key":"cart_token"}`, `}`, "trigger", "needs the trigger's key"},
		"two steps of one name": {`"id":"plain"`, `"id":"give"`, "give", "an id of its own"},
		"a send without words":  {`"id":"tell","type":"send","purpose":"cart","text":"Hi"`, `"id":"tell","type":"send","purpose":"cart"`, "tell", "Needs: message"},
		"an offer without one":  {`"offer":"Ten"`, `"offer":""`, "give", "Needs: offer"},
		"a wait without time":   {`"for":"20m",`, ``, "cool", "how long"},
		"an unknown comparison": {`"op":"gte"`, `"op":"sounds_like"`, "rich", "not a comparison"},
		"a condition of two":    {`{"prop":"total_minor","op":"lt","value":100}`, `{"prop":"a","attr":"b","op":"eq","value":1}`, "rich", "exactly one of"},
		"an unknown step":       {`"id":"end","type":"stop"`, `"id":"end","type":"dance"`, "end", "is not a step"},
		"an exit of no result":  {`"result":"recovered"`, `"result":""`, "exit", "its result"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(tree, c.change, c.to, 1)
			if changed == tree {
				t.Fatal("the case changes nothing")
			}
			d, err := ParseDefinition([]byte(changed))
			if err != nil {
				t.Fatal(err)
			}
			_, problems := compile(d)
			for _, p := range problems {
				if (c.step == "" || p.Step == c.step) && strings.Contains(p.Text, c.text) {
					return
				}
			}
			t.Errorf("problems: %v, want one at %q with %q", problems, c.step, c.text)
		})
	}
}

func TestAnUnknownFieldIsRefused(t *testing.T) {
	if _, err := ParseDefinition([]byte(`{"v":1,"name":"x","stepz":[]}`)); errs.CodeOf(err) != "journey_invalid" {
		t.Errorf("got %v", err)
	}
}

func TestDurationsReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]time.Duration{"30m": 30 * time.Minute, "36h": 36 * time.Hour, "7d": 7 * 24 * time.Hour, "90s": 90 * time.Second} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.Std() != want {
			t.Errorf("%s: got %s, %v", text, d.Std(), err)
		}
	}
	for _, text := range []string{"-1m", "9000d", "soon", "7days"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted as %s", text, d.Std())
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		want := Duration(time.Duration(rapid.IntRange(0, 100_000).Draw(t, "seconds")) * time.Second)
		text, _ := want.MarshalText()
		var got Duration
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Fatalf("%s was written %q and read as %s (%v)", want.Std(), text, got.Std(), err)
		}
	})
}

func TestConditionsHoldAsTheyRead(t *testing.T) {
	facts := Facts{
		Event:   map[string]any{"total_minor": float64(12800), "items": []any{"Linen dress"}, "shop": map[string]any{"country": "IT"}},
		Person:  map[string]any{"country": "us", "tags": []any{"vip"}, "orders": 3},
		Run:     map[string]bool{"replied": true},
		Consent: map[string]bool{"cart": true},
	}
	cases := map[string]bool{
		`{"prop":"total_minor","op":"gte","value":12800}`:                                               true,
		`{"prop":"total_minor","op":"gt","value":12800}`:                                                false,
		`{"prop":"shop.country","op":"eq","value":"it"}`:                                                true,
		`{"prop":"shop.city","op":"exists"}`:                                                            false,
		`{"prop":"shop.city","op":"missing"}`:                                                           true,
		`{"prop":"shop.city","op":"ne","value":"Rome"}`:                                                 true,
		`{"prop":"shop.city","op":"lt","value":"Z"}`:                                                    false,
		`{"prop":"items","op":"contains","value":"linen DRESS"}`:                                        true,
		`{"attr":"country","op":"in","value":["CA","US"]}`:                                              true,
		`{"attr":"tags","op":"contains","value":"vip"}`:                                                 true,
		`{"attr":"orders","op":"eq","value":3}`:                                                         true,
		`{"attr":"orders","op":"eq","value":"3"}`:                                                       false,
		`{"run":"replied"}`:                                                                             true,
		`{"run":"clicked"}`:                                                                             false,
		`{"consent":"cart","is":"granted"}`:                                                             true,
		`{"consent":"marketing","is":"missing"}`:                                                        true,
		`{"all":[{"run":"replied"},{"any":[{"run":"clicked"},{"attr":"orders","op":"gt","value":2}]}]}`: true,
		`{"none":[{"run":"clicked"},{"attr":"orders","op":"gt","value":5}]}`:                            true,
		`{"none":[{"run":"replied"}]}`:                                                                  false,
		`{"any":[]}`:                                                                                    false,
		`{"all":[]}`:                                                                                    true,
	}
	for text, want := range cases {
		var c Condition
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		if got := c.Holds(facts); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func FuzzADefinitionNeverBreaksTheCompiler(f *testing.F) {
	f.Add([]byte(tree))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := ParseDefinition(raw)
		if err != nil {
			return
		}
		p, problems := compile(d)
		if len(problems) == 0 && p.first == "" {
			t.Error("a program without problems begins nowhere")
		}
		d.Trigger.Where.Holds(Facts{})
	})
}
