package demo

import (
	"fmt"
	"time"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/conversation"
	"parley/internal/org"
)

const (
	home = "IT"
	zone = "Europe/Rome"

	abroad     = "GB" // where Emma lives
	abroadZone = "Europe/London"

	atLeast = 2 * time.Hour   // of allowed hours should be left when the demo starts
	settled = 5 * time.Minute // after the hours began
)

// Decent is the moment itself when texts may arrive then and for a while, else shortly after they may again: in the
// brand's country, and where the other customers live whose phones a visitor holds. The demo shows texts that leave, not
// texts that wait for the morning.
func Decent(at clock.Time) (clock.Time, error) {
	rules, err := compliance.Load()
	if err != nil {
		return 0, err
	}
	return decentBy(rules, at)
}

func decentBy(rules *compliance.Rules, at clock.Time) (clock.Time, error) {
	options := compliance.HoursOptions{Brand: conversation.WeekOf(org.DefaultSettings(brand))}
	places := []compliance.Place{{Country: home, Zone: zone, Source: compliance.Profile}, {Country: abroad, Zone: abroadZone, Source: compliance.Profile}}
	v := rules.Window(places, at, options)
	if v.Open && v.ClosesAt.Sub(at) >= atLeast {
		return at, nil
	}
	if v.Open {
		v = rules.Window(places, v.ClosesAt.Add(time.Minute), options)
	}
	if v.Never {
		return 0, fmt.Errorf("no hour is allowed in %s", zone)
	}
	return v.OpensAt.Add(settled), nil
}
