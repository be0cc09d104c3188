package app

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"parley/internal/channel"
	"parley/internal/config"
	"parley/internal/db"
	"parley/internal/errs"
)

// What a backup holds: the database, and the files of messages. The key is not in it.
const (
	backupDatabase = "parley.db"
	backupMedia    = "media"
)

// errBackupPostgres says why a shared database is not copied here.
var errBackupPostgres = errs.New(errs.Invalid, "backup_postgres", "A PostgreSQL database is backed up by its own tools, which know its roles, its size and its log: "+
	"pg_dump --format=custom, or continuous archiving, which loses nothing between two copies. Copy the media folder beside it, and keep the key ring apart. Nothing was done.")

// Backup writes the database of a folder, as it is at one moment, and the files of messages into one archive. A server may
// run meanwhile. The archive is complete, and on disk, or it is not there.
func Backup(ctx context.Context, c config.Config, to string) (err error) {
	if c.Database != "" {
		return errBackupPostgres
	}
	if _, err := os.Stat(to); err == nil {
		return errs.New(errs.Conflict, "backup_exists", "%s is there already. Nothing was written; choose another name.", to)
	}
	d, err := db.Open(ctx, db.Options{Dir: c.DataDir, ReadOnly: true})
	if err != nil {
		return err
	}
	defer d.Close()
	work, err := os.MkdirTemp(filepath.Dir(to), ".parley-backup-*")
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "backup_failed", "The folder of %s cannot be written to (%v). Nothing was written.", to, err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	// The database comes first: every file that it names is there by then.
	if err := d.Copy(ctx, filepath.Join(work, backupDatabase)); err != nil {
		return err
	}
	part := filepath.Join(work, "archive")
	if err := archive(part, filepath.Join(work, backupDatabase), filepath.Join(c.DataDir, backupMedia)); err != nil {
		return errs.Wrap(err, errs.Unavailable, "backup_failed", "The backup could not be written (%v). Nothing of it was kept.", err)
	}
	return os.Rename(part, to)
}

// archive writes the database and the folder of files into a compressed archive that only its owner may read.
func archive(path, database, media string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	zip := gzip.NewWriter(f)
	out := tar.NewWriter(zip)
	if err := addFile(out, database, backupDatabase); err != nil {
		return err
	}
	err = filepath.WalkDir(media, func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // no message has files, or this one was erased meanwhile
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(media, file)
		if err != nil {
			return err
		}
		return addFile(out, file, filepath.ToSlash(filepath.Join(backupMedia, name)))
	})
	return errors.Join(err, out.Close(), zip.Close(), f.Sync())
}

func addFile(out *tar.Writer, path, name string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.CopyN(out, f, info.Size())
	return err
}

// Restore puts a backup into a folder that holds no database. Bulk messages that waited when the copy was made are held
// until somebody releases them: they may have been sent since (I17).
func Restore(ctx context.Context, c config.Config, from string) (err error) {
	if c.Database != "" {
		return errBackupPostgres
	}
	target := filepath.Join(c.DataDir, backupDatabase)
	if _, err := os.Stat(target); err == nil {
		return errs.New(errs.Conflict, "restore_target", "%s holds a database already. Nothing was changed; restore into an empty folder, or move that one away.", c.DataDir)
	}
	if err := c.Prepare(); err != nil {
		return err
	}
	work, err := os.MkdirTemp(c.DataDir, ".parley-restore-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := unpack(from, work); err != nil {
		return errs.Wrap(err, errs.Invalid, "backup_unreadable", "%s is not a whole backup of Parley (%v). Nothing was changed.", from, err)
	}
	if err := settle(ctx, work); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(work, backupMedia)); err == nil {
		if err := os.Rename(filepath.Join(work, backupMedia), filepath.Join(c.DataDir, backupMedia)); err != nil {
			return errs.Wrap(err, errs.Conflict, "restore_target", "The folder %s has files of messages already (%v). Nothing was changed; restore into an empty folder.", c.DataDir, err)
		}
	}
	return os.Rename(filepath.Join(work, backupDatabase), target)
}

// settle looks whether the copy is whole, and notes in it that it is one.
func settle(ctx context.Context, dir string) error {
	d, err := db.Open(ctx, db.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer d.Close()
	wrong, err := d.Integrity(ctx)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return errs.New(errs.Invalid, "backup_unreadable", "The database in the backup is damaged (%s). Nothing was changed.", wrong[0])
	}
	return d.Tx(ctx, func(tx *db.Tx) error { return channel.RestoredTx(ctx, tx) })
}

// unpack writes what a backup may hold, and nothing else, below dir (I36).
func unpack(from, dir string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	zip, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	found := false
	for in := tar.NewReader(zip); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) || h.Name != backupDatabase && !strings.HasPrefix(h.Name, backupMedia+"/") {
			return fmt.Errorf("it holds %q", h.Name)
		}
		found = found || h.Name == backupDatabase
		if err := extract(in, filepath.Join(dir, filepath.FromSlash(h.Name))); err != nil {
			return err
		}
	}
	if !found {
		return errors.New("it holds no database")
	}
	return nil
}

func extract(in io.Reader, path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Sync(), f.Close())
}
