package main

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/db"
	"parley/internal/people"
)

// seedBatch is how many people one commit makes.
const seedBatch = 1000

// seed makes people who agreed to texts, with names and a place.
func seed(ctx context.Context, t task) (figures, error) {
	b, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	m := begin(b.postmaster)
	for from := 0; from < t.Count && err == nil; from += seedBatch {
		err = b.settle(ctx, from, min(from+seedBatch, t.Count))
	}
	if err == nil {
		err = settleStatistics(ctx, b.DB)
	}
	return m.end(t.Count), errors.Join(err, b.close())
}

func (b *brand) settle(ctx context.Context, from, to int) error {
	names := []string{"Maria", "John", "Aisha", "Li", "Sofia", "Noah", "Yuki", "Omar"}
	return b.DB.Tx(ctx, func(tx *db.Tx) error {
		subjects, consents := make([]people.Subject, 0, to-from), make([]people.Consent, 0, to-from)
		for i := from; i < to; i++ {
			subjects = append(subjects, people.Subject{Identities: []people.Identity{{Kind: people.Phone, Value: number(i), Source: "import"}},
				Hint: people.Hint{Name: fmt.Sprintf("%s Number%d", names[i%len(names)], i), State: "NY", Zip: "10001", Country: "US", Source: "import"}})
		}
		found, err := b.People.ResolveAllTx(ctx, tx, b.ws.ID, subjects)
		if err != nil {
			return err
		}
		for i, f := range found {
			if f.Err != nil {
				return f.Err
			}
			consents = append(consents, people.Consent{Workspace: b.ws.ID, Person: f.Person, Address: number(from + i), Purpose: people.Marketing,
				Action: people.Grant, Source: people.ByKeyword, Actor: "person", Disclosure: "Texts from Fashion Era. Reply STOP to end."})
		}
		_, err = b.People.RecordConsentAllTx(ctx, tx, consents)
		return err
	})
}
