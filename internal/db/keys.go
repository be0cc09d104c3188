package db

import "strings"

// Keys are n keys as a table to join, its columns column1, column2 ...; each row begins with the same placeholders. For
// first "$1" it is "(VALUES ($1,$2),($1,$3))". Joined by the columns of an index, both engines look each key up. The
// likelier texts do not always: PostgreSQL reads all of a workspace for an IN list while it has no statistics, and neither
// uses a partial index for a row among VALUES. KeyArgs fills it.
func Keys(first string, n, from int) string {
	return "(VALUES (" + first + "," + strings.ReplaceAll(Marks(max(n, 1), from), ",", "),("+first+",") + "))"
}

// KeyArgs appends the keys to args; what Keys is padded with is NULL, which joins nothing.
func KeyArgs[T any](args []any, values []T) []any {
	for _, v := range values {
		args = append(args, v)
	}
	for i := len(values); i < padded(max(len(values), 1)); i++ {
		args = append(args, nil)
	}
	return args
}
