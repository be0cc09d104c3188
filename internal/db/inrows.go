package db

import "strings"

// InRows is In for the last column of a key, as a list of rows that each begin with the same placeholders: for
// "(workspace_id, id) IN" and first "$1" it is "(VALUES ($1,$2),($1,$3))". On PostgreSQL it makes one index look-up per
// row. With "workspace_id = $1 AND id IN" it may read the whole workspace while it has no statistics of the table, and
// keeps that plan for the connection's life. InArgs fills it.
func InRows(first string, n, from int) string {
	if n == 0 {
		return In(0, from)
	}
	return "(VALUES (" + first + "," + strings.ReplaceAll(Marks(n, from), ",", "),("+first+",") + "))"
}
