package money

import (
	"strings"

	"parley/internal/errs"
)

// Price is what one of many costs, finer than the smallest coin: texts cost fractions of a cent.
type Price struct {
	Micros   int64    `json:"micros" doc:"millionths of the currency's unit: 8300 USD is 0.0083 dollars"`
	Currency Currency `json:"currency" doc:"ISO 4217 code" example:"EUR"`
}

// ParsePrice reads a decimal text such as "0.0083", with at most six digits after the point. It fails with errs.Invalid.
func ParsePrice(text string, c Currency) (Price, error) {
	bad := errs.New(errs.Invalid, "price_invalid", "%q is not a price such as 0.0083.", text)
	whole, fraction, _ := strings.Cut(text, ".")
	if len(whole) == 0 || len(whole) > 9 || len(fraction) > 6 {
		return Price{}, bad
	}
	p := Price{Currency: c}
	for _, r := range whole + fraction + strings.Repeat("0", 6-len(fraction)) {
		if r < '0' || r > '9' {
			return Price{}, bad
		}
		p.Micros = p.Micros*10 + int64(r-'0')
	}
	return p, nil
}

// Times is the price of n.
func (p Price) Times(n int) Price { return Price{p.Micros * int64(n), p.Currency} }
