package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/people"
)

func engines(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, dbtest.SQLite(b)) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		b.Run("postgres", func(b *testing.B) { fn(b, dbtest.Postgres(b)) })
	}
}

// BenchmarkBulk is the gate's part of PF1: a thousand marketing texts in one commit.
func BenchmarkBulk(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		w := newWorld(b, d)
		const n = 1000
		var sends []conversation.Send
		w.tx(func(tx *db.Tx) error {
			subjects, consents := make([]people.Subject, n), make([]people.Consent, n)
			for i := range n {
				number := fmt.Sprintf("+1212555%04d", 1000+i)
				subjects[i] = people.Subject{Identities: []people.Identity{{Kind: people.Phone, Value: number}}, Hint: people.Hint{State: "NY", Country: "US"}}
				consents[i] = people.Consent{Workspace: w.ws, Address: number, Purpose: people.Marketing, Action: people.Grant, Source: people.ByKeyword, Disclosure: "I agree"}
			}
			found, err := w.people.ResolveAllTx(b.Context(), tx, w.ws, subjects)
			for i, f := range found {
				sends = append(sends, conversation.Send{Workspace: w.ws, Person: f.Person, Kind: conversation.KindCampaign, Purpose: people.Marketing,
					Author: conversation.Author{Kind: conversation.ByCampaign}, Text: fmt.Sprintf("Hi Customer %d, the new coats are in. See yours: https://go.fashion.example/%d", i, i)})
			}
			_, err2 := w.people.RecordConsentAllTx(b.Context(), tx, consents)
			return errors.Join(err, err2)
		})
		b.ResetTimer()
		for b.Loop() {
			w.clock.Skip(31 * 24 * time.Hour) // so that no cap holds
			w.tx(func(tx *db.Tx) error { _, err := w.SendBulkTx(context.Background(), tx, sends); return err })
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/message")
	})
}

// BenchmarkThread is the newest page of a thread of 10,000 messages (PF10: p95 20 ms).
func BenchmarkThread(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		w := newWorld(b, d)
		p := w.newYorker(maria)
		w.says(p, maria, "hello")
		for range 20 {
			w.tx(func(tx *db.Tx) error {
				sends := make([]conversation.Send, 500)
				for i := range sends {
					sends[i] = conversation.Send{Workspace: w.ws, Person: p, Kind: conversation.KindJourney, Purpose: people.Transactional, Text: "Shipped",
						Author: conversation.Author{Kind: conversation.ByJourney}}
				}
				_, err := w.SendBulkTx(context.Background(), tx, sends)
				return err
			})
			w.clock.Skip(50 * 24 * time.Hour)
		}
		b.ResetTimer()
		for b.Loop() {
			w.thread(p)
		}
	})
}

// BenchmarkInbox is a page of the inbox with its exact count.
func BenchmarkInbox(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		w := newWorld(b, d)
		w.crowd(300)
		b.ResetTimer()
		for b.Loop() {
			_, err := w.Inbox(b.Context(), w.ana, conversation.Ask{View: conversation.ViewOpen, Sort: conversation.SortWaiting, Limit: 50})
			must(b, err)
		}
	})
}
