package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/db"
)

// open is the database of a place, while no program runs on it.
func (p place) open() *db.DB {
	p.t.Helper()
	o := db.Options{Dir: p.args[1]}
	if p.args[len(p.args)-2] == "--database" {
		o.URL = p.args[len(p.args)-1]
	}
	d, err := db.Open(p.t.Context(), o)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p place) count(query string) (n int) {
	p.t.Helper()
	d := p.open()
	defer d.Close()
	if err := d.QueryRow(context.Background(), query).Scan(&n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

func TestAWrongCommandLineEndsWithTwoAndSaysWhatIsWrong(t *testing.T) {
	p := newPlace(t, "")
	for words, args := range map[string][]string{
		"unknown flag --nonsense":        {"serve", "--nonsense"},
		"unexpected argument nonsense":   {"nonsense"},
		"missing flags: --file":          {"apply"},
		"must be one of":                 {"serve", "--log-format", "xml"},
		"missing flags: --workspace":     {"parked", "list"},
		"expected file value":            {"backup", "--to"},
		"missing flags: --workspace=SLU": {"export"},
	} {
		c := p.command(nil, args...)
		c.Args = append([]string{c.Args[0]}, args...) // these are complete
		out, err := c.CombinedOutput()
		if c.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), words) {
			t.Errorf("parley %v: %v\n%s", args, err, out)
		}
	}
}

func TestACheckMakesNoDatabase(t *testing.T) {
	p := newPlace(t, "")
	p.want(2, everything, "There is no database in "+p.args[1]+" yet", "apply", "-f", wanted, "--check")
	if _, err := os.Stat(p.args[1]); !os.IsNotExist(err) {
		t.Errorf("the check left the data folder behind: %v", err)
	}
}

func TestTwoKeysTradeTheirSecretsInOneFile(t *testing.T) {
	eachEngine(t, func(t *testing.T, p place) {
		const other = "web-0123456789012345678901234567890"
		two := func(till, web string) string {
			return strings.Replace(file, `secret: "${POS_KEY}"}`, `secret: `+till+"}\n      - {name: web, scopes: [person.read], secret: "+web+"}", 1)
		}
		p.write(wanted, two(posKey, other))
		p.want(0, everything[:strings.Index(everything, "+ era: channel")]+"+ era: api key web\n"+everything[strings.Index(everything, "+ era: channel"):], "", "apply", "-f", wanted)
		p.write(wanted, two(other, posKey))
		traded := "~ era: api key till\n    secret: (secret)\n~ era: api key web\n    secret: (secret)\n"
		p.want(2, traded, "", "apply", "-f", wanted, "--check")
		p.want(0, traded, "", "apply", "-f", wanted)
		p.want(0, "", "", "apply", "-f", wanted, "--check")
	})
}

func TestAnExportWithAForeignKeyFails(t *testing.T) {
	eachEngine(t, func(t *testing.T, p place) {
		p.want(0, everything, "", "apply", "-f", wanted)
		const foreign = "kother:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
		if out, words, status := p.runWith([]string{"PARLEY_SECRET_KEY=" + foreign}, "export", "--workspace", "era"); status != 1 || out != "" || !strings.Contains(words, "is not the one that this database was used with") {
			t.Errorf("exit %d\n%s\n%s", status, out, words)
		}
	})
}

func TestWorkThatWasPutAsideIsListedRetriedAndDropped(t *testing.T) {
	eachEngine(t, func(t *testing.T, p place) {
		p.want(0, everything, "", "apply", "-f", wanted)
		d := p.open()
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			for _, name := range []string{"one", "two", "three"} {
				if _, err := tx.Exec(t.Context(), `INSERT INTO mailbox_parked (workspace_id, id, person_id, due_at, kind, key, body, attempts, reason, parked_at)
					SELECT id, $1, 'per_1', 1, 'test.kind', '', '{}', 8, 'it broke', 1 FROM workspace`, "itm_"+name); err != nil {
					return err
				}
				if _, err := tx.Exec(t.Context(), `INSERT INTO job_dead (workspace_id, id, kind, uniq, args, attempts, reason, created_at, dead_at)
					SELECT id, $1, 'test.job', '', '{}', 12, 'it broke', 1, 1 FROM workspace`, "job_"+name); err != nil {
					return err
				}
			}
			return nil
		})
		d.Close()
		if err != nil {
			t.Fatal(err)
		}
		for pile, c := range map[string]struct{ prefix, kind, waiting string }{
			"parked": {"itm_", "test.kind", "SELECT COUNT(*) FROM mailbox_item WHERE kind = 'test.kind'"},
			"jobs":   {"job_", "test.job", "SELECT COUNT(*) FROM job WHERE kind = 'test.job'"},
		} {
			out, words, status := p.run(pile, "list", "--workspace", "era")
			if status != 0 || strings.Count(out, "\n") != 3 || !strings.Contains(out, c.prefix+"two") || !strings.Contains(out, c.kind) || !strings.Contains(out, "it broke") {
				t.Errorf("%s: exit %d\n%s%s", pile, status, out, words)
			}
			p.want(1, "", "Name what to retry", pile, "retry", "--workspace", "era")
			p.want(0, "retry: 1\n", "", pile, "retry", "--workspace", "era", c.prefix+"one")
			if n := p.count(c.waiting); n != 1 {
				t.Errorf("%s: %d wait after one was retried", pile, n)
			}
			p.want(1, "", "There is no such", pile, "drop", "--workspace", "era", c.prefix+"one")
			p.want(0, "drop: 2\n", "", pile, "drop", "--workspace", "era", "--all")
			p.want(0, "", "Nothing was put aside", pile, "list", "--workspace", "era")
			if n := p.count(c.waiting); n != 1 {
				t.Errorf("%s: %d wait after two were dropped", pile, n)
			}
		}
	})
}

func TestABackupOfARunningServerIsRestored(t *testing.T) {
	p := newPlace(t, "")
	p.want(0, everything, "", "apply", "-f", wanted)
	media := filepath.Join(p.args[1], "media", "ws_1", "med_1")
	if err := os.MkdirAll(filepath.Dir(media), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(media, []byte("a picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stop := p.serve()
	to := filepath.Join(p.dir, "era.parley")
	out, words, status := p.run("backup", "--to", to)
	if status != 0 || !strings.Contains(out, "The key is not in it") {
		t.Fatalf("exit %d\n%s%s", status, out, words)
	}
	p.want(1, "", "is there already", "backup", "--to", to)
	stop()
	p.want(1, "", "holds a database already", "restore", "--from", to)

	fresh := newPlace(t, "")
	out, words, status = fresh.run("restore", "--from", to)
	if status != 0 || !strings.Contains(out, "Put the key") {
		t.Fatalf("exit %d\n%s%s", status, out, words)
	}
	if got, err := os.ReadFile(filepath.Join(fresh.args[1], "media", "ws_1", "med_1")); string(got) != "a picture" {
		t.Errorf("the file of a message: %q, %v", got, err)
	}
	fresh.want(1, "", "is not the one that this database was used with", "apply", "-f", wanted, "--check")
	key, err := os.ReadFile(filepath.Join(p.args[1], "secret.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(fresh.args[1], "secret.key"), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	fresh.want(0, "", "", "apply", "-f", wanted, "--check")
	if n := fresh.count("SELECT COUNT(*) FROM outbox_beat WHERE beat_at = 1"); n != 1 {
		t.Error("a restored copy does not know that it is one, so it would send what waited")
	}
	base, stop := fresh.serve()
	fresh.standsComplete(base)
	stop()

	broken := filepath.Join(p.dir, "broken.parley")
	whole, err := os.ReadFile(to)
	if err == nil {
		err = os.WriteFile(broken, whole[:len(whole)/2], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	third := newPlace(t, "")
	third.want(1, "", "is not a whole backup", "restore", "--from", broken)
	if _, err := os.Stat(filepath.Join(third.args[1], "parley.db")); !os.IsNotExist(err) {
		t.Errorf("a broken backup left a database behind: %v", err)
	}
}

func TestPostgresIsLeftToItsOwnTools(t *testing.T) {
	p := newPlace(t, "postgres://parley@127.0.0.1:1/none")
	p.want(1, "", "pg_dump", "backup", "--to", filepath.Join(p.dir, "x"))
	p.want(1, "", "pg_dump", "restore", "--from", filepath.Join(p.dir, "x"))
}

func TestStoredSecretsAreSealedUnderANewKey(t *testing.T) {
	eachEngine(t, func(t *testing.T, p place) {
		p.write(wanted, file+`    shops:
      - {name: shop, kind: shopify, domain: era.example, secret: shh-shh-shh}
`)
		const first, second = "kone:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "ktwo:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
		ring, both, after := []string{}, []string{}, []string{}
		if p.args[len(p.args)-2] == "--database" {
			ring, both, after = []string{"PARLEY_SECRET_KEY=" + first}, []string{"PARLEY_SECRET_KEY=" + second + "," + first}, []string{"PARLEY_SECRET_KEY=" + second}
		}
		if _, words, status := p.runWith(ring, "apply", "-f", wanted); status != 0 {
			t.Fatal(words)
		}
		out, words, status := p.runWith(both, "keys", "rotate")
		if status != 0 || !strings.Contains(out, "0 channels, 1 shops") {
			t.Fatalf("exit %d\n%s%s", status, out, words)
		}
		if len(after) == 0 { // the new key alone opens everything
			path := filepath.Join(p.args[1], "secret.key")
			text, err := os.ReadFile(path)
			if lines := strings.SplitAfter(string(text), "\n"); err != nil || len(lines) != 3 {
				t.Fatalf("the ring has %d lines, %v", len(lines), err)
			} else if err := os.WriteFile(path, []byte(lines[0]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if out, words, status := p.runWith(after, "apply", "-f", wanted, "--check"); status != 0 || out != "" {
			t.Errorf("without the old key: exit %d\n%s%s", status, out, words)
		}
		if n := p.count(fmt.Sprintf("SELECT COUNT(*) FROM shop WHERE secret LIKE 's1.%s.%%'", "kone")); n != 0 {
			t.Errorf("%d shops are still sealed under the old key", n)
		}
	})
}
