package report

import (
	"context"
	"net/http"
	"time"

	"parley/internal/clock"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

// csvTime is how long a download may take.
const csvTime = 2 * time.Minute

// Routes adds the routes of reports.
func (s *Service) Routes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/reports/recovery", ID: "report-recovery", Summary: "Recovered revenue", Permission: org.ReportRead},
		func(ctx context.Context, in *Query) (*httpx.Out[Recovery], error) {
			r, err := s.Recovery(ctx, org.ActorFrom(ctx).Workspace, *in)
			return httpx.OK(r), err
		})
	type rowsInput struct {
		Query
		httpx.Paging
		Metric Metric `query:"metric" required:"true" enum:"orders,cancelled,by_agent,by_message,by_journey,by_code,daily,carts,by_state,reminded,reminded_recovered,reasons"`
		Key    string `query:"key" maxLength:"300" doc:"which figure of a metric that has several"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/reports/recovery/rows", ID: "report-recovery-rows", Summary: "The orders or carts behind a figure", Permission: org.ReportRead},
		func(ctx context.Context, in *rowsInput) (*httpx.Out[httpx.Page[Row]], error) {
			page, err := s.rowPage(ctx, RowsQuery{Query: in.Query, Metric: in.Metric, Key: in.Key, Limit: in.Limit}, in.Cursor)
			return httpx.OK(page), err
		})
	s.csvRoutes(api)
	s.deliveryRoutes(api)
}

func (s *Service) csvRoutes(api *httpx.API) {
	for _, d := range []struct {
		path, id string
		write    func(http.ResponseWriter, *http.Request) error
	}{
		{"/reports/recovery.csv", "report-recovery-csv", s.recoveryCSV},
		{"/reports/recovery/rows.csv", "report-recovery-rows-csv", s.rowsCSV},
	} {
		api.Raw(httpx.Route{Method: "GET", Path: httpx.Base + d.path, ID: d.id, Summary: "The same as CSV", Permission: org.ReportRead, Timeout: csvTime},
			func(w http.ResponseWriter, r *http.Request) {
				if err := d.write(w, r); err != nil {
					api.Fail(w, r, err)
				}
			})
	}
}

func (s *Service) deliveryRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/reports/deliverability", ID: "report-deliverability", Summary: "What became of the messages", Permission: org.ReportRead},
		func(ctx context.Context, in *Query) (*httpx.Out[Deliverability], error) {
			r, err := s.Deliverability(ctx, org.ActorFrom(ctx).Workspace, *in)
			return httpx.OK(r), err
		})
	type rowsInput struct {
		Query
		httpx.Paging
		Metric DeliveryMetric `query:"metric" required:"true" enum:"messages,by_state,by_code"`
		Key    string         `query:"key" maxLength:"300"`
	}
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/reports/deliverability/rows", ID: "report-deliverability-rows", Summary: "The messages behind a figure", Permission: org.ReportRead},
		func(ctx context.Context, in *rowsInput) (*httpx.Out[httpx.Page[DeliveryRow]], error) {
			ws := org.ActorFrom(ctx).Workspace
			q := DeliveryRowsQuery{Query: in.Query, Metric: in.Metric, Key: in.Key, Limit: in.Limit}
			bind := bindOf(ws, in.Query, string(in.Metric), in.Key)
			if in.Cursor != "" {
				if err := httpx.DecodeCursor(bind, in.Cursor, &q.Below); err != nil {
					return nil, err
				}
			}
			rows, total, next, err := s.DeliveryRows(ctx, ws, q)
			page := httpx.Page[DeliveryRow]{Items: rows, Total: &total}
			if next != "" {
				page.Next = httpx.EncodeCursor(bind, next)
			}
			return httpx.OK(page), err
		})
}

// bindOf ties a cursor to one list.
func bindOf(ws id.Workspace, q Query, metric, key string) string {
	return string(ws) + "\x00report\x00" + q.From + "\x00" + q.To + "\x00" + q.Simulated + "\x00" + metric + "\x00" + key
}

func (s *Service) rowPage(ctx context.Context, q RowsQuery, cursor string) (httpx.Page[Row], error) {
	ws := org.ActorFrom(ctx).Workspace
	bind := bindOf(ws, q.Query, string(q.Metric), q.Key)
	if cursor != "" {
		var at int64
		if err := httpx.DecodeCursor(bind, cursor, &at, &q.Place); err != nil {
			return httpx.Page[Row]{}, err
		}
		q.At = clock.Time(at)
	}
	found, err := s.Rows(ctx, ws, q)
	page := httpx.Page[Row]{Items: found.Rows, Total: &found.Total}
	if found.Place != "" {
		page.Next = httpx.EncodeCursor(bind, int64(found.At), found.Place)
	}
	return page, err
}

func queryOf(r *http.Request) Query {
	v := r.URL.Query()
	return Query{From: v.Get("from"), To: v.Get("to"), Simulated: v.Get("simulated")}
}

func (s *Service) recoveryCSV(w http.ResponseWriter, r *http.Request) error {
	report, err := s.Recovery(r.Context(), org.ActorFrom(r.Context()).Workspace, queryOf(r))
	if err != nil {
		return err
	}
	download(w, "recovery-"+report.From+"-"+report.To)
	if report.csvOf(w) != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// rowsCSV writes all pages of the rows behind a figure. When it breaks off after its beginning the connection is cut, so
// that half a file never looks whole.
func (s *Service) rowsCSV(w http.ResponseWriter, r *http.Request) error {
	ctx, v := r.Context(), r.URL.Query()
	ws := org.ActorFrom(ctx).Workspace
	q := RowsQuery{Query: queryOf(r), Metric: Metric(v.Get("metric")), Key: v.Get("key"), Limit: csvPage}
	page, err := s.Rows(ctx, ws, q)
	if err != nil {
		return err
	}
	workspace, err := s.Org.Workspace(ctx, s.DB, ws)
	if err != nil {
		return err
	}
	download(w, "recovery-"+string(q.Metric))
	t := newTable(w, workspace.Location())
	t.line(rowHead()...)
	for err == nil {
		for _, row := range page.Rows {
			t.line(row.cells()...)
		}
		if err = t.end(); err != nil || page.Place == "" {
			break
		}
		q.At, q.Place = page.At, page.Place
		page, err = s.Rows(ctx, ws, q)
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// csvPage is how many rows a download reads at once.
const csvPage = 1000

func download(w http.ResponseWriter, name string) {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}
