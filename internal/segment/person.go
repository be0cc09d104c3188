package segment

import (
	"parley/internal/clock"
	"parley/internal/id"
	"parley/internal/people"
)

// Person is what segments know of one person.
type Person struct {
	ID       id.Person
	attrs    map[string]value
	consents map[consentKey]consent
	events   map[string][]happened // by type, oldest first
}

// happened is an event with its properties as they came out of JSON.
type happened struct {
	at    clock.Time
	props map[string]any
}

func (h happened) value(prop string) value { return valueOf(h.props[prop]) }

// consentKey is what consent is given for.
type consentKey struct {
	medium  people.Medium
	purpose people.Purpose
}

// consent is where the address stands that Parley would write to.
type consent struct {
	status       people.Status
	pendingUntil clock.Time
	unreachable  bool
}
