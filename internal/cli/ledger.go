package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"candor/client"
	"candor/internal/app"
	"candor/internal/config"
)

type ledgerCmd struct {
	Show   ledgerShowCmd   `cmd:"" help:"The ledger's head and latest entries, or one entry."`
	Proof  ledgerProofCmd  `cmd:"" help:"Print an entry with its proof, for candor verify."`
	Verify ledgerVerifyCmd `cmd:"" help:"Verify the whole ledger of an installation against its rows, tiles, checkpoints and anchors."`
}

type ledgerShowCmd struct {
	remote
	Entry  string `arg:"" optional:"" help:"One entry, led_..."`
	Kind   string `help:"Only entries of this kind, such as consent.record."`
	Limit  int    `default:"20" help:"How many, the newest first."`
	Cursor string `help:"Where to go on, as the page before said."`
}

func (c ledgerShowCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	if c.Entry != "" {
		one, err := s.Entry(e.ctx, c.Entry)
		if err != nil {
			return err
		}
		return e.print(one, columns("entry\t"+one.ID, "kind\t"+one.Kind, "at\t"+when(one.At), "leaf\t"+leaf(one.Leaf), "content\t"+string(one.Content)))
	}
	head, err := s.Ledger(e.ctx)
	if err != nil {
		return err
	}
	p, err := s.Entries(e.ctx, c.Kind, c.Cursor, c.Limit)
	if err != nil {
		return err
	}
	rows := []string{"entry\tleaf\tat\tkind"}
	for _, x := range p.Entries {
		rows = append(rows, strings.Join([]string{x.ID, leaf(x.Leaf), when(x.At), x.Kind}, "\t"))
	}
	text := columns("origin\t"+head.Origin, "key\t"+head.Key)
	if head.Trouble != "" {
		text += "trouble: " + head.Trouble + "\n"
	}
	return e.print(map[string]any{"ledger": head, "entries": p.Entries, "next_cursor": p.Next}, text+"\n"+columns(rows...)+more(p.Next))
}

func leaf(n int64) string {
	if n < 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

type ledgerProofCmd struct {
	remote
	Entry string `arg:"" help:"The entry, led_..."`
}

// Run prints JSON in any case: it is a file for candor verify.
func (c ledgerProofCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	p, err := proven(e, func() (json.RawMessage, error) { return s.Proof(e.ctx, c.Entry) })
	if err != nil {
		return err
	}
	return e.printRaw(p)
}

// proven asks again, for a few seconds, while what was just written has no proof
// yet.
func proven(e *env, ask func() (json.RawMessage, error)) (json.RawMessage, error) {
	for range 20 {
		if b, err := ask(); client.CodeOf(err) != "proof_pending" {
			return b, err
		}
		select {
		case <-e.ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
	return ask()
}

type ledgerVerifyCmd struct {
	Config     string   `required:"" placeholder:"FILE" help:"The configuration file of the installation."`
	Checkpoint []string `placeholder:"FILE" help:"A checkpoint that was kept elsewhere, such as a mail to the officer; may be given again."`
}

// Run exits with 1 and names the first bad leaf when the ledger was changed. The
// server may be running.
func (c ledgerVerifyCmd) Run(e *env) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	var kept [][]byte
	for _, name := range c.Checkpoint {
		b, err := readInput(e, name)
		if err != nil {
			return err
		}
		kept = append(kept, b)
	}
	report, err := app.VerifyLedger(e.ctx, cfg, kept...)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("good: %d leaves under %d checkpoints and %d anchors, %d entries waiting for theirs\n",
		report.Size, report.Checkpoints, report.Anchors, report.Pending)
	if report.Cosigned+report.Kept > 0 {
		text += fmt.Sprintf("%d signatures of witnesses are right, and %d checkpoints kept elsewhere agree\n", report.Cosigned, report.Kept)
	}
	return e.print(report, text)
}
