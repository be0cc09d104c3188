package app_test

import (
	"testing"
	"time"
)

func TestAShopsTestOrderEndsNoCartAlsoWhenTheCheckoutIsTouchedLater(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		w.recovery()
		confirmed := map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}
		w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), confirmed))
		w.pass(31 * time.Minute)
		w.eventually("the cart is being recovered", func() bool { s, _ := w.cart(); return s == "recovering" })

		w.pass(time.Minute)
		test := order(1001, "tok-1", maria, w.clock.Now())
		test["test"] = true
		w.shop("orders/create", "w2", test)
		w.pass(time.Minute)
		w.shop("checkouts/update", "w3", checkout("tok-1", maria, w.clock.Now(), confirmed))
		if s, _ := w.cart(); s != "recovering" {
			t.Errorf("after a test order the cart is %s, want recovering", s)
		}

		w.pass(time.Minute)
		w.shop("orders/create", "w4", order(1002, "tok-1", maria, w.clock.Now()))
		w.eventually("the real order recovers it", func() bool { s, _ := w.cart(); return s == "recovered" })
		var report struct {
			Recovered struct {
				Minor int `json:"minor"`
			} `json:"recovered"`
			Orders int `json:"orders"`
		}
		w.call("GET", "/reports/recovery", nil, &report)
		if report.Recovered.Minor != 11520 || report.Orders != 1 {
			t.Errorf("the report: %+v, want 115.20 from one order", report)
		}
	})
}
