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
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
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

	Demo  demoCmd  `cmd:"" group:"run" help:"Start the whole platform with a sample business, 5,000 customers and a mailbox."`
	Serve serveCmd `cmd:"" group:"run" help:"Run a server."`

	Decide   decideCmd   `cmd:"" group:"use" help:"Ask the gate whether a customer's data may be used, and why not."`
	Customer customerCmd `cmd:"" group:"use" help:"Find customers; show what is allowed, held and on record."`
	Audience audienceCmd `cmd:"" group:"use" help:"Preview an audience, or explain it for one customer."`
	Campaign campaignCmd `cmd:"" group:"use" help:"Draft, check, launch and steer campaigns."`
	Import   importCmd   `cmd:"" group:"use" help:"Take a file over: a shop's export, a list."`
	Export   exportCmd   `cmd:"" group:"use" help:"Files with people's data that were taken out: whose, and until when."`
	Request  requestCmd  `cmd:"" group:"use" help:"Requests of persons: their copy, their erasure."`

	Charter charterCmd `cmd:"" group:"care" help:"Check, apply and show the promise."`
	Source  sourceCmd  `cmd:"" group:"care" help:"Sources of data and their write keys."`
	Token   tokenCmd   `cmd:"" group:"care" help:"Tokens of the API."`
	DB      dbCmd      `cmd:"" name:"db" group:"care" help:"The database's schema."`
	Doctor  doctorCmd  `cmd:"" group:"care" help:"Look over an installation and say what to do."`

	Backup  backupCmd  `cmd:"" group:"keep" help:"Take an encrypted backup."`
	Keys    keysCmd    `cmd:"" group:"keep" help:"Rotate the root key."`
	Restore restoreCmd `cmd:"" group:"keep" help:"Restore a backup and bring every protection back."`

	Audit    auditCmd    `cmd:"" group:"prove" help:"See what your contact lists can prove, offline."`
	Verify   verifyCmd   `cmd:"" group:"prove" help:"Verify a receipt offline."`
	Evidence evidenceCmd `cmd:"" group:"prove" help:"What was in force on a day, signed; verify such a pack."`
	Ledger   ledgerCmd   `cmd:"" group:"prove" help:"Read the ledger, or verify an installation's."`
	Version  versionCmd  `cmd:"" group:"prove" help:"Print the version."`
}

// groups are the headings of the help.
var groups = []kong.Group{
	{Key: "run", Title: "Run the platform:"},
	{Key: "use", Title: "Work with a running server (CANDOR_SERVER, CANDOR_TOKEN):"},
	{Key: "care", Title: "Set it up:"},
	{Key: "keep", Title: "Keep it safe:"},
	{Key: "prove", Title: "Prove it:"},
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
		kong.Writers(out, errOut), kong.Exit(func(n int) { exited, code = true, n }), kong.ExplicitGroups(groups),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
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
		fmt.Fprintf(errOut, "candor: %s\ncandor: hint: %s\n", err, misuse(err))
		return 2
	}
	e.json = c.JSON
	return e.report(k.Run(e))
}

// misuse says what to type instead of what was not understood.
func misuse(err error) string {
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil {
		if n := p.Context.Selected(); n != nil {
			return "see candor " + n.Path() + " --help"
		}
		for i := len(p.Context.Path) - 1; i >= 0; i-- {
			if n := p.Context.Path[i].Command; n != nil {
				return "see candor " + strings.TrimSpace(n.Path()) + " --help"
			}
		}
	}
	return "see candor --help"
}

// report prints an error for people, with the reason code and a hint.
func (e *env) report(err error) int {
	if err == nil || errors.Is(err, context.Canceled) && e.ctx.Err() != nil {
		return 0
	}
	told := tell(err)
	if e.json {
		_ = e.print(told, "")
		return 1
	}
	fmt.Fprintln(e.errOut, "candor:", told.Error)
	for _, m := range told.Mistakes {
		fmt.Fprintf(e.errOut, "  %s: %s\n", m.At, m.What)
	}
	for _, r := range told.Reasons {
		fmt.Fprintf(e.errOut, "  %s\n", reasonLine(r))
	}
	if told.Hint != "" {
		fmt.Fprintln(e.errOut, "candor: hint:", told.Hint)
	}
	return 1
}

// print writes a value as JSON, or the text for people.
func (e *env) print(v any, text string) error {
	if !e.json {
		_, err := io.WriteString(e.out, text)
		return err
	}
	enc := json.NewEncoder(e.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
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
	return e.print(v, strings.TrimSpace("candor "+Version+" "+v["revision"])+"\n")
}
