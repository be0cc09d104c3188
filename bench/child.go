package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// child is a process of this program in another role.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start runs a role in a process of its own.
func start(ctx context.Context, name string, t task) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, "-role", name)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	t.Started = time.Now().UnixNano()
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	return c, json.NewEncoder(c.in).Encode(t)
}

// line is the next line that the child writes; servers write their address first.
func (c *child) line() (string, error) {
	text, err := c.out.ReadString('\n')
	return strings.TrimSpace(text), err
}

// end lets a server go, and gives what it measured.
func (c *child) end() (figures, error) {
	_ = c.in.Close()
	return c.wait()
}

// wait is the child's figures.
func (c *child) wait() (figures, error) {
	var f figures
	err := json.NewDecoder(c.out).Decode(&f)
	if ended := c.cmd.Wait(); ended != nil {
		err = ended
	}
	_ = c.in.Close()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(c.cmd.Args[1:], " "), err)
	}
	return f, nil
}

// perform runs a role to its end.
func perform(ctx context.Context, name string, t task) (figures, error) {
	c, err := start(ctx, name, t)
	if err != nil {
		return nil, err
	}
	return c.wait()
}

// serve runs a server role until stop, which gives its figures.
func serve(ctx context.Context, name string, t task) (address string, stop func() (figures, error), err error) {
	c, err := start(ctx, name, t)
	if err != nil {
		return "", nil, err
	}
	if address, err = c.line(); err != nil {
		_, ended := c.end()
		return "", nil, fmt.Errorf("start %s: %w", name, errors.Join(err, ended))
	}
	return address, c.end, nil
}
