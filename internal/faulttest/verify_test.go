package faulttest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/db"
)

// wounds are what no program of ours does to its tables, and the promise that each breaks.
func wounds() map[string]string {
	return map[string]string{
		"DELETE FROM message WHERE direction = 'in'":            "BROKEN  I1 ",
		"DELETE FROM inbound":                                   "BROKEN  I2 ",
		"UPDATE delivery SET ready_at = 1 WHERE state = 'sent'": "BROKEN  I9 ",
		"UPDATE delivery SET provider_id = 'the same'":          "BROKEN  I9 ",
		"UPDATE delivery SET state = 'unknown'":                 "BROKEN  I10",
		"UPDATE delivery SET state = 'sending'":                 "BROKEN  I16",
		"UPDATE delivery SET state = 'queued', ready_at = NULL": "BROKEN  I16",
		"DELETE FROM delivery":                                  "BROKEN  I16",
		"DELETE FROM feed_event WHERE seq = 3":                  "BROKEN  I25",
		"UPDATE consent_state SET status = 'granted'":           "BROKEN  I14",
		"UPDATE delivery SET purpose = 'marketing', kind = 'journey', attempt_at = attempt_at + 3600000000": "BROKEN  I13",
		"DELETE FROM mailbox_item WHERE kind = 'cart.quiet'":                                                "BROKEN  I1 ",
		"UPDATE cart SET state = 'recovered'":                                                               "BROKEN  I2 ",
		"UPDATE delivery SET purpose = 'cart', subject = 'tok', kind = 'journey'":                           "BROKEN  R-24",
		"UPDATE message SET run = 'run_1', send_kind = 'journey' WHERE direction = 'out'":                   "BROKEN  I2 ",
		"UPDATE mailbox_item SET kind = 'of.nobody'":                                                        "BROKEN  I6 ",
	}
}

func TestVerifySeesWhatIsBroken(t *testing.T) {
	b, n := newBrand(t, "", 500)
	s := &tale{brand: b, t: t, n: n, phone: number(1), token: "tok"}
	s.insist("the checkout is stored", func() bool { return b.shop("checkouts/update", "c", s.checkout()) == 200 })
	s.settled(1)
	for i, words := range []string{"Yes", "HELP", "STOP"} {
		s.insist(words+" is stored", func() bool { return b.text(fmt.Sprint("SM-", i), s.phone, words)/100 == 2 })
		s.settled(i + 2)
	}
	b.place.verify(t) // beside the running program
	n.stop(t)
	for wound, want := range wounds() {
		t.Run(wound, func(t *testing.T) {
			hurt := b.place
			hurt.dir = filepath.Join(t.TempDir(), "data")
			copyDir(t, b.place.dir, hurt.dir)
			d, err := db.Open(context.Background(), db.Options{Dir: hurt.dir})
			if err != nil {
				t.Fatal(err)
			}
			err = d.Tx(context.Background(), func(tx *db.Tx) error {
				rows, err := tx.Exec(context.Background(), wound)
				if err == nil && rows == 0 {
					err = errors.New("nothing was there to be broken")
				}
				return err
			})
			if d.Close(); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(binary, hurt.args("verify")...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("want %q, got %v:\n%s", want, err, out)
			}
		})
	}
}
