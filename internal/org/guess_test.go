package org

import (
	"context"
	"strings"
	"testing"
)

func TestTheSetupPageGuessesFromTheBrowser(t *testing.T) { // FR-5
	for _, c := range []struct {
		name, languages, zone string
		want                  Guess
	}{
		{"an Italian browser", "it-IT,it;q=0.9,en;q=0.8", "Europe/Rome", Guess{"Europe/Rome", "IT", "EUR"}},
		{"a language without a country", "sv", "Europe/Stockholm", Guess{"Europe/Stockholm", "SE", "SEK"}},
		{"British English on a machine without a zone", "en-GB", "Local", Guess{"UTC", "GB", "GBP"}},
		{"no language", "", "", Guess{"UTC", "US", "USD"}},
		{"nonsense", ";;;q=x", "UTC", Guess{"UTC", "US", "USD"}},
		{"a region that is no country", "es-419", "UTC", Guess{"UTC", "US", "USD"}},
	} {
		if got := GuessFrom(c.languages, c.zone); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestASetupCodeHas54Bits(t *testing.T) { // FR-2
	words := strings.Fields(setupWords)
	seen := map[string]bool{}
	for _, w := range words {
		if seen[w] || len(w) < 3 || len(w) > 9 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q stands twice or is not a short word", w)
		}
		seen[w] = true
	}
	if len(words) != 512 {
		t.Errorf("%d words make another number of bits", len(words))
	}
	if a, b := newCode(), newCode(); a == b || strings.Count(a, "-") != codeWords-1 || normalCode(" "+strings.ToUpper(a)+"\n") != a {
		t.Errorf("got %q and %q", a, b)
	}
}

func TestAnUnknownAccountCostsAsMuchAsAKnownOne(t *testing.T) { // I33
	h := newHasher()
	stored, err := h.hash(context.Background(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	cost := func(text string) string { return strings.Join(strings.Split(text, "$")[:4], "$") }
	if cost(stored) != cost(h.none) {
		t.Errorf("a known account costs %s, an unknown one %s", cost(stored), cost(h.none))
	}
	if fits, err := h.fits(context.Background(), "correct horse battery", stored); !fits || err != nil {
		t.Errorf("the right password: %v %v", fits, err)
	}
	for name, c := range map[string][2]string{"a wrong password": {"wrong", stored}, "no password stored": {"", ""}} {
		if fits, err := h.fits(context.Background(), c[0], c[1]); fits || err != nil {
			t.Errorf("%s: %v %v", name, fits, err)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	h.slots <- struct{}{}
	h.slots <- struct{}{}
	if _, err := h.hash(ended, "x"); err == nil {
		t.Error("a third hash began while two were at work")
	}
}
