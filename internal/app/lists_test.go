package app_test

import (
	"fmt"
	"testing"
	"time"
)

func TestCartsAreListedPageByPageWithoutAGap(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		for i := range 7 {
			w.shop("checkouts/update", fmt.Sprint("w", i), checkout(fmt.Sprint("tok-", i), fmt.Sprintf("+1212555010%d", i), w.clock.Now(), nil))
			w.pass(time.Minute)
		}
		seen, cursor := map[string]bool{}, ""
		for range 4 {
			var page struct {
				Items []struct {
					ID string `json:"id"`
				} `json:"items"`
				Next string `json:"next"`
			}
			w.call("GET", "/carts?limit=3&cursor="+cursor, nil, &page)
			for _, c := range page.Items {
				if seen[c.ID] {
					t.Errorf("%s is on two pages", c.ID)
				}
				seen[c.ID] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 7 {
			t.Errorf("%d carts on all pages, want 7", len(seen))
		}
		if status, _ := w.try("GET", "/carts?state=active&cursor="+cursor+"x", nil, nil); status != 422 {
			t.Errorf("a broken cursor: %d, want 422", status)
		}
	})
}
