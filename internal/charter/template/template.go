// Package template holds charters to start from, one for each of the trades:
// complete, commented, and in order.
package template

import (
	"embed"
	"io/fs"
	"path"

	"candor/internal/errs"
)

//go:embed shop charity software
var files embed.FS

// Names lists the templates.
func Names() []string { return []string{"shop", "charity", "software"} }

// Files gives a template's files by their path in the folder. It returns
// NOT_FOUND for a name that is none.
func Files(name string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, known := range Names() {
		if name != known {
			continue
		}
		err := fs.WalkDir(files, name, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := files.ReadFile(p)
			out[p[len(path.Clean(name))+1:]] = text
			return err
		})
		return out, err
	}
	return nil, errs.New(errs.NotFound, "no_template", "there is no such template; choose shop, charity or software")
}
