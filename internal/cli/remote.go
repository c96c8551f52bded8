package cli

import (
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"candor/client"
	"candor/internal/errs"
)

// remote says which server a command talks to, and as whom.
type remote struct {
	Server string `env:"CANDOR_SERVER" placeholder:"URL" help:"The server, such as https://privacy.shop.example."`
	Token  string `env:"CANDOR_TOKEN" placeholder:"TOKEN" help:"An API token; as a variable it stays out of the list of processes."`
}

var (
	errNoServer = hinted(errs.New(errs.Invalid, "no_server", "there is no server to talk to"),
		"set CANDOR_SERVER to its address, such as export CANDOR_SERVER=http://127.0.0.1:8080")
	errNoAPIToken = hinted(errs.New(errs.Unauthorized, "no_token", "there is no token to show the server"),
		"set CANDOR_TOKEN; the demo prints one; others come from Setup in the browser, or from candor token create where the server's keys are")
	errPlain = hinted(errs.New(errs.Invalid, "plaintext_url", "the token would travel in the clear"),
		"use an https address; plain http is for this machine alone")
)

// open gives a client with a token.
func (r remote) open() (*client.Client, error) {
	c, err := r.anonymous()
	if err == nil && r.Token == "" {
		err = errNoAPIToken
	}
	return c, err
}

// anonymous gives a client that may lack a token.
func (r remote) anonymous() (*client.Client, error) {
	if r.Server == "" {
		return nil, errNoServer
	}
	u, err := url.Parse(r.Server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, hinted(errs.New(errs.Invalid, "bad_server", "the server's address is not one"), "write it as https://host or http://127.0.0.1:8080")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errPlain
	}
	return client.New(r.Server, r.Token), nil
}

// withHint is an error with what to type instead.
type withHint struct {
	error
	hint string
}

func hinted(err error, hint string) error { return &withHint{err, hint} }

// Unwrap gives the error.
func (h *withHint) Unwrap() error { return h.error }

// told is an error as it is shown.
type told struct {
	Error    string           `json:"error"`
	Code     string           `json:"code,omitempty"`
	Mistakes []client.Mistake `json:"mistakes,omitempty"`
	Reasons  []client.Reason  `json:"reasons,omitempty"`
	Hint     string           `json:"hint,omitempty"`
}

// hints say what to do about what a server answered.
var hints = map[string]string{
	"bad_token":       "the token is unknown, ended or revoked: set CANDOR_TOKEN to a valid one",
	"missing_scope":   "a person makes one in Setup, or candor token create where the server's keys are",
	"E_NO_BASIS":      "candor charter show lists the purposes",
	"bad_code":        "start the server again; it prints a new code while there is no administrator",
	"proof_pending":   "ask again in a second",
	"charter_invalid": "candor charter check FOLDER checks it offline",
}

func tell(err error) told {
	out := told{Error: err.Error()}
	var h *withHint
	if errors.As(err, &h) {
		out.Hint = h.hint
	}
	var answered *client.Error
	var known *errs.Error
	var network *url.Error
	switch {
	case errors.As(err, &answered):
		out.Error, out.Code, out.Mistakes, out.Reasons = answered.Detail+" ("+answered.Code+")", answered.Code, answered.Mistakes, answered.Reasons
	case errors.As(err, &known):
		out.Code = string(known.Code)
	case errors.As(err, &network):
		out.Error, out.Code = "the server does not answer: "+network.Err.Error(), "unreachable"
		out.Hint = "is it running, and is CANDOR_SERVER its address?"
	}
	if out.Hint == "" {
		out.Hint = hints[out.Code]
	}
	return out
}

// program is how people call this program: by its name when it is on the path,
// through go run, or by where it is.
func program() string {
	exe, err := os.Executable()
	if err != nil {
		return "candor"
	}
	if strings.Contains(exe, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/candor"
	}
	if found, err := exec.LookPath("candor"); err == nil {
		a, errA := os.Stat(found)
		b, errB := os.Stat(exe)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			return "candor"
		}
	}
	return exe
}
