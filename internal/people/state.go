package people

import (
	"context"
	"fmt"

	"parley/internal/db"
	"parley/internal/id"
)

// States are where addresses stand for all purposes, by address as identities write it. An address that the ledger says
// nothing about is left out.
func (s *Service) States(ctx context.Context, q db.Queryer, ws id.Workspace, m Medium, addresses []string) (map[string]State, error) {
	named := make(map[string]string, len(addresses)) // by the key under which the ledger knows it
	for _, a := range addresses {
		named[addressKey(ws, m, a)] = a
	}
	out := map[string]State{}
	err := chunks(keys(named), func(part []string) error {
		return readStates(ctx, q, ws, m, part, func(key string, p Purpose, standing Standing) {
			address := named[key]
			if out[address] == nil {
				out[address] = State{}
			}
			out[address][p] = standing
		})
	})
	if err != nil {
		return nil, fmt.Errorf("load consent states: %w", err)
	}
	return out, nil
}
