package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"candor/client"
	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/errs"
)

type charterCmd struct {
	Check    charterCheckCmd    `cmd:"" help:"Check a charter's two documents, offline."`
	Diff     charterDiffCmd     `cmd:"" help:"Say what a charter makes wider and narrower, and for whom."`
	New      charterNewCmd      `cmd:"" help:"Write a commented charter of a trade to start from."`
	Apply    charterApplyCmd    `cmd:"" help:"Say what a charter would change; with --yes, put it in force."`
	Tell     charterTellCmd     `cmd:"" help:"Count who must be told of what became wider or came from elsewhere; with --send, tell them."`
	Show     charterShowCmd     `cmd:"" help:"Show the charter in force, or another version."`
	Versions charterVersionsCmd `cmd:"" help:"List every version of the charter."`
}

type charterCheckCmd struct {
	Folder string `arg:"" default:"." help:"The folder with charter.yaml and house.yaml."`
}

// Run reports every problem at file, line and rule.
func (c charterCheckCmd) Run(e *env) error {
	promise, house, err := charterFiles(c.Folder)
	if err != nil {
		return err
	}
	ch, problems := parseCharter(promise, house)
	if len(problems) > 0 {
		if err := e.print(map[string]any{"good": false, "problems": problems}, problems.Error()+"\n"); err != nil {
			return err
		}
		return errs.New(errs.Invalid, "charter_invalid", "%d problems to put right", len(problems))
	}
	return e.print(map[string]any{"good": true, "hash": ch.Hash()},
		fmt.Sprintf("good: %s, %d purposes, %d data, %d asks\n", ch.Business.Name, len(ch.Purposes), len(ch.Fields), len(ch.Asks)))
}

// readCharter reads a folder's charter; its problems come back as one error.
func readCharter(folder string) (*charter.Charter, error) {
	promise, house, err := charterFiles(folder)
	if err != nil {
		return nil, err
	}
	c, problems := parseCharter(promise, house)
	if err := problems.Err(); err != nil {
		lines := strings.Split(problems.Error(), "\n")
		return nil, errs.Wrap(err, errs.Invalid, "charter_invalid", "the charter in %s is not in order:\n%s", folder, strings.Join(lines[:min(len(lines), 10)], "\n"))
	}
	return c, nil
}

// parseCharter reads both documents and compiles the conditions in them.
func parseCharter(promise, house []byte) (*charter.Charter, charter.Problems) {
	c, problems := charter.Parse(promise, house)
	if len(problems) == 0 {
		problems = charter.CheckStages(c, audience.CheckStage)
	}
	return c, problems
}

func charterFiles(folder string) (promise, house []byte, err error) {
	for name, into := range map[string]*[]byte{"charter.yaml": &promise, "house.yaml": &house} {
		b, err := os.ReadFile(filepath.Join(folder, name)) //nolint:gosec // a folder the user names
		if err != nil {
			return nil, nil, errs.Wrap(err, errs.NotFound, "no_file", "%s is not in the folder %s", name, folder)
		}
		*into = b
	}
	return promise, house, nil
}

type charterApplyCmd struct {
	remote
	Folder string `arg:"" help:"The folder with charter.yaml and house.yaml."`
	Yes    bool   `help:"Put it in force. Without it, nothing is changed."`
}

// Run checks on this side first, so that problems are named without a server.
func (c charterApplyCmd) Run(e *env) error {
	if _, err := readCharter(c.Folder); err != nil {
		return err
	}
	promise, house, err := charterFiles(c.Folder)
	if err != nil {
		return err
	}
	s, err := c.open()
	if err != nil {
		return err
	}
	a, err := s.ApplyCharter(e.ctx, client.CharterDocuments{Promise: string(promise), House: string(house), DryRun: !c.Yes})
	if err != nil {
		return err
	}
	return e.print(a, appliedText(a, c.Folder))
}

func appliedText(a client.CharterApplied, folder string) string {
	if a.Unchanged {
		return fmt.Sprintf("This is version %d, which is in force. Nothing to change.\n", a.Version)
	}
	would := map[bool]string{true: "would be", false: "is"}[a.DryRun]
	var b strings.Builder
	if a.InForce {
		fmt.Fprintf(&b, "Version %d %s in force at once.\n", a.Version, would)
	} else {
		fmt.Fprintf(&b, "Version %d %s planned for %s.\n", a.Version, would, a.Effective)
	}
	for _, w := range a.Widened {
		fmt.Fprintf(&b, "\n%s promises less than before; its consents rest until they are reconfirmed:\n", w.Purpose)
		for _, x := range w.Widenings {
			fmt.Fprintf(&b, "  %s: %s\n", x.Kind, x.What)
		}
	}
	if len(a.Widened) == 0 && a.InForce {
		b.WriteString("No purpose is widened: consents stay as they are.\n")
	}
	if a.DryRun {
		fmt.Fprintf(&b, "\nNothing was changed. To apply it: candor charter apply %s --yes\n", folder)
	}
	return b.String()
}

type charterShowCmd struct {
	remote
	Of      int64 `name:"of" placeholder:"VERSION" help:"This version; left out, the one in force."`
	Promise bool  `help:"Print charter.yaml as it was applied."`
}

func (c charterShowCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	var got client.Charter
	if c.Of > 0 {
		got, err = s.CharterVersion(e.ctx, c.Of)
	} else {
		got, err = s.Charter(e.ctx)
	}
	if err != nil {
		return err
	}
	if c.Promise {
		return e.print(got, got.Promise)
	}
	text := columns(fmt.Sprintf("version\t%d", got.Version), "effective\t"+got.Effective, "brand\t"+got.Controller, "hash\t"+got.Hash,
		"events\t"+strings.Join(got.Events, ", "))
	rows := []string{"\npurpose\tbasis\tfields"}
	for _, p := range got.Purposes {
		rows = append(rows, p.ID+"\t"+p.Basis+"\t"+strings.Join(p.Fields, " "))
	}
	return e.print(got, text+columns(rows...))
}

type charterVersionsCmd struct{ remote }

func (c charterVersionsCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	list, err := s.CharterVersions(e.ctx)
	if err != nil {
		return err
	}
	rows := []string{"version\tin force since\teffective\tapplied\tby"}
	for _, v := range list {
		rows = append(rows, strings.Join([]string{fmt.Sprint(v.Version), when(v.InForce), when(v.Effective), when(v.Applied), v.By}, "\t"))
	}
	return e.print(map[string]any{"versions": list}, columns(rows...))
}
