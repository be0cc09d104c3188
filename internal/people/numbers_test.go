package people_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/people"
	"parley/internal/phone"
)

// What is read of many for the send gate is what each one's profile and history say.
func TestNumbersAndPlacesOfManyAreThoseOfEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var all []id.Person
		for i := range 30 {
			p, _ := b.resolve(shop, people.Email, fmt.Sprintf("p%d@shop.example", i), people.Hint{})
			for n := range i % 4 {
				identity := people.Identity{Kind: people.Phone, Value: fmt.Sprintf("+39333%07d", 1000*(9-n)+i)}
				if n == i%3 {
					identity.VerifiedAt = b.clock.Now()
				}
				b.clock.Skip(time.Duration(i%2) * time.Second)
				b.tx(func(tx *db.Tx) error {
					return b.PlaceTx(t.Context(), tx, shop, p, fmt.Sprint(n), compliance.Evidence{Source: compliance.Address, State: "NY", Country: "US"})
				})
				if _, err := b.update(p, people.Update{AddIdentities: []people.Identity{identity}}); err != nil {
					t.Fatal(err)
				}
			}
			all = append(all, p)
		}
		b.tx(func(tx *db.Tx) error {
			for _, merge := range [][2]int{{0, 7}, {3, 0}, {11, 12}, {4, 5}} {
				tx.Queue(t.Context(), "UPDATE person SET merged_into = $1 WHERE id = $2", all[merge[1]], all[merge[0]])
			}
			return nil
		})
		asked := append(slices.Clone(all), "per_nobody")
		got, err := b.PhonesAll(t.Context(), b.DB, shop, asked)
		if err != nil {
			t.Fatal(err)
		}
		places, err := b.PlaceEvidenceAll(t.Context(), b.DB, shop, asked)
		if err != nil {
			t.Fatal(err)
		}
		want := map[id.Person]phone.Number{}
		numbers, placed := 0, 0
		for i, p := range all {
			want[p] = b.get(p).Phone()
			if want[p] != "" {
				numbers++
			}
			at := map[int]int{0: 7, 3: 7, 11: 12, 4: 5}[i]
			if at == 0 {
				at = i
			}
			if n := len(places[p]); n != at%4 {
				t.Errorf("person %d has %d places, want %d", i, n, at%4)
			}
			placed += len(places[p])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if numbers == 0 || placed == 0 || len(places["per_nobody"]) > 0 {
			t.Errorf("%d numbers, %d places", numbers, placed)
		}
	})
}
