package report

import (
	"context"

	"parley/internal/db"
)

// recount is a promise that one statement counts and another disproves. Each statement reads one moment of the database.
type recount struct {
	invariant, text string
	total           string // one number
	broken          string // one text for each row that breaks the promise
}

func (r recount) count(ctx context.Context, q db.Queryer) (n int64, broken []string, err error) {
	if err = q.QueryRow(ctx, r.total).Scan(&n); err != nil {
		return 0, nil, err
	}
	rows, err := q.Query(ctx, r.broken)
	broken, err = texts(rows, err)
	return n, broken, err
}

func texts(rows *db.Rows, err error) ([]string, error) {
	return db.Collect(rows, err, func(r *db.Rows) (string, error) {
		var s string
		return s, r.Scan(&s)
	})
}

// handedOver are the states of a delivery whose last attempt left or may have left.
const handedOver = "('sending', 'unknown', 'sent', 'failed', 'delivered', 'read')"

// promotional are the purposes that a customer may revoke and that nothing else allows.
const promotional = "('marketing', 'cart', 'loyalty')"

func recounts() []recount {
	return append(append(threadRecounts(), outboxRecounts()...), storyRecounts()...)
}

func threadRecounts() []recount {
	return []recount{
		{"I1", "every text that came in is in its thread, or waits to be put there",
			`SELECT COUNT(*) FROM inbound`,
			`SELECT i.id FROM inbound i WHERE i.told AND i.part_key IS NULL
				AND 'in:' || i.id NOT IN (SELECT client_key FROM message WHERE direction = 'in' AND client_key IS NOT NULL)
				AND NOT EXISTS (SELECT 1 FROM mailbox_item w WHERE w.workspace_id = i.workspace_id AND w.person_id = i.person_id AND w.kind = 'message.received')
				AND NOT EXISTS (SELECT 1 FROM mailbox_parked p WHERE p.workspace_id = i.workspace_id AND p.person_id = i.person_id AND p.kind = 'message.received')`},
		{"I2", "every text in a thread came in, once",
			`SELECT COUNT(*) FROM message WHERE direction = 'in'`,
			`SELECT m.id FROM message m WHERE m.direction = 'in' AND m.client_key NOT IN (SELECT 'in:' || id FROM inbound)
			UNION ALL SELECT MIN(provider_id) FROM inbound GROUP BY id HAVING COUNT(*) > 1`},
		{"I16", "every message that is to leave is in the outbox",
			`SELECT COUNT(*) FROM message WHERE direction = 'out'`,
			`SELECT m.id FROM message m WHERE m.direction = 'out' AND m.state IN ('queued', 'held')
				AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.workspace_id = m.workspace_id AND d.message_id = m.id)`},
		{"I16", "nothing leaves that its thread says was dropped",
			`SELECT COUNT(*) FROM message WHERE direction = 'out' AND state = 'dropped'`,
			`SELECT m.id FROM message m JOIN delivery d ON d.workspace_id = m.workspace_id AND d.message_id = m.id
				WHERE m.direction = 'out' AND m.state = 'dropped' AND d.state IN ('queued', 'held', 'sending')`},
		{"I25", "the change stream has no gap",
			`SELECT COUNT(*) FROM feed_event`,
			`SELECT h.workspace_id FROM feed_head h JOIN (SELECT workspace_id, MIN(seq) AS low, MAX(seq) AS high, COUNT(*) AS n FROM feed_event GROUP BY workspace_id) e
				ON e.workspace_id = h.workspace_id WHERE e.high <> h.seq OR e.n <> e.high - e.low + 1
			UNION ALL SELECT DISTINCT workspace_id FROM feed_event WHERE workspace_id NOT IN (SELECT workspace_id FROM feed_head)`},
	}
}

func outboxRecounts() []recount {
	return []recount{
		{"I9", "a message that left or may have left does not wait to be sent",
			`SELECT COUNT(*) FROM delivery`,
			`SELECT message_id FROM delivery WHERE ready_at IS NOT NULL AND state NOT IN ('queued', 'held')`},
		{"I9", "attempts are numbered without repetition, and the last stands on the message",
			`SELECT COUNT(*) FROM delivery_try`,
			`SELECT t.message_id FROM delivery_try t LEFT JOIN delivery d ON d.workspace_id = t.workspace_id AND d.message_id = t.message_id
				WHERE d.message_id IS NULL OR t.attempt > d.attempt OR t.attempt < 1`},
		{"I9", "one acceptance of a provider belongs to one message",
			`SELECT COUNT(*) FROM delivery WHERE provider_id <> ''`,
			`SELECT MIN(message_id) FROM delivery WHERE provider_id <> '' GROUP BY workspace_id, ABS(lane), provider_id HAVING COUNT(*) > 1`},
		{"I10", "a promotional text in doubt was never sent again",
			`SELECT COUNT(*) FROM delivery_doubt`,
			`SELECT d.message_id FROM delivery_try t JOIN delivery d ON d.workspace_id = t.workspace_id AND d.message_id = t.message_id
				WHERE d.purpose IN ` + promotional + ` AND t.code IN ('not_accepted', 'no_answer', 'interrupted')`},
		{"I10", "an unknown outcome is listed until it is known",
			`SELECT COUNT(*) FROM delivery WHERE state = 'unknown'`,
			`SELECT d.message_id FROM delivery d WHERE d.state = 'unknown' AND NOT EXISTS
				(SELECT 1 FROM delivery_doubt t WHERE t.workspace_id = d.workspace_id AND t.message_id = d.message_id)`},
		{"I16", "every message is on its way, ended, or due",
			`SELECT COUNT(*) FROM delivery`,
			`SELECT d.message_id FROM delivery d LEFT JOIN lane l ON l.id = ABS(d.lane) WHERE l.id IS NULL
				OR d.state NOT IN ('queued', 'held', 'sending', 'unknown', 'sent', 'failed', 'delivered', 'read', 'dropped')
				OR d.state IN ('queued', 'held') AND d.ready_at IS NULL
				OR d.state = 'held' AND d.lane > 0`},
		{"I16", "every message in the outbox is in its thread",
			`SELECT COUNT(*) FROM delivery`,
			`SELECT d.message_id FROM delivery d WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.workspace_id = d.workspace_id AND m.id = d.message_id)`},
	}
}

func storyRecounts() []recount {
	return []recount{
		{"R-24", "a cart got at most one reminder",
			`SELECT COUNT(*) FROM cart`,
			`SELECT subject FROM delivery WHERE purpose = 'cart' AND kind <> 'reply' AND subject <> '' AND state IN ('sending', 'unknown', 'sent', 'delivered', 'read')
				GROUP BY workspace_id, subject HAVING COUNT(*) > 1`},
		{"I2", "a step of a journey sent one message to a run",
			`SELECT COUNT(*) FROM journey_run`,
			`SELECT run FROM message WHERE run <> '' AND send_kind = 'journey' GROUP BY workspace_id, run, detail ->> 'step' HAVING COUNT(*) > 1`},
		{"I2", "a recovered cart has its order and its recovery, and a recovery its cart",
			`SELECT COUNT(*) FROM recovery`,
			`SELECT c.id FROM cart c WHERE c.state = 'recovered' AND (c.message_id = ''
				OR NOT EXISTS (SELECT 1 FROM shop_order o WHERE o.workspace_id = c.workspace_id AND o.shop_id = c.shop_id AND o.order_id = c.order_id)
				OR NOT EXISTS (SELECT 1 FROM recovery r WHERE r.workspace_id = c.workspace_id AND r.shop_id = c.shop_id AND r.order_id = c.order_id AND r.cart_id = c.id))
			UNION ALL SELECT r.order_id FROM recovery r WHERE NOT EXISTS (SELECT 1 FROM cart c WHERE c.workspace_id = r.workspace_id AND c.id = r.cart_id AND c.state = 'recovered')
			UNION ALL SELECT MIN(cart_id) FROM recovery GROUP BY workspace_id, cart_id HAVING COUNT(*) > 1`},
		{"I1", "a cart that can still change has its timer",
			`SELECT COUNT(*) FROM cart WHERE person_id <> ''`,
			`SELECT c.id FROM cart c WHERE c.person_id <> '' AND c.state IN ('active', 'abandoned', 'recovering')` +
				timerMissing("c.token", "CASE c.state WHEN 'active' THEN 'cart.quiet' ELSE 'cart.expire' END", "c")},
		{"I1", "a run of a journey that waits for a time has its timer",
			`SELECT COUNT(*) FROM journey_run WHERE state = 'active'`,
			`SELECT n.id FROM journey_run n WHERE n.state = 'active' AND n.wake_at > 0` + timerMissing("n.id", "'journey.wake'", "n")},
	}
}

// timerMissing is the condition that a person has neither the timer nor the parked one.
func timerMissing(key, kind, alias string) string {
	one := func(table string) string {
		return ` AND NOT EXISTS (SELECT 1 FROM ` + table + ` t WHERE t.workspace_id = ` + alias + `.workspace_id AND t.person_id = ` + alias +
			`.person_id AND t.kind = ` + kind + ` AND t.key = ` + key + ` AND t.key <> '')`
	}
	return one("mailbox_item") + one("mailbox_parked")
}

// kindCount is how many items of a kind wait.
type kindCount struct {
	kind  string
	count int64
}

func waitingKinds(ctx context.Context, q db.Queryer) ([]kindCount, error) {
	rows, err := q.Query(ctx, `SELECT kind, COUNT(*) FROM mailbox_item GROUP BY kind ORDER BY kind`)
	return db.Collect(rows, err, func(r *db.Rows) (kindCount, error) {
		var k kindCount
		return k, r.Scan(&k.kind, &k.count)
	})
}

func countPromotional(ctx context.Context, q db.Queryer) (n int64, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM delivery WHERE purpose IN `+promotional+` AND attempt > 0`).Scan(&n)
	return n, err
}

// revokedFirst are the addresses that ever revoked something, with when they first did.
const revokedFirst = `(SELECT c.workspace_id, c.address, MIN(e.at) AS since FROM consent_event e
	JOIN consent_chain c ON c.workspace_id = e.workspace_id AND c.medium = e.medium AND c.address_key = e.address_key
	WHERE e.medium = 'sms' AND e.action IN ('revoke', 'block') AND c.address <> '' GROUP BY c.workspace_id, c.address)`

// attemptsAfterRevocation are the attempts for promotional purposes that began after the address had ever revoked one.
func attemptsAfterRevocation(ctx context.Context, q db.Queryer) ([]attempt, error) {
	rows, err := q.Query(ctx, `SELECT d.workspace_id, d.to_address, d.message_id, d.attempt, d.purpose, d.attempt_at FROM delivery d
			JOIN `+revokedFirst+` r ON r.workspace_id = d.workspace_id AND r.address = d.to_address
			WHERE d.purpose IN `+promotional+` AND d.state IN `+handedOver+` AND d.attempt_at >= r.since
		UNION ALL SELECT d.workspace_id, d.to_address, d.message_id, t.attempt, d.purpose, t.attempt_at FROM delivery_try t
			JOIN delivery d ON d.workspace_id = t.workspace_id AND d.message_id = t.message_id
			JOIN `+revokedFirst+` r ON r.workspace_id = d.workspace_id AND r.address = d.to_address
			WHERE d.purpose IN `+promotional+` AND t.attempt_at >= r.since`)
	return db.Collect(rows, err, func(r *db.Rows) (attempt, error) {
		var a attempt
		return a, r.Scan(&a.workspace, &a.address, &a.message, &a.number, &a.purpose, &a.at)
	})
}

func sendingMessages(ctx context.Context, q db.Queryer) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT message_id FROM delivery WHERE state = 'sending'`)
	return texts(rows, err)
}

func claimedMessages(ctx context.Context, q db.Queryer) (map[string]bool, error) {
	out := map[string]bool{}
	rows, err := q.Query(ctx, `SELECT messages FROM delivery_claim`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var ids []string
		if err := rows.Scan(db.ScanJSON(&ids)); err != nil {
			return nil, err
		}
		for _, message := range ids {
			out[message] = true
		}
	}
	return out, rows.Err()
}
