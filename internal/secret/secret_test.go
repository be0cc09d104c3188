package secret_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/secret"
)

func load(t *testing.T, path string) *secret.Box {
	t.Helper()
	box, err := secret.Load(path, "")
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// I39: what is stored opens for its own use only.
func TestSealAndOpen(t *testing.T) {
	box := load(t, filepath.Join(t.TempDir(), "secret.key"))
	bind := secret.Bind{Workspace: "ws_1", Purpose: "channel:chn_1:auth_token"}

	t.Run("any text comes back, and never looks the same twice", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
			a, b := box.Seal(plain, bind), box.Seal(plain, bind)
			if a == b {
				t.Fatal("two seals are equal")
			}
			got, err := box.Open(a, bind)
			if err != nil || string(got) != string(plain) {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	})
	sealed := box.Seal([]byte("hunter2"), bind)
	t.Run("the sealed text does not show the plain one", func(t *testing.T) {
		if strings.Contains(sealed, "hunter2") || strings.Contains(sealed, base64.RawURLEncoding.EncodeToString([]byte("hunter2"))) {
			t.Error(sealed)
		}
	})
	t.Run("another workspace or purpose is refused", func(t *testing.T) {
		for _, other := range []secret.Bind{
			{Workspace: "ws_2", Purpose: bind.Purpose}, {Workspace: "ws_1", Purpose: "channel:chn_2:auth_token"},
			{Purpose: bind.Purpose}, {Workspace: "ws_1"}, {Workspace: "ws_1\x00channel:chn_1", Purpose: "auth_token"},
		} {
			if _, err := box.Open(sealed, other); !errors.Is(err, secret.ErrTampered) {
				t.Errorf("%+v: got %v", other, err)
			}
		}
	})
	t.Run("a change of any character is refused", func(t *testing.T) {
		for i := range sealed {
			changed := []byte(sealed)
			changed[i] ^= 0x01
			if plain, err := box.Open(string(changed), bind); err == nil {
				t.Fatalf("character %d changed, still opens to %q", i, plain)
			}
		}
		for _, short := range []string{"", "s1", "s1.", "s1..", sealed[:len(sealed)-1], sealed + "A", strings.ToUpper(sealed)} {
			if _, err := box.Open(short, bind); err == nil {
				t.Errorf("%q opens", short)
			}
		}
	})
	t.Run("another key is refused by its name", func(t *testing.T) {
		other := load(t, filepath.Join(t.TempDir(), "secret.key"))
		if _, err := other.Open(sealed, bind); !errors.Is(err, secret.ErrNoKey) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("printing a box shows no key", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "secret.key")
		box := load(t, path)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, key, _ := strings.Cut(strings.TrimSpace(string(text)), ":")
		for _, printed := range []string{fmt.Sprint(box), fmt.Sprintf("%+v", box), fmt.Sprintf("%#v", box)} {
			if strings.Contains(printed, key) || !strings.HasPrefix(printed, "secret.Box(k") {
				t.Error(printed)
			}
		}
	})
}

func TestTheKeyFile(t *testing.T) {
	t.Run("it is made once, for its owner only, outside of any database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "secret.key")
		load(t, path)
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("mode %v, %v", info.Mode(), err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Errorf("%d files beside it", len(entries)-1)
		}
	})
	t.Run("processes that start together share one key", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "secret.key")
		var wg sync.WaitGroup
		names := make([]string, 8)
		for i := range names {
			wg.Go(func() {
				if box, err := secret.Load(path, ""); err == nil {
					names[i] = box.String()
				}
			})
		}
		wg.Wait()
		for _, name := range names {
			if name == "" || name != names[0] {
				t.Fatalf("keys differ: %q", names)
			}
		}
	})
	t.Run("one that others may read is refused, with what to do", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "secret.key")
		load(t, path)
		for _, mode := range []fs.FileMode{0o640, 0o604, 0o660} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if _, err := secret.Load(path, ""); err == nil || !strings.Contains(err.Error(), "chmod 600") {
				t.Errorf("mode %o: %v", mode, err)
			}
		}
	})
	t.Run("a ring that cannot be used is refused without showing it", func(t *testing.T) {
		key := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
		for name, ring := range map[string]string{
			"no name": key, "not base64": "k1:" + key[:20] + "!", "too short": "k1:" + key[:24],
			"twice": "k1:" + key + ",k1:" + key, "empty": " ,\n", "odd name": "k.1:" + key,
		} {
			_, err := secret.Load("", ring)
			if err == nil {
				t.Errorf("%s: accepted", name)
			} else if strings.Contains(err.Error(), key[:20]) {
				t.Errorf("%s: the error shows the key: %v", name, err)
			}
		}
	})
}

// I39: rotation works, and tells what is left to do.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	bind := secret.Bind{Workspace: "ws_1", Purpose: "x"}
	before := load(t, path)
	old := before.Seal([]byte("plain"), bind)
	if before.Stale(old) {
		t.Error("a fresh seal is stale")
	}
	if err := secret.Rotate(path); err != nil {
		t.Fatal(err)
	}
	after := load(t, path)
	if got, err := after.Open(old, bind); err != nil || string(got) != "plain" {
		t.Fatalf("the old seal: %q, %v", got, err)
	}
	if !after.Stale(old) {
		t.Error("the old seal is not stale")
	}
	renewed := after.Seal([]byte("plain"), bind)
	if after.Stale(renewed) || after.KeyIDs()[1] != before.KeyIDs()[0] {
		t.Errorf("keys %v after %v", after.KeyIDs(), before.KeyIDs())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	newest, _, _ := strings.Cut(string(text), "\n")
	retired, err := secret.Load("", newest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := retired.Open(old, bind); !errors.Is(err, secret.ErrNoKey) {
		t.Errorf("the retired key still opens: %v", err)
	}
	if got, err := retired.Open(renewed, bind); err != nil || string(got) != "plain" {
		t.Errorf("the renewed seal: %q, %v", got, err)
	}
}

func TestAKeyThatDoesNotBelongToTheDatabaseIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		check := func(box *secret.Box) error {
			return d.Tx(t.Context(), func(tx *db.Tx) error { return box.CheckTx(context.Background(), tx, clock.Time(1)) })
		}
		path := filepath.Join(t.TempDir(), "secret.key")
		ours := load(t, path)
		for range 2 {
			if err := check(ours); err != nil {
				t.Fatal(err)
			}
		}
		if err := check(load(t, filepath.Join(t.TempDir(), "secret.key"))); !errors.Is(err, secret.ErrForeign) {
			t.Errorf("another key: %v", err)
		}
		imposter, err := secret.Load("", ours.KeyIDs()[0]+":"+base64.StdEncoding.EncodeToString(make([]byte, 32)))
		if err != nil {
			t.Fatal(err)
		}
		if err := check(imposter); !errors.Is(err, secret.ErrForeign) {
			t.Errorf("another key of the same name: %v", err)
		}
		if err := secret.Rotate(path); err != nil {
			t.Fatal(err)
		}
		if err := check(load(t, path)); err != nil {
			t.Errorf("the rotated ring: %v", err)
		}
	})
}
