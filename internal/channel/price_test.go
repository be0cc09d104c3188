package channel_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"parley/internal/channel"
	"parley/internal/errs"
	"parley/internal/gsm"
	"parley/internal/money"
)

func TestATextCostsItsSegmentsAndAnUnknownPriceIsNotZero(t *testing.T) {
	raw, err := os.ReadFile("../gsm/testdata/vectors.json") // the browser reads the same
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Prices []struct {
			Name, List, Country string
			Text                [][2]any // [text, times]
			Segment, Micros     *int64
			Currency            money.Currency
		}
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Prices) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range vectors.Prices {
		t.Run(v.Name, func(t *testing.T) {
			list, err := channel.ParsePrices(v.List)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for _, piece := range v.Text {
				text.WriteString(strings.Repeat(piece[0].(string), int(piece[1].(float64))))
			}
			each, known := list.Segment(v.Country)
			got := each.Times(gsm.Count(text.String(), gsm.Standard()).Segments)
			if known != (v.Micros != nil) || known && (each.Micros != *v.Segment || got != money.Price{Micros: *v.Micros, Currency: v.Currency}) {
				t.Errorf("got %+v (known %v), want %+v", got, known, v)
			}
		})
	}
}

func TestAPriceListThatCannotBeReadIsRefused(t *testing.T) {
	for _, list := range []string{"US", "US 0.0083", "US cheap USD", "USA 0.0083 USD", "US 0.0083 $", "US -1 USD", "US 0.00000001 USD", "US 0.1 USD EUR"} {
		if _, err := channel.ParsePrices(list); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%q: %v", list, err)
		}
	}
}
