// Package mutate shows that the requirements' tests bite: it switches off one
// piece of enforcing code at a time and runs the test that should notice. A test
// that still passes proves nothing. The source on disk is never touched: the
// altered file is laid over the real one for that one run of go test.
package mutate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Switch is one piece of enforcing code and how to switch it off.
type Switch struct {
	Test string // the requirement's test that must fail
	In   string // the package of the test, such as internal/gate
	File string // the file with the enforcing code
	Code string // a piece of it that stands there exactly once
	Off  string // what stands there while it is switched off
}

// Result says what a switch showed.
type Result struct {
	Switch
	Bites bool          // the test failed, as it should
	Why   string        // why the switch shows nothing, when it does not bite
	Took  time.Duration // of the whole run, building included
}

// Apply gives the file's text with the code switched off. It fails when the
// code does not stand there exactly once.
func (s Switch) Apply(text []byte) ([]byte, error) {
	if n := bytes.Count(text, []byte(s.Code)); n != 1 {
		return nil, fmt.Errorf("%s: the code of %s stands there %d times, not once", s.File, s.Test, n)
	}
	return bytes.Replace(text, []byte(s.Code), []byte(s.Off), 1), nil
}

// runLimit bounds one run of go test, building included.
const runLimit = 5 * time.Minute

// Run switches the code off and runs the test, in the module at root.
func Run(ctx context.Context, root string, s Switch) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	start := time.Now()
	overlay, done, err := lay(root, s)
	if err != nil {
		return Result{}, err
	}
	defer done()
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-vet=off", "-overlay", overlay, "-run", "^"+s.Test+"$", "-json", "./"+s.In)
	cmd.Dir = root
	out, err := cmd.Output()
	r := Result{Switch: s, Took: time.Since(start)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return r, err
	}
	r.Bites, r.Why = judge(out, s.Test)
	return r, nil
}

// lay writes the altered file and the overlay that names it.
func lay(root string, s Switch) (overlay string, done func(), err error) {
	text, err := os.ReadFile(filepath.Join(root, s.File))
	if err != nil {
		return "", nil, err
	}
	altered, err := s.Apply(text)
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return "", nil, err
	}
	done = func() { _ = os.RemoveAll(dir) }
	file, real := filepath.Join(dir, path.Base(s.File)), filepath.Join(root, s.File)
	if real, err = filepath.Abs(real); err != nil {
		return "", done, err
	}
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {real: file}})
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, done, errors.Join(err, os.WriteFile(file, altered, 0o600), os.WriteFile(overlay, plan, 0o600))
}

// judge reads the lines of go test -json: the test itself must have run and
// failed; code that no longer builds shows nothing.
func judge(out []byte, test string) (bites bool, why string) {
	for line := range bytes.SplitSeq(out, []byte("\n")) {
		var e struct{ Action, Test string }
		if json.Unmarshal(line, &e) != nil || e.Test != test {
			continue
		}
		switch e.Action {
		case "fail":
			return true, ""
		case "pass":
			return false, "the test passes all the same"
		case "skip":
			return false, "the test was skipped"
		}
	}
	if bytes.Contains(out, []byte("build failed")) || bytes.Contains(out, []byte(`"build-fail"`)) {
		return false, "with the code switched off nothing builds"
	}
	if strings.Contains(string(out), "panic:") {
		return true, "" // the test process died of it
	}
	return false, "the test did not run"
}
