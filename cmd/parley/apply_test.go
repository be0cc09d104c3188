package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"parley/internal/db/dbtest"
)

// asProgram makes this test binary the program itself, so that its commands run in processes of their own.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const (
	posKey   = "pos-0123456789012345678901234567890"
	wanted   = "setup.yaml"
	password = "a long horse battery"
)

const file = `version: 1
workspaces:
  - slug: era
    name: Fashion Era
    country: IT
    timezone: Europe/Rome
    currency: EUR
    settings:
      undo_seconds: 5
    members:
      - {email: ana@example.com, name: Ana, role: owner, password_file: secrets/ana}
    api_keys:
      - {name: till, scopes: [person.read, event.write], secret: "${POS_KEY}"}
    channels:
      - {name: phones, kind: sim}
    offers:
      - {name: five, kind: amount, amount: "5.00"}
    journeys:
      - {name: Cart, definition_file: cart.yaml}
`

const journey = `{v: 1, trigger: {event: cart_abandoned, key: cart_token}, reentry: {rule: per_key}, steps: [{id: five, type: offer, offer: five}]}`

// place is a set-up file with what it needs, and the database it is for.
type place struct {
	t    *testing.T
	dir  string
	args []string
}

func newPlace(t *testing.T, database string) place {
	p := place{t, t.TempDir(), []string{"--data-dir", filepath.Join(t.TempDir(), "data"), "--log-level", "warn", "--listen", "127.0.0.1:0"}}
	if database != "" {
		p.args = append(p.args, "--database", database)
	}
	p.write(wanted, file)
	p.write("cart.yaml", journey)
	p.write("secrets/ana", password+"\n")
	return p
}

func (p place) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		p.t.Fatal(err)
	}
}

func (p place) command(env []string, args ...string) *exec.Cmd {
	c := exec.CommandContext(p.t.Context(), os.Args[0], append(args, p.args...)...)
	c.Dir = p.dir
	c.Env = append(append(os.Environ(), asProgram+"=1", "POS_KEY="+posKey), env...)
	return c
}

// run is what a command printed, and its exit status.
func (p place) run(args ...string) (out, words string, status int) {
	return p.runWith(nil, args...)
}

func (p place) runWith(env []string, args ...string) (out, words string, status int) {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	c := p.command(env, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return stdout.String(), stderr.String(), c.ProcessState.ExitCode()
}

// want runs a command that must end with this status and print this, whole to the standard output or within the errors.
func (p place) want(status int, out, words string, args ...string) {
	p.t.Helper()
	gotOut, gotWords, got := p.run(args...)
	if got != status || gotOut != out || !strings.Contains(gotWords, words) {
		p.t.Fatalf("parley %s: exit %d, want %d\nprinted:\n%s\nwant:\n%s\nerrors:\n%s\nwant:\n%s", strings.Join(args, " "), got, status, gotOut, out, gotWords, words)
	}
}

// serve runs the server until stop, and gives its address.
func (p place) serve(args ...string) (base string, stop func()) {
	p.t.Helper()
	c := p.command(nil, append([]string{"serve"}, args...)...)
	var words bytes.Buffer
	c.Stderr = &words
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for base == "" && lines.Scan() {
		if at, ready := strings.CutPrefix(lines.Text(), "Parley is ready on "); ready {
			base = at
		}
	}
	stop = func() {
		p.t.Helper()
		_ = c.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, out)
		if err := c.Wait(); err != nil {
			p.t.Fatalf("the server ended with %v\n%s", err, words.String())
		}
	}
	if base == "" {
		stop()
		p.t.Fatalf("the server was never ready\n%s", words.String())
	}
	return base, stop
}

// ask is an answer of the API, with the key of the file.
func (p place) ask(method, address, body string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+posKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// standsComplete asks a server whether the file's workspace works: the key opens what it may, Ana signs in, and nobody
// else can claim the installation.
func (p place) standsComplete(base string) {
	p.t.Helper()
	for _, c := range []struct {
		method, path, body string
		status             int
		words              string
	}{
		{"GET", "/people", "", 200, `"items"`},
		{"GET", "/members", "", 403, ""},
		{"GET", "/setup", "", 200, `"needed":false`},
		{"POST", "/setup", `{"workspace":"Eve","name":"Eve","email":"eve@example.com","password":"` + password + `","country":"IT","timezone":"Europe/Rome","currency":"EUR"}`, 409, "already_set_up"},
		{"POST", "/login", `{"email":"ana@example.com","password":"` + password + `"}`, 204, ""},
	} {
		status, text := p.ask(c.method, base+"/api/v1"+c.path, c.body)
		if status != c.status || !strings.Contains(strings.ReplaceAll(text, " ", ""), c.words) {
			p.t.Errorf("%s %s: %d, want %d with %s\n%s", c.method, c.path, status, c.status, c.words, text)
		}
	}
}

const everything = `+ era: workspace era
+ era: member ana@example.com
+ era: api key till
+ era: channel phones
+ era: offer five
+ era: journey Cart
`

// eachEngine runs a test on a place of its own for every engine.
func eachEngine(t *testing.T, fn func(t *testing.T, p place)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newPlace(t, "")) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { fn(t, newPlace(t, dbtest.PostgresURL(t))) })
	}
}

func TestASetUpFileIsAppliedServedAndChecked(t *testing.T) {
	eachEngine(t, func(t *testing.T, p place) {
		p.want(2, everything, "differ", "apply", "-f", wanted, "--check")
		p.want(0, everything, "", "apply", "-f", wanted)
		p.want(0, "", "Everything is as", "apply", "-f", wanted)
		base, stop := p.serve()
		p.standsComplete(base)
		exported, _, status := p.run("export", "--workspace", "era")
		if status != 0 || !strings.Contains(exported, "PARLEY_ERA_KEY_TILL") {
			t.Errorf("export beside a server: exit %d\n%s", status, exported)
		}
		if p.args[len(p.args)-2] == "--database" {
			p.want(0, "", "", "apply", "-f", wanted, "--check")
		} else {
			p.want(1, "", "Another Parley already runs on the folder", "apply", "-f", wanted)
		}
		stop()
		p.want(0, "", "", "apply", "-f", wanted, "--check")
		p.write(wanted, strings.Replace(file, "undo_seconds: 5", "undo_seconds: 6", 1))
		changed := "~ era: workspace era\n    settings.undo_seconds: 5 -> 6\n"
		p.want(2, changed, "differ", "apply", "-f", wanted, "--check")
		p.want(0, changed, "", "apply", "-f", wanted)
		p.want(0, "", "", "apply", "-f", wanted, "--check")
		p.want(1, "", "There is no such workspace", "export", "--workspace", "nowhere")
		p.want(1, "", "The key file", "export", "--workspace", "era", "--secret-key-file", filepath.Join(p.dir, "no.key"))

		fresh := newPlace(t, "")
		fresh.write("copy.yaml", exported)
		env := []string{"PARLEY_ERA_KEY_TILL=" + posKey, "PARLEY_ERA_PASSWORD_ANA_EXAMPLE_COM=" + password}
		if out, words, status := fresh.runWith(env, "apply", "-f", "copy.yaml"); status != 0 || out != everything {
			t.Errorf("an export applied to a fresh folder: exit %d\n%s%s", status, out, words)
		}
		fresh.want(0, "", "", "apply", "-f", wanted, "--check")
	})
}

func TestAWrongSetUpFileIsToldWithItsLineAndChangesNothing(t *testing.T) {
	p := newPlace(t, "")
	for name, c := range map[string]struct{ old, wrong, words string }{
		"an unknown field":       {"    currency: EUR", "    colour: EUR", wanted + `:7: there is no field "colour" in a workspace`},
		"a missing variable":     {"${POS_KEY}", "${NOT_SET}", wanted + ":13: the environment variable NOT_SET is not set"},
		"a file that is not":     {"secrets/ana", "secrets/bob", wanted + ":11: cannot read secrets/bob"},
		"a setting out of range": {"undo_seconds: 5", "undo_seconds: 99", wanted + ":3: workspace era: Some fields need another look. Nothing was changed.\n    undo_seconds is not between 0 and 10"},
		"a journey's offer":      {"{name: five", "{name: six", wanted + ":19: journey Cart: "},
	} {
		p.write(wanted, strings.Replace(file, c.old, c.wrong, 1))
		for _, args := range [][]string{{"apply", "-f", wanted}, {"apply", "-f", wanted, "--check"}, {"serve", "--setup", wanted}} {
			out, words, status := p.run(args...)
			if status != 1 || out != "" || !strings.Contains(words, c.words) || !strings.HasSuffix(words, "Nothing was changed.\n") {
				t.Errorf("%s, %v: exit %d\n%s\n%s", name, args, status, out, words)
			}
		}
	}
	p.want(1, "", "nothere.yaml cannot be read", "apply", "-f", "nothere.yaml")
	p.write(wanted, file)
	p.want(2, everything, "", "apply", "-f", wanted, "--check")
}

// Containers start from a file each time: what is there already stays, and what differs is changed before anybody is served.
func TestAServerAppliesItsFileBeforeItServes(t *testing.T) {
	eachEngine(t, func(t *testing.T, p place) {
		for turn := range 2 {
			p.write(wanted, strings.Replace(file, "undo_seconds: 5", fmt.Sprintf("undo_seconds: %d", turn), 1))
			base, stop := p.serve("--setup", wanted)
			p.standsComplete(base)
			stop()
			p.want(0, "", "", "apply", "-f", wanted, "--check")
		}
	})
}
