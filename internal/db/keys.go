package db

import (
	"fmt"
	"strings"
)

// Keys are n keys as a table to join, its columns column1, column2 ...; each row begins with the same placeholders. For
// first "$1" it is "(VALUES ($1,$2),($1,$3))". Written as FROM keys AS k CROSS JOIN table WHERE ..., compared with the
// columns of an index, both engines look each key up. The likelier texts do not always: PostgreSQL reads all of a workspace
// for an IN list while it has no statistics, neither uses a partial index for a row among VALUES, and SQLite turns a JOIN
// around, and reads the whole table for each key, when it has statistics of other tables. KeyArgs fills it.
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

// KeyPairs are Keys of which two columns vary: for first "$1" it is "(VALUES ($1,$2,$3),($1,$4,$5))". PairArgs fills it.
func KeyPairs(first string, n, from int) string {
	rows := make([]string, padded(max(n, 1)))
	for i := range rows {
		rows[i] = fmt.Sprintf("(%s,$%d,$%d)", first, from+2*i, from+2*i+1)
	}
	return "(VALUES " + strings.Join(rows, ",") + ")"
}

// PairArgs pads args, which end with the values of n pairs, with NULL.
func PairArgs(args []any, n int) []any {
	for i := n; i < padded(max(n, 1)); i++ {
		args = append(args, nil, nil)
	}
	return args
}
