package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/charter"
	"candor/internal/errs"
)

type charterCmd struct {
	Check charterCheckCmd `cmd:"" help:"Check a charter's two documents, offline."`
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
	ch, problems := charter.Parse(promise, house)
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
	c, problems := charter.Parse(promise, house)
	if err := problems.Err(); err != nil {
		lines := strings.Split(problems.Error(), "\n")
		return nil, errs.Wrap(err, errs.Invalid, "charter_invalid", "the charter in %s is not in order:\n%s", folder, strings.Join(lines[:min(len(lines), 10)], "\n"))
	}
	return c, nil
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
