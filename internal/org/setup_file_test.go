package org_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/org"
)

// save is SaveKeyTx in a transaction of its own.
func (f *fixture) save(actor org.Actor, n org.NewKey) (before *org.Key, rotated bool, err error) {
	f.Helper()
	err = f.db.Tx(f.ctx, func(tx *db.Tx) (err error) {
		before, rotated, err = f.org.SaveKeyTx(f.ctx, tx, actor, n)
		return err
	})
	return before, rotated, err
}

func (f *fixture) audits(actor org.Actor) int {
	f.Helper()
	entries, err := f.org.AuditLog(f.ctx, actor.Workspace, "", 100)
	if err != nil {
		f.Fatal(err)
	}
	return len(entries)
}

func TestAGivenKeyIsSavedByItsName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		system, other := org.System(f.workspace("Era").ID), org.System(f.workspace("Other").ID)
		n := org.NewKey{Name: "till", Scopes: []org.Permission{org.EventWrite, org.PersonRead}, Secret: "a-secret-that-the-operator-chose-1234"}
		if before, rotated, err := f.save(system, n); before != nil || rotated || err != nil {
			t.Fatalf("a new key: %v %v %v", before, rotated, err)
		}
		written := f.audits(system)
		same := n
		same.Scopes = []org.Permission{org.PersonRead, org.EventWrite, org.PersonRead}
		if before, rotated, err := f.save(system, same); before == nil || rotated || err != nil || f.audits(system) != written {
			t.Errorf("the same key again: %v %v %v, %d entries after %d", before, rotated, err, f.audits(system), written)
		}
		if _, _, err := f.save(other, n); !errors.Is(err, org.ErrSecretTaken) {
			t.Errorf("one secret opened two workspaces: %v", err)
		}
		renamed := n
		renamed.Name = "other till"
		if _, _, err := f.save(system, renamed); !errors.Is(err, org.ErrSecretTaken) {
			t.Errorf("one secret for two names: %v", err)
		}
		next := n
		next.Secret, next.Scopes, next.ExpiresAt = "another-secret-that-the-operator-chose", []org.Permission{org.EventWrite}, start.Add(time.Hour)
		before, rotated, err := f.save(system, next)
		if err != nil || !rotated || len(before.Scopes) != 2 {
			t.Errorf("another secret: %+v %v %v", before, rotated, err)
		}
		if _, err := f.org.Authenticate(f.ctx, org.Credential{Key: n.Secret}); !errors.Is(err, org.ErrKeyUnknown) {
			t.Errorf("the old secret still opens: %v", err)
		}
		if a, err := f.org.Authenticate(f.ctx, org.Credential{Key: next.Secret}); err != nil || a.Workspace != system.Workspace || a.Can(org.PersonRead) || a.Key != before.ID {
			t.Errorf("got %+v %v", a, err)
		}
		keys, err := f.org.Keys(f.ctx, system.Workspace)
		if err != nil || len(keys) != 1 || !strings.HasPrefix(next.Secret, keys[0].Prefix) || keys[0].ExpiresAt != next.ExpiresAt {
			t.Errorf("keys %+v %v", keys, err)
		}
		f.clock.Skip(2 * time.Hour)
		next.ExpiresAt = 0
		if _, _, err := f.save(system, next); err != nil {
			t.Errorf("the end of a key that has ended stays: %v", err)
		}
		if _, err := f.org.Authenticate(f.ctx, org.Credential{Key: next.Secret}); !errors.Is(err, org.ErrKeyUnknown) {
			t.Errorf("saving a key that had ended opened it again: %v", err)
		}
	})
}

func TestAKeyThatCannotBeIsNotSaved(t *testing.T) { // I28
	f := setup(t, dbtest.SQLite(t))
	system := org.System(f.workspace("Era").ID)
	good := org.NewKey{Name: "till", Scopes: []org.Permission{org.EventWrite}, Secret: "a-secret-that-the-operator-chose-1234"}
	for name, change := range map[string]func(*org.NewKey){
		"without a secret":     func(n *org.NewKey) { n.Secret = "" },
		"with a short secret":  func(n *org.NewKey) { n.Secret = "short" },
		"without scopes":       func(n *org.NewKey) { n.Scopes = nil },
		"with an unknown one":  func(n *org.NewKey) { n.Scopes = []org.Permission{"root.all"} },
		"that has ended":       func(n *org.NewKey) { n.ExpiresAt = clock.Time(1) },
		"without a name of it": func(n *org.NewKey) { n.Name = " " },
	} {
		n := good
		change(&n)
		if _, _, err := f.save(system, n); len(fieldsOf(err)) == 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnInstallationThatAFileSetUpIsClaimedByNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		if err := f.org.PrepareSetup(f.ctx); err != nil {
			t.Fatal(err)
		}
		claim := org.SetupInput{Code: f.code(), Workspace: "Eve", Name: "Eve", Email: "eve@example.com", Password: password, Country: "IT", Timezone: "Europe/Rome", Currency: "EUR"}
		for range 2 {
			if err := d.Tx(f.ctx, func(tx *db.Tx) error { return f.org.SetUpTx(f.ctx, tx) }); err != nil {
				t.Fatal(err)
			}
		}
		if needed, err := f.org.SetupNeeded(f.ctx); needed || err != nil {
			t.Errorf("set-up needed: %v %v", needed, err)
		}
		if _, err := os.Stat(f.org.SetupPath()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file with the code is still there: %v", err)
		}
		_, err := org.New(f.deps).Setup(f.ctx, claim)
		f.want(err, org.ErrSetUp)
		claim.Local = true
		_, err = org.New(f.deps).Setup(f.ctx, claim)
		f.want(err, org.ErrSetUp)
	})
}

func TestAPasswordThatWillNotDoIsNotHashed(t *testing.T) {
	f := setup(t, dbtest.SQLite(t))
	for _, bad := range []string{"short", "Fashion Era Rome", "aaaaaaaaaaaaaaaa"} {
		if hash, err := f.org.HashPassword(f.ctx, bad, "fashion era rome"); hash != "" || fieldsOf(err)["password"] == "" {
			t.Errorf("%q: %q %v", bad, hash, err)
		}
	}
	if hash, err := f.org.HashPassword(f.ctx, password, "ana@example.com"); err != nil || !strings.HasPrefix(hash, "$argon2id$") {
		t.Errorf("got %q %v", hash, err)
	}
}

// A change that is taken back with its transaction is seen by nobody, and one that is committed by everybody at once.
func TestAWorkspaceIsForgottenWhenItsChangeIsCommitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		back := errors.New("back")
		for _, end := range []error{back, nil} {
			if _, err := f.org.Workspace(f.ctx, d, w.ID); err != nil {
				t.Fatal(err)
			}
			name := "Era Roma"
			err := d.Tx(f.ctx, func(tx *db.Tx) error {
				after, err := f.org.UpdateWorkspaceTx(f.ctx, tx, org.System(w.ID), org.WorkspaceChange{Name: &name})
				if err != nil || after.Name != name {
					t.Errorf("inside: %q %v", after.Name, err)
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
			want := name
			if end != nil {
				want = "Era"
			}
			if now, err := f.org.Workspace(f.ctx, d, w.ID); err != nil || now.Name != want {
				t.Errorf("after %v: %q %v", end, now.Name, err)
			}
		}
	})
}
