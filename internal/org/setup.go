package org

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"parley/internal/db"
)

// setupFile lies in the data folder until somebody is an owner.
const setupFile = "setup-code.txt"

// codeWords is how many words a set-up code has: with 512 to choose from, 54 bits.
const codeWords = 6

// SetupNeeded says whether nobody has set Parley up yet. A demo never needs it.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	s.mu.Lock()
	known := s.setUp
	s.mu.Unlock()
	if known || s.deps.Demo {
		return false, nil
	}
	done, err := isSetUp(ctx, s.db)
	if done {
		s.mu.Lock()
		s.setUp = true
		s.mu.Unlock()
	}
	return !done, wrap(err, "look whether Parley is set up")
}

// SetupPath is the file that holds the set-up code.
func (s *Service) SetupPath() string {
	path, err := filepath.Abs(filepath.Join(s.deps.Dir, setupFile))
	if err != nil {
		return filepath.Join(s.deps.Dir, setupFile)
	}
	return path
}

// PrepareSetup is called at start-up: while set-up is needed it makes sure that there is a code, in the file and in the
// log; afterwards it removes the file.
func (s *Service) PrepareSetup(ctx context.Context) error {
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	if !needed {
		return removeIfThere(s.SetupPath())
	}
	if text, err := os.ReadFile(s.SetupPath()); err == nil {
		code := normalCode(string(text))
		valid, err := hasSetupCode(ctx, s.db, digest(code))
		if err != nil {
			return wrap(err, "look for the set-up code")
		}
		if valid {
			s.announce(ctx, code)
			return nil
		}
	}
	return s.NewSetupCode(ctx, false)
}

// NewSetupCode makes a code, writes it to the file and the log, and does not tell the caller. With alone set all others
// become worthless. It fails with ErrSetUp when set-up is done.
func (s *Service) NewSetupCode(ctx context.Context, alone bool) error {
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	if !needed {
		return ErrSetUp
	}
	code := newCode()
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if alone {
			deleteSetupCodes(ctx, tx)
		}
		insertSetupCode(ctx, tx, digest(code), s.clock.Now())
		return nil
	})
	if err != nil {
		return wrap(err, "store a set-up code")
	}
	if err := os.WriteFile(s.SetupPath(), []byte(code+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the set-up code beside the data: %w", err)
	}
	s.announce(ctx, code)
	return nil
}

func (s *Service) announce(ctx context.Context, code string) {
	s.log.InfoContext(ctx, "nobody has set Parley up yet; from another machine the page asks for this code", "setup_code", code, "file", s.SetupPath())
}

// SetupInput is what the first person says.
type SetupInput struct {
	Code                        string // not needed when Local
	Local                       bool   // the request came straight from this machine
	Workspace                   string
	Name, Email, Password       string
	Country, Timezone, Currency string
	Demo                        bool // with a simulated phone to try it
}

// Setup makes the first workspace with its owner and signs in. It works once.
func (s *Service) Setup(ctx context.Context, in SetupInput) (Session, error) {
	if err := s.mayset(ctx, in); err != nil {
		return Session{}, err
	}
	in.Email = normalEmail(in.Email)
	wrong := personWrong(in.Name, in.Email)
	if problem := passwordProblem(in.Password, in.Email, in.Name, in.Workspace); problem != "" {
		wrong["password"] = problem
	}
	if err := fieldsWrong(wrong); err != nil {
		return Session{}, err
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return Session{}, err
	}
	var session Session
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		session, err = s.setupTx(ctx, tx, in, hash)
		return err
	})
	if err != nil {
		return Session{}, wrap(err, "set up")
	}
	s.dropSetupFile()
	if in.Demo && s.deps.Tryout != nil {
		if err := s.deps.Tryout(ctx, session.Member.Workspace); err != nil { // it can be added by hand
			s.log.ErrorContext(ctx, "the simulated phone could not be made", "error", err)
		}
	}
	return session, nil
}

// mayset refuses when set-up is done or the code is wrong.
func (s *Service) mayset(ctx context.Context, in SetupInput) error {
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	if !needed {
		return ErrSetUp
	}
	if in.Local {
		return nil
	}
	valid, err := hasSetupCode(ctx, s.db, digest(normalCode(in.Code)))
	if err != nil {
		return wrap(err, "check a set-up code")
	}
	if !valid {
		return ErrSetupCode
	}
	return nil
}

func (s *Service) setupTx(ctx context.Context, tx *db.Tx, in SetupInput, hash string) (Session, error) {
	first, err := markSetUp(ctx, tx, s.clock.Now())
	if err != nil {
		return Session{}, err
	}
	if !first {
		return Session{}, ErrSetUp
	}
	w, err := s.CreateWorkspaceTx(ctx, tx, NewWorkspace{Name: in.Workspace, Country: in.Country, Timezone: in.Timezone, Currency: in.Currency})
	if err != nil {
		return Session{}, err
	}
	m, err := s.CreateMemberTx(ctx, tx, NewMember{Workspace: w.ID, Name: in.Name, Email: in.Email, Role: Owner}, hash)
	if err != nil {
		return Session{}, err
	}
	deleteSetupCodes(ctx, tx)
	actor := Actor{Workspace: w.ID, Member: m.ID}
	if err := s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "workspace.create", Object: string(w.ID), After: auditable(w)}); err != nil {
		return Session{}, err
	}
	return s.openTx(ctx, tx, m)
}

// SetUpTx notes that somebody owns this installation: from its commit on no code opens the first set-up any more, also on
// nodes that run.
func (s *Service) SetUpTx(ctx context.Context, tx *db.Tx) error {
	first, err := markSetUp(ctx, tx, s.clock.Now())
	if err != nil {
		return wrap(err, "note that Parley is set up")
	}
	deleteSetupCodes(ctx, tx)
	if first {
		tx.AfterCommit(s.dropSetupFile)
	}
	return nil
}

// dropSetupFile removes the file with the used code.
func (s *Service) dropSetupFile() {
	if err := removeIfThere(s.SetupPath()); err != nil {
		s.log.Warn("the used set-up code could not be removed; it is worthless now", "file", s.SetupPath(), "error", err)
	}
}

// newCode is six words, chosen evenly.
func newCode() string {
	words := strings.Fields(setupWords)
	var raw [2 * codeWords]byte
	if _, err := rand.Read(raw[:]); err != nil {
		panic("org: no randomness: " + err.Error())
	}
	out := make([]string, codeWords)
	for i := range out {
		out[i] = words[int(binary.BigEndian.Uint16(raw[2*i:]))%len(words)]
	}
	return strings.Join(out, "-")
}

// normalCode reads a code however it was typed: capitals, spaces or hyphens.
func normalCode(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' })
	return strings.Join(words, "-")
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
