package app

import (
	"context"
	"os"

	"parley/internal/db"
	"parley/internal/secret"
)

// Rotated is what RotateKeys did.
type Rotated struct {
	Key             string // name of the key that seals now
	Channels, Shops int    // that were sealed under an older one
}

// RotateKeys puts a new key on the ring of a folder, and seals all stored secrets under it. A ring that several nodes share
// is changed by its operator on all of them first; then only the sealing is done here.
func RotateKeys(ctx context.Context, o Options) (Rotated, error) {
	a, err := Tool(ctx, o)
	if err != nil {
		return Rotated{}, err
	}
	if o.Config.Database == "" && os.Getenv("PARLEY_SECRET_KEY") == "" {
		err := secret.Rotate(o.Config.SecretKey())
		a.Close()
		if err != nil {
			return Rotated{}, err
		}
		if a, err = Tool(ctx, o); err != nil { // with the new ring
			return Rotated{}, err
		}
	}
	defer a.Close()
	r := Rotated{Key: a.Secrets.KeyIDs()[0]}
	err = a.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		if r.Channels, err = a.Channels.ResealTx(ctx, tx); err != nil {
			return err
		}
		r.Shops, err = a.Commerce.ResealTx(ctx, tx)
		return err
	})
	return r, err
}
