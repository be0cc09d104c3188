package org_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

func TestTheMatrixIsWhole(t *testing.T) { // I28
	seen := map[org.Permission]bool{}
	for _, p := range org.AllPermissions() {
		area, verb, ok := strings.Cut(string(p), ".")
		if !ok || area == "" || verb == "" || seen[p] {
			t.Errorf("%q is not a permission named area.verb, or stands twice", p)
		}
		seen[p] = true
	}
	// Whoever is above another on the desk may do all that they may.
	for _, order := range [][]org.Role{{org.Owner, org.Admin, org.Lead, org.Agent, org.Viewer}, {org.Lead, org.Marketer, org.Viewer}} {
		for i := 1; i < len(order); i++ {
			for _, p := range order[i].Permissions() {
				if !order[i-1].Can(p) {
					t.Errorf("%s may %s but %s may not", order[i], p, order[i-1])
				}
			}
		}
	}
	if org.Role("root").Can(org.SelfUse) || org.Owner.Can("nothing.read") || org.Owner.Can(httpx.Public) {
		t.Error("an unknown role or permission is allowed")
	}
	if org.Agent.Can(org.MemberWrite) || org.Viewer.Can(org.ConversationReply) || org.Marketer.Can(org.ChannelWrite) || org.Lead.Can(org.KeyWrite) {
		t.Error("a role has more than it should")
	}
}

func TestAnActorIsWhatItHolds(t *testing.T) {
	key := org.Actor{Key: "key_1", Scopes: []org.Permission{org.EventWrite}}
	if !key.Can(org.EventWrite) || !key.Can(org.SelfUse) || key.Can(org.PersonRead) || key.Ref() != "key:key_1" {
		t.Error("a key has its scopes and nothing else")
	}
	system := org.System("ws_1")
	if !system.Can(org.MemberWrite) || system.Ref() != "system" {
		t.Error("the system may all")
	}
	none := org.Actor{Member: "mem_1"}
	if none.Can(org.SelfUse) {
		t.Error("a member without a role may nothing")
	}
}

func TestWhoMayChangeWhom(t *testing.T) { // I28
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		owner := f.member(w.ID, "owner@example.com", org.Owner)
		admin := f.member(w.ID, "admin@example.com", org.Admin)
		lead := f.member(w.ID, "lead@example.com", org.Lead)
		agent := f.member(w.ID, "agent@example.com", org.Agent)
		toOwner, toViewer, yes := org.Owner, org.Viewer, true
		limits := org.GrantLimits{MaxPercent: 50, PerDay: 3}
		cases := []struct {
			name   string
			actor  org.Member
			target org.Member
			change org.MemberChange
			want   error
		}{
			{"an admin makes an owner", admin, agent, org.MemberChange{Role: &toOwner}, org.ErrAboveYou},
			{"an admin disables an owner", admin, owner, org.MemberChange{Disabled: &yes}, org.ErrAboveYou},
			{"a lead changes a role", lead, agent, org.MemberChange{Role: &toViewer}, org.ErrNotAllowed},
			{"a lead raises their own limits", lead, lead, org.MemberChange{Limits: &limits}, org.ErrNotAllowed},
			{"a lead sets an agent's limits", lead, agent, org.MemberChange{Limits: &limits}, nil},
			{"the last owner steps down", owner, owner, org.MemberChange{Role: &toViewer}, org.ErrLastOwner},
			{"the last owner is disabled", owner, owner, org.MemberChange{Disabled: &yes}, org.ErrLastOwner},
			{"an owner makes another", owner, admin, org.MemberChange{Role: &toOwner}, nil},
			{"an owner beside another steps down", owner, owner, org.MemberChange{Role: &toViewer}, nil},
		}
		for _, c := range cases {
			_, err := f.org.UpdateMember(f.ctx, actorOf(c.actor), c.target.ID, c.change)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		other := actorOf(f.member(f.workspace("Other").ID, "eve@example.com", org.Owner))
		_, foreign := f.org.UpdateMember(f.ctx, other, agent.ID, org.MemberChange{Role: &toViewer})
		_, unknown := f.org.UpdateMember(f.ctx, other, "mem_nothing", org.MemberChange{Role: &toViewer})
		f.want(foreign, org.ErrNoMember) // I27
		f.want(unknown, org.ErrNoMember)
		got, err := f.org.Limits(f.ctx, d, actorOf(agent))
		if diff := cmp.Diff(got, limits); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestLimitsFollowTheRoleUnlessSet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		for role, want := range map[org.Role]org.GrantLimits{
			org.Agent: w.Settings.AgentLimits, org.Lead: org.Unlimited(), org.Owner: org.Unlimited(), org.Viewer: {},
		} {
			m := f.member(w.ID, string(role)+"@example.com", role)
			if got, err := f.org.Limits(f.ctx, d, actorOf(m)); got != want || err != nil {
				t.Errorf("%s: got %+v %v", role, got, err)
			}
		}
		if got, err := f.org.Limits(f.ctx, d, org.Actor{Workspace: w.ID, Key: "key_1"}); got != (org.GrantLimits{}) || err != nil {
			t.Errorf("a key without the scope: got %+v %v", got, err)
		}
	})
}

func TestAnInvitationMakesOneMember(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		owner, admin := actorOf(f.member(w.ID, "owner@example.com", org.Owner)), actorOf(f.member(w.ID, "admin@example.com", org.Admin))
		_, _, err := f.org.Invite(f.ctx, admin, org.Owner, "")
		f.want(err, org.ErrAboveYou)

		_, token, err := f.org.Invite(f.ctx, owner, org.Agent, "Ben@Example.com")
		if err != nil {
			t.Fatal(err)
		}
		j := org.Joining{Token: token, Name: "Ben", Email: "eve@example.com", Password: password}
		if _, err := f.org.Join(f.ctx, j); fieldsOf(err)["email"] == "" {
			t.Errorf("somebody else took it: %v", err)
		}
		j.Email = "ben@example.com"
		s, err := f.org.Join(f.ctx, j)
		if err != nil || s.Member.Role != org.Agent || !f.holds(s) {
			t.Fatalf("got %+v %v", s, err)
		}
		_, err = f.org.Join(f.ctx, j)
		f.want(err, org.ErrLinkUsed)
		items, err := f.org.Checklist(f.ctx, w.ID)
		if err != nil || !items[4].Done {
			t.Errorf("the checklist did not notice: %+v %v", items[4], err)
		}
	})
}

func TestAnInvitationToAKnownEmailAsksForItsPassword(t *testing.T) { // I33
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		f.member(f.workspace("Era").ID, "ana@example.com", org.Owner)
		eve := actorOf(f.member(f.workspace("Eve").ID, "eve@example.com", org.Owner))
		_, token, err := f.org.Invite(f.ctx, eve, org.Agent, "ana@example.com")
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.org.Join(f.ctx, org.Joining{Token: token, Name: "Ana", Email: "ana@example.com", Password: "a password of eve"})
		f.want(err, org.ErrLoginFailed)
		s, err := f.org.Join(f.ctx, org.Joining{Token: token, Name: "Ana", Email: "ana@example.com", Password: password})
		if err != nil || s.Member.Workspace != eve.Workspace {
			t.Errorf("got %+v %v", s, err)
		}
		// Eve's workspace must not be able to take over an account that others trust.
		_, err = f.org.ResetLink(f.ctx, eve, s.Member.ID)
		f.want(err, org.ErrSeveralWorkspaces)
	})
}

func TestARevokedOrOldInvitationIsDead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		owner := actorOf(f.member(f.workspace("Era").ID, "owner@example.com", org.Owner))
		other := actorOf(f.member(f.workspace("Other").ID, "other@example.com", org.Owner))
		invite, token, err := f.org.Invite(f.ctx, owner, org.Agent, "")
		if err != nil {
			t.Fatal(err)
		}
		f.want(f.org.Uninvite(f.ctx, other, invite.ID), org.ErrNoInvite) // I27
		if open, err := f.org.Invites(f.ctx, other.Workspace); len(open) != 0 || err != nil {
			t.Errorf("another workspace sees %v %v", open, err)
		}
		if err := f.org.Uninvite(f.ctx, owner, invite.ID); err != nil {
			t.Fatal(err)
		}
		_, _, err = f.org.InviteByToken(f.ctx, token)
		f.want(err, org.ErrLinkUsed)
		_, token, err = f.org.Invite(f.ctx, owner, org.Agent, "")
		if err != nil {
			t.Fatal(err)
		}
		f.clock.Skip(8 * 24 * time.Hour)
		_, _, err = f.org.InviteByToken(f.ctx, token)
		f.want(err, org.ErrLinkUsed)
	})
}

func TestAPasswordIsResetByALinkOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w := f.workspace("Era")
		owner, admin := f.member(w.ID, "owner@example.com", org.Owner), f.member(w.ID, "admin@example.com", org.Admin)
		_, err := f.org.ResetLink(f.ctx, actorOf(admin), owner.ID)
		f.want(err, org.ErrAboveYou)
		old, _ := f.login("admin@example.com")
		token, err := f.org.ResetLink(f.ctx, actorOf(owner), admin.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.org.ResetPassword(f.ctx, token, "short"); fieldsOf(err)["password"] == "" {
			t.Errorf("got %v", err)
		}
		s, err := f.org.ResetPassword(f.ctx, token, "another horse battery")
		if err != nil || f.holds(old) || !f.holds(s) {
			t.Fatalf("got %v", err)
		}
		_, err = f.org.ResetPassword(f.ctx, token, "a third horse battery")
		f.want(err, org.ErrLinkUsed)
	})
}

func TestKeysHaveScopesAndAnEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		w, o := f.workspace("Era"), f.workspace("Other")
		admin, other := actorOf(f.member(w.ID, "admin@example.com", org.Admin)), actorOf(f.member(o.ID, "other@example.com", org.Owner))
		k, secret, err := f.org.CreateKey(f.ctx, admin, org.NewKey{Name: "Shop", Scopes: []org.Permission{org.EventWrite}, ExpiresAt: start.Add(time.Hour)})
		if err != nil || !strings.HasPrefix(secret, k.Prefix) || len(secret) < 50 {
			t.Fatalf("got %+v %q %v", k, secret, err)
		}
		a, err := f.org.Authenticate(f.ctx, org.Credential{Key: secret})
		if err != nil || a.Workspace != w.ID || a.Key != k.ID || !a.Can(org.EventWrite) || a.Can(org.PersonRead) {
			t.Errorf("got %+v %v", a, err)
		}
		f.want(f.org.DeleteKey(f.ctx, other, k.ID), org.ErrNoKey) // I27
		for _, bad := range []string{"", "x", secret + "x", k.Prefix, string(k.ID)} {
			if _, err := f.org.Authenticate(f.ctx, org.Credential{Key: bad}); err == nil {
				t.Errorf("%q was taken for a key", bad)
			}
		}
		f.clock.Skip(2 * time.Hour)
		_, err = f.org.Authenticate(f.ctx, org.Credential{Key: secret})
		f.want(err, org.ErrKeyUnknown)
		if err := f.org.DeleteKey(f.ctx, admin, k.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestAKeyCannotHoldMoreThanItsMaker(t *testing.T) { // I28
	f := setup(t, dbtest.SQLite(t))
	lead := actorOf(f.member(f.workspace("Era").ID, "lead@example.com", org.Lead))
	for name, n := range map[string]org.NewKey{
		"more than its maker": {Name: "x", Scopes: []org.Permission{org.KeyWrite}},
		"nothing":             {Name: "x"},
		"what does not exist": {Name: "x", Scopes: []org.Permission{"root.all"}},
		"public":              {Name: "x", Scopes: []org.Permission{httpx.Public}},
		"no name":             {Scopes: []org.Permission{org.EventWrite}},
		"a past end":          {Name: "x", Scopes: []org.Permission{org.EventWrite}, ExpiresAt: clock.Time(1)},
		"a short secret":      {Name: "x", Scopes: []org.Permission{org.EventWrite}, Secret: "short"},
	} {
		if _, _, err := f.org.CreateKey(f.ctx, lead, n); len(fieldsOf(err)) == 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnswersAreKeptForADayAndApart(t *testing.T) { // I18
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		r := f.org.Replays()
		ana := org.WithActor(f.ctx, org.Actor{Workspace: "ws_a", Member: "mem_a"})
		eve := org.WithActor(f.ctx, org.Actor{Workspace: "ws_b", Member: "mem_a"})
		if kept, err := r.Begin(ana, "k", "one"); kept != nil || err != nil {
			t.Fatalf("got %v %v", kept, err)
		}
		_, err := r.Begin(ana, "k", "one")
		f.want(err, org.ErrKeyRunning)
		_, err = r.Begin(ana, "k", "two")
		f.want(err, org.ErrKeyMismatch)
		if kept, err := r.Begin(eve, "k", "two"); kept != nil || err != nil {
			t.Errorf("another actor's key: %v %v", kept, err)
		}
		f.clock.Skip(3 * time.Minute)
		_, err = r.Begin(ana, "k", "one")
		f.want(err, org.ErrOutcomeHidden)
		if err := r.Finish(ana, "k", httpx.Answer{Status: 201, Body: []byte(`{"x":"é"}`)}); err != nil {
			t.Fatal(err)
		}
		kept, err := r.Begin(ana, "k", "one")
		if err != nil || kept == nil || kept.Status != 201 || string(kept.Body) != `{"x":"é"}` {
			t.Errorf("got %+v %v", kept, err)
		}
		if err := r.Forget(ana, "k"); err != nil {
			t.Fatal(err)
		}
		if kept, _ := r.Begin(ana, "k", "one"); kept == nil {
			t.Error("a kept answer was forgotten")
		}
		f.clock.Skip(25 * time.Hour)
		if kept, err := r.Begin(ana, "k", "other"); kept != nil || err != nil {
			t.Errorf("after a day: %v %v", kept, err)
		}
		if err := r.Forget(ana, "k"); err != nil {
			t.Fatal(err)
		}
		if kept, err := r.Begin(ana, "k", "third"); kept != nil || err != nil {
			t.Errorf("a freed key: %v %v", kept, err)
		}
	})
}

func TestOneOfManyTwinsRuns(t *testing.T) { // I18
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		ctx := org.WithActor(f.ctx, org.Actor{Workspace: "ws_a", Member: "mem_a"})
		results := make(chan error, 20)
		for range 20 {
			go func() {
				_, err := f.org.Replays().Begin(ctx, "k", "one")
				results <- err
			}()
		}
		ran := 0
		for range 20 {
			err := <-results
			if err == nil {
				ran++
				continue
			}
			f.want(err, org.ErrKeyRunning)
		}
		if ran != 1 {
			t.Errorf("%d twins ran", ran)
		}
	})
}

func TestTheAuditLogPagesAndKeepsToItsWorkspace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := setup(t, d)
		err := d.Tx(f.ctx, func(tx *db.Tx) error {
			for _, ws := range []id.Workspace{"ws_a", "ws_b", "ws_a", "ws_a"} {
				f.clock.Skip(time.Second)
				if err := f.org.AuditTx(f.ctx, tx, org.Audit{Actor: org.System(ws), Action: "x.y"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		first, err := f.org.AuditLog(f.ctx, "ws_a", "", 2)
		if err != nil || len(first) != 2 || first[0].At.Before(first[1].At) {
			t.Fatalf("got %+v %v", first, err)
		}
		rest, err := f.org.AuditLog(f.ctx, "ws_a", first[1].ID, 2)
		if err != nil || len(rest) != 1 || rest[0].Workspace != "ws_a" || rest[0].Before != nil {
			t.Errorf("got %+v %v", rest, err)
		}
	})
}
