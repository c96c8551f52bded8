package internal_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// docs lists the project's documents.
func docs(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := walk(".md", func(name string) error {
		text, err := os.ReadFile(filepath.Join("..", name))
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// block is a piece of shell in a document that a reader may paste:
//
//	<!-- run -->        before a ```sh fence: it is run in an empty folder
//	<!-- run demo -->   the same, beside a running demo: its JSON line is in
//	                    $DEMO, and $CANDOR_SERVER, $CANDOR_TOKEN, $WRITE_KEY are set
//
// candor on the path is the one just built. Blocks of one document share a
// folder and run in order.
type block struct {
	line   int
	demo   bool
	script string
}

var blockStart = regexp.MustCompile("(?m)^<!-- run( demo)? -->\n+```sh\n")

func blocks(text string) []block {
	var out []block
	for _, m := range blockStart.FindAllStringSubmatchIndex(text, -1) {
		script, _, _ := strings.Cut(text[m[1]:], "\n```")
		out = append(out, block{line: strings.Count(text[:m[1]], "\n") + 1, demo: m[2] >= 0, script: script + "\n"})
	}
	return out
}

func TestCommandsInTheDocsRun(t *testing.T) {
	built := sync.OnceValues(func() (string, error) {
		dir := t.TempDir()
		out, err := exec.Command("go", "build", "-o", dir, "../cmd/candor").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
		return dir, nil
	})
	for name, text := range docs(t) {
		list := blocks(text)
		if len(list) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			bin, err := built()
			if err != nil {
				t.Fatal(err)
			}
			runBlocks(t, name, list, bin)
		})
	}
}

func runBlocks(t *testing.T, name string, list []block, bin string) {
	t.Helper()
	dir := t.TempDir()
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir)
	var demo []string
	for _, b := range list {
		if b.demo && demo == nil {
			demo = startDemo(t, bin, dir)
		}
		ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
		cmd := exec.CommandContext(ctx, "sh", "-eu", "-c", b.script)
		cmd.Dir, cmd.Env = dir, append(env, demo...)
		out, err := cmd.CombinedOutput()
		stop()
		if err != nil {
			t.Fatalf("%s:%d: %v\n%s\n%s", name, b.line, err, b.script, out)
		}
	}
}

// startDemo runs the demo until the test ends and gives what its first line
// says, as environment.
func startDemo(t *testing.T, bin, dir string) []string {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "candor"), "demo", "--json", "--addr", "127.0.0.1:0", "--customers", "60")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		t.Fatalf("the demo said nothing: %v", err)
	}
	var said struct {
		Addr     string `json:"addr"`
		APIToken string `json:"api_token"`
		WriteKey string `json:"write_key"`
	}
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatalf("the demo's line is no JSON: %v", err)
	}
	return []string{"DEMO=" + line, "CANDOR_SERVER=http://" + said.Addr, "CANDOR_TOKEN=" + said.APIToken, "WRITE_KEY=" + said.WriteKey}
}

func TestBlocksAreFound(t *testing.T) {
	text := "a\n<!-- run -->\n```sh\ntrue\necho 1\n```\n```sh\nfalse\n```\n<!-- run demo -->\n\n```sh\nexit 0\n```\n"
	got := blocks(text)
	if len(got) != 2 || got[0].script != "true\necho 1\n" || got[0].demo || !got[1].demo || got[0].line != 4 {
		t.Errorf("found %+v", got)
	}
	runBlocks(t, "test", got[:1], t.TempDir())
}

var (
	mdLink   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	makeName = regexp.MustCompile("`make ([a-z]+)[^`]*`|(?m)^make ([a-z]+)")
)

func TestDocsPointAtWhatExists(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range docs(t) {
		for _, m := range mdLink.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", filepath.Dir(name), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", name, target)
			}
		}
		for _, m := range makeName.FindAllStringSubmatch(text, -1) {
			if target := m[1] + m[2]; !strings.Contains(string(makefile), "\n"+target+":") {
				t.Errorf("%s names make %s, which is no target", name, target)
			}
		}
	}
}

func TestEveryDirectDependencyHasAReason(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	reasons, err := os.ReadFile("../doc/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			used[imported] = true
		}
	}
	listed := regexp.MustCompile(`(?m)^\s*(?:require |tool )?([a-z0-9.-]+\.[a-z]+/\S+)`)
	for _, m := range listed.FindAllStringSubmatch(string(mod), -1) {
		for imported := range used {
			if under(imported, m[1]) && !strings.Contains(string(reasons), m[1]) {
				t.Errorf("doc/dependencies.md gives no reason for %s", m[1])
				break
			}
		}
	}
}
