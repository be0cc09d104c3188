package commerce

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/clock"
)

const noon = clock.Time(1_790_000_000_000_000)

func at(minutes int) clock.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func news(minute int, lines int) touch {
	return touch{at: at(minute), cart: Cart{Token: "t", Person: "per_1", Lines: make([]Line, lines), CreatedAt: noon}}
}

func TestACartGoesThroughItsStates(t *testing.T) {
	cases := map[string]struct {
		begin CartState
		news  touch
		want  CartState
		stale bool
	}{
		"an active cart stays active":                      {Active, news(5, 2), Active, false},
		"an abandoned cart whose customer is back":         {Abandoned, news(5, 2), Active, false},
		"old news about an abandoned cart changes nothing": {Abandoned, news(-5, 2), Abandoned, true},
		"a cart without lines is emptied":                  {Active, news(5, 0), Emptied, false},
		"an emptied cart that is filled again":             {Emptied, news(5, 1), Active, false},
		"a recovering cart stays so while touched":         {Recovering, news(5, 2), Recovering, false},
		"a recovered cart is over":                         {Recovered, news(5, 2), Recovered, true},
		"a bought cart is over":                            {Bought, news(5, 2), Bought, true},
		"an expired cart is over":                          {Expired, news(5, 2), Expired, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			before := Cart{Token: "t", ID: "crt_1", Person: "per_1", State: c.begin, StateAt: noon, TouchedAt: noon, Lines: make([]Line, 1), Reason: OtherReason}
			after, stale := before.touched(c.news, at(10))
			if stale != c.stale || after.State != c.want {
				t.Errorf("got %s (stale %v), want %s (stale %v)", after.State, stale, c.want, c.stale)
			}
			if after.ID != "crt_1" || after.Reason != OtherReason {
				t.Errorf("lost what we knew: %+v", after)
			}
		})
	}
}

func TestALateContactIsKeptAlsoWithOldNews(t *testing.T) {
	known := Cart{Token: "t", ID: "crt_1", State: Active, TouchedAt: noon, Lines: make([]Line, 3)}
	after, stale := known.touched(news(-1, 1), at(1))
	if stale || after.Person != "per_1" || len(after.Lines) != 3 {
		t.Errorf("person %q, %d lines, stale %v; want the person and the newer lines", after.Person, len(after.Lines), stale)
	}
}

func TestAnOrderRecoversOnlyWhatWasRemindedInTime(t *testing.T) {
	cases := map[string]struct {
		state CartState
		after time.Duration
		want  CartState
	}{
		"a day after the reminder":   {Recovering, 24 * time.Hour, Recovered},
		"eight days after":           {Recovering, 8 * 24 * time.Hour, Bought},
		"abandoned but not reminded": {Abandoned, time.Hour, Bought},
		"still active":               {Active, time.Hour, Bought},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cart := Cart{Token: "t", State: c.state, StateAt: noon}
			if got := cart.ordered("o1", noon.Add(c.after), noon.Add(c.after)); got.State != c.want || got.Order != "o1" {
				t.Errorf("got %s, want %s", got.State, c.want)
			}
		})
	}
}

func TestI8TheNewestNewsWinsInWhateverOrderItComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.SliceOfNDistinct(rapid.IntRange(0, 1000), 1, 12, rapid.ID).Draw(t, "minutes of the updates")
		newest := minutes[0]
		var cart Cart
		for i, m := range minutes {
			newest = max(newest, m)
			after, _ := cart.touched(news(m, m%5), at(1001+i))
			if i > 0 && after.ID != cart.ID {
				t.Fatalf("the cart lost its id")
			}
			if after.ID == "" {
				after.ID = "crt_1"
			}
			cart = after
		}
		if cart.TouchedAt != at(newest) || len(cart.Lines) != newest%5 {
			t.Fatalf("touched at %s with %d lines, want the news of minute %d", cart.TouchedAt, len(cart.Lines), newest)
		}
		if (cart.State == Emptied) != (newest%5 == 0) {
			t.Fatalf("state %s with %d lines", cart.State, len(cart.Lines))
		}
	})
}
