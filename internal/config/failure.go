package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"parley/internal/errs"
)

// Line is what the program prints when it cannot start: one line with the fix.
func Line(err error) string {
	var known *errs.Error
	text := err.Error()
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		text = fmt.Sprintf("Another program uses this port (%s). Stop it, or choose another with --listen, for example --listen :8081.", address(err))
	case errors.As(err, &known):
		text = known.Message
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		text = fmt.Sprintf("This machine does not have the address %s. Use --listen :8080 for all addresses.", address(err))
	case errors.Is(err, syscall.EACCES) && strings.Contains(text, "bind"):
		text = fmt.Sprintf("This user may not listen on %s. Use a port above 1023, for example --listen :8080.", address(err))
	case errors.Is(err, syscall.ENOSPC):
		text = "The disk is full. Make room, or choose another folder with --data-dir; nothing was lost."
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		text += ". Give this user the right to write there, or choose another folder with --data-dir."
	}
	return "parley: " + strings.Join(strings.Fields(text), " ")
}

// address is where listening failed, as far as the error tells.
func address(err error) string {
	text := err.Error()
	if _, rest, ok := strings.Cut(text, "listen tcp "); ok {
		at, _, _ := strings.Cut(rest, ": ")
		return at
	}
	return "the one asked for"
}

// reason is the innermost cause in words.
func reason(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return err.Error()
}
