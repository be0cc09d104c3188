package people_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/people"
)

const ada = "+393331234567"

func stop(ws id.Workspace, address string) people.Consent {
	return people.Consent{Workspace: ws, Address: address, Action: people.Revoke, Source: people.ByKeyword, Actor: "person",
		Proof: people.Proof{Method: "text", Text: "STOP", Matcher: "per_se:stop", MessageIDs: []string{"msg_stop"}}}
}

func agreed(address string, p people.Purpose) people.Consent {
	return people.Consent{Workspace: shop, Address: address, Purpose: p, Action: people.Grant, Source: people.ByForm, Frequency: 4,
		Disclosure: "I agree to recurring automated texts. Reply STOP to end.", Actor: "person",
		Proof: people.Proof{FormID: "footer", IP: "203.0.113.9", UserAgent: "Firefox", Affirmative: "ticked the box"}}
}

func (b bench) record(list ...people.Consent) []people.ConsentEventID {
	b.t.Helper()
	var ids []people.ConsentEventID
	b.tx(func(tx *db.Tx) (err error) {
		ids, err = b.RecordConsentAllTx(b.t.Context(), tx, list)
		return err
	})
	return ids
}

func (b bench) may(address string, p people.Purpose) people.Reading {
	b.t.Helper()
	r, err := b.Consent(b.t.Context(), b.DB, shop, people.ConsentQuery{Address: address, Purpose: p})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b bench) tampering() []people.Tampering {
	b.t.Helper()
	var out []people.Tampering
	if _, err := b.VerifyLedger(b.t.Context(), b.DB, shop, func(t people.Tampering) { out = append(out, t) }); err != nil {
		b.t.Fatal(err)
	}
	return out
}

func TestConsentIsReadWithItsReasonAndItsWords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		ids := b.record(agreed("333 123 4567", people.Marketing))
		r := b.may(ada, people.Marketing)
		if !r.Allowed || r.Event != ids[0] || r.Frequency != 4 || r.Source != "form" || !strings.HasPrefix(r.Disclosure, "I agree") {
			t.Errorf("got %+v", r)
		}
		if want := "Agreed to marketing texts on 15 January 2027 in a web form."; r.Text != want {
			t.Errorf("got %q, want %q", r.Text, want)
		}
		b.record(stop(shop, ada))
		if r := b.may(ada, people.Marketing); r.Allowed || r.Reason != "opted_out" || !strings.Contains(r.Text, "START") {
			t.Errorf("after STOP: %+v", r)
		}
	})
}

func TestADoubleOptInTimesOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		asked := agreed(ada, people.Cart)
		asked.Action = people.Pending
		b.record(asked)
		if r := b.may(ada, people.Cart); r.Allowed || r.State != "pending" {
			t.Errorf("while waiting: %+v", r)
		}
		b.clock.Skip(25 * time.Hour)
		if r := b.may(ada, people.Cart); r.Allowed || r.Reason != "pending_expired" || r.State != "none" {
			t.Errorf("a day later: %+v", r)
		}
		b.record(people.Consent{Workspace: shop, Address: ada, Action: people.Confirm, Source: people.ByReply})
		if r := b.may(ada, people.Cart); r.Allowed {
			t.Errorf("a late YES counted: %+v", r)
		}
	})
}

func TestConsentWithoutItsEvidenceIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		silent := agreed(ada, people.Marketing)
		silent.Disclosure = " "
		imported := agreed(ada, people.Marketing)
		imported.Source = people.ByImport
		everything := agreed(ada, people.All)
		nowhere := agreed("nonsense", people.Marketing)
		foreign := agreed(ada, people.Marketing)
		foreign.Workspace = "ws_other"
		for code, list := range map[string][]people.Consent{"disclosure_missing": {silent}, "attestation_missing": {imported},
			"consent_invalid": {everything}, "phone_invalid": {nowhere}} {
			err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := b.RecordConsentAllTx(t.Context(), tx, list); return err })
			if errs.CodeOf(err) != code {
				t.Errorf("got %v, want %s", err, code)
			}
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := b.RecordConsentAllTx(t.Context(), tx, []people.Consent{agreed(ada, people.Marketing), foreign})
			return err
		})
		if errs.KindOf(err) != errs.Invalid || b.may(ada, people.Marketing).Allowed {
			t.Errorf("a set over two workspaces gave %v", err)
		}
	})
}

func TestAnyAddressCanOptOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.record(stop(shop, "INFO-Sender "))
		if r := b.may("info-sender", people.Support); r.Allowed {
			t.Errorf("got %+v", r)
		}
		b.clock.Skip(20 * 365 * 24 * time.Hour)
		if r := b.may("INFO-Sender", people.Marketing); r.Allowed || r.State != "revoked" {
			t.Errorf("twenty years later: %+v", r)
		}
	})
}

func TestWatchersHearOfARevocationAfterItIsOnDisk(t *testing.T) { // I13
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var heard []string
		hear := func(when string) func(id.Workspace, people.Medium, string) {
			return func(ws id.Workspace, m people.Medium, address string) {
				heard = append(heard, fmt.Sprint(when, " ", ws, " ", m, " ", address, " ", b.may(address, people.Marketing).State))
			}
		}
		b.WatchRevocations(people.Watcher{Told: hear("told"), Settled: hear("settled")})
		b.record(agreed(ada, people.Marketing))
		_ = d.Tx(t.Context(), func(tx *db.Tx) error {
			if _, err := b.RecordConsentTx(t.Context(), tx, stop(shop, ada)); err != nil {
				t.Error(err)
			}
			return fmt.Errorf("given up")
		})
		if len(heard) != 0 {
			t.Errorf("heard of %v, which was undone", heard)
		}
		b.record(stop(shop, ada))
		if !slices.Equal(heard, []string{"told ws_shop sms " + ada + " revoked", "settled ws_shop sms " + ada + " revoked"}) {
			t.Errorf("heard %v", heard)
		}
	})
}

func TestAThousandAddressesAreReadAtOnceAndAsOneByOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var list []people.Consent
		var addresses []string
		for i := range 1100 {
			address := fmt.Sprintf("+39333%07d", i)
			addresses = append(addresses, address)
			switch i % 3 {
			case 0:
				list = append(list, agreed(address, people.Marketing))
			case 1:
				list = append(list, agreed(address, people.Marketing), stop(shop, address))
			}
		}
		b.record(list...)
		all, err := b.ConsentAll(t.Context(), d, shop, people.SMS, people.Marketing, append(addresses, "333 0000000"))
		if err != nil || len(all) != 1101 {
			t.Fatalf("%d answers, %v", len(all), err)
		}
		want := []string{"granted", "revoked", "none"}
		for i, a := range addresses {
			if all[a].State != want[i%3] || all[a].Allowed != (i%3 == 0) {
				t.Fatalf("%s: %+v", a, all[a])
			}
		}
		if !all["333 0000000"].Allowed {
			t.Error("the answer is not found by the address as it was given")
		}
		if found := b.tampering(); len(found) != 0 {
			t.Errorf("an untouched ledger has findings: %v", found)
		}
	})
}

func TestErasureKeepsTheSuppressionWithoutTheAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.record(agreed(ada, people.Marketing), stop(shop, ada))
		b.tx(func(tx *db.Tx) error { return b.ForgetAddressTx(t.Context(), tx, shop, people.SMS, ada) })
		for _, table := range []string{"consent_chain", "consent_event", "consent_state", "consent_disclosure"} {
			if text := dump(t, d, table); strings.Contains(text, "3331234567") {
				t.Errorf("%s still says the number: %s", table, text)
			}
		}
		if r := b.may(ada, people.Marketing); r.State != "revoked" {
			t.Errorf("the suppression went with the address: %+v", r)
		}
		if found := b.tampering(); len(found) != 0 {
			t.Errorf("erasure broke the chain: %v", found)
		}
	})
}

func dump(t *testing.T, d *db.DB, table string) string {
	t.Helper()
	columns := map[string]string{"consent_chain": "address || address_key || head", "consent_event": "address_key || record",
		"consent_state": "address_key || status", "consent_disclosure": "hash || text"}
	rows, err := d.Query(t.Context(), "SELECT "+columns[table]+" FROM "+table)
	all, err := db.Collect(rows, err, func(r *db.Rows) (s string, err error) { return s, r.Scan(&s) })
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %d rows, %v", table, len(all), err)
	}
	return strings.Join(all, "\n")
}

func TestManyWritersExtendOneChainWithoutAFork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				err := d.Tx(t.Context(), func(tx *db.Tx) error {
					other := fmt.Sprintf("+3933300000%02d", i%3)
					_, err := b.RecordConsentAllTx(t.Context(), tx, []people.Consent{agreed(ada, people.Marketing), stop(shop, other), stop(shop, ada)})
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		events, err := b.Ledger(t.Context(), d, shop, people.SMS, ada)
		if err != nil || len(events) != 60 || len(b.tampering()) != 0 {
			t.Errorf("%d events, %v, findings %v", len(events), err, b.tampering())
		}
	})
}

// I14: state = fold of events, for random histories through the real tables. VerifyLedger folds the stored events again.
func TestTheStoredStateIsTheFoldOfTheLedger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		run := 0
		rapid.Check(t, func(r *rapid.T) {
			run++
			ws := id.Workspace(fmt.Sprint("ws_", run))
			for range rapid.IntRange(1, 3).Draw(r, "transactions") {
				var list []people.Consent
				for range rapid.IntRange(1, 5).Draw(r, "set") {
					list = append(list, drawConsent(r, ws, b.clock.Now()))
				}
				if err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := b.RecordConsentAllTx(t.Context(), tx, list); return err }); err != nil {
					r.Fatal(err)
				}
			}
			checked, err := b.VerifyLedger(t.Context(), d, ws, func(f people.Tampering) { r.Errorf("finding: %+v", f) })
			if err != nil || checked == 0 {
				r.Fatalf("checked %d chains, %v", checked, err)
			}
		})
	})
}

func drawConsent(r *rapid.T, ws id.Workspace, now clock.Time) people.Consent {
	c := agreed(rapid.SampledFrom([]string{ada, "+12125550100"}).Draw(r, "address"), rapid.SampledFrom(people.Purposes()).Draw(r, "purpose"))
	c.Workspace = ws
	c.Action = rapid.SampledFrom([]people.Action{people.Grant, people.Pending, people.Confirm, people.Revoke, people.Block, people.Restore,
		people.Clarify, people.Unreachable, people.Reachable, people.Acknowledge}).Draw(r, "action")
	c.Source = rapid.SampledFrom([]people.ConsentSource{people.ByKeyword, people.ByReply, people.ByForm, people.ByMember, people.ByImport,
		people.ByAPI, people.ByMerge, people.ByAssistant, people.ByProvider, people.ByCarrier}).Draw(r, "source")
	c.At = now + clock.Time(rapid.Int64Range(1, 20).Draw(r, "at"))
	c.Proof.Attestation, c.Proof.Doubtful = "bought at the fair", rapid.Bool().Draw(r, "doubtful")
	c.Proof.Text = rapid.String().Draw(r, "text")
	if slices.Contains([]people.Action{people.Block, people.Unreachable, people.Reachable}, c.Action) ||
		(rapid.Bool().Draw(r, "all") && slices.Contains([]people.Action{people.Revoke, people.Restore, people.Confirm}, c.Action)) {
		c.Purpose = people.All
	}
	return c
}

func TestOneChangedByteIsFound(t *testing.T) { // I14
	one := func(column string) string { // changes the last letter of a text
		return "UPDATE consent_event SET " + column + " = substr(" + column + ", 1, length(" + column + ") - 1) || 'x' WHERE seq = 2"
	}
	record := func(old, by string) string {
		return "UPDATE consent_event SET record = replace(record, '" + old + "', '" + by + "') WHERE seq = 2"
	}
	cases := map[string]string{
		"a letter of the customer's words":   record("STOP", "STOQ"),
		"a digit of a time":                  record("2027-01-15", "2027-01-16"),
		"a space that changes no meaning":    record(`{"id"`, `{ "id"`),
		"the hash of a row":                  one("row_hash"),
		"the action beside the record":       "UPDATE consent_event SET action = 'restore' WHERE seq = 2",
		"the time beside the record":         "UPDATE consent_event SET at = at + 1 WHERE seq = 2",
		"an event in the middle is gone":     "DELETE FROM consent_event WHERE seq = 2",
		"the last event is gone":             "DELETE FROM consent_event WHERE seq = 3",
		"the head of the chain":              "UPDATE consent_chain SET head = 'x'",
		"the chain and its head are shorter": "UPDATE consent_chain SET length = 2",
		"the head is gone":                   "DELETE FROM consent_chain",
		"the words shown":                    "UPDATE consent_disclosure SET text = replace(text, 'agree', 'agreE')",
		"the state":                          "UPDATE consent_state SET status = 'granted' WHERE purpose = 'marketing'",
		"a state that nobody wrote":          "DELETE FROM consent_state WHERE purpose = 'cart'",
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := setup(t, d)
				b.record(agreed(ada, people.Marketing), stop(shop, ada), stop(shop, ada))
				if found := b.tampering(); len(found) != 0 {
					t.Fatalf("findings before anything happened: %v", found)
				}
				withoutGuard(t, d, cases[name])
				found, err := b.VerifyChain(t.Context(), d, shop, people.SMS, ada)
				if err != nil || len(found) == 0 || len(b.tampering()) == 0 {
					t.Errorf("not found: %v, %v", found, err)
				}
			})
		})
	}
}

// withoutGuard is somebody with full access to the database: the triggers are gone.
func withoutGuard(t *testing.T, d *db.DB, statement string) {
	t.Helper()
	drops := []string{"DROP TRIGGER consent_event_kept", "DROP TRIGGER consent_event_stays"}
	if d.Engine() == db.Postgres {
		drops = []string{"DROP TRIGGER consent_event_kept ON consent_event"}
	}
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for _, s := range drops {
			if _, err := tx.Exec(t.Context(), s); err != nil {
				return err
			}
		}
		n, err := tx.Exec(t.Context(), statement)
		if err == nil && n == 0 {
			return fmt.Errorf("%s changed nothing", statement)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheDatabaseItselfRefusesToChangeTheLedger(t *testing.T) { // I14
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.record(stop(shop, ada))
		for _, statement := range []string{"UPDATE consent_event SET at = 1", "DELETE FROM consent_event"} {
			err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(t.Context(), statement); return err })
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s gave %v", statement, err)
			}
		}
	})
}

func TestNoCodeChangesTheLedger(t *testing.T) { // I14
	forbidden := regexp.MustCompile(`(?i)(UPDATE|DELETE\s+FROM|TRUNCATE|REPLACE\s+INTO)\s+consent_event`)
	checked := 0
	err := filepath.WalkDir("..", func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, "_test.go") || !(strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".sql")) {
			return err
		}
		text, err := os.ReadFile(path)
		checked++
		if m := forbidden.Find(text); m != nil {
			t.Errorf("%s says %q; the consent ledger is append-only", path, m)
		}
		return err
	})
	if err != nil || checked < 20 {
		t.Fatalf("checked %d files, %v", checked, err)
	}
}
