package report

import (
	"context"
	"fmt"
	"math"
	"slices"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/org"
)

// Deps are what the service stands on. All are required.
type Deps struct {
	DB     *db.DB
	Clock  *clock.Clock
	Org    *org.Service
	Rules  *compliance.Rules
	Rule   string   // the sentence on attribution that stands beside recovered revenue
	States []string // of a cart, in the order of a board
}

// Service makes reports. It is safe for concurrent use.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// Query selects what a report is about. The zero Query is the last 30 days, without simulated channels unless the
// workspace is a demo.
type Query struct {
	From string `query:"from" maxLength:"10" doc:"first day, 2026-11-01; left out: 29 days before the last"`
	To   string `query:"to" maxLength:"10" doc:"last day, included; left out: today"`

	Simulated string `query:"simulated" enum:"auto,include,exclude" default:"auto" doc:"what went by simulated channels; auto includes it in a demo"`
}

// view is a query, settled.
type view struct {
	scope
	period    Period
	workspace org.Workspace
}

func (s *Service) view(ctx context.Context, ws id.Workspace, q Query) (view, error) {
	w, err := s.Org.Workspace(ctx, s.DB, ws)
	if err != nil {
		return view{}, err
	}
	period, err := periodOf(q.From, q.To, w.Location(), s.Clock.Now())
	if err != nil {
		return view{}, err
	}
	v := view{period: period, workspace: w, scope: scope{workspace: ws, from: period.From(), to: period.To()}}
	v.simulated = q.Simulated == "include" || q.Simulated != "exclude" && w.Demo
	return v, nil
}

// Recovery is the recovered-revenue report.
func (s *Service) Recovery(ctx context.Context, ws id.Workspace, q Query) (Recovery, error) {
	v, err := s.view(ctx, ws, q)
	if err != nil {
		return Recovery{}, err
	}
	l := newLedger(v.period)
	if err := eachFact(ctx, s.DB, v.scope, l.add); err != nil {
		return Recovery{}, fmt.Errorf("read recovered orders of %s: %w", ws, err)
	}
	r := Recovery{From: v.period.First(), To: v.period.Last(), Timezone: v.workspace.Timezone, Simulated: v.simulated,
		Partial: s.Clock.Now() < v.period.To(), Rule: s.Rule, Definitions: definitions()}
	if err := s.name(ctx, &r, l, v.workspace); err != nil {
		return Recovery{}, err
	}
	if err := s.countCarts(ctx, &r, v.scope); err != nil {
		return Recovery{}, err
	}
	r.DataAt, err = lastNews(ctx, s.DB, ws)
	return r, err
}

// name turns the ledger into the lists of the report.
func (s *Service) name(ctx context.Context, r *Recovery, l *ledger, w org.Workspace) error {
	journeys, err := journeyNames(ctx, s.DB, w.ID)
	if err != nil {
		return fmt.Errorf("read the names of journeys: %w", err)
	}
	team, err := s.Org.Members(ctx, s.DB, w.ID)
	if err != nil {
		return err
	}
	members := map[string]string{}
	for _, m := range team {
		members[string(m.ID)] = m.Name
	}
	own := w.Currency
	r.Sum, r.Cancelled = l.all.sum(own), l.cancelled.sum(own)
	r.ByAgent = l.agent.groups(own, func(key string) string { return members[key] })
	r.ByJourney = l.journey.groups(own, func(key string) string { return journeys[key] })
	r.ByMessage = l.message.groups(own, func(key string) string { return stepName(key, journeys) })
	r.ByCode = l.byCode.groups(own, func(key string) string { return key })
	for i := range l.days {
		r.Daily = append(r.Daily, Day{Date: l.period.Date(i), Partial: s.Clock.Now() < l.period.Starts[i+1], Sum: l.days[i].sum(own)})
	}
	return nil
}

// countCarts counts the carts that were abandoned in the period.
func (s *Service) countCarts(ctx context.Context, r *Recovery, in scope) error {
	counts, err := cartCounts(ctx, s.DB, in)
	if err != nil {
		return fmt.Errorf("count carts of %s: %w", in.workspace, err)
	}
	r.Carts, r.Reasons = map[string]int{}, []ReasonCount{}
	for _, state := range s.States {
		r.Carts[state] = 0
	}
	reasons, reminded, recovered := map[string]int{}, 0, 0
	for _, c := range counts {
		r.CartsTotal += c.count
		r.Carts[c.state] += c.count
		reasons[c.reason] += c.count
		if c.reminded {
			reminded += c.count
			if c.state == "recovered" {
				recovered += c.count
			}
		}
	}
	for key, n := range reasons {
		r.Reasons = append(r.Reasons, ReasonCount{key, n})
	}
	slices.SortFunc(r.Reasons, func(a, b ReasonCount) int { return compareCounts(a.Carts, b.Carts, a.Key, b.Key) })
	r.Rate = rateOf(recovered, reminded)
	return nil
}

// RowPage is a page of the rows behind a figure.
type RowPage struct {
	Rows  []Row
	Total int64 // of all pages
	At    clock.Time
	Place string // where the next page begins; empty: there is none
}

// RowsQuery asks for the rows behind one figure.
type RowsQuery struct {
	Query
	Metric Metric
	Key    string
	At     clock.Time // where the page before ended; zero: from the newest
	Place  string
	Limit  int
}

// Rows are the orders or carts behind a figure, newest first.
func (s *Service) Rows(ctx context.Context, ws id.Workspace, q RowsQuery) (RowPage, error) {
	v, err := s.view(ctx, ws, q.Query)
	if err != nil {
		return RowPage{}, err
	}
	w, err := rowsOf(v, q)
	if err != nil {
		return RowPage{}, err
	}
	list, count := cartRows, countCartRows
	if slices.Contains(orderMetrics(), q.Metric) {
		list, count = orderRows, countOrderRows
	}
	var page RowPage
	if page.Total, err = count(ctx, s.DB, w); err != nil {
		return RowPage{}, fmt.Errorf("count the rows behind %s: %w", q.Metric, err)
	}
	w.limit++
	if page.Rows, err = list(ctx, s.DB, w); err != nil {
		return RowPage{}, fmt.Errorf("read the rows behind %s: %w", q.Metric, err)
	}
	if len(page.Rows) == w.limit {
		page.Rows = page.Rows[:q.Limit]
		last := page.Rows[q.Limit-1]
		page.At, page.Place = last.At, last.place
	}
	return page, nil
}

// rowsOf checks what is asked for.
func rowsOf(v view, q RowsQuery) (rowQuery, error) {
	w := rowQuery{scope: v.scope, metric: q.Metric, key: q.Key, at: q.At, place: q.Place, limit: q.Limit}
	if w.at.IsZero() {
		w.at = math.MaxInt64
	}
	wrong := errs.New(errs.Invalid, "figure_unknown", "There is no such figure in this report. Open it again from the report.")
	switch {
	case !slices.Contains(Metrics(), q.Metric):
		return w, wrong.WithField("query.metric", "is not a metric of this report")
	case !q.Metric.keyed() && q.Key != "":
		return w, wrong.WithField("query.key", "must be left out: this metric is one figure")
	case q.Metric == Daily:
		day, ok := v.period.day(q.Key)
		if !ok {
			return w, wrong.WithField("query.key", "is not a day of the period")
		}
		w.from, w.to, w.key = day.From(), day.To(), ""
	}
	return w, nil
}
