// Package job runs work that belongs to no person and may take long or talk to the outside: imports, exports, webhook
// deliveries, back-fills, clean-ups.
//
// Invariants:
//   - a job is there from the commit that enqueued it until its handler returned nil, so that it runs at least once;
//     the lease is the retry: a worker that dies loses the job by time, and another takes it;
//   - each run has a fence; a worker that was paused past its lease finds that Hold refuses, and what it reports about the
//     job is ignored (I23);
//   - a job with a unique text exists once per workspace and kind; enqueued again while it runs, it runs once more;
//   - a handler that fails or panics is tried again with back-off, and after Options.MaxAttempts the job is dead: kept
//     with its reason until somebody replays or discards it (I6). A periodic job never dies.
//
// Handlers hold no transaction. One that writes calls Hold in each of its transactions.
//
// The package owns the tables job and job_dead. It sends no signals.
package job
