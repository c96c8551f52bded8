package cli

import (
	"fmt"
	"os"
	"strings"

	"candor/internal/errs"
	"candor/internal/evidence"
)

type evidenceCmd struct {
	Show   evidenceShowCmd   `cmd:"" default:"withargs" help:"What was in force on a day: law, promise, notices, staff, recipients, decisions, deadlines."`
	Verify evidenceVerifyCmd `cmd:"" help:"Verify a pack offline."`
}

type evidenceShowCmd struct {
	remote
	AsOf string `required:"" placeholder:"DATE" help:"The day, such as 2026-03-01."`
	To   string `placeholder:"FILE" help:"Write the pack to this file instead of standard output."`
}

// Run writes the pack as it is: it is a file for candor evidence verify.
func (c evidenceShowCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	pack, err := s.Evidence(e.ctx, c.AsOf)
	if err != nil {
		return err
	}
	if c.To == "" {
		_, err = e.out.Write(pack)
		return err
	}
	if err := os.WriteFile(c.To, pack, 0o600); err != nil {
		return errs.Wrap(err, errs.Invalid, "bad_file", "the file cannot be written; give another with --to")
	}
	return e.print(map[string]string{"file": c.To}, c.To+"\n")
}

type evidenceVerifyCmd struct {
	Pack string `arg:"" help:"The pack's file, or - for standard input."`
	Key  string `required:"" placeholder:"PUB" help:"The ledger's public key, or a file that holds it, from a place you trust."`
}

// Run checks a pack against a key the caller brings along.
func (c evidenceVerifyCmd) Run(e *env) error {
	b, err := readInput(e, c.Pack)
	if err != nil {
		return err
	}
	key := c.Key
	if text, err := os.ReadFile(key); err == nil {
		key = string(text)
	}
	v, err := evidence.Verify(b, key)
	if err != nil {
		return err
	}
	return e.print(v, fmt.Sprintf("good: as of %s, kept on %s, made %s\nsha256 %s\nparts  %s\n", v.AsOf, v.Day, v.Made, v.Hash, strings.Join(v.Parts, ", ")))
}
