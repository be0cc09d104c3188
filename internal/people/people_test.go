package people_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/people"
)

const shop = id.Workspace("ws_shop") // in Italy

type bench struct {
	*people.Service
	t     testing.TB
	clock *clock.Clock
}

func setup(t testing.TB, d *db.DB) bench {
	t.Helper()
	c := clock.NewManual(1_800_000_000_000_000)
	s := people.New(people.Deps{DB: d, Clock: c, IDs: id.NewSource(c),
		Country: func(context.Context, db.Queryer, id.Workspace) (string, error) { return "IT", nil }})
	return bench{s, t, c}
}

// tx runs fn in a transaction and fails the test on an error.
func (b bench) tx(fn func(tx *db.Tx) error) {
	b.t.Helper()
	if err := b.DB.Tx(b.t.Context(), fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b bench) resolve(ws id.Workspace, kind people.IdentityKind, value string, h people.Hint) (person id.Person, created bool) {
	b.t.Helper()
	b.tx(func(tx *db.Tx) (err error) {
		person, created, err = b.ResolveTx(b.t.Context(), tx, ws, people.Identity{Kind: kind, Value: value}, h)
		return err
	})
	return person, created
}

func (b bench) get(person id.Person) people.Person {
	b.t.Helper()
	p, err := b.Get(b.t.Context(), b.DB, shop, person)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b bench) update(person id.Person, u people.Update) (p people.Person, err error) {
	b.t.Helper()
	err = b.DB.Tx(b.t.Context(), func(tx *db.Tx) (err error) {
		p, err = b.UpdateTx(b.t.Context(), tx, shop, person, u)
		return err
	})
	return p, err
}

func TestAnUnknownNumberMakesOnePersonHoweverItIsWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		first, created := b.resolve(shop, people.Phone, "+393331234567", people.Hint{Source: "sms"})
		if !created {
			t.Fatal("the first text made nobody")
		}
		for _, form := range []string{"333 123 4567", "+39 333 1234567", "0039 333 1234567", "393331234567", "(333) 123-4567"} {
			again, created := b.resolve(shop, people.Phone, form, people.Hint{})
			if again != first || created {
				t.Errorf("%q is %s (created: %v), want %s", form, again, created, first)
			}
		}
		abroad, created := b.resolve(shop, people.Phone, "06 12 34 56 78", people.Hint{Country: "FR"})
		if known, _ := b.resolve(shop, people.Phone, "+33612345678", people.Hint{}); !created || known != abroad {
			t.Error("a national form is not read in the country of the hint")
		}
		if got := b.get(first).Display(); got != "333 123 4567" {
			t.Errorf("shown as %q", got)
		}
	})
}

func TestTwoWorkspacesWithTheSameNumberDoNotSeeEachOther(t *testing.T) { // I27
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		mine, _ := b.resolve(shop, people.Phone, "+393331234567", people.Hint{Name: "Ada"})
		other, created := b.resolve("ws_other", people.Phone, "+393331234567", people.Hint{Name: "Somebody"})
		if !created || mine == other {
			t.Fatal("the number was shared between workspaces")
		}
		if _, err := b.Get(t.Context(), d, "ws_other", mine); !errors.Is(err, people.ErrNotFound) {
			t.Errorf("the other workspace reads my customer: %v", err)
		}
		b.tx(func(tx *db.Tx) error {
			if _, err := b.UpdateTx(t.Context(), tx, "ws_other", mine, people.Update{Name: new(string)}); !errors.Is(err, people.ErrNotFound) {
				t.Errorf("the other workspace changes my customer: %v", err)
			}
			_, err := b.RecordConsentTx(t.Context(), tx, stop("ws_other", "+393331234567"))
			return err
		})
		r, err := b.Consent(t.Context(), d, shop, people.ConsentQuery{Address: "+393331234567", Purpose: people.Support})
		if err != nil || !r.Allowed {
			t.Errorf("a STOP to the other brand stopped ours: %+v %v", r, err)
		}
	})
}

func TestSimultaneousFirstTextsMakeOnePerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var wg sync.WaitGroup
		ids := make([]id.Person, 40)
		for i := range ids {
			wg.Go(func() {
				err := d.TxGrouped(t.Context(), func(tx *db.Tx) (err error) {
					out, err := b.ResolveAllTx(t.Context(), tx, shop, []people.Subject{{Identities: []people.Identity{
						{Kind: people.Phone, Value: "+393331234567"}, {Kind: people.External, Value: fmt.Sprint("crm-", i)}}}})
					if err == nil {
						ids[i] = out[0].Person
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		page, err := b.List(t.Context(), d, shop, people.Query{})
		if err != nil || len(page.People) != 1 {
			t.Fatalf("%d people, want 1 (%v)", len(page.People), err)
		}
		if got := len(page.People[0].Identities); got != 41 {
			t.Errorf("%d identities, want the number and 40 ids", got)
		}
		for i, got := range ids {
			if got != page.People[0].ID {
				t.Errorf("text %d was given to %s", i, got)
			}
		}
	})
}

func TestASetResolvesEachAloneAndInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		known, _ := b.resolve(shop, people.Email, "ADA@Example.com", people.Hint{})
		identity := func(k people.IdentityKind, v string) []people.Identity { return []people.Identity{{Kind: k, Value: v}} }
		var out []people.Resolved
		b.tx(func(tx *db.Tx) (err error) {
			out, err = b.ResolveAllTx(t.Context(), tx, shop, []people.Subject{
				{Identities: identity(people.Phone, "not a number")},
				{Identities: identity(people.Email, "ada@example.com"), Hint: people.Hint{GivenName: "Ada", FamilyName: "Lovelace"}},
				{Identities: identity(people.Phone, "+393330000001"), Hint: people.Hint{Name: "Bo"}},
				{Identities: identity(people.Phone, "333 000 0001")},
				{Identities: append(identity(people.Phone, "+393330000001"), identity(people.Email, "ada@example.com")...)},
			})
			return err
		})
		if errs.KindOf(out[0].Err) != errs.Invalid {
			t.Errorf("nonsense gave %+v", out[0])
		}
		if out[1].Person != known || out[1].Created || b.get(known).Name != "Ada Lovelace" {
			t.Errorf("the known address gave %+v, %q", out[1], b.get(known).Name)
		}
		if !out[2].Created || out[3].Person != out[2].Person || out[3].Created {
			t.Errorf("one number twice gave %+v and %+v", out[2], out[3])
		}
		if out[4].Person != out[2].Person || len(b.get(known).Identities) != 1 {
			t.Errorf("a shared address merged people: %+v", out[4])
		}
	})
}

func TestAHintOverwritesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		p, _ := b.resolve(shop, people.Phone, "+393331234567", people.Hint{Name: "Ada", State: "mi"})
		b.resolve(shop, people.Phone, "+393331234567", people.Hint{Name: "Somebody else", Language: "it"})
		if got := b.get(p); got.Name != "Ada" || got.Language != "it" || got.State != "MI" {
			t.Errorf("got %q %q %q", got.Name, got.Language, got.State)
		}
	})
}

func TestAHintFromAProviderIsEvidenceAndNotTheProfile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		p, _ := b.resolve(shop, people.Phone, "+12125550100", people.Hint{State: "ny", Country: "US", Place: compliance.Provider})
		b.resolve(shop, people.Phone, "+12125550100", people.Hint{State: "CA", Country: "US"})
		got, err := b.PlaceEvidence(t.Context(), d, shop, p)
		want := []compliance.Evidence{{Source: compliance.Profile, State: "CA", Country: "US", At: b.clock.Now()},
			{Source: compliance.Provider, State: "NY", Country: "US", At: b.clock.Now()}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" || b.get(p).State != "CA" {
			t.Errorf("%v, state %q, evidence (-want +got):\n%s", err, b.get(p).State, diff)
		}
	})
}

func TestUpdatesAreTypedAndVersioned(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		p, _ := b.resolve(shop, people.Phone, "+393331234567", people.Hint{})
		b.tx(func(tx *db.Tx) error {
			for key, kind := range map[string]people.AttributeType{"birthday": people.Date, "size": people.Number, "colours": people.List, "budget": people.Money} {
				if err := b.DefineTx(t.Context(), tx, shop, people.Definition{Key: key, Type: kind}); err != nil {
					return err
				}
			}
			return nil
		})
		name := "Ada Lövelace"
		before := b.get(p)
		got, err := b.update(p, people.Update{Name: &name, Version: before.Version, Source: "survey", AddTags: []string{"vip", "vip", "new"},
			Attributes: map[string]any{"birthday": "--02-29", "size": 42, "colours": []any{"red"}, "budget": map[string]any{"minor": 1999.0, "currency": "eur"}}})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"birthday": "--02-29", "size": 42.0, "colours": []any{"red"}, "budget": map[string]any{"minor": 1999.0, "currency": "EUR"}}
		if diff := cmp.Diff(want, got.Attributes); diff != "" {
			t.Errorf("attributes (-want +got):\n%s", diff)
		}
		if got.AttributeSources["size"].Source != "survey" || !cmp.Equal(got.Tags, []string{"new", "vip"}) || got.Version != before.Version+1 {
			t.Errorf("got %+v", got)
		}
		if _, err := b.update(p, people.Update{Name: &name, Version: before.Version}); !errors.Is(err, people.ErrChanged) {
			t.Errorf("an update of an old version gave %v", err)
		}
		_, err = b.update(p, people.Update{Attributes: map[string]any{"birthday": "tomorrow", "shoe": 3, "size": nil}})
		var e *errs.Error
		if !errors.As(err, &e) || e.Fields["birthday"] == "" || e.Fields["shoe"] == "" {
			t.Errorf("bad values gave %v", err)
		}
		if _, kept := b.get(p).Attributes["size"]; !kept {
			t.Error("a refused update removed something")
		}
		if got, _ := b.update(p, people.Update{Attributes: map[string]any{"size": nil}, RemoveTags: []string{"new"}}); len(got.Attributes) != 3 || len(got.Tags) != 1 {
			t.Errorf("removal left %v %v", got.Attributes, got.Tags)
		}
	})
}

func TestAnIdentityOfSomebodyElseRefusesTheUpdate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.resolve(shop, people.Email, "ada@example.com", people.Hint{})
		p, _ := b.resolve(shop, people.Phone, "+393331234567", people.Hint{})
		name := "Eve"
		_, err := b.update(p, people.Update{Name: &name, AddIdentities: []people.Identity{{Kind: people.Email, Value: "Ada@Example.com"}}})
		if !errors.Is(err, people.ErrIdentityTaken) || b.get(p).Name != "" {
			t.Errorf("got %v, name %q", err, b.get(p).Name)
		}
		got, err := b.update(p, people.Update{AddIdentities: []people.Identity{{Kind: people.Email, Value: "eve@example.com", VerifiedAt: 5}}})
		if err != nil || len(got.Identities) != 2 || got.Identities[1].VerifiedAt+got.Identities[0].VerifiedAt != 5 {
			t.Errorf("got %+v, %v", got.Identities, err)
		}
	})
}

func TestPeopleAreFoundByNameNumberAndAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.resolve(shop, people.Phone, "+393331234567", people.Hint{Name: "José 100% Ñandú"})
		b.resolve(shop, people.Email, "bo@example.com", people.Hint{Name: "Bo Derek"})
		b.resolve("ws_other", people.Email, "bo@example.com", people.Hint{Name: "Bo Derek"})
		for search, want := range map[string]int{"": 2, "jose": 1, "ÑANDU": 1, "333 123": 1, "0039 333": 1, "bo@EXAMPLE": 1, "100%": 1, "100_": 0, "nobody": 0} {
			page, err := b.List(t.Context(), d, shop, people.Query{Search: search})
			if err != nil || len(page.People) != want {
				t.Errorf("%q finds %d, want %d (%v)", search, len(page.People), want, err)
			}
		}
	})
}

func TestPagesOfPeopleMissNobodyAndRepeatNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for i := range 7 {
			b.resolve(shop, people.External, fmt.Sprint(i), people.Hint{})
		}
		seen, ask := map[id.Person]int{}, people.Query{Limit: 3}
		for pages := 0; pages < 5; pages++ {
			page, err := b.List(t.Context(), d, shop, ask)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.People {
				seen[p.ID]++
			}
			if ask.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		if len(seen) != 7 {
			t.Errorf("saw %v", seen)
		}
		if _, err := b.List(t.Context(), d, "ws_other", ask); ask.Cursor != "" && errs.CodeOf(err) != "cursor_invalid" {
			t.Errorf("a cursor of another workspace gave %v", err)
		}
	})
}

func TestTheIdOfAMergedPersonKeepsAnswering(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		a, _ := b.resolve(shop, people.External, "a", people.Hint{Name: "A"})
		m, _ := b.resolve(shop, people.External, "m", people.Hint{Name: "M"})
		z, _ := b.resolve(shop, people.External, "z", people.Hint{Name: "Z"})
		b.tx(func(tx *db.Tx) error {
			tx.Queue(t.Context(), "UPDATE person SET merged_into = $1 WHERE id = $2", m, a)
			tx.Queue(t.Context(), "UPDATE person SET merged_into = $1 WHERE id = $2", z, m)
			return nil
		})
		all, err := b.GetAll(t.Context(), d, shop, []id.Person{a, m, z, "per_none"})
		if err != nil || len(all) != 3 || all[a].ID != z || all[m].Name != "Z" {
			t.Errorf("got %v, %v", all, err)
		}
		if page, _ := b.List(t.Context(), d, shop, people.Query{}); len(page.People) != 1 {
			t.Errorf("%d people are listed", len(page.People))
		}
	})
}

func TestOrdersMakeTheValue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		p, _ := b.resolve(shop, people.External, "a", people.Hint{})
		b.tx(func(tx *db.Tx) error {
			for _, o := range []people.Order{
				{Total: money.Amount{Minor: 5000, Currency: "EUR"}, At: 20},
				{Total: money.Amount{Minor: 2500, Currency: "EUR"}, At: 10},
				{Total: money.Amount{Minor: 9900, Currency: "USD"}, At: 30},
				{Total: money.Amount{Minor: 500, Currency: "EUR"}, At: 40, Refund: true},
			} {
				if err := b.AddOrderTx(t.Context(), tx, shop, p, o); err != nil {
					return err
				}
			}
			if err := b.AddOrderTx(t.Context(), tx, shop, "per_none", people.Order{}); !errors.Is(err, people.ErrNotFound) {
				t.Errorf("an order of nobody gave %v", err)
			}
			return nil
		})
		if got := b.get(p); got.Value != (money.Amount{Minor: 7000, Currency: "EUR"}) || got.Orders != 3 || got.LastOrderAt != 30 {
			t.Errorf("got %v, %d orders, last at %d", got.Value, got.Orders, got.LastOrderAt)
		}
	})
}

func TestPlaceEvidenceKeepsTheNewestOfEachSource(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		p, _ := b.resolve(shop, people.Phone, "+12125550100", people.Hint{})
		b.tx(func(tx *db.Tx) error {
			for _, e := range []compliance.Evidence{
				{Source: compliance.IP, State: "CA", Country: "US", At: 20},
				{Source: compliance.IP, State: "NY", Country: "US", At: 10},
				{Source: compliance.Address, State: "TX", Country: "US", Zip: "75001", Zone: "nonsense", At: 5},
			} {
				if err := b.PlaceTx(t.Context(), tx, shop, p, "", e); err != nil {
					return err
				}
			}
			return nil
		})
		zone := "America/Chicago"
		if _, err := b.update(p, people.Update{Timezone: &zone}); err != nil {
			t.Fatal(err)
		}
		got, err := b.PlaceEvidence(t.Context(), d, shop, p)
		if err != nil {
			t.Fatal(err)
		}
		want := []compliance.Evidence{
			{Source: compliance.Profile, Zone: zone, At: b.clock.Now()},
			{Source: compliance.IP, State: "CA", Country: "US", At: 20},
			{Source: compliance.Address, State: "TX", Country: "US", Zip: "75001", At: 5},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("evidence (-want +got):\n%s", diff)
		}
	})
}
