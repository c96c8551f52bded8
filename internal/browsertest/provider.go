package browsertest

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Account is somebody at the provider of single sign-on.
type Account struct {
	Email    string   `json:"email"`
	Verified bool     `json:"email_verified"`
	Methods  []string `json:"amr"` // how they sign in there
}

// ProviderConfig is what a provider of single sign-on works with.
type ProviderConfig struct {
	Certificate tls.Certificate
	Back, Out   string // where it sends people back to, and tells that they signed out
	Accounts    map[string]Account
}

// ProviderSecret is that of its client, candor.
const ProviderSecret = "a secret between the two of them"

// Provider runs a provider of single sign-on, as its authors publish it, until the
// test ends, and gives its issuer.
func Provider(t *testing.T, c ProviderConfig) string {
	t.Helper()
	dir := filepath.Join(root(t), "test", "oidc")
	_, err := os.Stat(filepath.Join(dir, "node_modules"))
	if err == nil {
		_, err = exec.LookPath("node")
	}
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("no OpenID provider: run the tests with make test")
	}
	if err != nil {
		t.Skip("no OpenID provider: run the tests with make test")
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.Certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]any{
		"cert":   string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate.Certificate[0]})),
		"key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
		"secret": ProviderSecret, "back": c.Back, "out": c.Out, "accounts": c.Accounts,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run := exec.CommandContext(ctx, "node", "--no-warnings", "provider.mjs")
	run.Dir, run.Env = dir, append(os.Environ(), "SETTINGS="+string(settings))
	out, err := run.StdoutPipe()
	if err == nil {
		err = run.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = run.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the provider did not start: %v", err)
	}
	return strings.TrimSpace(line)
}
