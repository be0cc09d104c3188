// Package money is an amount in minor units of a currency: 12800 EUR is 128.00 euro.
package money

import (
	"fmt"
	"strings"

	"parley/internal/errs"
)

// Currency is an ISO 4217 code in capitals.
type Currency string

// Amount is money in minor units (cents) of a currency.
type Amount struct {
	Minor    int64    `json:"minor" doc:"amount in minor units, for example cents"`
	Currency Currency `json:"currency" doc:"ISO 4217 code" example:"EUR"`
}

// Decimals is how many digits the currency has after the point, per ISO 4217.
func (c Currency) Decimals() int {
	switch c {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// Parse reads a decimal text such as "128.00" or "-3.5"; more digits than the currency has must be zeros.
func Parse(text string, c Currency) (Amount, error) {
	bad := errs.New(errs.Invalid, "amount_invalid", "%q is not an amount in %s such as 128.00.", text, c)
	s, negative := strings.CutPrefix(strings.TrimSpace(text), "-")
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) == 0 || len(whole) > 15 {
		return Amount{}, bad
	}
	d := c.Decimals()
	for len(fraction) > d && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > d {
		return Amount{}, bad
	}
	fraction += strings.Repeat("0", d-len(fraction))
	var minor int64
	for _, r := range whole + fraction {
		if r < '0' || r > '9' {
			return Amount{}, bad
		}
		minor = minor*10 + int64(r-'0')
	}
	if negative {
		minor = -minor
	}
	return Amount{Minor: minor, Currency: c}, nil
}

// Decimal is the amount as a plain decimal text, "128.00".
func (a Amount) Decimal() string {
	d := a.Currency.Decimals()
	minor, sign := a.Minor, ""
	if minor < 0 {
		minor, sign = -minor, "-"
	}
	if d == 0 {
		return fmt.Sprintf("%s%d", sign, minor)
	}
	unit := int64(1)
	for range d {
		unit *= 10
	}
	return fmt.Sprintf("%s%d.%0*d", sign, minor/unit, d, minor%unit)
}

// String is the amount as people write it: "€128.00", "128.00 SEK".
func (a Amount) String() string {
	symbols := map[Currency]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
	if s, ok := symbols[a.Currency]; ok {
		if a.Minor < 0 {
			return "-" + s + Amount{Minor: -a.Minor, Currency: a.Currency}.Decimal()
		}
		return s + a.Decimal()
	}
	return a.Decimal() + " " + string(a.Currency)
}
