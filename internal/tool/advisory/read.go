package advisory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// osv is an advisory in the format of osv.dev.
type osv struct {
	ID        string     `json:"id"`
	Aliases   []string   `json:"aliases"`
	Published time.Time  `json:"published"`
	Withdrawn *time.Time `json:"withdrawn"`
	Affected  []affected `json:"affected"`
	Database  struct {
		Severity string `json:"severity"`
	} `json:"database_specific"`
}

type affected struct {
	Package struct {
		Name      string `json:"name"`
		Ecosystem string `json:"ecosystem"`
	} `json:"package"`
	Ranges []struct {
		Events []struct {
			Introduced   string `json:"introduced"`
			Fixed        string `json:"fixed"`
			LastAffected string `json:"last_affected"`
		} `json:"events"`
	} `json:"ranges"`
	Versions []string `json:"versions"`
}

// severity is what the advisory says; nothing, or what we do not know, is
// critical.
func (o osv) severity() Severity {
	switch s := Severity(strings.ToLower(o.Database.Severity)); s {
	case High, Moderate, Low:
		return s
	case "medium":
		return Moderate
	}
	return Critical
}

func (o osv) flaw(m Module, fixed string, reached bool) Flaw {
	return Flaw{ID: o.ID, Names: o.Aliases, Severity: o.severity(), Published: o.Published, Module: m, Fixed: fixed, Reached: reached}
}

// FromFolder reads a folder of advisories, such as the unpacked archive of
// osv.dev's Go advisories, and gives those that concern the modules. It needs no
// network.
func FromFolder(dir string, modules []Module) ([]Flaw, error) {
	var out []Flaw
	read := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var o osv
		if err := json.Unmarshal(b, &o); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if o.ID == "" {
			return nil // an index, not an advisory
		}
		read++
		out = append(out, o.about(modules)...)
		return nil
	})
	if err == nil && read == 0 {
		err = fmt.Errorf("there is no advisory in %s", dir)
	}
	return out, err
}

func (o osv) about(modules []Module) (out []Flaw) {
	if o.Withdrawn != nil {
		return nil
	}
	for _, a := range o.Affected {
		for _, m := range modules {
			if fixed, yes := a.concerns(m); yes {
				out = append(out, o.flaw(m, fixed, true))
			}
		}
	}
	return out
}

// errCut says that a check did not come to its end, and so proves nothing.
var errCut = errors.New("the output of govulncheck is cut: nothing is proven")

// FromGovulncheck reads what govulncheck -json writes. It knows what the program
// reaches.
func FromGovulncheck(r io.Reader) ([]Flaw, error) {
	known := map[string]osv{}
	var out []Flaw
	place := map[string]int{}
	scanned := false
	for dec := json.NewDecoder(r); ; {
		var m struct {
			SBOM    json.RawMessage `json:"SBOM"`
			OSV     *osv            `json:"osv"`
			Finding *struct {
				OSV   string `json:"osv"`
				Fixed string `json:"fixed_version"`
				Trace []struct{ Module, Version, Function string }
			} `json:"finding"`
			Progress *struct{ Message string } `json:"progress"`
		}
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, errCut
		}
		scanned = scanned || m.Progress != nil && strings.HasPrefix(m.Progress.Message, "Checking the code")
		if m.OSV != nil {
			known[m.OSV.ID] = *m.OSV
		}
		if m.Finding == nil || len(m.Finding.Trace) == 0 {
			continue
		}
		at := m.Finding.Trace[0]
		key := m.Finding.OSV + " " + at.Module
		i, seen := place[key]
		if !seen {
			i = len(out)
			place[key] = i
			out = append(out, known[m.Finding.OSV].flaw(Module{at.Module, at.Version}, m.Finding.Fixed, false))
		}
		out[i].Reached = out[i].Reached || at.Function != ""
	}
	if !scanned {
		return nil, errCut
	}
	return out, nil
}

// Exploited reads the catalogue of known exploited vulnerabilities as CISA
// publishes it.
func Exploited(path string) (map[string]bool, error) {
	var list struct {
		Vulnerabilities []struct {
			ID string `json:"cveID"`
		} `json:"vulnerabilities"`
	}
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	out := map[string]bool{}
	for _, v := range list.Vulnerabilities {
		out[v.ID] = true
	}
	return out, err
}

// ReadAccepted reads the list of what stands for a while. No file is an empty
// list.
func ReadAccepted(path string) (list []Accepted, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = yaml.Unmarshal(b, &list)
	}
	return list, err
}
