package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"candor/internal/charter/template"
	"candor/internal/errs"
	"candor/internal/term"
)

type charterNewCmd struct {
	Template string `enum:"shop,charity,software" default:"shop" help:"The trade: shop, charity or software."`
	Language string `enum:"en,de" default:"en" help:"The language that your customers read: en or de."`
	Folder   string `arg:"" default:"charter" help:"The folder to make."`
}

// Run writes the folder. A file that is there already is never written over.
func (c charterNewCmd) Run(e *env) error {
	files, err := template.Files(c.Template, term.Lang(c.Language))
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(c.Folder, name)); err == nil {
			return errs.New(errs.Conflict, "exists", "%s is there already; name another folder", filepath.Join(c.Folder, name))
		}
	}
	for _, name := range names {
		path := filepath.Join(c.Folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a charter is public
			return err
		}
		if err := os.WriteFile(path, files[name], 0o644); err != nil { //nolint:gosec // a charter is public
			return err
		}
	}
	return e.print(map[string]any{"folder": c.Folder, "files": names},
		fmt.Sprintf("Wrote %d files to %s. Make them yours, then: candor charter check %s\n", len(names), c.Folder, c.Folder))
}
