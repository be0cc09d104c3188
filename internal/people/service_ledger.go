package people

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// Ledger are all events of one address, oldest first, with the words shown.
func (s *Service) Ledger(ctx context.Context, q db.Queryer, ws id.Workspace, m Medium, address string) ([]ConsentEvent, error) {
	key, err := s.keyOf(ctx, q, ws, m, address)
	if err != nil {
		return nil, err
	}
	rows, err := loadLedger(ctx, q, ws, []chainID{{m, key}})
	if err != nil {
		return nil, fmt.Errorf("load the ledger of an address: %w", err)
	}
	return s.events(ctx, q, ws, rows)
}

func (s *Service) keyOf(ctx context.Context, q db.Queryer, ws id.Workspace, m Medium, address string) (string, error) {
	home, err := s.country(ctx, q, ws)
	if err != nil {
		return "", fmt.Errorf("country of the workspace: %w", err)
	}
	normal, _ := normalAddress(m, address, home)
	return addressKey(ws, m, normal), nil
}

// events reads the records and adds the words shown.
func (s *Service) events(ctx context.Context, q db.Queryer, ws id.Workspace, rows []ledgerRow) ([]ConsentEvent, error) {
	out := make([]ConsentEvent, len(rows))
	hashes := map[string]bool{}
	for i, row := range rows {
		if err := json.Unmarshal([]byte(row.record), &out[i]); err != nil {
			return nil, fmt.Errorf("read consent event %s: %w", row.id, err)
		}
		out[i].RowHash = row.hash
		if h := out[i].DisclosureHash; h != "" {
			hashes[h] = true
		}
	}
	texts, err := loadDisclosures(ctx, q, ws, keys(hashes))
	if err != nil {
		return nil, fmt.Errorf("load disclosures: %w", err)
	}
	for i := range out {
		out[i].Disclosure = texts[out[i].DisclosureHash]
	}
	return out, nil
}

// VerifyChain recounts the ledger of one address: every record against its hash, every link, the head, the words shown, and
// the stored state against the fold. No findings means that nothing was changed, removed or added by hand.
func (s *Service) VerifyChain(ctx context.Context, q db.Queryer, ws id.Workspace, m Medium, address string) ([]Tampering, error) {
	key, err := s.keyOf(ctx, q, ws, m, address)
	if err != nil {
		return nil, err
	}
	heads, err := loadHeads(ctx, q, ws, []chainID{{m, key}})
	if err != nil {
		return nil, fmt.Errorf("load the head of a chain: %w", err)
	}
	if len(heads) == 0 {
		heads = []chainHead{{chainID: chainID{m, key}}} // events without a head are a finding
	}
	return s.verify(ctx, q, ws, heads)
}

// VerifyLedger is VerifyChain for every address of a workspace. report is called for each finding; checked is the number
// of chains.
func (s *Service) VerifyLedger(ctx context.Context, q db.Queryer, ws id.Workspace, report func(Tampering)) (checked int, err error) {
	var after chainID
	for {
		heads, err := pageHeads(ctx, q, ws, after, 500)
		if err != nil {
			return checked, fmt.Errorf("list consent chains: %w", err)
		}
		if len(heads) == 0 {
			break
		}
		found, err := s.verify(ctx, q, ws, heads)
		if err != nil {
			return checked, err
		}
		for _, t := range found {
			report(t)
		}
		checked += len(heads)
		after = heads[len(heads)-1].chainID
	}
	headless, err := headlessChains(ctx, q, ws)
	if err != nil {
		return checked, fmt.Errorf("look for consent without a chain: %w", err)
	}
	for _, c := range headless {
		report(Tampering{ws, c.medium, c.key, 0, "there is consent without a chain head"})
	}
	return checked, nil
}

func (s *Service) verify(ctx context.Context, q db.Queryer, ws id.Workspace, heads []chainHead) ([]Tampering, error) {
	list := make([]chainID, len(heads))
	for i, h := range heads {
		list[i] = h.chainID
	}
	rows, err := loadLedger(ctx, q, ws, list)
	if err != nil {
		return nil, fmt.Errorf("load consent events: %w", err)
	}
	states, err := loadStates(ctx, q, ws, list)
	if err != nil {
		return nil, fmt.Errorf("load consent states: %w", err)
	}
	byChain := map[chainID][]ledgerRow{}
	for _, row := range rows {
		cid := chainID{row.medium, row.key}
		byChain[cid] = append(byChain[cid], row)
	}
	var out []Tampering
	hashes := map[string]Tampering{}
	for _, h := range heads {
		seq, problem := h.check(byChain[h.chainID], states[h.chainID], func(e ConsentEvent) {
			if e.DisclosureHash != "" {
				hashes[e.DisclosureHash] = Tampering{ws, h.medium, h.key, e.Seq, "the words shown are missing or were changed"}
			}
		})
		if problem != "" {
			out = append(out, Tampering{ws, h.medium, h.key, seq, problem})
		}
	}
	texts, err := loadDisclosures(ctx, q, ws, keys(hashes))
	if err != nil {
		return nil, fmt.Errorf("load disclosures: %w", err)
	}
	for hash, finding := range hashes {
		if hashText(texts[hash]) != hash {
			out = append(out, finding)
		}
	}
	return out, nil
}

// StatusAt is where an address stood for a purpose at a moment, by the events that were written down until then.
func StatusAt(events []ConsentEvent, p Purpose, at clock.Time) Status {
	var s State
	for _, e := range events {
		if e.RecordedAt <= at {
			s = Fold(s, e.folded())
		}
	}
	if standing, ok := s[p]; ok && standing.Status != "" {
		return standing.Status
	}
	return NoConsent
}

// chainHead is the end of a chain as it is stored.
type chainHead struct {
	chainID
	length int64
	head   string
}

// check follows the rows of a chain from the first and compares what it ends with. It stops at the first problem.
func (h chainHead) check(rows []ledgerRow, stored State, each func(ConsentEvent)) (int64, string) {
	var c chainCheck
	for _, row := range rows {
		e, problem := c.next(row)
		if problem != "" {
			return c.seq, problem
		}
		each(e)
	}
	switch {
	case c.seq != h.length || c.hash != h.head:
		return c.seq, fmt.Sprintf("the chain ends at event %d, its head says %d", c.seq, h.length)
	case !maps.Equal(stored, c.state):
		return c.seq, "the stored state is not what the events say"
	}
	return 0, ""
}
