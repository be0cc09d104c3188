package people

import (
	"context"
	"strings"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// inList is how many values one IN list holds at most.
const inList = 1024

// chunks calls fn with the values in parts that fit an IN list.
func chunks[T any](values []T, fn func([]T) error) error {
	for start := 0; start < len(values); start += inList {
		if err := fn(values[start:min(start+inList, len(values))]); err != nil {
			return err
		}
	}
	return nil
}

// inRows is db.In for texts as a list of rows, each with the same first placeholders: "(VALUES ($1, $2), ($1, $3))". On
// PostgreSQL it makes one index look-up per row. A plain list of parameters it compares with every row of the workspace
// once it has settled on a plan for the statement, which was measured 40 times slower at 10,000 rows.
func inRows(first string, n, from int) string {
	list := db.Marks(n, from)
	return "(VALUES (" + first + ", " + strings.ReplaceAll(list, ",", "), ("+first+", ") + "))"
}

// survivors maps each id that exists to itself, or to the person that it went into at last.
func survivors(ctx context.Context, q db.Queryer, ws id.Workspace, ids []id.Person) (map[id.Person]id.Person, error) {
	out := make(map[id.Person]id.Person, len(ids))
	next := make(map[id.Person][]id.Person) // where to look -> who was asked for
	for _, person := range ids {
		next[person] = []id.Person{person}
	}
	for hops := 0; len(next) > 0 && hops < 10; hops++ {
		merged := make(map[id.Person][]id.Person)
		err := chunks(keys(next), func(part []id.Person) error {
			rows, err := q.Query(ctx, "SELECT id, merged_into FROM person WHERE (workspace_id, id) IN "+inRows("$1", len(part), 2),
				db.InArgs([]any{ws}, part)...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var person, into id.Person
				if err := rows.Scan(&person, &into); err != nil {
					return err
				}
				if into != "" {
					merged[into] = append(merged[into], next[person]...)
					continue
				}
				for _, asked := range next[person] {
					out[asked] = person
				}
			}
			return rows.Err()
		})
		if err != nil {
			return nil, err
		}
		next = merged
	}
	return out, nil
}

// loadPeople are the people that exist among the ids, and into whom those of them went that were merged.
func loadPeople(ctx context.Context, q db.Queryer, ws id.Workspace, ids []id.Person) (map[id.Person]*Person, map[id.Person]id.Person, error) {
	out, merged := make(map[id.Person]*Person, len(ids)), map[id.Person]id.Person{}
	err := chunks(ids, func(part []id.Person) error {
		rows, err := q.Query(ctx, `SELECT id, name, given_name, family_name, language, timezone, country, state, zip,
				preferred_channel, attributes, attribute_sources, value_minor, value_currency, orders, last_order_at,
				created_at, updated_at, version, merged_into
			FROM person WHERE (workspace_id, id) IN `+inRows("$1", len(part), 2), db.InArgs([]any{ws}, part)...)
		_, err = db.Collect(rows, err, func(r *db.Rows) (struct{}, error) {
			p, into, err := scanPerson(r)
			if into != "" {
				merged[p.ID] = into
			} else {
				out[p.ID] = &p
			}
			return struct{}{}, err
		})
		if err != nil {
			return err
		}
		if err := loadIdentities(ctx, q, ws, part, out); err != nil {
			return err
		}
		return loadTags(ctx, q, ws, part, out)
	})
	return out, merged, err
}

func scanPerson(r *db.Rows) (p Person, into id.Person, err error) {
	p = Person{Attributes: map[string]any{}, AttributeSources: map[string]AttributeSource{}, Tags: []string{}}
	err = r.Scan(&p.ID, &p.Name, &p.GivenName, &p.FamilyName, &p.Language, &p.Timezone, &p.Country, &p.State, &p.Zip,
		&p.PreferredChannel, db.ScanJSON(&p.Attributes), db.ScanJSON(&p.AttributeSources), &p.Value.Minor, &p.Value.Currency,
		&p.Orders, &p.LastOrderAt, &p.CreatedAt, &p.UpdatedAt, &p.Version, &into)
	return p, into, err
}

func loadTags(ctx context.Context, q db.Queryer, ws id.Workspace, part []id.Person, into map[id.Person]*Person) error {
	rows, err := q.Query(ctx, "SELECT person_id, tag FROM person_tag WHERE (workspace_id, person_id) IN "+inRows("$1", len(part), 2)+
		" ORDER BY person_id, tag", db.InArgs([]any{ws}, part)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var person id.Person
		var tag string
		if err := rows.Scan(&person, &tag); err != nil {
			return err
		}
		if p := into[person]; p != nil {
			p.Tags = append(p.Tags, tag)
		}
	}
	return rows.Err()
}

// listPeople are the ids of a page and one more, newest first.
func listPeople(ctx context.Context, q db.Queryer, ws id.Workspace, ask Query, before id.Person) ([]id.Person, error) {
	name, value := "%", "%"
	if ask.Search != "" {
		name = "%" + escapeLike(searchable(ask.Search)) + "%"
		value = "%" + escapeLike(searchIdentity(ask.Search)) + "%"
	}
	rows, err := q.Query(ctx, `SELECT id FROM person
		WHERE workspace_id = $1 AND id < $2 AND merged_into = ''
		  AND ($3 = '' OR id IN (SELECT person_id FROM person_tag WHERE workspace_id = $1 AND tag = $3))
		  AND ($4 = '%' OR search_name LIKE $4 ESCAPE '\'
		       OR id IN (SELECT person_id FROM person_identity WHERE workspace_id = $1 AND value LIKE $5 ESCAPE '\'))
		ORDER BY id DESC LIMIT $6`, ws, before, strings.TrimSpace(ask.Tag), name, value, ask.Limit+1)
	return db.Collect(rows, err, func(r *db.Rows) (person id.Person, err error) { return person, r.Scan(&person) })
}

// searchIdentity is the search text in the form in which identities are stored: digits only for what looks like a number.
func searchIdentity(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	var digits strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case !strings.ContainsRune("+-. ()/", r):
			return text
		}
	}
	if digits.Len() == 0 {
		return text
	}
	return strings.TrimLeft(digits.String(), "0") // a national form starts with a trunk zero that E.164 has not
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

func insertPeople(ctx context.Context, tx *db.Tx, ws id.Workspace, people []Person) error {
	rows := make([][]any, len(people))
	for i, p := range people {
		rows[i] = []any{ws, p.ID, p.Name, p.GivenName, p.FamilyName, searchable(p.Name), p.Language, p.Timezone, p.Country,
			p.State, p.Zip, p.PreferredChannel, "{}", "{}", p.CreatedAt, p.UpdatedAt}
	}
	return tx.Bulk(ctx, db.Bulk{Table: "person",
		Columns: []string{"workspace_id", "id", "name", "given_name", "family_name", "search_name", "language", "timezone",
			"country", "state", "zip", "preferred_channel", "attributes", "attribute_sources", "created_at", "updated_at"},
		JSON: []string{"attributes", "attribute_sources"}, Rows: rows})
}

// savePerson writes what an update may change, and says whether the version was still the one read.
func savePerson(ctx context.Context, tx *db.Tx, ws id.Workspace, p Person) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE person SET name = $1, given_name = $2, family_name = $3, search_name = $4, language = $5,
			timezone = $6, country = $7, state = $8, zip = $9, preferred_channel = $10, attributes = $11,
			attribute_sources = $12, updated_at = $13, version = version + 1
		WHERE workspace_id = $14 AND id = $15 AND version = $16`,
		p.Name, p.GivenName, p.FamilyName, searchable(p.Name), p.Language, p.Timezone, p.Country, p.State, p.Zip,
		p.PreferredChannel, db.JSON(p.Attributes), db.JSON(p.AttributeSources), p.UpdatedAt, ws, p.ID, p.Version)
	return n == 1, err
}

func saveTags(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, u Update, now clock.Time) {
	for _, tag := range u.RemoveTags {
		tx.Queue(ctx, "DELETE FROM person_tag WHERE workspace_id = $1 AND person_id = $2 AND tag = $3", ws, person, strings.TrimSpace(tag))
	}
	for _, tag := range u.AddTags {
		tx.Queue(ctx, `INSERT INTO person_tag (workspace_id, person_id, tag, source, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (workspace_id, person_id, tag) DO NOTHING`, ws, person, strings.TrimSpace(tag), u.Source, now)
	}
}

// orderRow is what an order adds to its person.
type orderRow struct {
	count    int
	minor    int64
	currency string
	at       clock.Time
	now      clock.Time
}

func addOrder(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, o orderRow) (int64, error) {
	return tx.Exec(ctx, `UPDATE person SET orders = orders + $1,
			value_minor = value_minor + CASE WHEN value_currency IN ('', $2) THEN CAST($3 AS BIGINT) ELSE 0 END,
			value_currency = CASE WHEN value_currency = '' THEN $2 ELSE value_currency END,
			last_order_at = CASE WHEN CAST($1 AS BIGINT) > 0 AND last_order_at < $4 THEN $4 ELSE last_order_at END,
			updated_at = $5, version = version + 1
		WHERE workspace_id = $6 AND id = $7`, o.count, o.currency, o.minor, o.at, o.now, ws, person)
}

func loadDefinitions(ctx context.Context, q db.Queryer, ws id.Workspace) (map[string]Definition, error) {
	rows, err := q.Query(ctx, "SELECT key, type, label FROM attribute_definition WHERE workspace_id = $1", ws)
	list, err := db.Collect(rows, err, func(r *db.Rows) (d Definition, err error) { return d, r.Scan(&d.Key, &d.Type, &d.Label) })
	out := make(map[string]Definition, len(list))
	for _, d := range list {
		out[d.Key] = d
	}
	return out, err
}

func saveDefinition(ctx context.Context, tx *db.Tx, ws id.Workspace, d Definition, now clock.Time) {
	tx.Queue(ctx, `INSERT INTO attribute_definition (workspace_id, key, type, label, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (workspace_id, key) DO UPDATE SET label = excluded.label`, ws, d.Key, d.Type, d.Label, now)
}
