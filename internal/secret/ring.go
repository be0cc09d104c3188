package secret

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ringMode lets only the owner read and write the key file.
const ringMode fs.FileMode = 0o600

// Load opens the ring of keys. ring is the text of PARLEY_SECRET_KEY: when it is not empty it is the ring and the
// file is not touched; otherwise the file is read, and made with one new key when it does not exist.
//
// A ring is "name:key" lines (or comma separated in the environment); the first seals, all open. A key is 32 bytes in
// base64. The file is refused when others than its owner may read it.
func Load(path, ring string) (*Box, error) {
	if ring != "" {
		box, err := parse(ring)
		if err != nil {
			return nil, fmt.Errorf("read PARLEY_SECRET_KEY: %w", err)
		}
		return box, nil
	}
	text, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("make the key file %s: %w", path, err)
		}
		text, err = read(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key file %s: %w", path, err)
	}
	box, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the key file %s: %w", path, err)
	}
	return box, nil
}

// Rotate puts a fresh key first on the ring of the file, which then seals; the older keys still open. Running nodes
// see it when they start again.
func Rotate(path string) error {
	text, err := read(path)
	if err != nil {
		return fmt.Errorf("read the key file %s: %w", path, err)
	}
	if _, err := parse(text); err != nil {
		return fmt.Errorf("read the key file %s: %w", path, err)
	}
	name, err := write(path, newLine()+text)
	if err != nil {
		return fmt.Errorf("write the key file %s: %w", path, err)
	}
	if err := os.Rename(name, path); err != nil {
		return fmt.Errorf("write the key file %s: %w", path, err)
	}
	return syncDir(path)
}

// create never replaces a file: when two processes start at once, the second uses the first one's key.
func create(path string) error {
	name, err := write(path, newLine())
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(name) }()
	if err := os.Link(name, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(path)
}

// write puts the text into a new file beside path, on disk before it returns, so that a crash leaves either ring whole.
func write(path, text string) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(ringMode), f.Sync(), f.Close())
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func read(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("others may read it (mode %o): run chmod 600 on it, and rotate the key if it was ever shared", info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	return string(text), err
}

// newLine is a fresh key with a name of its own. The name says nothing about the key.
func newLine() string {
	var raw [keySize]byte
	var name [4]byte
	rand.Read(raw[:])
	rand.Read(name[:])
	return "k" + hex.EncodeToString(name[:]) + ":" + base64.StdEncoding.EncodeToString(raw[:]) + "\n"
}

// parse never puts a part of the text into its error: it may be a key.
func parse(text string) (*Box, error) {
	box := &Box{}
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == ' ' })
	for i, line := range lines {
		name, encoded, ok := strings.Cut(line, ":")
		if !ok || !validName(name) {
			return nil, fmt.Errorf("key number %d is not of the form name:base64, with letters and digits in the name", i+1)
		}
		if slices.Contains(box.KeyIDs(), name) {
			return nil, fmt.Errorf("key number %d has the name of an earlier one", i+1)
		}
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("key number %d is not base64", i+1)
		}
		k, err := newKey(name, raw)
		if err != nil {
			return nil, err
		}
		box.keys = append(box.keys, k)
	}
	if len(box.keys) == 0 {
		return nil, errors.New("it holds no key")
	}
	return box, nil
}

func validName(name string) bool {
	if name == "" || len(name) > 32 {
		return false
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}
