package people

import (
	"context"
	"slices"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
)

// identityKey is what an identity is found by within a workspace.
type identityKey struct {
	kind  IdentityKind
	value string
}

// identityRow is an identity of a person, normalised.
type identityRow struct {
	kind     IdentityKind
	value    string
	person   id.Person
	source   string
	verified clock.Time
}

// owners maps identities to the persons that have them; an empty person means that it is wanted and nobody has it.
type owners map[identityKey]id.Person

func (o owners) want(kind IdentityKind, value string) {
	if _, ok := o[identityKey{kind, value}]; !ok {
		o[identityKey{kind, value}] = ""
	}
}

// load looks up all that is wanted, with one query per kind.
func (o owners) load(ctx context.Context, q db.Queryer, ws id.Workspace) error {
	wanted := map[IdentityKind][]string{}
	for key := range o {
		wanted[key.kind] = append(wanted[key.kind], key.value)
	}
	for kind, values := range wanted {
		err := chunks(values, func(part []string) error {
			rows, err := q.Query(ctx, "SELECT value, person_id FROM person_identity WHERE (workspace_id, kind, value) IN "+
				inRows("$1, $2", len(part), 3), db.InArgs([]any{ws, kind}, part)...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var value string
				var person id.Person
				if err := rows.Scan(&value, &person); err != nil {
					return err
				}
				o[identityKey{kind, value}] = person
			}
			return rows.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// insertIdentities adds those that nobody has yet.
func insertIdentities(ctx context.Context, tx *db.Tx, ws id.Workspace, list []identityRow, now clock.Time) error {
	rows := make([][]any, len(list))
	for i, r := range list {
		rows[i] = []any{ws, r.kind, r.value, r.person, r.source, r.verified, now}
	}
	return tx.Bulk(ctx, db.Bulk{Table: "person_identity",
		Columns:  []string{"workspace_id", "kind", "value", "person_id", "source", "verified_at", "created_at"},
		Conflict: "ON CONFLICT (workspace_id, kind, value) DO NOTHING", Rows: rows})
}

// moveIdentities gives what a person who was never made would have had to the person who came first.
func moveIdentities(ctx context.Context, tx *db.Tx, ws id.Workspace, replaced map[id.Person]id.Person) error {
	for person, by := range replaced {
		if _, err := tx.Exec(ctx, "UPDATE person_identity SET person_id = $1 WHERE workspace_id = $2 AND person_id = $3", by, ws, person); err != nil {
			return err
		}
	}
	return nil
}

func verifyIdentity(ctx context.Context, tx *db.Tx, ws id.Workspace, r identityRow) {
	tx.Queue(ctx, `UPDATE person_identity SET verified_at = $1
		WHERE workspace_id = $2 AND kind = $3 AND value = $4 AND verified_at = 0`, r.verified, ws, r.kind, r.value)
}

func loadIdentities(ctx context.Context, q db.Queryer, ws id.Workspace, part []id.Person, into map[id.Person]*Person) error {
	rows, err := q.Query(ctx, `SELECT person_id, kind, value, source, verified_at FROM person_identity
		WHERE (workspace_id, person_id) IN `+inRows("$1", len(part), 2)+" ORDER BY person_id, created_at, kind, value",
		db.InArgs([]any{ws}, part)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var person id.Person
		var i Identity
		if err := rows.Scan(&person, &i.Kind, &i.Value, &i.Source, &i.VerifiedAt); err != nil {
			return err
		}
		if p := into[person]; p != nil {
			p.Identities = append(p.Identities, i)
		}
	}
	return rows.Err()
}

// loadHinted reads of some people what a hint may fill.
func loadHinted(ctx context.Context, q db.Queryer, ws id.Workspace, ids []id.Person) (map[id.Person]*Person, error) {
	out := make(map[id.Person]*Person, len(ids))
	err := chunks(ids, func(part []id.Person) error {
		rows, err := q.Query(ctx, `SELECT id, name, given_name, family_name, language, timezone, country, state, zip, version
			FROM person WHERE (workspace_id, id) IN `+inRows("$1", len(part), 2), db.InArgs([]any{ws}, part)...)
		people, err := db.Collect(rows, err, func(r *db.Rows) (p Person, err error) {
			return p, r.Scan(&p.ID, &p.Name, &p.GivenName, &p.FamilyName, &p.Language, &p.Timezone, &p.Country, &p.State, &p.Zip, &p.Version)
		})
		for i := range people {
			out[people[i].ID] = &people[i]
		}
		return err
	})
	return out, err
}

// saveHinted writes what a hint filled, unless an edit came in between: then the hint can wait for its next time.
func saveHinted(ctx context.Context, tx *db.Tx, ws id.Workspace, p *Person, now clock.Time) {
	tx.Queue(ctx, `UPDATE person SET name = $1, given_name = $2, family_name = $3, search_name = $4, language = $5, timezone = $6,
			country = $7, state = $8, zip = $9, updated_at = $10, version = version + 1
		WHERE workspace_id = $11 AND id = $12 AND version = $13`, p.Name, p.GivenName, p.FamilyName, searchable(p.Name),
		p.Language, p.Timezone, p.Country, p.State, p.Zip, now, ws, p.ID, p.Version)
}

func savePlace(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, label string, e compliance.Evidence) {
	tx.Queue(ctx, `INSERT INTO place_evidence (workspace_id, person_id, source, label, zone, country, state, zip, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (workspace_id, person_id, source, label) DO UPDATE SET zone = excluded.zone, country = excluded.country,
			state = excluded.state, zip = excluded.zip, at = excluded.at WHERE place_evidence.at <= excluded.at`,
		ws, person, string(e.Source), cut(label, 60), e.Zone, cut(e.Country, 2), cut(e.State, 10), cut(e.Zip, 16), e.At)
}

// placed is a person with one piece of evidence; Source is empty when there is none.
type placed struct {
	asked, into id.Person
	evidence    compliance.Evidence
}

// askPlaces asks which people exist among the ids, and what is known of their places, newest first.
func askPlaces(ws id.Workspace, ids []id.Person, into *[]placed) []db.Question {
	var out []db.Question
	for part := range slices.Chunk(ids, inList) {
		out = append(out, db.Question{Text: `SELECT p.id, p.merged_into, COALESCE(e.source, ''), COALESCE(e.zone, ''), COALESCE(e.country, ''),
				COALESCE(e.state, ''), COALESCE(e.zip, ''), COALESCE(e.at, 0)
			FROM ` + db.Keys("$1", len(part), 2) + ` AS k JOIN person p ON p.workspace_id = k.column1 AND p.id = k.column2
			LEFT JOIN place_evidence e ON e.workspace_id = p.workspace_id AND e.person_id = p.id
			ORDER BY p.id, e.at DESC, e.source, e.label`, Args: db.KeyArgs([]any{ws}, part), Row: func(r *db.Rows) error {
			var p placed
			e := &p.evidence
			err := r.Scan(&p.asked, &p.into, &e.Source, &e.Zone, &e.Country, &e.State, &e.Zip, &e.At)
			*into = append(*into, p)
			return err
		}})
	}
	return out
}

// identified is a person with one identity; Kind is empty when there is none.
type identified struct {
	asked, into id.Person
	Identity
	since clock.Time
}

// loadIdentified are the people that exist among the ids with their identities, in no order.
func loadIdentified(ctx context.Context, q db.Queryer, ws id.Workspace, ids []id.Person) (out []identified, err error) {
	err = chunks(ids, func(part []id.Person) error {
		rows, err := q.Query(ctx, `SELECT p.id, p.merged_into, COALESCE(i.kind, ''), COALESCE(i.value, ''),
				COALESCE(i.verified_at, 0), COALESCE(i.created_at, 0)
			FROM `+db.Keys("$1", len(part), 2)+` AS k JOIN person p ON p.workspace_id = k.column1 AND p.id = k.column2
			LEFT JOIN person_identity i ON i.workspace_id = p.workspace_id AND i.person_id = p.id`,
			db.KeyArgs([]any{ws}, part)...)
		found, err := db.Collect(rows, err, func(r *db.Rows) (n identified, err error) {
			return n, r.Scan(&n.asked, &n.into, &n.Kind, &n.Value, &n.VerifiedAt, &n.since)
		})
		out = append(out, found...)
		return err
	})
	return out, err
}
