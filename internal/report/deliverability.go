package report

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/id"
)

// DeliveryMetric names a figure of the deliverability report.
type DeliveryMetric string

// The metrics of deliverability.
const (
	Messages        DeliveryMetric = "messages"
	MessagesByState DeliveryMetric = "by_state" // key: the state
	MessagesByCode  DeliveryMetric = "by_code"  // key: kind of channel/provider's code/our code
)

// DeliveryMetrics are all that a deliverability report holds.
func DeliveryMetrics() []DeliveryMetric {
	return []DeliveryMetric{Messages, MessagesByState, MessagesByCode}
}

// Deliverability says what became of the messages of a period.
type Deliverability struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Timezone  string `json:"timezone"`
	Partial   bool   `json:"partial" doc:"the last day is not over"`
	Simulated bool   `json:"simulated"`

	Messages int          `json:"messages"`
	Segments int          `json:"segments"`
	ByState  []StateCount `json:"by_state"`
	ByCode   []CodeCount  `json:"by_code"`

	Definitions map[DeliveryMetric]string `json:"definitions"`
}

// StateCount is how many messages are in a state.
type StateCount struct {
	Key   string `json:"key"`
	Count int    `json:"count"`
}

// CodeCount is how many messages did not arrive for one reason, in plain words.
type CodeCount struct {
	Key          string `json:"key"`
	ChannelKind  string `json:"channel_kind"`
	ProviderCode string `json:"provider_code" doc:"the provider's own code; empty: the message never got there"`
	Code         string `json:"code" doc:"ours, stable"`
	Cause        string `json:"cause" doc:"what it means"`
	Do           string `json:"do" doc:"what to do"`
	Suppress     bool   `json:"suppress" doc:"the number is not texted again"`
	Count        int    `json:"count"`
}

// DeliveryRow is one message behind a figure.
type DeliveryRow struct {
	MessageID    string     `json:"message_id"`
	PersonID     id.Person  `json:"person_id"`
	PersonName   string     `json:"person_name"`
	Number       string     `json:"number"`
	State        string     `json:"state"`
	StateAt      clock.Time `json:"state_at"`
	Code         string     `json:"code"`
	ProviderCode string     `json:"provider_code"`
	Reason       string     `json:"reason"`
	ChannelID    string     `json:"channel_id"`
	Channel      string     `json:"channel"`
	ChannelKind  string     `json:"channel_kind"`
}

// Deliverability is what became of the messages that were written in the period and given to the outbox.
func (s *Service) Deliverability(ctx context.Context, ws id.Workspace, q Query) (Deliverability, error) {
	v, err := s.view(ctx, ws, q)
	if err != nil {
		return Deliverability{}, err
	}
	counts, err := deliveryCounts(ctx, s.DB, v.deliveries())
	if err != nil {
		return Deliverability{}, fmt.Errorf("count messages of %s: %w", ws, err)
	}
	r := Deliverability{From: v.period.First(), To: v.period.Last(), Timezone: v.workspace.Timezone, Simulated: v.simulated,
		Partial: s.Clock.Now() < v.period.To(), ByState: []StateCount{}, ByCode: []CodeCount{}, Definitions: map[DeliveryMetric]string{
			Messages:        "Messages written in this period that the gate let pass, in any state; replies, journeys, campaigns and bots alike.",
			MessagesByState: "The same messages by the state they are in now.",
			MessagesByCode:  "The messages that failed, were dropped before they left, or whose fate is not known, by the reason.",
		}}
	states, codes := map[string]int{}, map[string]CodeCount{}
	for _, c := range counts {
		r.Messages += c.messages
		r.Segments += c.segments
		states[c.state] += c.messages
		if c.state == "failed" || c.state == "dropped" || c.state == "unknown" {
			row := s.cause(c)
			row.Count += codes[row.Key].Count
			codes[row.Key] = row
		}
	}
	for key, n := range states {
		r.ByState = append(r.ByState, StateCount{key, n})
	}
	for _, row := range codes {
		r.ByCode = append(r.ByCode, row)
	}
	slices.SortFunc(r.ByState, func(a, b StateCount) int { return compareCounts(a.Count, b.Count, a.Key, b.Key) })
	slices.SortFunc(r.ByCode, func(a, b CodeCount) int { return compareCounts(a.Count, b.Count, a.Key, b.Key) })
	return r, nil
}

func (v view) deliveries() deliveryScope {
	return deliveryScope{workspace: v.scope.workspace, from: floor(v.from), to: floor(v.to), simulated: v.simulated}
}

// cause puts a reason into plain words: the table's for a provider's code, else those stored with the message.
func (s *Service) cause(c deliveryCount) CodeCount {
	row := CodeCount{Key: c.kind + "/" + c.provider + "/" + c.code, ChannelKind: c.kind, ProviderCode: c.provider, Code: c.code, Cause: c.reason, Count: c.messages}
	switch {
	case c.provider != "":
		m := s.Rules.Lookup(dialect(c.kind), c.provider)
		row.Cause, row.Do, row.Suppress = m.Meaning, m.Do, m.Suppress
	case c.state == "unknown":
		row.Cause = "The connection broke before the provider answered, so nobody knows yet whether the message left."
		row.Do = "Nothing: the provider is asked again by itself. It is not sent twice."
	case c.state == "dropped":
		row.Do = "Nothing: Parley kept the message back, for the reason given."
	default:
		row.Do = "Look at the messages behind this figure, and at the channel's check."
	}
	if row.Cause == "" {
		row.Cause = "No reason was given."
	}
	return row
}

// dialect is whose codes a kind of channel speaks; the simulated carrier fails as Twilio does.
func dialect(kind string) string {
	if kind == simulatedKind {
		return "twilio"
	}
	return kind
}

// DeliveryRowsQuery asks for the messages behind one figure.
type DeliveryRowsQuery struct {
	Query
	Metric DeliveryMetric
	Key    string
	Below  string // last id of the page before; empty: from the newest
	Limit  int
}

// DeliveryRows are the messages behind a figure, newest first, and how many there are on all pages. Next is where the
// next page begins, empty at the end.
func (s *Service) DeliveryRows(ctx context.Context, ws id.Workspace, q DeliveryRowsQuery) (rows []DeliveryRow, total int64, next string, err error) {
	if !slices.Contains(DeliveryMetrics(), q.Metric) || q.Metric == Messages && q.Key != "" {
		return nil, 0, "", errs.New(errs.Invalid, "figure_unknown", "There is no such figure in this report. Open it again from the report.").
			WithField("query.metric", "is not a metric of this report, or has no keys")
	}
	v, err := s.view(ctx, ws, q.Query)
	if err != nil {
		return nil, 0, "", err
	}
	d := v.deliveries()
	d.metric, d.key, d.below, d.limit = q.Metric, q.Key, q.Below, q.Limit+1
	if d.below == "" {
		d.below = d.to
	}
	if total, err = countDeliveryRows(ctx, s.DB, d); err != nil {
		return nil, 0, "", fmt.Errorf("count the messages behind %s: %w", q.Metric, err)
	}
	if rows, err = deliveryRows(ctx, s.DB, d); err != nil {
		return nil, 0, "", fmt.Errorf("read the messages behind %s: %w", q.Metric, err)
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		next = rows[q.Limit-1].MessageID
	}
	return rows, total, next, nil
}
