package segment

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/internal/errs"
	"parley/internal/people"
)

// testWords are the attributes that tests speak of.
func testWords() Words {
	attributes := map[string]people.Definition{}
	for key, kind := range map[string]people.AttributeType{"birthday": people.Date, "vip": people.Bool, "size": people.Text,
		"score": people.Number, "budget": people.Money, "likes": people.List} {
		attributes[key] = people.Definition{Key: key, Type: kind, Label: key}
	}
	return Words{Zone: time.UTC, Attributes: attributes, Segments: map[ID]Segment{}}
}

func mustCompile(t testing.TB, w Words, text string) *Program {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := Compile(d, w)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

func where(condition string) string { return `{"v":1,"where":` + condition + `}` }

func TestADefinitionIsSaidInWords(t *testing.T) {
	for _, c := range []struct{ condition, want string }{
		{`{"all":[]}`, `All customers.`},
		{`{"attr":"country","op":"in","value":["US","CA"]}`, `Customers who are such that their country is US or CA.`},
		{`{"all":[{"event":"order_placed","window":{"last":"90d"}},{"none":[{"event":"link_clicked","filter":{"prop":"campaign","op":"eq","value":"Spring sale"}}]}]}`,
			`Customers who have order_placed in the last 90 days, and are none of these: have link_clicked whose campaign is "Spring sale".`},
		{`{"event":"order_placed","agg":{"sum":"total"},"op":"gt","value":{"minor":50000,"currency":"EUR"},"window":{"last":"365d"}}`,
			`Customers who have order_placed in the last 365 days whose total added up is more than 500.00 EUR.`},
		{`{"event":"product_viewed","op":"gte","value":3,"window":{"between":{"from":"5d","to":"3d"}}}`,
			`Customers who have a number of product_viewed between 5 days and 3 days ago that is at least 3.`},
		{`{"sequence":{"first":{"event":"checkout_started"},"not_then":{"event":"order_placed"},"within":"2h","after":"30m"}}`,
			`Customers who have checkout_started between 30 minutes and 2 hours ago and no order_placed since.`},
		{`{"any":[{"attr":"birthday","op":"occurs_within","value":{"next":"7d"}},{"consent":"sms","is":"revoked"}]}`,
			`Customers who are such that their birthday comes round in the next 7 days, or opted out of marketing by text.`},
	} {
		if got := mustCompile(t, testWords(), where(c.condition)).Explain(); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.condition, got, c.want)
		}
	}
}

func TestWhatIsWrongIsSaidAtItsPlace(t *testing.T) {
	for _, c := range []struct{ condition, path, says string }{
		{`{"attr":"contry","op":"eq","value":"US"}`, "where.attr", "no attribute"},
		{`{"all":[{"attr":"country","op":"gt","value":"US"}]}`, "where.all[0].op", "eq, in, contains"},
		{`{"all":[{"all":[]},{"attr":"score","op":"gt","value":"many"}]}`, "where.all[1].value", "write a number"},
		{`{"attr":"value","op":"gt","value":50}`, "where.value", "minor units"},
		{`{"attr":"birthday","op":"within","value":{"last":"90m"}}`, "where.value", "number of days"},
		{`{"attr":"score","op":"between","value":[9,1]}`, "where.value", "lower one first"},
		{`{"attr":"country","op":"eq","value":"US","values":1}`, "where", `"values" has no meaning`},
		{`{"any":[]}`, "where.any", "add at least one"},
		{`{"attr":"country","event":"x"}`, "where", "say what it is"},
		{`{"event":"x","window":{"last":"3 days"}}`, "where.window.last", "a number and its unit"},
		{`{"event":"x","window":{"last":"3d","before":"1d"}}`, "where.window", "write one of"},
		{`{"event":"x","filter":{"attr":"country","op":"eq","value":"US"}}`, "where.filter", "prop"},
		{`{"event":"x","filter":{"prop":"a\"b","op":"eq","value":"US"}}`, "where.filter.prop", "without quotes"},
		{`{"event":"x","agg":{"median":"y"}}`, "where.agg", "sum, avg"},
		{`{"event":"x","agg":{"sum":"y"}}`, "where.op", "does not fit"},
		{`{"consent":"sms","is":"yes"}`, "where.is", "granted"},
		{`{"consent":"fax"}`, "where.consent", "sms or email"},
		{`{"sequence":{"first":{"event":"a"}}}`, "where.sequence", "either then or not_then"},
		{`{"sequence":{"first":{"event":"a"},"not_then":{"event":"b"},"within":"1h","after":"2h"}}`, "where.sequence.after", "shorter than within"},
		{`{"segment":"seg_gone"}`, "where.segment", "no such segment"},
		{strings.Repeat(`{"all":[`, 9) + strings.Repeat(`]}`, 9), "where" + strings.Repeat(".all[0]", 8), "at most 8 deep"},
		{`[]`, "where", "in braces"},
	} {
		d, err := Parse([]byte(where(c.condition)))
		if err == nil {
			_, err = Compile(d, testWords())
		}
		var e *errs.Error
		if !errors.As(err, &e) || e.Code != "segment_invalid" || !strings.Contains(e.Fields[c.path], c.says) {
			t.Errorf("%s: got %v, fields %v, want %q at %q", c.condition, err, fieldsOf(e), c.says, c.path)
		}
	}
}

func fieldsOf(e *errs.Error) map[string]string {
	if e == nil {
		return nil
	}
	return e.Fields
}

func TestASegmentMayContainAnotherButNotItself(t *testing.T) {
	w := testWords()
	for name, condition := range map[ID]string{"seg_a": `{"attr":"country","op":"eq","value":"US"}`, "seg_b": `{"none":[{"segment":"seg_a"}]}`,
		"seg_x": `{"segment":"seg_y"}`, "seg_y": `{"all":[{"segment":"seg_x"}]}`} {
		d, err := Parse([]byte(where(condition)))
		if err != nil {
			t.Fatal(err)
		}
		w.Segments[name] = Segment{ID: name, Name: string(name), Definition: d}
	}
	p := mustCompile(t, w, where(`{"segment":"seg_b"}`))
	us, _ := p.Eval(&Person{attrs: map[string]value{"country": {kind: Text, text: "US"}}}, 1)
	other, _ := p.Eval(&Person{}, 1)
	if us || !other {
		t.Errorf("got US %v, other %v, want the reverse", us, other)
	}
	d, _ := Parse([]byte(where(`{"segment":"seg_x"}`)))
	if _, err := Compile(d, w); !strings.Contains(errs.CodeOf(err), "segment_invalid") || !strings.Contains(err.Error(), "leads back to itself") {
		t.Errorf("a circle compiles: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(where(`{"all":[{"attr":"country","op":"in","value":["US"]},{"consent":"sms","is":"granted"}]}`)))
	f.Add([]byte(where(`{"event":"x","filter":{"any":[{"prop":"p","op":"gte","value":{"minor":1,"currency":"EUR"}}]},"agg":{"sum":"t"},"op":"gt","value":1e3,"window":{"calendar":"this_month"}}`)))
	f.Add([]byte(where(`{"sequence":{"first":{"event":"a"},"then":{"event":"b"},"within":"2h"},"window":{"from":"2026-01-01"}}`)))
	f.Add([]byte(`{"v":1,"tz":"Europe/Rome","where":{"none":[{"attr":"birthday","op":"occurs_within","value":{"next":"7d"}}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Parse(raw)
		if err != nil {
			if errs.KindOf(err) == errs.Internal {
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		again, err := Parse(d.Raw)
		if err != nil || string(again.Raw) != string(d.Raw) {
			t.Fatalf("%q is read as %q and then %q (%v)", raw, d.Raw, again.Raw, err)
		}
		p, err := Compile(d, testWords())
		if err != nil {
			return
		}
		if p.Explain() == "" {
			t.Fatalf("%q says nothing", raw)
		}
		p.Eval(&Person{}, 1_800_000_000_000_000)
		p.SQL("sqlite", "ws", 1_800_000_000_000_000)
	})
}
