// Package cli is the command line. Commands that work on a running server talk
// to it through the API, as any other program does; commands on files work
// offline. Dangerous commands are dry unless told otherwise, and every misuse
// says what to type instead.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"candor/internal/errs"
)

// Version is set by the build: -ldflags "-X candor/internal/cli.Version=...".
var Version = "development"

// env is what a command works with.
type env struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	errOut io.Writer
	json   bool
}

// commands is the grammar.
type commands struct {
	JSON bool `help:"Print JSON instead of text." name:"json"`

	Demo    demoCmd    `cmd:"" help:"Start the whole platform with a sample business, 5,000 customers and a mailbox."`
	Serve   serveCmd   `cmd:"" help:"Run a server."`
	Audit   auditCmd   `cmd:"" help:"See what your contact lists can prove, offline."`
	Charter charterCmd `cmd:"" help:"Check the promise, offline."`
	Verify  verifyCmd  `cmd:"" help:"Verify a receipt offline."`
	Ledger  ledgerCmd  `cmd:"" help:"Verify an installation's ledger."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// Main runs a command line and gives the exit code: 0 done, 1 failed, 2 not
// understood.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, args, in, out, errOut)
}

// Run is Main under a context that ends it.
func Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) (code int) {
	var c commands
	e := &env{ctx: ctx, in: in, out: out, errOut: errOut}
	exited := false
	parser, err := kong.New(&c, kong.Name("candor"), kong.Description("Customer lifecycle management that keeps its promises."),
		kong.Writers(out, errOut), kong.Exit(func(n int) { exited, code = true, n }),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(errOut, "candor:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if exited {
		return code
	}
	if err != nil {
		fmt.Fprintf(errOut, "candor: %s\nTry: candor --help\n", err)
		return 2
	}
	e.json = c.JSON
	return e.report(k.Run(e))
}

// report prints an error for people, with the reason code.
func (e *env) report(err error) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return 0
	}
	var known *errs.Error
	if e.json {
		problem := map[string]string{"error": err.Error()}
		if errors.As(err, &known) {
			problem["code"] = string(known.Code)
		}
		_ = e.print(problem, "")
		return 1
	}
	fmt.Fprintln(e.errOut, "candor:", err)
	return 1
}

// print writes a value as JSON, or the text for people.
func (e *env) print(v any, text string) error {
	if !e.json {
		_, err := fmt.Fprint(e.out, text)
		return err
	}
	enc := json.NewEncoder(e.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type versionCmd struct{}

func (versionCmd) Run(e *env) error {
	v := map[string]string{"version": Version}
	if info, ok := debug.ReadBuildInfo(); ok {
		v["go"] = info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v["revision"] = s.Value
			}
		}
	}
	return e.print(v, fmt.Sprintf("candor %s %s\n", Version, v["revision"]))
}
