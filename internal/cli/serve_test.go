package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"candor/internal/db/dbtest"
)

// A new server is set up as its operator does it, from the first start to a
// charter in force; started again, it goes on.
func TestANewServerIsSetUp(t *testing.T) {
	sample, err := filepath.Abs("../charter/sample")
	must(t, err)
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		dir := t.TempDir()
		cfg := filepath.Join(dir, "candor.yaml")
		must(t, os.WriteFile(cfg, []byte("data: "+dir+"/data\ndatabase: \""+place+"\"\nlisten: 127.0.0.1:0\nurl: http://127.0.0.1\ncharter: "+sample+
			"\nmail: {relay: \"smtp://127.0.0.1:1\"}\n"), 0o600))
		server, code := started(t, cfg)
		if code == "" {
			t.Fatal("the first start prints no code")
		}
		say := func(token string, args ...string) (int, string) {
			var out bytes.Buffer
			n := Run(context.Background(), append(args, "--server", server, "--token", token), strings.NewReader(""), &out, &out)
			return n, out.String()
		}
		create := func(more ...string) (int, string) {
			var out bytes.Buffer
			n := Run(context.Background(), append([]string{"token", "create", "first", "--scope", "read,admin", "--config", cfg, "--server", server, "--name", "Ada Lovelace"}, more...), strings.NewReader(""), &out, &out)
			return n, out.String()
		}
		if n, out := create(); n != 0 || !strings.Contains(out, "promises confidentiality") || strings.Contains(out, "candor_") {
			t.Errorf("without the promise: %d %s", n, out)
		}
		n, made := create("--promise")
		token := regexp.MustCompile(`candor_[A-Za-z0-9_-]+`).FindString(made)
		if n != 0 || token == "" || !strings.Contains(made, "export CANDOR_TOKEN=") {
			t.Fatalf("%d %s", n, made)
		}
		if n, out := say(token, "charter", "show"); n != 0 || !strings.Contains(out, "version    1") {
			t.Errorf("%d %s", n, out)
		}
		if n, out := say(token, "customer", "list"); n != 0 {
			t.Errorf("%d %s", n, out)
		}
		var out bytes.Buffer
		if n := Run(context.Background(), []string{"ledger", "verify", "--config", cfg}, strings.NewReader(""), &out, &out); n != 0 || !strings.HasPrefix(out.String(), "good: ") {
			t.Errorf("verified beside the running server: %d %s", n, out.String())
		}
	})
}

// started runs candor serve until the test ends and gives its address and code.
func started(t *testing.T, cfg string) (server, code string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	var errOut bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"serve", "--config", cfg}, strings.NewReader(""), in, &errOut)
		_ = in.Close()
	}()
	t.Cleanup(func() {
		stop()
		if n := <-ended; n != 0 {
			t.Errorf("serve ended with %d: %s", n, errOut.String())
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := regexp.MustCompile(`^Serving on (\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			server = "http://" + m[1]
		}
		if m := regexp.MustCompile(`with this code: (\S+)$`).FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return server, m[1]
		}
	}
	t.Fatalf("serve said nothing of a code: %s", errOut.String())
	return "", ""
}
