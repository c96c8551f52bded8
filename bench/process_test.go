package bench

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// processes measures the program as it is released and run: its size, how soon it
// serves from the store that the other jobs filled, what memory it holds there, at
// rest and at work, and what the demo holds. It is the last job of a house.
func processes(b *testing.B, h *house, engine string) {
	candor := filepath.Join(b.TempDir(), "candor")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", candor, "../cmd/candor").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(candor)
	must(b, err)
	tell("size of the program, MB", "< 60", float64(info.Size())/1e6)

	h.leave(b)
	cfg := h.cfg
	cfg.Listen = "127.0.0.1:0"
	text, err := yaml.Marshal(cfg)
	must(b, err)
	file := filepath.Join(h.cfg.Data, "bench.yaml")
	must(b, os.WriteFile(file, text, 0o600))
	var starts []float64
	var p *process
	for range max(3, *rounds) {
		if p != nil {
			p.end()
		}
		began := time.Now()
		p = begin(b, candor, "serve", "--config", file)
		h.url = "http://" + p.word(b, 2)
		for !answers(h.url + "/readyz") {
			time.Sleep(time.Millisecond)
			if time.Since(began) > time.Minute {
				b.Fatal("the server does not become ready")
			}
		}
		starts = append(starts, float64(time.Since(began).Microseconds())/1000)
	}
	defer p.end()
	tell(engine+", from start to ready, ms", "< 300", starts...)
	time.Sleep(5 * time.Second)
	tell(engine+", memory at rest, MB", "", p.memory(b))
	var most float64
	for _, call := range []call{collectBatches(b, h), decideOne("use")(b, h), recordConsent(b, h)} {
		load(h, 32, *seconds, call)
		most = max(most, p.memory(b))
	}
	tell(engine+", memory under load, MB", "< 300", most)
	if engine == "SQLite" {
		demo(b, candor)
	}
}

// demo measures the demo at rest, a while after it filled itself.
func demo(b *testing.B, candor string) {
	p := begin(b, candor, "--json", "demo", "--addr", "127.0.0.1:0", "--data", b.TempDir())
	defer p.end()
	p.word(b, 0)
	time.Sleep(15 * time.Second)
	tell("memory of the idle demo, MB", "< 80", p.memory(b))
}

// tell prints a figure that is no rate: the least, median and greatest of some.
func tell(what, target string, list ...float64) {
	least, median, greatest := spread(list)
	fmt.Printf("%-50s %8s %8.1f %8.1f %8.1f\n", what, target, least, median, greatest)
}

func answers(url string) bool {
	r, err := http.Get(url)
	if err != nil {
		return false
	}
	_ = r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// process is a running candor.
type process struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

func begin(b *testing.B, name string, args ...string) *process {
	p := &process{cmd: exec.Command(name, args...)}
	p.cmd.Stderr = os.Stderr
	pipe, err := p.cmd.StdoutPipe()
	must(b, err)
	p.out = bufio.NewReader(pipe)
	must(b, p.cmd.Start())
	return p
}

// word waits for the first line and gives a word of it.
func (p *process) word(b *testing.B, n int) string {
	line, err := p.out.ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) <= n {
		b.Fatalf("the program says %q: %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, p.out) }()
	return words[n]
}

func (p *process) end() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// memory is what the process holds now, in MB; 0 where the system does not say.
func (p *process) memory(b *testing.B) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if os.IsNotExist(err) {
		return 0
	}
	must(b, err)
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	must(b, err)
	return kb * 1024 / 1e6
}
