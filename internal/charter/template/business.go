package template

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/term"
)

// Business is who a charter is made for.
type Business struct {
	Name       string // as customers know it
	Controller string // the company with its address
	Contact    string // an e-mail address
	Site       string // a web address
}

var siteLine = regexp.MustCompile(`(?m)^  site: https://(\S+)`)

// rehost puts the business's own host wherever the template names its example: in
// the places of its forms and the addresses of its senders.
func rehost(files map[string][]byte, site string) error {
	u, err := url.Parse(site)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" {
		return errs.New(errs.Invalid, "bad_site", "write it as https://shop.example").On("site")
	}
	was := siteLine.FindSubmatch(files["charter.yaml"])
	host := strings.TrimPrefix(u.Hostname(), "www.")
	for _, name := range []string{"charter.yaml", "house.yaml"} {
		files[name] = bytes.ReplaceAll(files[name], was[1], []byte(host))
	}
	return nil
}

// For gives a template's files in a language and the name of a business. What it replaces are
// values of the part "business"; all else is for people to read. It returns INVALID
// when the business leaves something out.
func For(name string, lang term.Lang, b Business) (map[string][]byte, error) {
	files, err := Files(name, lang)
	if err != nil {
		return nil, err
	}
	id := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(b.Name), "_"), "_0123456789")
	for field, value := range map[string]string{"name": id, "controller": b.Controller, "contact": b.Contact, "site": b.Site} {
		if strings.TrimSpace(value) == "" {
			return nil, errs.New(errs.Invalid, "left_out", "fill this in").On(field)
		}
	}
	if err := rehost(files, b.Site); err != nil {
		return nil, err
	}
	promise := string(files["charter.yaml"])
	from := strings.Index(promise, "\nbusiness:")
	to := from + strings.Index(promise[from:], "\n\n")
	part := promise[from:to]
	for key, value := range map[string]string{"id": id, "name": b.Name, "controller": b.Controller, "contact": b.Contact, "site": b.Site} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		part = regexp.MustCompile(`(?m)^  `+key+`: [^#\n]*?(\s+#.*)?$`).ReplaceAllStringFunc(part, func(line string) string {
			_, comment, has := strings.Cut(line, " #")
			if has {
				comment = "   #" + comment
			}
			return "  " + key + ": " + string(text) + comment
		})
	}
	files["charter.yaml"] = []byte(promise[:from] + part + promise[to:])
	_, problems := charter.Parse(files["charter.yaml"], bytes.Clone(files["house.yaml"]))
	if err := problems.Err(); err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "not_in_order", "with these the charter is not in order: %v", problems)
	}
	return files, nil
}
