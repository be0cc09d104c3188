package channel

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/db"
	"parley/internal/mailbox"
)

// timerParts is when the parts of a long text that are here are handed on without the rest.
const timerParts = "inbound.parts"

// partsDue is the body of timerParts.
type partsDue struct {
	Channel ID     `json:"channel"`
	Key     string `json:"key"`
}

// partKey is the same for all parts of one text.
func partKey(in Inbound) string {
	return fmt.Sprintf("%s|%s|%d|%d", in.From, in.To, in.Concat.Ref, in.Concat.Total)
}

// joinTx hands on the long texts of which the last part has come, and sets the timer of the others.
func (s *Service) joinTx(ctx context.Context, tx *db.Tx, fresh []*arrival) error {
	done := map[string]bool{}
	for _, a := range fresh {
		key := string(a.account.ID) + a.partKey
		if a.partKey == "" || done[key] {
			continue
		}
		done[key] = true
		parts, err := untold(ctx, tx, a)
		if err != nil {
			return err
		}
		if complete(parts) {
			if err := s.Mailbox.CancelTimerTx(ctx, tx, a.account.Workspace, a.person, timerParts, key); err != nil {
				return err
			}
			if err := s.tellParts(ctx, tx, a.account, parts); err != nil {
				return err
			}
			continue
		}
		err = s.Mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: a.account.Workspace, Person: a.person, Kind: timerParts, Key: key,
			Due: a.receivedAt.Add(s.o.PartsWait), Body: partsDue{a.account.ID, a.partKey}})
		if err != nil {
			return err
		}
	}
	return nil
}

// untold are the parts that were not handed on, each number once: a phone reuses its references in time.
func untold(ctx context.Context, tx *db.Tx, a *arrival) ([]*arrival, error) {
	all, err := readParts(ctx, tx, a.account.Workspace, a.account.ID, a.partKey)
	if err != nil {
		return nil, fmt.Errorf("read the parts of a text: %w", err)
	}
	var parts []*arrival
	for _, p := range all {
		if !p.told && (len(parts) == 0 || parts[len(parts)-1].Concat.Seq != p.Concat.Seq) {
			p.account, p.phone = a.account, isNumber(p.From)
			parts = append(parts, p)
		}
	}
	return parts, nil
}

func complete(parts []*arrival) bool { return len(parts) > 0 && len(parts) == parts[0].Concat.Total }

// tellParts joins parts into one message and hands it on.
func (s *Service) tellParts(ctx context.Context, tx *db.Tx, a *account, parts []*arrival) error {
	whole := *parts[0]
	whole.account, whole.media = a, nil
	var text strings.Builder
	for _, p := range parts {
		text.WriteString(p.Text)
		whole.media = append(whole.media, p.media...)
		whole.receivedAt = max(whole.receivedAt, p.receivedAt)
		whole.created = whole.created || p.created
		if p.OptOut != "" {
			whole.OptOut = p.OptOut
		}
	}
	whole.Text = text.String()
	if err := s.consentTx(ctx, tx, &whole); err != nil {
		return err
	}
	markTold(ctx, tx, a.Workspace, a.ID, parts, string(whole.intent.Kind))
	return s.tellTx(ctx, tx, []*arrival{&whole})
}

// deliverParts hands on what is there of a long text when the rest did not come.
func (s *Service) deliverParts(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var due partsDue
	if err := item.Decode(&due); err != nil {
		return fmt.Errorf("read a timer: %w", err)
	}
	c, err := readChannel(ctx, tx, item.Workspace, due.Channel)
	if err != nil {
		return err
	}
	c.Capabilities = s.capabilities(c.Kind)
	a := &account{Channel: c}
	parts, err := untold(ctx, tx, &arrival{account: a, partKey: due.Key})
	if err != nil || len(parts) == 0 {
		return err
	}
	return s.tellParts(ctx, tx, a, parts)
}
