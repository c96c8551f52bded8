package release

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aead.dev/minisign"
	cdx "github.com/CycloneDX/cyclonedx-go"

	"candor/internal/tool/advisory"
)

var ctx = context.Background()

const root = "../../.."

// made is one release, made once for all tests of this package.
var made = sync.OnceValues(func() (Options, error) {
	dir, err := os.MkdirTemp("", "candor-release-")
	if err != nil {
		return Options{}, err
	}
	o := options(dir)
	o.Key = filepath.Join(dir, "release.key")
	if err := NewKey(o.Key); err != nil {
		return o, err
	}
	_, err = Make(ctx, o)
	return o, err
})

// options builds as the tests themselves are built, so that what is compiled for
// them serves.
func options(dir string) Options {
	cgo, _ := exec.Command("go", "env", "CGO_ENABLED").Output()
	return Options{Root: root, To: filepath.Join(dir, "dist"), Version: "1.2.3", Made: time.Unix(1_800_000_000, 0), Arches: []string{runtime.GOARCH},
		NFPM: []string{"go", "tool", "nfpm"}, Env: []string{"CGO_ENABLED=" + strings.TrimSpace(string(cgo))}}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if o, err := made(); err == nil {
		_ = os.RemoveAll(filepath.Dir(o.To))
	}
	os.Exit(code)
}

func release(t *testing.T) Options {
	t.Helper()
	o, err := made()
	must(t, err)
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (o Options) path(suffix string) string {
	return filepath.Join(o.To, "candor_"+o.Version+"_linux_"+runtime.GOARCH+suffix)
}

func (o Options) deb() string {
	return filepath.Join(o.To, "candor_"+o.Version+"_"+runtime.GOARCH+".deb")
}

// The same source in another folder gives the same bytes, and so do the package
// and the checksums.
func TestReleasesAreReproducible(t *testing.T) {
	first := release(t)
	copied := filepath.Join(t.TempDir(), "elsewhere")
	for _, part := range []string{"client", "cmd", "internal", "sdk", "package"} {
		must(t, os.CopyFS(filepath.Join(copied, part), os.DirFS(filepath.Join(root, part))))
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(root, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(copied, name), b, 0o600))
	}
	second := options(t.TempDir())
	second.Root = copied
	names, err := Make(ctx, second)
	must(t, err)
	for _, name := range append(names, Sums) {
		a, err := os.ReadFile(filepath.Join(first.To, name))
		must(t, err)
		b, err := os.ReadFile(filepath.Join(second.To, name))
		must(t, err)
		if sha256.Sum256(a) != sha256.Sum256(b) {
			t.Errorf("%s differs", name)
		}
	}
}

// The checksums are those of the files, and the signature holds for them alone.
func TestChecksumsAreSigned(t *testing.T) {
	o := release(t)
	check := exec.Command("sha256sum", "-c", Sums)
	check.Dir = o.To
	if out, err := check.CombinedOutput(); err != nil || strings.Count(string(out), ": OK") != 3 {
		t.Errorf("%v %s", err, out)
	}
	public, err := minisign.PublicKeyFromFile(o.Key + ".pub")
	must(t, err)
	text, err := os.ReadFile(filepath.Join(o.To, Sums))
	must(t, err)
	signed, err := os.ReadFile(filepath.Join(o.To, Sums+".minisig"))
	must(t, err)
	if !minisign.Verify(public, text, signed) {
		t.Error("the signature does not hold")
	}
	text[0] ^= 1
	if minisign.Verify(public, text, signed) {
		t.Error("the signature holds for something else")
	}
	if err := NewKey(o.Key); err == nil {
		t.Error("a key was written over")
	}
}

// The package installs into an empty system: program, unit, configuration for its
// group alone, a user without a shell. Purging takes all of it away again, but
// for data.
func TestThePackageInstalls(t *testing.T) {
	needsDebian(t)
	o, sys := release(t), t.TempDir()
	in := func(name string) string { return filepath.Join(sys, name) }
	for name, text := range map[string]string{"var/lib/dpkg/status": "", "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n", "etc/shadow": "root:*:1::::::\n", "etc/gshadow": "root:*::\n"} {
		must(t, os.MkdirAll(filepath.Dir(in(name)), 0o755))
		must(t, os.WriteFile(in(name), []byte(text), 0o600))
	}
	must(t, os.MkdirAll(in("usr/sbin"), 0o755))
	dpkg := func(args ...string) string {
		out, err := exec.Command("dpkg", append([]string{"--root=" + sys, "--force-depends", "--force-script-chrootless"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("dpkg %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := dpkg("-i", o.deb()); !strings.Contains(out, "systemctl enable --now candor") {
		t.Errorf("nothing says what to do next: %s", out)
	}
	if out, err := exec.Command(in("usr/bin/candor"), "version").Output(); err != nil || !strings.HasPrefix(string(out), "candor 1.2.3") {
		t.Errorf("%v %s", err, out)
	}
	passwd, err := os.ReadFile(in("etc/passwd"))
	must(t, err)
	if !strings.Contains(string(passwd), ":Candor:/var/lib/candor:/usr/sbin/nologin\n") {
		t.Errorf("the service's user: %s", passwd)
	}
	for name, mode := range map[string]os.FileMode{"etc/candor": 0o750, "etc/candor/candor.yaml": 0o640, "var/lib/candor": 0o700, "var/backups/candor": 0o700} {
		info, err := os.Stat(in(name))
		must(t, err)
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), mode)
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; strings.HasPrefix(name, "var") && owner == 0 {
			t.Errorf("%s is root's", name)
		}
	}
	if out, err := exec.Command(in("usr/bin/candor"), "doctor", "--json", "--config", in("etc/candor/candor.yaml")).Output(); err == nil || !strings.Contains(string(out), `"part": "configuration"`) {
		t.Errorf("the packaged configuration is not read: %s", out)
	}
	must(t, os.WriteFile(in("etc/candor/candor.yaml"), []byte("# mine\n"), 0o600))
	dpkg("-i", o.deb())
	if b, err := os.ReadFile(in("etc/candor/candor.yaml")); err != nil || string(b) != "# mine\n" {
		t.Errorf("an upgrade wrote over the configuration: %v %s", err, b)
	}
	must(t, os.WriteFile(in("var/lib/candor/root.key"), []byte("x"), 0o600))
	dpkg("--purge", "candor")
	for _, name := range []string{"usr/bin/candor", "etc/candor", "usr/lib/systemd/system/candor.service"} {
		if _, err := os.Stat(in(name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
	if passwd, _ = os.ReadFile(in("etc/passwd")); strings.Contains(string(passwd), "candor") {
		t.Error("the user is left")
	}
	if _, err := os.Stat(in("var/lib/candor/root.key")); err != nil {
		t.Error("the package manager deleted data")
	}
}

// needsDebian skips where packages cannot be installed, but never in CI.
func needsDebian(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("dpkg"); (err != nil || os.Getuid() != 0) && os.Getenv("CI") == "" {
		t.Skip("installing a package needs Debian and root")
	}
}

// The unit asks systemd for every protection that the program can live with.
func TestTheUnitIsHardened(t *testing.T) {
	for _, unit := range []string{"candor.service", "candor-backup.service"} {
		text, err := os.ReadFile(filepath.Join(root, "package", unit))
		must(t, err)
		for _, want := range []string{"User=candor", "NoNewPrivileges=yes", "CapabilityBoundingSet=\n", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes",
			"ProtectKernelTunables=yes", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service", "UMask=0077"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %s", unit, want)
			}
		}
	}
}

// SEC-11: each build lists what is in it; a known flaw fails the checks when its
// time is over, naming the dependency; what is given away has no endpoints for
// debugging.
func TestSEC11_KnownFlawsAreMendedInTime(t *testing.T) {
	o := release(t)
	bill := readBill(t, o.path(billSuffix))
	t.Chdir(root)
	modules, err := advisory.Modules("./cmd/candor")
	must(t, err)
	if len(modules) < 30 {
		t.Fatalf("only %d modules", len(modules))
	}
	for _, m := range modules {
		if !slices.ContainsFunc(*bill.Components, func(c cdx.Component) bool { return c.Name == m.Path && c.Version == m.Version }) {
			t.Errorf("the list of the build lacks %s %s", m.Path, m.Version)
		}
	}
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	const target = "golang.org/x/net"
	for _, tt := range []struct {
		name, module, severity, fixed string
		days                          int
		exploited, fails              bool
	}{
		{"critical, 8 days old", target, "CRITICAL", "", 8, false, true},
		{"critical, 7 days old", target, "CRITICAL", "", 7, false, false},
		{"high, 31 days old", target, "HIGH", "99.0.0", 31, false, true},
		{"high, 30 days old", target, "HIGH", "99.0.0", 30, false, false},
		{"moderate, a year old", target, "MODERATE", "", 365, false, false},
		{"of unknown weight, 8 days old", target, "", "", 8, false, true},
		{"exploited, today", target, "HIGH", "", 0, true, true},
		{"mended in an older version", target, "CRITICAL", "0.1.0", 300, false, false},
		{"of what we do not use", "example.com/other", "CRITICAL", "", 300, false, false},
		{"of the toolchain's library", "stdlib", "CRITICAL", "", 8, false, true},
	} {
		dir := t.TempDir()
		fixed := ""
		if tt.fixed != "" {
			fixed = `,{"fixed":"` + tt.fixed + `"}`
		}
		must(t, os.WriteFile(filepath.Join(dir, "GO-2026-0001.json"), fmt.Appendf(nil, `{"id":"GO-2026-0001","aliases":["CVE-2026-1"],"published":%q,"database_specific":{"severity":%q},
			"affected":[{"package":{"name":%q,"ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}%s]}]}]}`,
			now.AddDate(0, 0, -tt.days).Format(time.RFC3339), tt.severity, tt.module, fixed), 0o600))
		args := []string{"-osv", dir}
		if tt.exploited {
			list := filepath.Join(t.TempDir(), "exploited.json")
			must(t, os.WriteFile(list, []byte(`{"vulnerabilities":[{"cveID":"CVE-2026-1"}]}`), 0o600))
			args = append(args, "-exploited", list)
		}
		var out bytes.Buffer
		code := advisory.Main(args, nil, &out, now)
		if (code == 1) != tt.fails || code > 1 {
			t.Errorf("%s: exit %d\n%s", tt.name, code, &out)
		}
		if tt.fails && !strings.Contains(out.String(), "FAILS  GO-2026-0001 in "+tt.module+" ") {
			t.Errorf("%s: the dependency is not named: %s", tt.name, &out)
		}
	}
	lint, err := os.ReadFile("scripts/lint")
	must(t, err)
	if !strings.Contains(string(lint), "go run ./cmd/advisories") {
		t.Error("the checks do not ask for advisories")
	}
	noDebugging(t, o.path(""))
}

func readBill(t *testing.T, path string) *cdx.BOM {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	bill := &cdx.BOM{}
	must(t, json.Unmarshal(b, bill))
	return bill
}

// noDebugging runs the program that is given away and asks it for what only
// people who build it should see.
func noDebugging(t *testing.T, binary string) {
	t.Helper()
	charter, err := filepath.Abs("internal/charter/sample")
	must(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "candor.yaml")
	must(t, os.WriteFile(file, []byte("data: "+dir+"/data\nlisten: 127.0.0.1:0\nurl: http://127.0.0.1\ncharter: "+charter+"\nmail: {relay: \"smtp://127.0.0.1:1\"}\n"), 0o600))
	server := exec.Command(binary, "serve", "--config", file)
	said, err := server.StdoutPipe()
	must(t, err)
	must(t, server.Start())
	defer func() { _, _ = server.Process.Kill(), server.Wait() }()
	line, err := bufio.NewReader(said).ReadString('\n')
	must(t, err)
	url := "http://" + strings.Fields(line)[2]
	for path, want := range map[string]int{"/healthz": 200, "/debug/pprof/": 404, "/debug/pprof/heap": 404, "/debug/vars": 404, "/metrics": 404, "/style": 404, "/tour": 404, "/mailbox/x/": 404} {
		res, err := http.Get(url + path)
		must(t, err)
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s answers %d, want %d", path, res.StatusCode, want)
		}
	}
	deps, err := exec.Command("go", "list", "-deps", "./cmd/candor").Output()
	must(t, err)
	if strings.Contains(string(deps), "net/http/pprof\n") {
		t.Error("net/http/pprof is in the build")
	}
}
