package org

import (
	"strings"

	"golang.org/x/text/language"

	"parley/internal/money"
)

// Guess is what the set-up page proposes.
type Guess struct {
	Timezone string `json:"timezone"`
	Country  string `json:"country"`
	Currency string `json:"currency"`
}

// GuessFrom reads the languages a browser asks for (Accept-Language) and the time zone of the machine.
func GuessFrom(acceptLanguage, zone string) Guess {
	g := Guess{Timezone: zone, Country: "US"}
	if g.Timezone == "" || g.Timezone == "Local" {
		g.Timezone = "UTC"
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err == nil && len(tags) > 0 {
		if region, _ := tags[0].Region(); len(region.String()) == 2 && region.String() != "ZZ" {
			g.Country = region.String()
		}
	}
	g.Currency = string(currencyIn(g.Country))
	return g
}

// currencyIn is what is paid with in a country, after ISO 4217; US dollars where this list is silent.
func currencyIn(country string) money.Currency {
	euro := "AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK"
	if strings.Contains(euro, country) {
		return "EUR"
	}
	other := map[string]money.Currency{
		"AE": "AED", "AR": "ARS", "AU": "AUD", "BR": "BRL", "CA": "CAD", "CH": "CHF", "CL": "CLP", "CN": "CNY",
		"CO": "COP", "CZ": "CZK", "DK": "DKK", "EG": "EGP", "GB": "GBP", "HK": "HKD", "HU": "HUF", "ID": "IDR", "IL": "ILS",
		"IN": "INR", "IS": "ISK", "JP": "JPY", "KE": "KES", "KR": "KRW", "MA": "MAD", "MX": "MXN", "MY": "MYR", "NG": "NGN",
		"NO": "NOK", "NZ": "NZD", "PE": "PEN", "PH": "PHP", "PK": "PKR", "PL": "PLN", "RO": "RON", "RS": "RSD", "SA": "SAR",
		"SE": "SEK", "SG": "SGD", "TH": "THB", "TR": "TRY", "TW": "TWD", "UA": "UAH", "VN": "VND", "ZA": "ZAR",
	}
	if c, ok := other[country]; ok {
		return c
	}
	return "USD"
}
