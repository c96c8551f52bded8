package ui

import (
	"bufio"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"candor/internal/term"
)

// words holds the texts of the pages in one language, by key.
type words map[string]string

// readWords reads words/<lang>.txt: one text a line, "key: text"; an indented
// line goes on with the text above; '#' starts a comment.
func readWords(files fs.FS) (map[term.Lang]words, error) {
	names, err := fs.Glob(files, "words/*.txt")
	if err != nil {
		return nil, err
	}
	out := map[term.Lang]words{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		w, err := parseWords(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[term.Lang(strings.TrimSuffix(path.Base(name), ".txt"))] = w
	}
	return out, nil
}

func parseWords(text string) (words, error) {
	out, last := words{}, ""
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
			continue
		case line[0] == ' ' && last != "":
			out[last] += " " + strings.TrimSpace(line)
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || key == "" {
			return nil, fmt.Errorf("line %d: write \"key: text\"", n)
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("line %d: %q stands twice", n, key)
		}
		out[key], last = strings.TrimSpace(value), key
	}
	return out, lines.Err()
}

// sameKeys fails when a language lacks a text that another has.
func sameKeys(all map[term.Lang]words) error {
	missing := []string{}
	for lang, w := range all {
		for other, o := range all {
			for key := range o {
				if _, ok := w[key]; !ok {
					missing = append(missing, fmt.Sprintf("%s (%s has it) in %s", key, other, lang))
				}
			}
		}
	}
	sort.Strings(missing)
	if len(missing) > 0 {
		return fmt.Errorf("words are missing: %s", strings.Join(missing, ", "))
	}
	return nil
}

// say gives a text with its {names} filled from pairs of name and value.
func (w words) say(key string, pairs ...any) (string, error) {
	text, ok := w[key]
	if !ok {
		return "", fmt.Errorf("there is no text %q", key)
	}
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("text %q: give pairs of name and value", key)
	}
	for i := 0; i < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return text, nil
}

// count gives the text key.one or key.other with {n} filled.
func (w words) count(lang term.Lang, key string, n int, pairs ...any) (string, error) {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return w.say(key+form, append(pairs, "n", Number(lang, int64(n)))...)
}
