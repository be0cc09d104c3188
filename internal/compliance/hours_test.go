package compliance

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/clock"
)

// at reads a local wall time in a zone; the tests use times that exist once.
func at(t testing.TB, zone, wall string) clock.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	std, err := time.ParseInLocation("2006-01-02 15:04", wall, loc)
	if err != nil {
		t.Fatal(err)
	}
	return clock.From(std)
}

func wide() HoursOptions { return HoursOptions{Brand: always()} }

// each row of the state table, with the brand's window out of the way. 2026-11-16 is a Monday and no
// holiday; Saturday is the 14th, Sunday the 15th; 2026-12-25 is a Friday.
func TestEveryStateRowOpensAndClosesAtItsMinute(t *testing.T) {
	r := rules(t)
	for _, row := range []struct{ state, zone, monday, saturday, sunday, christmas string }{
		{"FL", "America/New_York", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"},
		{"OK", "America/Chicago", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"},
		{"MD", "America/New_York", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"},
		{"OR", "America/Los_Angeles", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"},
		{"WA", "America/Los_Angeles", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"},
		{"CT", "America/New_York", "09:00-20:00", "09:00-20:00", "09:00-20:00", "09:00-20:00"},
		{"TX", "America/Chicago", "09:00-21:00", "09:00-21:00", "12:00-21:00", "09:00-21:00"},
		{"NJ", "America/New_York", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"},
		{"MA", "America/New_York", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"},
		{"AL", "America/Chicago", "08:00-20:00", "08:00-20:00", "", ""},
		{"LA", "America/Chicago", "08:00-20:00", "08:00-20:00", "", ""},
		{"MS", "America/Chicago", "08:00-20:00", "08:00-20:00", "", ""},
		{"RI", "America/New_York", "09:00-18:00", "10:00-17:00", "10:00-17:00", ""},
		{"KY", "America/New_York", "10:00-21:00", "10:00-21:00", "10:00-21:00", "10:00-21:00"},
		{"NV", "America/Los_Angeles", "09:00-20:00", "09:00-20:00", "09:00-20:00", "09:00-20:00"},
		{"MI", "America/New_York", "09:00-21:00", "09:00-21:00", "09:00-21:00", "09:00-21:00"},
		{"MN", "America/Chicago", "09:00-21:00", "09:00-21:00", "09:00-21:00", "09:00-21:00"},
		{"NM", "America/Denver", "09:00-21:00", "09:00-21:00", "09:00-21:00", "09:00-21:00"},
		{"IL", "America/Chicago", "09:00-21:00", "09:00-21:00", "09:00-21:00", "09:00-21:00"},
		{"CA", "America/Los_Angeles", "09:00-21:00", "09:00-21:00", "09:00-21:00", "09:00-21:00"},
		{"PA", "America/New_York", "08:00-21:00", "08:00-21:00", "08:00-21:00", ""},
		{"UT", "America/Denver", "08:00-21:00", "08:00-21:00", "", ""},
		{"SD", "America/Chicago", "09:00-21:00", "", "", "09:00-21:00"},
		{"VA", "America/New_York", "08:00-21:00", "08:00-21:00", "08:00-21:00", "08:00-21:00"},
		{"GA", "America/New_York", "08:00-21:00", "08:00-21:00", "08:00-21:00", "08:00-21:00"},
		{"HI", "Pacific/Honolulu", "08:00-21:00", "08:00-21:00", "08:00-21:00", "08:00-21:00"},
	} {
		places := []Place{{"US", row.state, row.zone, Address}}
		for day, window := range map[string]string{"2026-11-16": row.monday, "2026-11-14": row.saturday, "2026-11-15": row.sunday, "2026-12-25": row.christmas} {
			if window == "" {
				for hour := range 24 {
					if v := r.Window(places, at(t, row.zone, fmt.Sprintf("%s %02d:30", day, hour)), wide()); v.Open {
						t.Errorf("%s is open on %s at %d:30", row.state, day, hour)
					}
				}
				continue
			}
			opens, closes := at(t, row.zone, day+" "+window[:5]), at(t, row.zone, day+" "+window[6:])
			for moment, want := range map[clock.Time]bool{opens: true, opens - 1: false, closes: false, closes - 1: true} {
				if v := r.Window(places, moment, wide()); v.Open != want {
					t.Errorf("%s on %s at %v: open is %v (%s)", row.state, day, moment.Std().In(time.UTC), v.Open, v.Why)
				}
			}
		}
	}
}

func TestARowBindsOnlyFromItsDate(t *testing.T) {
	r := rules(t)
	texas := []Place{{"US", "TX", "America/Chicago", Address}}
	if v := r.Window(texas, at(t, "America/Chicago", "2025-08-31 09:30"), wide()); !v.Open {
		t.Errorf("the last Sunday before SB 140 was federal: %s", v.Why)
	}
	if v := r.Window(texas, at(t, "America/Chicago", "2025-09-07 09:30"), wide()); v.Open {
		t.Error("a Texas Sunday morning after SB 140 is open")
	}
}

func TestTheBrandsDefaultWindowHoldsUnlessTheBrandSetsAnother(t *testing.T) {
	r := rules(t)
	georgia := []Place{{"US", "GA", "America/New_York", AreaCode}}
	for wall, want := range map[string]bool{"2026-11-16 08:30": false, "2026-11-16 09:00": true, "2026-11-16 20:00": false, "2026-11-15 11:59": false, "2026-11-15 12:00": true} {
		if v := r.Window(georgia, at(t, "America/New_York", wall), HoursOptions{}); v.Open != want {
			t.Errorf("%s: open is %v (%s)", wall, v.Open, v.Why)
		}
	}
	loose, err := ParseWeek("08:00-21:00", "08:00-21:00")
	if err != nil || !r.Looser(loose) || r.Looser(r.BrandWeek()) {
		t.Errorf("looser: %v %v %v", err, r.Looser(loose), r.Looser(r.BrandWeek()))
	}
	if v := r.Window(georgia, at(t, "America/New_York", "2026-11-16 08:30"), HoursOptions{Brand: loose}); !v.Open {
		t.Errorf("a brand may widen to the law: %s", v.Why)
	}
	if v := r.Window(georgia, at(t, "America/New_York", "2026-11-16 07:30"), wide()); v.Open {
		t.Error("a brand widened the law itself")
	}
	for _, bad := range []string{"", "9-20", "20:00-09:00", "09:00-25:00", "09:61-20:00", "-1:00-20:00"} {
		if _, err := ParseWeek(bad, "closed"); err == nil {
			t.Errorf("the window %q was accepted", bad)
		}
	}
}

// the person may be in any of the places; all must be open.
func TestATextLeavesOnlyWhenEveryPlausiblePlaceIsOpen(t *testing.T) {
	r := rules(t)
	places := r.Places([]Evidence{{Source: Address, State: "CA", Zip: "94103", Country: "US"}}, "+12125550100")
	v := r.Window(places, at(t, "America/New_York", "2026-11-16 10:00"), HoursOptions{})
	if want := at(t, "America/Los_Angeles", "2026-11-16 09:00"); v.Open || v.OpensAt != want {
		t.Errorf("ten in New York opens at %v, want %v: %s", v.OpensAt, want, v.Why)
	}
	if want := at(t, "America/New_York", "2026-11-16 20:00"); v.ClosesAt != want {
		t.Errorf("closes at %v, want %v", v.ClosesAt, want)
	}
	if v.PlaceSource != "address+areacode" || len(v.Local) != 2 || v.Code != "quiet_hours" {
		t.Errorf("evidence of the decision: %+v", v)
	}
}

func TestASundayOrHolidayBanHoldsUntilTheNextAllowedDay(t *testing.T) {
	r := rules(t)
	for _, c := range []struct{ state, zone, asked, opens string }{
		{"LA", "America/Chicago", "2026-11-14 20:30", "2026-11-16 09:00"},     // Saturday evening to Monday
		{"AL", "America/Chicago", "2026-11-15 13:00", "2026-11-16 09:00"},     // Sunday
		{"RI", "America/New_York", "2026-11-25 19:00", "2026-11-27 09:00"},    // over Thanksgiving
		{"LA", "America/Chicago", "2026-02-16 13:00", "2026-02-18 09:00"},     // Washington's Birthday, then Mardi Gras
		{"UT", "America/Denver", "2026-07-03 10:00", "2026-07-06 09:00"},      // 4 July on a Saturday is observed on Friday
		{"PA", "America/New_York", "2027-12-31 10:00", "2028-01-02 12:00"},    // 1 January 2028, a Saturday, observed on Friday
		{"TX", "America/Chicago", "2026-11-15 09:00", "2026-11-15 12:00"},     // Sunday noon
		{"KY", "America/New_York", "2026-11-16 09:00", "2026-11-16 10:00"},    // the latest morning
		{"SD", "America/Chicago", "2026-11-13 20:30", "2026-11-16 09:00"},     // weekend
		{"GA", "America/New_York", "2026-11-14 23:59", "2026-11-15 12:00"},    // brand's Sunday
		{"HI", "Pacific/Honolulu", "2026-11-16 02:00", "2026-11-16 09:00"},    // no daylight saving
		{"AZ", "America/Phoenix", "2026-07-06 02:00", "2026-07-06 09:00"},     // none either
		{"PR", "America/Puerto_Rico", "2026-07-06 02:00", "2026-07-06 09:00"}, // a territory is federal
	} {
		v := r.Window([]Place{{"US", c.state, c.zone, Address}}, at(t, c.zone, c.asked), HoursOptions{})
		if want := at(t, c.zone, c.opens); v.Open || v.OpensAt != want {
			t.Errorf("%s asked %s opens %v, want %v (%s)", c.state, c.asked, v.OpensAt, want, v.Why)
		}
	}
}

// I15, I24: clocks that change do not move or double the window.
func TestHoursHoldThroughTheChangeOfTheClocks(t *testing.T) {
	r := rules(t)
	for _, c := range []struct {
		name, country, state, zone string
		asked                      string // RFC 3339
		opens                      string
	}{
		{"US spring forward", "US", "GA", "America/New_York", "2026-03-08T06:59:59Z", "2026-03-08T12:00:00Z"}, // 01:59:59 EST; 8:00 EDT
		{"US fall back, first 1:30", "US", "GA", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T13:00:00Z"},
		{"US fall back, second 1:30", "US", "GA", "America/New_York", "2026-11-01T06:30:00Z", "2026-11-01T13:00:00Z"},
		{"Berlin spring forward", "DE", "", "Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-30T07:00:00Z"}, // Sunday closed; 9:00 CEST
		{"Arizona stays", "US", "AZ", "America/Phoenix", "2026-03-08T09:00:00Z", "2026-03-08T15:00:00Z"},
	} {
		asked, _ := time.Parse(time.RFC3339, c.asked)
		opens, _ := time.Parse(time.RFC3339, c.opens)
		v := r.Window([]Place{{c.country, c.state, c.zone, Address}}, clock.From(asked), wide())
		if v.Open || v.OpensAt != clock.From(opens) {
			t.Errorf("%s: opens %v, want %v (%s)", c.name, v.OpensAt, opens, v.Why)
		}
	}
}

// I24: an opening in the skipped hour happens when the hour is over; in the doubled hour the clock decides each time.
func TestAnOpeningInsideTheSkippedOrDoubledHour(t *testing.T) {
	r := rules(t)
	berlin, _ := time.LoadLocation("Europe/Berlin")
	s := sky{rules: r, place: Place{Zone: "Europe/Berlin", Source: Profile}, zone: berlin}
	r.hours.elsewhere = &law{week: weekOf(Span{150, 240})} // 2:30 to 4:00
	s.brand = always()
	skipped := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC) // 1:00; 2:00 becomes 3:00
	if got, ok := s.opens(skipped, skipped.AddDate(0, 0, 2)); !ok || !got.Equal(time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)) {
		t.Errorf("skipped hour: opens %v %v", got, ok)
	}
	doubled := time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC) // midnight; 3:00 becomes 2:00 again
	got, ok := s.opens(doubled, doubled.AddDate(0, 0, 2))
	if want := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC); !ok || !got.Equal(want) {
		t.Errorf("doubled hour: opens %v %v, want %v", got, ok, want)
	}
	if s.open(time.Date(2026, 10, 25, 1, 15, 0, 0, time.UTC)) {
		t.Error("the second 2:15 is open though the window begins at 2:30")
	}
	if !s.open(time.Date(2026, 10, 25, 1, 45, 0, 0, time.UTC)) {
		t.Error("the second 2:45 is closed")
	}
}

func weekOf(s Span) Week {
	var w Week
	for day := range w {
		w[day] = s
	}
	return w
}

func TestPlacesThatAreNeverOpenTogetherSayNever(t *testing.T) {
	r := rules(t)
	places := []Place{{"US", "HI", "Pacific/Honolulu", AreaCode}, {"RU", "", "Europe/Moscow", Profile}}
	v := r.Window(places, at(t, "America/New_York", "2026-11-16 12:00"), HoursOptions{})
	if !v.Never || v.Open || v.OpensAt != 0 || v.Code != "no_common_hours" {
		t.Errorf("Honolulu and Moscow: %+v", v)
	}
	if v := r.Window([]Place{{"US", "NY", "America/New_York", AreaCode}}, at(t, "America/New_York", "2026-11-16 12:00"), HoursOptions{Brand: Week{1: {1439, 1440}}}); !v.Never {
		t.Errorf("a brand window of one minute at midnight: %+v", v)
	}
}

//
func TestExemptMessagesIgnoreTheHoursExceptWhereAStateBindsThem(t *testing.T) {
	r := rules(t)
	night := at(t, "America/New_York", "2026-11-16 23:00")
	georgia, florida := Place{"US", "GA", "America/New_York", AreaCode}, Place{"US", "FL", "America/New_York", Address}
	inbound := night.Add(-59 * time.Minute)
	for _, c := range []struct {
		name   string
		exempt Exempt
		places []Place
		open   bool
	}{
		{"marketing", Exempt{}, []Place{georgia}, false},
		{"none", Exempt{Kind: NotExempt}, []Place{georgia}, false},
		{"opt-in reply", Exempt{Kind: OptInReply}, []Place{georgia, florida}, true},
		{"opt-out reply", Exempt{Kind: OptOutReply}, []Place{georgia, florida}, true},
		{"help", Exempt{Kind: HelpReply}, []Place{georgia, florida}, true},
		{"transactional", Exempt{Kind: Transactional}, []Place{georgia}, true},
		{"transactional, perhaps in Florida", Exempt{Kind: Transactional}, []Place{georgia, florida}, false},
		{"answer within the hour", Exempt{Conversational, inbound}, []Place{georgia, florida}, true},
		{"answer at the full hour", Exempt{Conversational, night.Add(-time.Hour)}, []Place{georgia}, true},
		{"answer after the hour", Exempt{Conversational, night.Add(-time.Hour) - 1}, []Place{georgia}, false},
		{"answer to nothing", Exempt{Kind: Conversational}, []Place{georgia}, false},
		{"answer before the question", Exempt{Conversational, night + 1}, []Place{georgia}, false},
		{"an unknown claim", Exempt{Kind: "urgent", InboundAt: inbound}, []Place{georgia}, false},
	} {
		if v := r.Window(c.places, night, HoursOptions{Exempt: c.exempt}); v.Open != c.open {
			t.Errorf("%s: open is %v (%s)", c.name, v.Open, v.Why)
		}
	}
	// In Florida a transactional text waits for the law, not for the brand.
	v := r.Window([]Place{florida}, night, HoursOptions{Exempt: Exempt{Kind: Transactional}})
	if want := at(t, "America/New_York", "2026-11-17 08:00"); v.OpensAt != want {
		t.Errorf("Florida transactional opens %v, want %v", v.OpensAt, want)
	}
}

func TestNothingKnownMeansAfternoonInNewYork(t *testing.T) {
	r := rules(t)
	places := r.Places(nil, "+18005550100")
	for wall, want := range map[string]bool{"2026-11-16 11:59": false, "2026-11-16 12:00": true, "2026-11-16 19:59": true, "2026-11-16 20:00": false} {
		if v := r.Window(places, at(t, "America/New_York", wall), wide()); v.Open != want || v.PlaceSource != "nothing" {
			t.Errorf("%s: %+v", wall, v)
		}
	}
}

// slow is an independent reading of the tables: minute by minute, from the raw rows, with no code of the window.
func slow(r *Rules, p Place, moment time.Time, brand Week) bool {
	zone, _ := time.LoadLocation(p.Zone)
	local := moment.In(zone)
	minute := local.Hour()*60 + local.Minute()
	inside := func(s Span) bool { return minute >= s.Open && minute < s.Close }
	if !inside(brand[local.Weekday()]) {
		return false
	}
	if p.Country == "US" && p.State != "" && (local.Hour() < 8 || local.Hour() >= 21) {
		return false
	}
	sunday := local.Weekday() == time.Sunday
	switch p.State {
	case "FL", "OK", "MD", "OR", "WA", "NJ", "MA":
		return local.Hour() < 20
	case "CT", "NV":
		return local.Hour() >= 9 && local.Hour() < 20
	case "TX":
		return local.Hour() >= 9 && (!sunday || local.Hour() >= 12)
	case "KY":
		return local.Hour() >= 10
	case "LA", "AL", "MS":
		return local.Hour() < 20 && !sunday && !isHoliday(r.hours.calendars["us"], local) && (p.State == "MS" || !isHoliday(r.hours.calendars["us-"+map[string]string{"LA": "la", "AL": "al"}[p.State]], local))
	}
	return true
}

var samplePlaces = []Place{
	{"US", "FL", "America/New_York", Address}, {"US", "FL", "America/Chicago", Address}, {"US", "TX", "America/Chicago", AreaCode},
	{"US", "TX", "America/Denver", AreaCode}, {"US", "KY", "America/New_York", Profile}, {"US", "LA", "America/Chicago", Profile},
	{"US", "OR", "America/Los_Angeles", IP}, {"US", "AZ", "America/Phoenix", IP}, {"US", "HI", "Pacific/Honolulu", AreaCode},
	{"US", "GA", "America/New_York", AreaCode}, {"US", "AL", "America/Chicago", AreaCode}, {"US", "CT", "America/New_York", AreaCode},
}

// I15: Open is never wrong, OpensAt is open, and nothing before it is.
func TestTheWindowAgreesWithASlowReading(t *testing.T) {
	r := rules(t)
	start := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).Unix() // Oregon's row begins on the 1st, local time
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SliceOfNDistinct(rapid.SampledFrom(samplePlaces), 1, 4, rapid.ID[Place]).Draw(t, "places")
		moment := time.Unix(start+rapid.Int64Range(0, 2*365*86400).Draw(t, "second"), 0)
		opts := HoursOptions{Brand: r.BrandWeek()}
		if rapid.Bool().Draw(t, "wide") {
			opts.Brand = always()
		}
		open := func(m time.Time) bool {
			return !slices.ContainsFunc(places, func(p Place) bool { return !slow(r, p, m, opts.Brand) })
		}
		v := r.Window(places, clock.From(moment), opts)
		if v.Open != open(moment) {
			t.Fatalf("at %v open is %v, the slow reading says %v (%s)", moment, v.Open, open(moment), v.Why)
		}
		if v.Never {
			for m := moment; m.Before(moment.AddDate(0, 0, searchDays)); m = m.Add(7 * time.Minute) {
				if open(m) {
					t.Fatalf("never, but %v is open", m)
				}
			}
			return
		}
		if !open(v.OpensAt.Std()) || open(v.ClosesAt.Std()) || !open((v.ClosesAt - 1).Std()) {
			t.Fatalf("opens %v, closes %v: wrong at an edge", v.OpensAt, v.ClosesAt)
		}
		for m := moment; m.Before(v.OpensAt.Std()); m = m.Add(time.Duration(1+rapid.IntRange(0, 20).Draw(t, "step")) * time.Minute) {
			if open(m) {
				t.Fatalf("%v is open before OpensAt %v", m, v.OpensAt)
			}
		}
	})
}

func TestHolidaysFallWhereTheCalendarPutsThem(t *testing.T) {
	r := rules(t)
	us := r.hours.calendars["us"]
	got := []string{}
	for day := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2027; day = day.AddDate(0, 0, 1) {
		if isHoliday(us, day) {
			got = append(got, day.Format("01-02"))
		}
	}
	// opm.gov: 2027 keeps Juneteenth on 18 June, 4 July on the 5th, Christmas on the 24th, New Year 2028 on 31 December.
	want := []string{"01-01", "01-18", "02-15", "05-31", "06-18", "06-19", "07-04", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24", "12-25", "12-31"}
	if !slices.Equal(got, want) {
		t.Errorf("2027: %v, want %v", got, want)
	}
	for year, want := range map[int]string{2024: "03-31", 2025: "04-20", 2026: "04-05", 2027: "03-28", 2038: "04-25"} {
		if got := easter(year).Format("01-02"); got != want {
			t.Errorf("Easter %d is %s, want %s", year, got, want)
		}
	}
}

func BenchmarkWindow(b *testing.B) {
	r := rules(b)
	places := r.Places([]Evidence{{Source: Address, State: "FL", Country: "US"}}, "+12125550100")
	open, closed := at(b, "America/New_York", "2026-11-16 12:00"), at(b, "America/New_York", "2026-11-16 23:00")
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			r.Window(places, open, HoursOptions{})
		}
	})
	b.Run("closed", func(b *testing.B) {
		for b.Loop() {
			r.Window(places, closed, HoursOptions{})
		}
	})
}
