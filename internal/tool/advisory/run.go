package advisory

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// acceptedFile lists, from the module's root, what was accepted.
const acceptedFile = "doc/advisories.yaml"

// Main judges what is known of the modules that the program is built on, and
// gives the exit code: 0 when all may stay, 1 when something may not, 2 when it
// could not be judged.
//
//	-osv DIR         a folder of advisories, for a check without a network
//	-govulncheck F   what govulncheck -json wrote; - is standard input
//	-exploited FILE  CISA's catalogue of known exploited vulnerabilities
func Main(args []string, in io.Reader, out io.Writer, now time.Time) int {
	set := flag.NewFlagSet("advisories", flag.ContinueOnError)
	set.SetOutput(out)
	folder := set.String("osv", "", "folder of advisories (OSV)")
	scan := set.String("govulncheck", "", "output of govulncheck -json, or -")
	exploited := set.String("exploited", "", "catalogue of known exploited vulnerabilities")
	if err := set.Parse(args); err != nil {
		return 2
	}
	fails, err := check(source{*folder, *scan, *exploited, in}, out, now)
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(out, "advisories:", err)
		return 2
	case fails > 0:
		return 1
	}
	return 0
}

type source struct {
	folder, scan, exploited string
	in                      io.Reader
}

func check(s source, out io.Writer, now time.Time) (fails int, err error) {
	p := Policy{Now: now}
	if p.Accepted, err = ReadAccepted(acceptedFile); err != nil {
		return 0, err
	}
	if s.exploited != "" {
		if p.Exploited, err = Exploited(s.exploited); err != nil {
			return 0, err
		}
	}
	flaws, err := s.flaws()
	if err != nil {
		return 0, err
	}
	verdicts, err := p.Judge(flaws)
	if err != nil {
		return 0, err
	}
	for _, v := range verdicts {
		mark := "known"
		if v.Fails {
			mark = "FAILS"
			fails++
		}
		if _, err := fmt.Fprintf(out, "%s  %s\n", mark, v.Why); err != nil {
			return fails, err
		}
	}
	_, err = fmt.Fprintf(out, "%d advisories concern what we build on, %d of them past their time\n", len(verdicts), fails)
	return fails, err
}

func (s source) flaws() (out []Flaw, err error) {
	if s.folder == "" && s.scan == "" {
		return nil, fmt.Errorf("give -osv or -govulncheck")
	}
	if s.scan == "-" {
		if out, err = FromGovulncheck(s.in); err != nil {
			return nil, err
		}
	} else if s.scan != "" {
		f, err := os.Open(s.scan)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		if out, err = FromGovulncheck(f); err != nil {
			return nil, err
		}
	}
	if s.folder == "" {
		return out, nil
	}
	modules, err := Modules("./cmd/candor")
	if err != nil {
		return nil, err
	}
	more, err := FromFolder(s.folder, modules)
	return append(out, more...), err
}

// Modules lists what a package is built on, with the toolchain's library.
func Modules(pkg string) ([]Module, error) {
	text, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}{{end}}{{end}}", pkg).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	version, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	out := []Module{{"stdlib", strings.TrimPrefix(strings.TrimSpace(string(version)), "go")}}
	seen := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		path, v, ok := strings.Cut(line, " ")
		if ok && !seen[path] {
			seen[path] = true
			out = append(out, Module{path, v})
		}
	}
	return out, nil
}
