// Command parley is the whole of Parley: the server, its workers, the web app and every tool.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"parley/internal/config"
)

// commands are what the program can do; each has a Run method in a file of its own.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the server with its workers and the web app."`
	Demo    demoCommand    `cmd:"" help:"Show everything with a brand, its customers and a month of work that are made up; nothing leaves this machine."`
	Apply   applyCommand   `cmd:"" help:"Make workspaces as a set-up file says, or show what differs."`
	Export  exportCommand  `cmd:"" help:"Print the set-up file of a workspace that is there."`
	Backup  backupCommand  `cmd:"" help:"Copy the folder's database and files into one archive, while Parley runs or not."`
	Restore restoreCommand `cmd:"" help:"Make a folder from a backup."`
	Parked  parkedCommand  `cmd:"" help:"Reactions and timers that failed too often."`
	Jobs    jobsCommand    `cmd:"" help:"Jobs that failed too often."`
	Keys    keysCommand    `cmd:"" help:"The keys that seal stored secrets."`
	Verify  verifyCommand  `cmd:"" help:"Recount from the tables what Parley promises; fails when a promise is broken."`
	Openapi openapiCommand `cmd:"" help:"Print the description of the API."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parsed := kong.Parse(&c, append(config.Options(), kong.BindTo(ctx, (*context.Context)(nil)))...)
	pile, verb := asideOf(parsed.Command())
	if err := parsed.Run(ctx, pile, verb); err != nil {
		fmt.Fprintln(os.Stderr, config.Line(err))
		stop()
		os.Exit(exitCode(err))
	}
}
