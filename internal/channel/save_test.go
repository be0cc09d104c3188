package channel_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/channel"
	"parley/internal/channel/sim"
	"parley/internal/channel/twilio"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/org"
)

func (w *world) save(d channel.Draft) ([]string, error) {
	var rotated []string
	err := w.d.Tx(w.t.Context(), func(tx *db.Tx) (err error) {
		rotated, err = w.service.SaveTx(w.t.Context(), tx, w.actor, d)
		return err
	})
	return rotated, err
}

func (w *world) named(name string) channel.Channel {
	w.t.Helper()
	all, err := w.service.Channels(w.t.Context(), w.d, w.ws.ID)
	must(w.t, err)
	for _, c := range all {
		if c.Name == name {
			return c
		}
	}
	return channel.Channel{}
}

func TestAChannelIsSavedByItsName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		settings := w.fake.Settings()
		draft := channel.Draft{Kind: twilio.Kind, Name: "sms", Settings: settings}
		before := w.named("sms")
		steps := []struct {
			name    string
			change  func()
			rotated []string
			same    bool
		}{
			{"the same settings", func() {}, nil, true},
			{"without the secret", func() { delete(settings, "auth_token") }, nil, true},
			{"the usual value in words", func() { settings["rate"] = before.Settings["rate"] }, nil, true},
			{"another rate", func() { settings["rate"] = "7" }, nil, false},
			{"other secrets", func() { settings["auth_token"], settings["auth_token_next"] = "tok-2", "tok-3" }, []string{"auth_token", "auth_token_next"}, false},
			{"stopped", func() { draft.State = channel.ChannelStopped }, nil, false},
			{"registered", func() { draft.Registration = channel.Registration{Kind: "10dlc", State: "approved"} }, nil, false},
			{"started", func() { draft.State = "" }, nil, false},
		}
		for _, step := range steps {
			step.change()
			was := w.named("sms")
			rotated, err := w.save(draft)
			must(t, err)
			if diff := cmp.Diff(step.rotated, rotated); diff != "" {
				t.Errorf("%s: secrets (-want +got):\n%s", step.name, diff)
			}
			if now := w.named("sms"); (now.Version == was.Version) != step.same || now.ID != before.ID {
				t.Errorf("%s: version %d after %d", step.name, now.Version, was.Version)
			}
			if rotated, err := w.save(draft); err != nil || rotated != nil {
				t.Errorf("%s, again: %v %v", step.name, rotated, err)
			}
		}
		if now := w.named("sms"); now.Settings["rate"] != "7" || now.State != channel.ChannelActive || now.Registration.State != "approved" {
			t.Errorf("got %+v", now)
		}
	})
}

func TestAChannelIsSavedIntoAWorkspaceOfTheSameTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		var ws org.Workspace
		must(t, d.Tx(t.Context(), func(tx *db.Tx) (err error) {
			if ws, err = w.org.CreateWorkspaceTx(t.Context(), tx, org.NewWorkspace{Name: "New", Country: "US", Timezone: "UTC", Currency: "USD"}); err != nil {
				return err
			}
			_, err = w.service.SaveTx(t.Context(), tx, org.System(ws.ID), channel.Draft{Kind: sim.Kind, Name: "phones"})
			return err
		}))
		all, err := w.service.Channels(t.Context(), d, ws.ID)
		if err != nil || len(all) != 1 || all[0].WebhookURL != w.hooks.URL+"/hooks/new/phones" {
			t.Errorf("got %+v %v", all, err)
		}
	})
}

func TestAChannelThatCannotBeIsNotSaved(t *testing.T) { // ST-1
	w := newWorld(t, dbtest.SQLite(t), nil)
	was := w.named("sms")
	for code, d := range map[string]channel.Draft{
		"channel_kind_fixed":   {Kind: sim.Kind, Name: "sms"},
		"channel_kind_unknown": {Kind: "pigeon", Name: "sms"},
		"channel_name_invalid": {Kind: sim.Kind, Name: "S M S"},
		"setting_missing":      {Kind: twilio.Kind, Name: "two", Settings: map[string]string{"account_sid": "AC1", "number": "+15550100001"}},
		"setting_unknown":      {Kind: twilio.Kind, Name: "sms", Settings: map[string]string{"account_sid": "AC1", "number": "+15550100001", "colour": "red"}},
		"setting_invalid":      {Kind: twilio.Kind, Name: "sms", Settings: map[string]string{"account_sid": "XX", "number": "+15550100001"}},
	} {
		if _, err := w.save(d); errs.CodeOf(err) != code {
			t.Errorf("%s: got %v", code, err)
		}
	}
	all, err := w.service.Channels(t.Context(), w.d, w.ws.ID)
	if err != nil || len(all) != 1 || all[0].Version != was.Version {
		t.Errorf("something was saved: %+v %v", all, err)
	}
	back := errors.New("back")
	err = w.d.Tx(t.Context(), func(tx *db.Tx) error {
		if _, err := w.service.SaveTx(t.Context(), tx, w.actor, channel.Draft{Kind: sim.Kind, Name: "phones"}); err != nil {
			return err
		}
		return back
	})
	if !errors.Is(err, back) || w.named("phones").ID != "" {
		t.Errorf("what was taken back is there: %v", err)
	}
}
