package shipped_test

import (
	"testing"

	"parley/internal/content"
	"parley/internal/gsm"
	"parley/internal/journey"
	"parley/internal/journey/shipped"
)

// steps are all steps of a definition, those inside of others too.
func steps(list []journey.Step) []journey.Step {
	var out []journey.Step
	for _, s := range list {
		out = append(append(append(out, s), steps(s.Then)...), steps(s.Else)...)
		for _, c := range s.Cases {
			out = append(out, steps(c.Steps)...)
		}
	}
	return out
}

func TestShippedTextsAreShortAndPlain(t *testing.T) {
	all, err := shipped.Definitions()
	if err != nil || len(all) < 2 {
		t.Fatalf("%d definitions, %v", len(all), err)
	}
	vars := map[string]any{
		"brand": map[string]any{"name": "Fashion Era"}, "person": map[string]any{"given_name": "Maximiliane"},
		"cart":  map[string]any{"first_item": "Merino roll-neck sweater", "restore_url": "https://fashion-era.example/l/0123456789abcdef"},
		"offer": map[string]any{"code": "ERA-7K2QX9PA"},
	}
	engine, texts := content.New(), 0
	for _, d := range all {
		def, err := journey.ParseDefinition(d.JSON)
		if err != nil {
			t.Fatalf("%s: %v", d.File, err)
		}
		for _, s := range steps(def.Steps) {
			for _, source := range []string{s.Text, s.Draft} {
				if source == "" {
					continue
				}
				texts++
				got, err := engine.Render(source, vars)
				if err != nil {
					t.Fatalf("%s, step %s: %v", d.File, s.ID, err)
				}
				size := gsm.Count(got.Text()+" Reply STOP to opt out.", gsm.Standard())
				if size.Encoding != gsm.GSM7 || size.Segments > 2 {
					t.Errorf("%s, step %s: %s, %d segments: %s", d.File, s.ID, size.Encoding, size.Segments, got.Text())
				}
			}
		}
	}
	if texts < 4 {
		t.Errorf("only %d texts were looked at", texts)
	}
}

func TestTheTextsNeedNothingButTheCart(t *testing.T) {
	all, err := shipped.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	engine := content.New()
	vars := map[string]any{"brand": map[string]any{"name": "Fashion Era"}, "cart": map[string]any{"restore_url": "https://shop.example/c/1"},
		"person": map[string]any{}, "offer": map[string]any{"code": "ERA-7K2QX9PA"}}
	for _, d := range all {
		def, err := journey.ParseDefinition(d.JSON)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps(def.Steps) {
			if _, err := engine.Render(s.Text+s.Draft, vars); err != nil {
				t.Errorf("%s, step %s, of somebody without a name: %v", d.File, s.ID, err)
			}
		}
	}
}
