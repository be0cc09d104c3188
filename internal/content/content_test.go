package content_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/content"
	"parley/internal/errs"
	"parley/internal/money"
)

func vars() map[string]any {
	return map[string]any{
		"first_name": "John", "empty": "", "count": 3, "vip": true, "total": money.Amount{Minor: 12800, Currency: "EUR"},
		"ordered": clock.From(time.Date(2026, 3, 5, 14, 7, 0, 0, time.UTC)),
		"cart": map[string]any{"url": "https://era.example/cart?a=1&b=2", "items": []any{
			map[string]any{"title": "Red shoes"}, map[string]any{"title": "Scarf"}}},
		"tags": []string{"a", "b"},
	}
}

func TestTextsAreFilledIn(t *testing.T) {
	e := content.New()
	for source, want := range map[string]string{
		"Hello":                                                     "Hello",
		"Hi {{ first_name }}!":                                      "Hi John!",
		"Hi {{first_name|upcase}}!":                                 "Hi JOHN!",
		`Hi {{ nick | default: "there" }}!`:                         "Hi there!",
		`Hi {{ empty | default: "there" }}!`:                        "Hi there!",
		`Hi {{ nick | upcase | default: "x" }}!`:                    "Hi x!",
		"{% if nick %}{{ nick }}{% else %}You{% endif %}":           "You",
		"{% for i in cart.items %}{{ i.title }}, {% endfor %}":      "Red shoes, Scarf, ",
		"{{ total }} for {{ count }}":                               "€128.00 for 3",
		"{{ cart.items[0].title | downcase }}":                      "red shoes",
		"{{- first_name -}} ":                                       "John",
		`{{ ordered | date: "%B %-d, %Y at %H:%M, 100%%" }}`:        "March 5, 2026 at 14:07, 100%",
		`{{ tags | join: ", " }}`:                                   "a, b",
		`{% assign who = first_name | append: "!" %}{{ who }}`:      "John!",
		`{{ "a|b" | append: "}" }}`:                                 "a|b}",
		"50% off } { and a {single} brace":                          "50% off } { and a {single} brace",
		`{{ first_name | replace: "J", "Y" | split: "o" | first }}`: "Y",
	} {
		got, err := e.Render(source, vars())
		if err != nil || got.Text() != want {
			t.Errorf("%s: got %q, %v; want %q", source, got.Text(), err, want)
		}
	}
}

func TestAMissingValueIsNeverSentAsAPlaceholder(t *testing.T) {
	e := content.New()
	for _, source := range []string{"Hi {{ nick }}", "Hi {{ empty }}", "Hi {{ nick | upcase }}", "Hi {{ cart.name | append: '!' }}",
		"Hi {{ first_name.x.y }}", "Hi {{ cart.items[9].title }}", `{% assign n = nick | upcase %}Hi {{ n }}`} {
		got, err := e.Render(source, vars())
		if errs.CodeOf(err) != "value_missing" || got.Text() != "" {
			t.Errorf("%s: got %q, %v", source, got.Text(), err)
		}
	}
	if _, err := e.Render("Hi {{ person.nick | upcase }}", nil); !strings.Contains(err.Error(), `"person.nick"`) {
		t.Errorf("the error does not name the value: %v", err)
	}
}

func TestBrokenTemplatesAreRefusedBeforeTheyAreSent(t *testing.T) {
	e := content.New()
	for source, want := range map[string]string{
		"Hi {{ first_name":                           "placeholder_unclosed",
		"Hi {{ first_name }":                         "placeholder_unclosed",
		"Hi first_name }}":                           "placeholder_unclosed",
		"Hi {{ first_name } and {{ count }}":         "placeholder_unclosed",
		"Hi {% if vip":                               "placeholder_unclosed",
		"Hi {{ }}":                                   "placeholder_empty",
		"{% if vip %}x":                              "template_syntax",
		"{% endif %}":                                "template_syntax",
		"{% include '/etc/passwd' %}":                "tag_unknown",
		"{% raw %}{{ first_name }}{% endraw %}":      "tag_unknown",
		"{% capture a %}x{% endcapture %}":           "tag_unknown",
		"{% for i in (1..3000000) %}x{% endfor %}":   "range_refused",
		"{{ (1..3000000) | join }}":                  "range_refused",
		"{% assign a = (1..3000000) %}":              "range_refused",
		"{{ first_name | system: 'ls' }}":            "",
		strings.Repeat("x", content.MaxSource+1):     "template_too_long",
		"{%for a in x%}{%for b in x%}{%for c in x%}": "loop_too_deep",
	} {
		_, err := e.Render(source, vars())
		if err == nil || (want != "" && errs.CodeOf(err) != want) {
			t.Errorf("%.60s: got %v, want %s", source, err, want)
		}
	}
	if got := e.Lint("a\nb {{ }}\n{% include 'x' %}"); len(got) != 2 || got[0].Line != 2 || got[1].Line != 3 {
		t.Errorf("problems %+v", got)
	}
}

// What people write about themselves is data, also when it looks like a template (I30).
func TestDataIsNeverReadAsATemplate(t *testing.T) {
	e := content.New()
	for _, evil := range []string{"{{ first_name }}", "{% include '/etc/passwd' %}", "{{ 7 | times: 7 }}", "${7*7}", "<%= 1 %>", "{{"} {
		got, err := e.Render("Hi {{ name }}, {{ name | upcase | append: name }}", map[string]any{"name": evil})
		want := "Hi " + evil + ", " + strings.ToUpper(evil) + evil
		if err != nil || got.Text() != want {
			t.Errorf("got %q, %v; want %q", got.Text(), err, want)
		}
	}
	type secret struct{ Token string }
	if got, err := e.Render("{{ s.Token }}", map[string]any{"s": secret{"hush"}}); err == nil {
		t.Errorf("a Go value was read: %q", got.Text())
	}
}

// No template makes one text cost more than a moment or a megabyte (I30, I40).
func TestWorkAndOutputAreBounded(t *testing.T) {
	e := content.New()
	long := make([]any, 5000)
	for i := range long {
		long[i] = strings.Repeat("x", 50)
	}
	double := func(step string) string { return strings.Repeat(step, 200) + "{{ a | size }}" }
	for _, source := range []string{
		"{% for i in l %}{% for j in l %}{{ i }}{% endfor %}{% endfor %}",
		"{% assign a = 'xx' %}" + double("{% assign a = a | append: a %}"),
		"{% assign a = 'xx' %}" + double("{% assign a = a | prepend: a %}"),
		"{% assign a = 'xx' %}" + double("{% assign a = a | replace: 'x', 'xx' %}"),
		"{% assign a = l %}" + double("{% assign a = a | concat: a %}"),
		`{{ d | date: "%999999999Y" }}`,
		`{{ l | join: s | append: "x" | append: s }}`,
	} {
		started := time.Now()
		_, err := e.Render(source, map[string]any{"l": long, "d": clock.Time(1e15), "s": strings.Repeat("y", 19_999)})
		if err == nil {
			t.Errorf("%.60s: no error", source)
		}
		if spent := time.Since(started); spent > time.Second {
			t.Errorf("%.60s: took %s", source, spent)
		}
	}
}

func TestAddressesAreMarkedToBeShortened(t *testing.T) {
	e := content.New()
	r, err := e.Render(`See {{ cart.url | link }} or {{ "https://era.example/sale" | link }}.`, vars())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"https://era.example/cart?a=1&b=2", "https://era.example/sale"}, r.Links()); diff != "" {
		t.Error(diff)
	}
	if got := r.With([]string{"https://e.ra/1", "https://e.ra/2"}); got != "See https://e.ra/1 or https://e.ra/2." {
		t.Error(got)
	}
	if got := r.Text(); got != "See https://era.example/cart?a=1&b=2 or https://era.example/sale." {
		t.Error(got)
	}
	if _, err := e.Render(`{{ "javascript:alert(1)" | link }}`, nil); err == nil {
		t.Error("a link to a script was accepted")
	}
	forged, err := e.Render("{{ name }}", map[string]any{"name": "a\ue000https://evil.example\ue001b"})
	if err != nil || len(forged.Links()) != 0 || forged.Text() != "ahttps://evil.exampleb" {
		t.Errorf("a person's name made a link: %q %v %v", forged.Text(), forged.Links(), err)
	}
}

func TestATextIsShapedToItsChannel(t *testing.T) {
	photo := content.File{URL: "file:1", Link: "https://era.example/m/1", ContentType: "image/png", Name: "shoe.png", Size: 100}
	got, err := content.Shape("Look \n", []content.File{photo}, content.Carrier{MaxUnits: 100})
	if err != nil || got.Text != "Look\nhttps://era.example/m/1" || len(got.Files) != 0 {
		t.Errorf("without media: %+v, %v", got, err)
	}
	got, err = content.Shape("Look", []content.File{photo}, content.Carrier{Media: true, MaxMedia: 100})
	if err != nil || got.Text != "Look" || len(got.Files) != 1 {
		t.Errorf("with media: %+v, %v", got, err)
	}
	if got, err = content.Shape("", []content.File{photo}, content.Carrier{Media: true, MaxMedia: 99}); err != nil || got.Text != photo.Link {
		t.Errorf("too large a file: %+v, %v", got, err)
	}
	photo.Link = ""
	if _, err = content.Shape("", []content.File{photo}, content.Carrier{}); errs.CodeOf(err) != "media_unsupported" {
		t.Error(err)
	}
	if _, err = content.Shape("ééé", nil, content.Carrier{MaxUnits: 2}); errs.CodeOf(err) != "text_too_long" {
		t.Error(err)
	}
	if _, err = content.Shape("ééé", nil, content.Carrier{MaxUnits: 3}); err != nil {
		t.Error(err)
	}
}

func FuzzTemplatesNeverBreakOut(f *testing.F) {
	for _, seed := range []string{"Hi {{ name }}", "{% if name %}a{% endif %}", "{{ name | date: '%Y' }}", "{{'a'|link}}", "{% for i in l %}{{i}}{% endfor %}"} {
		f.Add(seed, "John")
	}
	e := content.New()
	f.Fuzz(func(t *testing.T, source, name string) {
		r, err := e.Render(source, map[string]any{"name": name, "l": []any{name, 1}})
		if err == nil && len(r.Text()) > content.MaxOutput {
			t.Errorf("%q made %d bytes", source, len(r.Text()))
		}
	})
}

func BenchmarkRender(b *testing.B) {
	e := content.New()
	v := vars()
	for b.Loop() {
		if _, err := e.Render(`Hi {{ first_name | default: "there" }}, your cart waits: {{ cart.url | link }}`, v); err != nil {
			b.Fatal(err)
		}
	}
}
