package channel

import (
	"strings"

	"parley/internal/errs"
	"parley/internal/money"
)

// PriceKey is the setting in which a brand writes what its provider charges. No provider tells before a text is sent.
const PriceKey = "prices"

// elsewhere stands for all countries that a price list does not name.
const elsewhere = "*"

// PriceSetting is the field of every adapter's form for the prices of one segment.
func PriceSetting() Setting {
	return Setting{Key: PriceKey, Label: "Price of a segment", Type: "list",
		Help: "What your provider charges, a line for each country of the recipient: US 0.0083 USD. A line with * counts for all others. Where nothing is said the price is shown as unknown."}
}

// Prices are what one segment costs by the recipient's country.
type Prices map[string]money.Price

// ParsePrices reads a price list: "US 0.0083 USD", one country in each line, with * for all others. It fails with
// errs.Invalid.
func ParsePrices(list string) (Prices, error) {
	out := Prices{}
	for _, line := range strings.FieldsFunc(list, func(r rune) bool { return r == '\n' || r == ',' || r == ';' }) {
		words := strings.Fields(strings.ToUpper(line))
		if len(words) == 0 {
			continue
		}
		bad := errs.New(errs.Invalid, "setting_invalid", "The price %q cannot be read. Write a country, a number and a currency: US 0.0083 USD.", strings.TrimSpace(line)).
			WithField("settings."+PriceKey, "is not a country, a number and a currency")
		if len(words) != 3 || !letters(words[2], 3) || words[0] != elsewhere && !letters(words[0], 2) {
			return nil, bad
		}
		price, err := money.ParsePrice(words[1], money.Currency(words[2]))
		if err != nil {
			return nil, bad
		}
		out[words[0]] = price
	}
	return out, nil
}

func letters(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Segment is what one segment to a country costs; known is false where the list says nothing.
func (p Prices) Segment(country string) (price money.Price, known bool) {
	if price, known = p[strings.ToUpper(country)]; known {
		return price, true
	}
	price, known = p[elsewhere]
	return price, known
}
