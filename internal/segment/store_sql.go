package segment

import (
	"math"
	"strconv"
	"strings"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// query is a statement in the making. Its predicates speak of the person p; none of them is ever NULL, so that NOT is
// plain.
type query struct {
	engine db.Engine
	moment moment
	args   []any
}

// arg adds an argument and is its placeholder.
func (q *query) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// text is arg for a text where PostgreSQL cannot see what it is.
func (q *query) text(s string) string {
	if q.engine == db.Postgres {
		return "CAST(" + q.arg(s) + " AS TEXT)"
	}
	return q.arg(s)
}

func (q *query) texts(list []string) string {
	marks := make([]string, len(list))
	for i, s := range list {
		marks[i] = q.text(s)
	}
	return strings.Join(marks, ", ")
}

// number writes a number into the statement: as an argument PostgreSQL would round it to the type that it expects.
func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// SQL is the statement that finds everybody who belongs at a moment, oldest person first, and its arguments. It says the
// same as Eval and the index, more slowly, and on a database that nobody has loaded.
func (p *Program) SQL(engine db.Engine, ws id.Workspace, now clock.Time) (text string, args []any) {
	q := &query{engine: engine, moment: p.moment(now)}
	q.arg(ws)
	where := p.root.sql(q)
	return "SELECT p.id FROM person p WHERE p.workspace_id = $1 AND p.merged_into = '' AND " + where + " ORDER BY p.id", q.args
}

func (e *expr) sql(q *query) string {
	if e.leaf != nil {
		return e.leaf.sql(q)
	}
	parts := make([]string, len(e.kids))
	for i, kid := range e.kids {
		parts[i] = kid.sql(q)
	}
	return combine(e.kind, parts)
}

func combine(kind Kind, parts []string) string {
	switch {
	case len(parts) == 0 && kind == groupAny:
		return "1 = 0"
	case len(parts) == 0:
		return "1 = 1"
	case kind == groupAll:
		return "(" + strings.Join(parts, " AND ") + ")"
	case kind == groupAny:
		return "(" + strings.Join(parts, " OR ") + ")"
	}
	return "NOT (" + strings.Join(parts, " OR ") + ")"
}

// sure is a predicate that is false where it would be NULL.
func sure(predicate string) string { return "COALESCE(" + predicate + ", 1 = 0)" }

func (l *attrLeaf) sql(q *query) string {
	t := l.test.at(q.moment)
	switch {
	case strings.HasPrefix(l.key, custom):
		return q.json("p.attributes", strings.TrimPrefix(l.key, custom), t)
	case l.key == "tags":
		return q.listed("SELECT 1 FROM person_tag g WHERE g.workspace_id = $1 AND g.person_id = p.id", "g.tag", t)
	case l.kind == List:
		return q.listed("SELECT 1 FROM person_identity g WHERE g.workspace_id = $1 AND g.person_id = p.id AND g.kind = "+q.text(l.key), "g.value", t)
	case l.key == "value":
		if t.form == isSet {
			return "p.value_currency <> ''"
		}
		return "(p.value_currency = " + q.text(t.currency) + " AND " + t.span("p.value_minor") + ")"
	case l.key == "last_order_at":
		return "(p.last_order_at <> 0 AND " + t.span("p.last_order_at") + ")"
	case numeric(l.kind):
		return t.span("p." + l.key)
	case t.form == isSet:
		return "p." + l.key + " <> ''"
	}
	return q.compare("p."+l.key, t)
}

// listed asks for a row with one of the texts, or for any.
func (q *query) listed(rows, column string, t test) string {
	if t.form != isSet {
		rows += " AND " + column + " IN (" + q.texts(t.texts) + ")"
	}
	return "EXISTS (" + rows + ")"
}

// span is a predicate on a number.
func (t test) span(x string) string {
	parts := []string{}
	if t.lo.set {
		parts = append(parts, x+map[bool]string{true: " > ", false: " >= "}[t.lo.open]+number(t.lo.num))
	}
	if t.hi.set {
		parts = append(parts, x+map[bool]string{true: " < ", false: " <= "}[t.hi.open]+number(t.hi.num))
	}
	return combine(groupAll, parts)
}

// compare is a predicate on a text.
func (q *query) compare(x string, t test) string {
	switch t.form {
	case oneOf:
		return x + " IN (" + q.texts(t.texts) + ")"
	case hasPart:
		if q.engine == db.Postgres {
			return "strpos(" + x + ", " + q.text(t.texts[0]) + ") > 0"
		}
		return "instr(" + x + ", " + q.text(t.texts[0]) + ") > 0"
	case hasPrefix:
		if q.engine == db.Postgres {
			return "starts_with(" + x + ", " + q.text(t.texts[0]) + ")"
		}
		return "substr(" + x + ", 1, " + strconv.Itoa(len([]rune(t.texts[0]))) + ") = " + q.text(t.texts[0])
	case yearly:
		return q.yearly(x, t)
	}
	parts := []string{"substr(" + x + ", 1, 1) <> '-'"}
	if t.lo.set {
		parts = append(parts, q.bytes(x)+map[bool]string{true: " > ", false: " >= "}[t.lo.open]+q.text(t.lo.text))
	}
	if t.hi.set {
		parts = append(parts, q.bytes(x)+map[bool]string{true: " < ", false: " <= "}[t.hi.open]+q.text(t.hi.text))
	}
	return combine(groupAll, parts)
}

// bytes makes PostgreSQL compare texts as SQLite and Go do.
func (q *query) bytes(x string) string {
	if q.engine == db.Postgres {
		return "(" + x + `) COLLATE "C"`
	}
	return x
}

func (q *query) yearly(x string, t test) string {
	day := "substr(" + x + ", length(" + x + ") - 4, 5)"
	join := " AND "
	if t.from > t.to {
		join = " OR "
	}
	return "(" + q.bytes(day) + " >= " + q.text(t.from) + join + q.bytes(day) + " <= " + q.text(t.to) + ")"
}

// field is one member of a JSON object, by type and value.
type field struct {
	engine   db.Engine
	doc, key string // the key as an expression of PostgreSQL, or a whole path of SQLite
}

func (q *query) field(doc, key string) field {
	if q.engine == db.Postgres {
		return field{q.engine, doc, q.text(key)}
	}
	return field{q.engine, doc, q.arg(`$."` + key + `"`)}
}

// inner is the member of a member.
func (q *query) inner(outer field, key string) field {
	if q.engine == db.Postgres {
		return field{q.engine, "(" + outer.doc + "->" + outer.key + ")", q.text(key)}
	}
	return field{q.engine, outer.doc, outer.key + ` || '."` + key + `"'`}
}

// as is the value if it has the type, else NULL.
func (f field) as(kind Type) string {
	if f.engine == db.Postgres {
		value := "(" + f.doc + "->>" + f.key + ")"
		if kind == Number {
			value += "::numeric"
		}
		json := map[Type]string{Text: "string", Date: "string", Number: "number", Bool: "boolean"}[kind]
		return "CASE WHEN jsonb_typeof(" + f.doc + "->" + f.key + ") = '" + json + "' THEN " + value + " END"
	}
	kindOf := "json_type(" + f.doc + ", " + f.key + ")"
	value := "json_extract(" + f.doc + ", " + f.key + ")"
	switch kind {
	case Number:
		return "CASE WHEN " + kindOf + " IN ('integer', 'real') THEN " + value + " END"
	case Bool:
		return "CASE WHEN " + kindOf + " IN ('true', 'false') THEN " + kindOf + " END"
	}
	return "CASE WHEN " + kindOf + " = 'text' THEN " + value + " END"
}

func (f field) isSet() string {
	if f.engine == db.Postgres {
		return "COALESCE(jsonb_typeof(" + f.doc + "->" + f.key + ") <> 'null', FALSE)"
	}
	return "COALESCE(json_type(" + f.doc + ", " + f.key + ") <> 'null', FALSE)"
}

// has asks a list for one of the texts.
func (q *query) has(f field, texts []string) string {
	if q.engine == db.Postgres {
		return "COALESCE(jsonb_typeof(" + f.doc + "->" + f.key + ") = 'array' AND jsonb_exists_any(" + f.doc + "->" + f.key +
			", ARRAY[" + q.texts(texts) + "]), FALSE)"
	}
	return "(COALESCE(json_type(" + f.doc + ", " + f.key + ") = 'array', FALSE) AND EXISTS (SELECT 1 FROM json_each(" + f.doc + ", " + f.key +
		") j WHERE j.type = 'text' AND j.value IN (" + q.texts(texts) + ")))"
}

// json is a predicate on a member of a JSON object.
func (q *query) json(doc, key string, t test) string {
	f := q.field(doc, key)
	switch {
	case t.form == isSet:
		return f.isSet()
	case t.kind == List:
		return q.has(f, t.texts)
	case t.kind == Money:
		return sure("(" + q.inner(f, "currency").as(Text) + ") = " + q.text(t.currency) + " AND " + t.span("("+q.inner(f, "minor").as(Number)+")"))
	case t.kind == Number:
		return sure(t.span("(" + f.as(Number) + ")"))
	case t.form == hasPart:
		return "(" + sure(q.compare("("+f.as(Text)+")", t)) + " OR " + q.has(f, t.texts) + ")"
	}
	return sure(q.compare("("+f.as(t.kind)+")", t))
}

func (l *consentLeaf) sql(q *query) string {
	states := map[string]string{
		isRevoked:     "s.status IN ('revoked', 'blocked')",
		isUnreachable: "s.status NOT IN ('revoked', 'blocked') AND s.unreachable_at <> 0",
		isPending:     "s.status = 'pending' AND s.unreachable_at = 0 AND s.pending_until >= " + number(float64(q.moment.now)),
		isGranted:     "s.status = 'granted' AND s.unreachable_at = 0",
	}
	if l.is == isNone {
		return "NOT (" + q.standing(l.key, states[isRevoked]+" OR "+states[isUnreachable]+" OR "+states[isPending]+" OR "+states[isGranted]) + ")"
	}
	return q.standing(l.key, states[l.is])
}

// standing asks for the state of the address that Parley would write to, the first one of the person.
func (q *query) standing(key consentKey, state string) string {
	medium, purpose, kind := q.text(string(key.medium)), q.text(string(key.purpose)), q.text(string(addressKind(key.medium)))
	return `p.id IN (SELECT i.person_id FROM consent_state s
		JOIN consent_chain c ON c.workspace_id = s.workspace_id AND c.medium = s.medium AND c.address_key = s.address_key
		JOIN person_identity i ON i.workspace_id = s.workspace_id AND i.kind = ` + kind + ` AND i.value = c.address
		WHERE s.workspace_id = $1 AND s.medium = ` + medium + ` AND s.purpose = ` + purpose + ` AND (` + state + `)
		AND i.value = (SELECT o.value FROM person_identity o WHERE o.workspace_id = $1 AND o.person_id = i.person_id AND o.kind = i.kind
			ORDER BY CASE WHEN o.verified_at = 0 THEN 1 ELSE 0 END, o.created_at, o.value LIMIT 1))`
}

func addressKind(m people.Medium) people.IdentityKind {
	if m == people.MailBox {
		return people.Email
	}
	return people.Phone
}

// sql is the condition that an event under the name e passes the filter.
func (f *filter) sql(q *query, e string) string {
	if f == nil {
		return "1 = 1"
	}
	if f.kind == "" {
		return q.json(e+".props", f.prop, f.test)
	}
	parts := make([]string, len(f.kids))
	for i, kid := range f.kids {
		parts[i] = kid.sql(q, e)
	}
	return combine(f.kind, parts)
}

// events is "FROM ... WHERE ..." of the events of p under the name e.
func (q *query) events(e, name string, f *filter) string {
	return "FROM event " + e + " WHERE " + e + ".workspace_id = $1 AND " + e + ".person_id = p.id AND " + e + ".type = " + q.text(name) +
		" AND " + f.sql(q, e)
}

func (q *query) inSpan(e string, s span) string {
	return " AND " + e + ".at > " + q.arg(s.after) + " AND " + e + ".at <= " + q.arg(s.until)
}

func (l *eventLeaf) sql(q *query) string {
	s := l.window.at(q.moment)
	if l.agg.Func == First || l.agg.Func == Last {
		return l.edgeSQL(q, s)
	}
	if lo, _ := l.test.ints(); l.agg.Func == Count && lo == 1 && !l.test.hi.set {
		return "EXISTS (SELECT 1 " + q.events("e", l.name, l.filter) + q.inSpan("e", s) + ")"
	}
	// The figure stands before its events in the statement and in the arguments.
	figure := l.figureSQL(q)
	return sure("(SELECT " + l.test.span(figure) + " " + q.events("e", l.name, l.filter) + q.inSpan("e", s) + ")")
}

func (l *eventLeaf) figureSQL(q *query) string {
	if l.agg.Func == Count {
		return "COUNT(*)"
	}
	f := q.field("e.props", l.agg.Prop)
	if l.agg.Func == Distinct {
		return "COUNT(DISTINCT " + f.as(Text) + ")"
	}
	x := f.as(Number)
	if l.test.kind == Money {
		x = "CASE WHEN (" + q.inner(f, "currency").as(Text) + ") = " + q.text(l.test.currency) + " THEN " + q.inner(f, "minor").as(Number) + " END"
	}
	if l.agg.Func == Avg {
		return "(SUM(" + x + ") * " + map[db.Engine]string{db.SQLite: "1.0", db.Postgres: "1"}[q.engine] + " / COUNT(" + x + "))"
	}
	return strings.ToUpper(string(l.agg.Func)) + "(" + x + ")"
}

func (l *eventLeaf) edgeSQL(q *query, s span) string {
	further := map[Func]string{First: " AND o.at < e.at", Last: " AND o.at > e.at"}[l.agg.Func]
	return "EXISTS (SELECT 1 " + q.events("e", l.name, l.filter) + q.inSpan("e", s) + " AND " + q.json("e.props", l.agg.Prop, l.test) +
		" AND NOT EXISTS (SELECT 1 " + q.events("o", l.name, l.filter) + q.inSpan("o", s) + further + "))"
}

func (l *sequenceLeaf) sql(q *query) string {
	now := q.moment.now
	if !l.absent {
		return "EXISTS (SELECT 1 " + q.events("b", l.then.name, l.then.filter) + q.inSpan("b", l.window.at(q.moment)) +
			" AND EXISTS (SELECT 1 " + q.events("a", l.first.name, l.first.filter) +
			" AND a.at <= b.at AND a.at >= b.at - " + q.arg(int64(l.limit())) + " AND a.id <> b.id))"
	}
	due := span{now - l.limit(), now - clock.Time(l.after.Microseconds())}
	past := span{math.MinInt64, now}
	return "EXISTS (SELECT 1 " + q.events("a", l.first.name, l.first.filter) + q.inSpan("a", due) +
		" AND NOT EXISTS (SELECT 1 " + q.events("o", l.first.name, l.first.filter) + q.inSpan("o", past) + " AND o.at > a.at)" +
		" AND NOT EXISTS (SELECT 1 " + q.events("b", l.then.name, l.then.filter) + q.inSpan("b", past) + " AND b.at >= a.at AND b.id <> a.id))"
}
