package org_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/org"
)

// start is Friday 14 November 2025, 08:00 UTC.
const start = clock.Time(1_763_107_200_000_000)

const password = "correct horse battery"

type fixture struct {
	*testing.T
	ctx   context.Context
	db    *db.DB
	clock *clock.Clock
	log   *bytes.Buffer
	dir   string
	deps  org.Deps
	org   *org.Service
}

func setup(t *testing.T, d *db.DB) *fixture {
	t.Helper()
	f := &fixture{T: t, ctx: t.Context(), db: d, clock: clock.NewManual(start), log: &bytes.Buffer{}, dir: t.TempDir()}
	f.deps = org.Deps{DB: d, Clock: f.clock, IDs: id.NewSource(f.clock), Log: slog.New(slog.NewTextHandler(f.log, nil)), Dir: f.dir}
	f.org = org.New(f.deps)
	return f
}

func (f *fixture) workspace(name string) org.Workspace {
	f.Helper()
	var w org.Workspace
	err := f.db.Tx(f.ctx, func(tx *db.Tx) (err error) {
		w, err = f.org.CreateWorkspaceTx(f.ctx, tx, org.NewWorkspace{Name: name, Country: "IT", Timezone: "Europe/Rome", Currency: "EUR"})
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return w
}

func (f *fixture) member(ws id.Workspace, email string, role org.Role) org.Member {
	f.Helper()
	m, err := f.org.CreateMember(f.ctx, org.NewMember{Workspace: ws, Name: "Ana", Email: email, Password: password, Role: role})
	if err != nil {
		f.Fatal(err)
	}
	return m
}

func (f *fixture) login(email string) (org.Session, org.Actor) {
	f.Helper()
	s, err := f.org.Login(f.ctx, email, password, "")
	if err != nil {
		f.Fatalf("login of %s: %v", email, err)
	}
	a, err := f.org.Authenticate(f.ctx, org.Credential{Session: s.Token})
	if err != nil {
		f.Fatal(err)
	}
	return s, a
}

func (f *fixture) holds(s org.Session) bool {
	f.Helper()
	_, err := f.org.Authenticate(f.ctx, org.Credential{Session: s.Token})
	if err != nil && !errors.Is(err, org.ErrNotSignedIn) {
		f.Fatal(err)
	}
	return err == nil
}

func (f *fixture) want(got, want error) {
	f.Helper()
	if !errors.Is(got, want) {
		f.Errorf("got %v, want %v", got, want)
	}
}

func actorOf(m org.Member) org.Actor {
	return org.Actor{Workspace: m.Workspace, Account: m.Account, Member: m.ID, Role: m.Role, Name: m.Name}
}

func TestAWorkspaceGetsAFreeSlugAndDefaults(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		one, two := f.workspace("Fashion Era!"), f.workspace("fashion era")
		if one.Slug != "fashion-era" || two.Slug != "fashion-era-2" {
			t.Errorf("got %q and %q", one.Slug, two.Slug)
		}
		got, err := f.org.BySlug(f.ctx, d, "fashion-era-2")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, two); diff != "" {
			t.Errorf("it comes back changed:\n%s", diff)
		}
		if got.Settings.UndoSeconds != 5 || got.Settings.CartWait() != 30*time.Minute {
			t.Errorf("got %+v", got.Settings)
		}
		_, err = f.org.BySlug(f.ctx, d, "nothing")
		f.want(err, org.ErrNoWorkspace)
	})
}

func TestSettingsAreCheckedAuditedAndSeenAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		owner := actorOf(f.member(w.ID, "ana@example.com", org.Owner))
		if _, err := f.org.Workspace(f.ctx, d, w.ID); err != nil {
			t.Fatal(err)
		}
		bad := w.Settings
		bad.CartDelay, bad.QuietStart, bad.UndoSeconds, bad.Brand, bad.TermsURL, bad.LinkDomain = "3 days", "25:00", 11, " ", "javascript:alert(1)", "https://x"
		_, err := f.org.UpdateWorkspace(f.ctx, owner, org.WorkspaceChange{Settings: &bad})
		for _, field := range []string{"cart_delay", "quiet_start", "undo_seconds", "brand", "terms_url", "link_domain"} {
			if fields := fieldsOf(err); fields[field] == "" {
				t.Errorf("%s was accepted: %v", field, err)
			}
		}
		good := w.Settings
		good.CartDelay = "45m"
		if _, err := f.org.UpdateWorkspace(f.ctx, owner, org.WorkspaceChange{Settings: &good}); err != nil {
			t.Fatal(err)
		}
		now, err := f.org.Workspace(f.ctx, d, w.ID)
		if err != nil || now.Settings.CartWait() != 45*time.Minute {
			t.Errorf("got %v %v", now.Settings.CartDelay, err)
		}
		log, err := f.org.AuditLog(f.ctx, w.ID, "", 10)
		if err != nil || len(log) != 1 || log[0].Action != "workspace.update" || log[0].Actor != owner.Ref() {
			t.Fatalf("got %+v %v", log, err)
		}
		before, after := log[0].Before["settings"].(map[string]any), log[0].After["settings"].(map[string]any)
		if before["cart_delay"] != "30m" || after["cart_delay"] != "45m" {
			t.Errorf("the log says %v, then %v", before["cart_delay"], after["cart_delay"])
		}
	})
}

func TestAWorkspaceReadInsideATransactionThatFailsIsNotKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		ghost := id.Workspace("")
		err := d.Tx(f.ctx, func(tx *db.Tx) error {
			w, err := f.org.CreateWorkspaceTx(f.ctx, tx, org.NewWorkspace{Name: "Ghost", Country: "IT", Timezone: "Europe/Rome", Currency: "EUR"})
			if err != nil {
				return err
			}
			ghost = w.ID
			if _, err := f.org.Workspace(f.ctx, tx, w.ID); err != nil {
				return err
			}
			return errors.New("no")
		})
		if err == nil || ghost == "" {
			t.Fatal("the transaction did not fail as it should")
		}
		_, err = f.org.Workspace(f.ctx, d, ghost)
		f.want(err, org.ErrNoWorkspace)
	})
}

func TestATransactionSeesItsOwnChangeOfAWorkspaceAndOthersSeeItAfterwards(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		owner := actorOf(f.member(w.ID, "ana@example.com", org.Owner))
		inside := func(want string, then func(tx *db.Tx) error) {
			t.Helper()
			err := d.Tx(f.ctx, func(tx *db.Tx) error {
				seen, err := f.org.Workspace(f.ctx, tx, w.ID)
				if err == nil && seen.Name != want {
					t.Errorf("a transaction sees %q, not %q", seen.Name, want)
				}
				return errors.Join(err, then(tx))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		inside("Era", func(*db.Tx) error { return nil }) // from here on it is cached
		name := "Epoch"
		inside("Era", func(tx *db.Tx) error {
			if _, err := f.org.UpdateWorkspaceTx(f.ctx, tx, owner, org.WorkspaceChange{Name: &name}); err != nil {
				return err
			}
			seen, err := f.org.Workspace(f.ctx, tx, w.ID)
			if seen.Name != name {
				t.Errorf("the transaction sees %q after its own change", seen.Name)
			}
			return err
		})
		inside(name, func(*db.Tx) error { return nil })
	})
}

func TestTheChecklistTicksItself(t *testing.T) { // FR-7
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		told := 0
		f.deps.Changed = func(context.Context, *db.Tx, id.Workspace) error { told++; return nil }
		f.org = org.New(f.deps)
		w, other := f.workspace("Era"), f.workspace("Other")
		m := f.member(w.ID, "ana@example.com", org.Agent)
		for range 3 {
			if err := d.Tx(f.ctx, func(tx *db.Tx) error { return f.org.TickTx(f.ctx, tx, w.ID, org.TickInbound) }); err != nil {
				t.Fatal(err)
			}
		}
		items, err := f.org.Checklist(f.ctx, w.ID)
		if err != nil || len(items) != 5 || told != 1 {
			t.Fatalf("got %d items, told %d times, %v", len(items), told, err)
		}
		for _, i := range items {
			if i.Done != (i.Key == org.TickInbound) {
				t.Errorf("%s is %v", i.Key, i.Done)
			}
		}
		items, err = f.org.Checklist(f.ctx, other.ID)
		if err != nil || items[0].Done {
			t.Errorf("a tick went to another workspace: %+v %v", items[0], err)
		}
		if err := f.org.HideChecklist(f.ctx, actorOf(m), true); err != nil {
			t.Error(err)
		}
	})
}

func TestSetupHappensOnceAndNeedsTheCode(t *testing.T) { // FR-2, FR-4
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		if err := f.org.PrepareSetup(f.ctx); err != nil {
			t.Fatal(err)
		}
		code := f.code()
		if words := strings.Split(code, "-"); len(words) != 6 || !strings.Contains(f.log.String(), code) {
			t.Errorf("the code %q is not in the log %s", code, f.log)
		}
		in := org.SetupInput{Workspace: "Era", Name: "Ana", Email: "ana@example.com", Password: password, Country: "IT", Timezone: "Europe/Rome", Currency: "EUR"}
		_, err := f.org.Setup(f.ctx, in)
		f.want(err, org.ErrSetupCode)
		in.Code = "wrong-" + code
		_, err = f.org.Setup(f.ctx, in)
		f.want(err, org.ErrSetupCode)

		in.Code = "  " + strings.ToUpper(strings.ReplaceAll(code, "-", " "))
		weak := in
		weak.Password = "short"
		if _, err := f.org.Setup(f.ctx, weak); fieldsOf(err)["password"] == "" {
			t.Errorf("got %v", err)
		}
		s, err := f.org.Setup(f.ctx, in)
		if err != nil || s.Member.Role != org.Owner || !f.holds(s) {
			t.Fatalf("got %+v %v", s, err)
		}
		if _, err := os.Stat(f.org.SetupPath()); !errors.Is(err, os.ErrNotExist) {
			t.Error("the code's file is still there")
		}
		local := in
		local.Local, local.Email = true, "eve@example.com"
		for _, again := range []org.SetupInput{in, local} {
			_, err = f.org.Setup(f.ctx, again)
			f.want(err, org.ErrSetUp)
		}
		f.want(f.org.NewSetupCode(f.ctx, true), org.ErrSetUp)
		if needed, err := org.New(f.deps).SetupNeeded(f.ctx); needed || err != nil {
			t.Errorf("needed after a restart: %v %v", needed, err)
		}
	})
}

func (f *fixture) code() string {
	f.Helper()
	text, err := os.ReadFile(f.org.SetupPath())
	if err != nil {
		f.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestANewSetupCodeReplacesTheOldOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		if err := f.org.PrepareSetup(f.ctx); err != nil {
			t.Fatal(err)
		}
		old := f.code()
		if err := org.New(f.deps).PrepareSetup(f.ctx); err != nil || f.code() != old {
			t.Errorf("a restart changed the code: %v", err)
		}
		if err := f.org.NewSetupCode(f.ctx, true); err != nil || f.code() == old {
			t.Fatalf("no new code: %v", err)
		}
		in := org.SetupInput{Code: old, Workspace: "Era", Name: "Ana", Email: "ana@example.com", Password: password, Country: "IT", Timezone: "Europe/Rome", Currency: "EUR"}
		_, err := f.org.Setup(f.ctx, in)
		f.want(err, org.ErrSetupCode)
		in.Code = f.code()
		if _, err := f.org.Setup(f.ctx, in); err != nil {
			t.Error(err)
		}
	})
}

func TestTwoSetupsAtOnceMakeOneOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		results := make(chan error, 4)
		for i := range 4 {
			go func() {
				service := org.New(f.deps)
				_, err := service.Setup(f.ctx, org.SetupInput{Local: true, Workspace: "Era", Name: "Ana", Email: string(rune('a'+i)) + "@example.com", Password: password, Country: "IT", Timezone: "Europe/Rome", Currency: "EUR"})
				results <- err
			}()
		}
		worked := 0
		for range 4 {
			err := <-results
			if err == nil {
				worked++
				continue
			}
			f.want(err, org.ErrSetUp)
		}
		if worked != 1 {
			t.Errorf("%d set-ups worked", worked)
		}
	})
}
