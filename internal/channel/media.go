package channel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
)

// maxFetches is how often a file is asked for.
const maxFetches = 8

// The states of a file.
const (
	fileStored  = "stored"
	fileRefused = "refused"
)

// ErrFile is returned for a file that does not exist or is not here.
var ErrFile = errs.New(errs.NotFound, "media_unknown", "This file is not here.")

// ErrFileWaiting is returned for a file that is still being fetched.
var ErrFileWaiting = errs.New(errs.Unavailable, "media_waiting", "This file is still on its way. Try again in a moment.")

// mediaTx notes the files of a message, to be fetched at once.
func (s *Service) mediaTx(ctx context.Context, tx *db.Tx, a *arrival) {
	for _, m := range a.Media {
		f := file{workspace: a.account.Workspace, channel: a.account.ID, id: s.IDs.New("fil"), source: m.URL, contentType: m.ContentType,
			name: m.Name, size: m.Size}
		insertFile(ctx, tx, f, a.receivedAt)
		a.media = append(a.media, ReceivedMedia{ID: f.id, URL: "/api/v1/media/" + f.id, ContentType: f.contentType, Name: f.name})
	}
	if len(a.Media) > 0 {
		tx.AfterCommit(func() { ring(s.files) })
	}
}

// fetchMedia fetches the files of messages as they come.
func (s *Service) fetchMedia(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := s.FetchFiles(ctx)
		s.failed(ctx, "fetch the files of messages", err)
		if n > 0 {
			continue
		}
		if s.Clock.Wait(ctx, s.Clock.Now().Add(10*time.Second), s.files) != nil {
			return
		}
	}
}

// FetchFiles fetches the files that are due and says how many there were. It is called by itself.
func (s *Service) FetchFiles(ctx context.Context) (int, error) {
	var list []file
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		now := s.Clock.Now()
		list, err = takeFiles(ctx, tx, now, now.Add(5*time.Minute), 8)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, f := range list {
		if err := s.fetch(ctx, f); err != nil {
			return len(list), err
		}
	}
	return len(list), nil
}

// fetch gets one file and notes what became of it.
func (s *Service) fetch(ctx context.Context, f file) error {
	got, err := s.download(ctx, f)
	if err == nil {
		f.state, f.reason, f.size = fileStored, "", int64(len(got.Bytes))
		f.contentType = contentType(got.Bytes)
		err = s.keepFile(f, got.Bytes)
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err == nil {
			return endFile(ctx, tx, f)
		}
		f.reason = err.Error()
		if kind := errs.KindOf(err); f.tries >= maxFetches || kind == errs.TooLarge || kind == errs.Forbidden || kind == errs.Invalid {
			f.state = fileRefused
			return endFile(ctx, tx, f)
		}
		return delayFile(ctx, tx, f, s.Clock.Now().Add(time.Second<<min(2*f.tries, 12)))
	})
}

func (s *Service) download(ctx context.Context, f file) (Media, error) {
	a, err := s.accounts.get(ctx, f.workspace, f.channel)
	if err != nil {
		return Media{}, err
	}
	fetcher, ok := a.conn.(MediaFetcher)
	if !ok {
		return Media{}, errs.New(errs.Invalid, "media_unsupported", "Files of this channel cannot be fetched.")
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.SendTimeout)
	defer cancel()
	return fetcher.FetchMedia(ctx, MediaRef{URL: f.source, ContentType: f.contentType, Name: f.name, Size: f.size}, s.o.MaxMedia)
}

// path is where a file lies: by its id alone, never by a name from outside (I36).
func (s *Service) path(ws id.Workspace, media string) (string, error) {
	for _, part := range []string{string(ws), media} {
		if part == "" || strings.ContainsAny(part, `/\.`) {
			return "", ErrFile
		}
	}
	return filepath.Join(s.o.Dir, "media", string(ws), media), nil
}

// keepFile writes the bytes so that they are whole or not there.
func (s *Service) keepFile(f file, content []byte) error {
	path, err := s.path(f.workspace, f.id)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	part, err := os.OpenFile(path+".part", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	_, err = part.Write(content)
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	return nil
}

// File is a stored file with its type, as found in its bytes.
func (s *Service) File(ctx context.Context, ws id.Workspace, media string) (Media, error) {
	f, err := readFile(ctx, s.DB, ws, media)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return Media{}, ErrFile
	case err != nil:
		return Media{}, fmt.Errorf("read a file: %w", err)
	case f.state == fileRefused:
		return Media{}, ErrFile
	case f.state != fileStored:
		return Media{}, ErrFileWaiting
	}
	path, err := s.path(ws, media)
	if err != nil {
		return Media{}, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return Media{}, fmt.Errorf("read a file: %w", err)
	}
	return Media{ContentType: f.contentType, Bytes: content}, nil
}
