package org_test

import (
	"errors"
	"testing"
	"time"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/org"
)

func fieldsOf(err error) map[string]string {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

func TestALoginTellsNothingAboutAccounts(t *testing.T) { // I33
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		f.member(w.ID, "ana@example.com", org.Agent)
		if _, err := f.org.CreateMember(f.ctx, org.NewMember{Workspace: w.ID, Name: "Demo", Email: "demo@example.com", Role: org.Agent}); err != nil {
			t.Fatal(err)
		}
		for name, try := range map[string][2]string{
			"a wrong password":                  {"ana@example.com", "wrong horse battery"},
			"an unknown e-mail":                 {"eve@example.com", password},
			"an account without a password":     {"demo@example.com", ""},
			"a password longer than any may be": {"ana@example.com", string(make([]byte, 300))},
		} {
			_, err := f.org.Login(f.ctx, try[0], try[1], "")
			if !errors.Is(err, org.ErrLoginFailed) || err.Error() != org.ErrLoginFailed.Error() {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if _, err := f.org.Login(f.ctx, " ANA@example.com", password, ""); err != nil {
			t.Errorf("an e-mail in capitals: %v", err)
		}
	})
}

func TestTriesOnOneEmailAreLimited(t *testing.T) { // I33
	f := setup(t, dbtest.SQLite(t))
	f.member(f.workspace("Era").ID, "ana@example.com", org.Agent)
	for _, email := range []string{"ana@example.com", "nobody@example.com"} {
		limited := false
		for range 12 {
			_, err := f.org.Login(f.ctx, email, "wrong horse battery", "")
			limited = limited || errors.Is(err, org.ErrTooManyTries)
		}
		if !limited {
			t.Errorf("12 tries on %s went through", email)
		}
	}
	_, err := f.org.Login(f.ctx, "ana@example.com", password, "")
	f.want(err, org.ErrTooManyTries)
	f.clock.Skip(time.Minute)
	if _, err := f.org.Login(f.ctx, "ana@example.com", password, ""); err != nil {
		t.Error(err)
	}
}

func TestEachLoginHasItsOwnSessionAndEndsTheOldOne(t *testing.T) { // I33
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		f.member(f.workspace("Era").ID, "ana@example.com", org.Agent)
		first, _ := f.login("ana@example.com")
		second, err := f.org.Login(f.ctx, "ana@example.com", password, first.Token)
		if err != nil || second.Token == first.Token || len(second.Token) < 51 {
			t.Fatalf("got %v %v", second, err)
		}
		if f.holds(first) || !f.holds(second) {
			t.Error("the browser's old session must end and the new one hold")
		}
		_, actor := f.login("ana@example.com")
		if err := f.org.Logout(f.ctx, actor); err != nil || !f.holds(second) {
			t.Errorf("signing out ended another session: %v", err)
		}
		var n int64
		if err := d.QueryRow(f.ctx, `SELECT COUNT(*) FROM session WHERE hash = $1`, second.Token).Scan(&n); err != nil || n != 0 {
			t.Errorf("the token itself is stored: %v", err)
		}
	})
}

func TestSessionsEndByTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		f.member(f.workspace("Era").ID, "ana@example.com", org.Agent)
		idle, _ := f.login("ana@example.com")
		used, _ := f.login("ana@example.com")
		for range 3 {
			f.clock.Skip(9 * 24 * time.Hour)
			if !f.holds(used) {
				t.Fatal("a session in use ended")
			}
		}
		if f.holds(idle) {
			t.Error("a session idle for 27 days holds")
		}
		f.clock.Skip(4 * 24 * time.Hour)
		if f.holds(used) {
			t.Error("a session of 31 days holds")
		}
		if err := f.org.Sweep(f.ctx); err != nil {
			t.Fatal(err)
		}
		var n int64
		if err := d.QueryRow(f.ctx, `SELECT COUNT(*) FROM session`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d ended sessions are left, %v", n, err)
		}
	})
}

func TestAPasswordChangeEndsAllOtherSessions(t *testing.T) { // I33
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		f.member(f.workspace("Era").ID, "ana@example.com", org.Agent)
		elsewhere, _ := f.login("ana@example.com")
		here, actor := f.login("ana@example.com")
		if _, err := f.org.ChangePassword(f.ctx, actor, "wrong horse battery", "another horse battery"); fieldsOf(err)["present"] == "" {
			t.Errorf("got %v", err)
		}
		if _, err := f.org.ChangePassword(f.ctx, actor, password, "ana@example.com"); fieldsOf(err)["password"] == "" {
			t.Errorf("one's own e-mail was accepted as password: %v", err)
		}
		fresh, err := f.org.ChangePassword(f.ctx, actor, password, "another horse battery")
		if err != nil {
			t.Fatal(err)
		}
		if f.holds(elsewhere) || f.holds(here) || !f.holds(fresh) {
			t.Error("only the new session may hold")
		}
		_, err = f.org.Login(f.ctx, "ana@example.com", password, "")
		f.want(err, org.ErrLoginFailed)
	})
}

func TestARoleChangeAndBeingDisabledEndAllSessions(t *testing.T) { // I33, ST-9
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		boss := actorOf(f.member(w.ID, "boss@example.com", org.Owner))
		m := f.member(w.ID, "ana@example.com", org.Agent)
		s, _ := f.login("ana@example.com")
		lead := org.Lead
		if _, err := f.org.UpdateMember(f.ctx, boss, m.ID, org.MemberChange{Role: &lead}); err != nil || f.holds(s) {
			t.Errorf("the session outlived the role: %v", err)
		}
		s, actor := f.login("ana@example.com")
		if actor.Role != org.Lead {
			t.Errorf("got %s", actor.Role)
		}
		link, err := f.org.LoginLink(f.ctx, w.ID, m.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		yes := true
		if _, err := f.org.UpdateMember(f.ctx, boss, m.ID, org.MemberChange{Disabled: &yes}); err != nil || f.holds(s) {
			t.Errorf("the session outlived the member: %v", err)
		}
		_, err = f.org.Login(f.ctx, "ana@example.com", password, "")
		f.want(err, org.ErrLoginFailed)
		_, err = f.org.LoginByLink(f.ctx, link)
		f.want(err, org.ErrLinkUsed)
	})
}

func TestALoginLinkWorksOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		m := f.member(w.ID, "ana@example.com", org.Agent)
		link, err := f.org.LoginLink(f.ctx, w.ID, m.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		s, err := f.org.LoginByLink(f.ctx, link)
		if err != nil || s.Member.ID != m.ID || !f.holds(s) {
			t.Fatalf("got %+v %v", s, err)
		}
		_, err = f.org.LoginByLink(f.ctx, link)
		f.want(err, org.ErrLinkUsed)
		late, err := f.org.LoginLink(f.ctx, w.ID, m.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		f.clock.Skip(2 * time.Hour)
		_, err = f.org.LoginByLink(f.ctx, late)
		f.want(err, org.ErrLinkUsed)
		_, err = f.org.LoginLink(f.ctx, f.workspace("Other").ID, m.ID, time.Hour)
		f.want(err, org.ErrNoMember)
	})
}

func TestSomebodyInTwoWorkspacesGoesBetweenThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		era, demo, foreign := f.workspace("Era"), f.workspace("Demo"), f.workspace("Foreign")
		f.member(era.ID, "ana@example.com", org.Agent)
		f.member(demo.ID, "ana@example.com", org.Viewer)
		f.member(foreign.ID, "eve@example.com", org.Owner)
		s, actor := f.login("ana@example.com")
		fresh, err := f.org.Switch(f.ctx, actor, demo.ID)
		if err != nil || f.holds(s) {
			t.Fatalf("got %v", err)
		}
		moved, err := f.org.Authenticate(f.ctx, org.Credential{Session: fresh.Token})
		if err != nil || moved.Workspace != demo.ID || moved.Role != org.Viewer {
			t.Errorf("got %+v %v", moved, err)
		}
		for _, ws := range []id.Workspace{foreign.ID, "ws_nothing"} { // I27
			_, err = f.org.Switch(f.ctx, moved, ws)
			f.want(err, org.ErrNoWorkspace)
		}
		all, err := f.org.WorkspacesOf(f.ctx, moved.Account)
		if err != nil || len(all) != 2 {
			t.Errorf("got %d workspaces, %v", len(all), err)
		}
	})
}
