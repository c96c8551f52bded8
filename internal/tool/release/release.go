// Package release makes what is given away: binaries that anybody can build again
// byte for byte, the list of what is in them, a Debian package, and checksums
// under a signature.
package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"aead.dev/minisign"
)

// Options say what to make. Root is the module's root.
type Options struct {
	Root    string
	To      string // the folder of what is made
	Version string // such as 1.4.0
	Made    time.Time
	Arches  []string // such as amd64
	Env     []string // more of the build's environment
	NFPM    []string // how nfpm is called: go tool nfpm, in the folder package
	Key     string   // file of a minisign key without a password, "" for no signature
}

// Sums is the file of checksums.
const Sums = "SHA256SUMS"

// Make makes everything and gives the names of the files, in order.
func Make(ctx context.Context, o Options) ([]string, error) {
	if err := os.MkdirAll(o.To, 0o755); err != nil { //nolint:gosec // it is given away
		return nil, err
	}
	var names []string
	for _, arch := range o.Arches {
		binary := fmt.Sprintf("candor_%s_linux_%s", o.Version, arch)
		if err := Build(ctx, o, arch, filepath.Join(o.To, binary)); err != nil {
			return nil, err
		}
		if err := writeBill(filepath.Join(o.To, binary), o); err != nil {
			return nil, err
		}
		deb := fmt.Sprintf("candor_%s_%s.deb", o.Version, arch)
		if err := o.pack(ctx, arch, binary, deb); err != nil {
			return nil, err
		}
		names = append(names, binary, binary+billSuffix, deb)
	}
	slices.Sort(names)
	return names, o.sum(names)
}

// Build builds the program so that the same source gives the same bytes on any
// machine: no paths, no times, no state of the working copy, no C.
func Build(ctx context.Context, o Options, arch, to string) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X candor/internal/cli.Version="+o.Version, "-o", to, "./cmd/candor")
	cmd.Dir = o.Root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
	cmd.Env = append(cmd.Env, o.Env...)
	return run(cmd)
}

// pack makes the Debian package.
func (o Options) pack(ctx context.Context, arch, binary, deb string) error {
	to, err := filepath.Abs(o.To)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, o.NFPM[0], append(slices.Clone(o.NFPM[1:]), "package", "--config", "nfpm.yaml", "--packager", "deb", "--target", filepath.Join(to, deb))...) //nolint:gosec // the project's own tool
	cmd.Dir = filepath.Join(o.Root, "package")
	cmd.Env = append(os.Environ(), "VERSION="+o.Version, "ARCH="+arch, "BINARY="+filepath.Join(to, binary),
		"SOURCE_DATE_EPOCH="+strconv.FormatInt(o.Made.Unix(), 10))
	return run(cmd)
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args[:min(3, len(cmd.Args))], " "), err, out)
	}
	return nil
}

// sum writes the checksums, in the form that sha256sum -c reads, and signs them
// in the form that minisign -V reads.
func (o Options) sum(names []string) error {
	var b strings.Builder
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(o.To, name))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	path := filepath.Join(o.To, Sums)
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil { //nolint:gosec // it is given away
		return err
	}
	if o.Key == "" {
		return nil
	}
	var key minisign.PrivateKey
	text, err := os.ReadFile(o.Key)
	if err == nil {
		err = key.UnmarshalText(text)
	}
	if err != nil {
		return fmt.Errorf("the key of releases: %w", err)
	}
	signed := minisign.SignWithComments(key, []byte(b.String()), "candor "+o.Version, "minisign -Vm "+Sums)
	return os.WriteFile(path+".minisig", signed, 0o644) //nolint:gosec // it is given away
}

// NewKey makes a key that signs releases, in the files path and path.pub.
func NewKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s is there already", path)
	}
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		return err
	}
	text, err := private.MarshalText()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	if text, err = public.MarshalText(); err != nil {
		return err
	}
	return os.WriteFile(path+".pub", append(text, '\n'), 0o644) //nolint:gosec // public
}
