package schema

import (
	"io/fs"
	"sort"
	"strings"
)

type file struct{ name, text string }

// files reads the migrations in their order, without the migration tool's lines.
func files(migrations fs.FS) ([]file, error) {
	list, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(list)
	var out []file
	for _, name := range list {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return nil, err
		}
		out = append(out, file{name, plain(string(text))})
	}
	return out, nil
}

func plain(text string) string {
	up, _, _ := strings.Cut(text, "-- +goose Down")
	var keep []string
	for _, line := range strings.Split(up, "\n") {
		if !strings.HasPrefix(line, "-- +goose") {
			keep = append(keep, line)
		}
	}
	return strings.TrimSpace(strings.Join(keep, "\n")) + "\n"
}

const head = `-- The whole schema, as the migrations in migration/ make it, for reading.
-- Written by "make schema"; a test holds it against them on both engines.
`

// Text gives schema.sql: the migrations one after the other.
func Text(migrations fs.FS) (string, error) {
	list, err := files(migrations)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(head)
	for _, f := range list {
		out.WriteString("\n-- " + strings.Repeat("-", 60) + "\n-- " + f.name + "\n\n" + f.text)
	}
	return out.String(), nil
}
