package segment

import (
	"testing"
	"time"

	"parley/internal/clock"
	"parley/internal/people"
)

func at(t *testing.T, text string) clock.Time {
	t.Helper()
	std, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return clock.From(std)
}

func TestAWindowHoldsExactlyItsEdges(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	// Sunday 28 March 2027, 10:00 in Rome, on the day on which the clocks went forward at 2:00.
	m := moment{at(t, "2027-03-28T08:00:00Z"), rome}
	for _, c := range []struct{ window, first, last string }{
		{`{"last":"24h"}`, "2027-03-27T08:00:00.000001Z", "2027-03-28T08:00:00Z"},
		{`{"between":{"from":"2d","to":"1d"}}`, "2027-03-26T08:00:00.000001Z", "2027-03-27T08:00:00Z"},
		{`{"calendar":"today"}`, "2027-03-27T23:00:00Z", "2027-03-28T08:00:00Z"},
		{`{"calendar":"yesterday"}`, "2027-03-26T23:00:00Z", "2027-03-27T22:59:59.999999Z"},
		{`{"calendar":"this_week"}`, "2027-03-21T23:00:00Z", "2027-03-28T08:00:00Z"},
		{`{"calendar":"last_week"}`, "2027-03-14T23:00:00Z", "2027-03-21T22:59:59.999999Z"},
		{`{"calendar":"this_month"}`, "2027-02-28T23:00:00Z", "2027-03-28T08:00:00Z"},
		{`{"calendar":"last_month"}`, "2027-01-31T23:00:00Z", "2027-02-28T22:59:59.999999Z"},
		{`{"calendar":"this_year"}`, "2026-12-31T23:00:00Z", "2027-03-28T08:00:00Z"},
		{`{"calendar":"last_year"}`, "2025-12-31T23:00:00Z", "2026-12-31T22:59:59.999999Z"},
		{`{"from":"2027-03-01","until":"2027-03-03"}`, "2027-02-28T23:00:00Z", "2027-03-02T22:59:59.999999Z"},
	} {
		r := reader{problems: map[string]string{}}
		w := r.window([]byte(c.window), "window")
		s, first, last := w.at(m), at(t, c.first), at(t, c.last)
		if len(r.problems) > 0 || !s.holds(first) || s.holds(first-micro) || !s.holds(last) || s.holds(last+micro) {
			t.Errorf("%s holds after %v until %v, want %s to %s (%v)", c.window, s.after, s.until, c.first, c.last, r.problems)
		}
	}
	if got, want := nextMidnight(m), at(t, "2027-03-28T22:00:00Z"); got != want {
		t.Errorf("the day ends at %v, want %v", got, want)
	}
}

func TestAnniversariesComeEveryYear(t *testing.T) {
	for _, c := range []struct {
		now, reach, day string
		want            bool
	}{
		{"2027-02-27T12:00:00Z", `{"next":"1d"}`, "--02-29", true}, // no 29th this year: kept on the 28th
		{"2027-02-27T12:00:00Z", `{"next":"1d"}`, "1990-03-01", false},
		{"2028-02-27T12:00:00Z", `{"next":"1d"}`, "--02-29", false}, // it comes the day after
		{"2028-02-28T12:00:00Z", `{"next":"1d"}`, "--02-29", true},
		{"2027-12-30T12:00:00Z", `{"next":"3d"}`, "1990-01-02", true},
		{"2027-12-30T12:00:00Z", `{"next":"3d"}`, "1990-01-03", false},
		{"2027-12-30T12:00:00Z", `{"last":"3d"}`, "1990-12-27", true},
		{"2027-06-30T12:00:00Z", `{"next":"400d"}`, "1990-06-29", true},
	} {
		p := mustCompile(t, testWords(), where(`{"attr":"birthday","op":"occurs_within","value":`+c.reach+`}`))
		got, next := p.Eval(&Person{attrs: map[string]value{"attributes.birthday": {kind: Date, text: c.day}}}, at(t, c.now))
		if got != c.want {
			t.Errorf("%s at %s, %s: %v", c.day, c.now, c.reach, got)
		}
		if next.Std().Hour() != 0 || next <= at(t, c.now) {
			t.Errorf("%s at %s may change at %v, want midnight", c.day, c.now, next)
		}
	}
}

func TestTheNextChangeIsExact(t *testing.T) {
	now := at(t, "2027-03-01T12:00:00Z")
	ago := func(h int) clock.Time { return now - hour*clock.Time(h) }
	p := &Person{consents: map[consentKey]consent{{people.SMS, people.Marketing}: {status: people.Awaiting, pendingUntil: now + hour}},
		events: map[string][]happened{"a": {{at: ago(50)}, {at: ago(20)}, {at: ago(5)}, {at: ago(1)}, {at: now + 2*hour}}, "b": {{at: ago(30)}}}}
	for _, c := range []struct {
		condition string
		in        bool
		next      clock.Time
	}{
		{`{"event":"a","window":{"last":"24h"}}`, true, ago(1) + 24*hour},
		{`{"event":"a","op":"gte","value":3,"window":{"last":"24h"}}`, true, ago(20) + 24*hour},
		{`{"event":"a","op":"gte","value":4,"window":{"last":"24h"}}`, false, now + 2*hour},
		{`{"event":"b","window":{"last":"24h"}}`, false, never},
		{`{"event":"b"}`, true, never},
		{`{"event":"b","window":{"between":{"from":"48h","to":"40h"}}}`, false, ago(30) + 40*hour},
		{`{"consent":"sms","is":"pending"}`, true, now + hour + micro},
		{`{"sequence":{"first":{"event":"b"},"not_then":{"event":"c"},"after":"31h","within":"40h"}}`, false, ago(30) + 31*hour},
		{`{"sequence":{"first":{"event":"b"},"not_then":{"event":"c"},"within":"40h"}}`, true, ago(30) + 40*hour},
	} {
		in, next := mustCompile(t, testWords(), where(c.condition)).Eval(p, now)
		if in != c.in || next != c.next {
			t.Errorf("%s: %v until %v, want %v until %v", c.condition, in, next, c.in, c.next)
		}
	}
}
