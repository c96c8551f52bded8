package collect

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"candor/internal/browsertest"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/term"
)

// sdkDir is where other people's clients are installed, unchanged.
func sdkDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "test", "sdk"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(filepath.Join(dir, "node_modules"))
	if err == nil {
		_, err = exec.LookPath("node")
	}
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("the clients are not installed: run the tests with make test")
	}
	if err != nil {
		t.Skip("the clients are not installed: run npm ci --ignore-scripts in test/sdk")
	}
	return dir
}

// TestServerClients runs the clients of servers as their authors publish them.
func TestServerClients(t *testing.T) {
	dir := sdkDir(t)
	for _, client := range []string{"segment-node", "rudder-node", "analytics-node"} {
		t.Run(client, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				h := newHouse(t, d)
				h.clock.Set(clock.At(time.Now()))
				source, key := h.source(Source{})
				server := httptest.NewServer(h.mux)
				defer server.Close()
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				run := exec.CommandContext(ctx, "node", client+".mjs")
				run.Dir, run.Env = dir, append(os.Environ(), "HOST="+server.URL, "WRITE_KEY="+key)
				if out, err := run.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				h.sawVisit(source)
			})
		})
	}
}

// sawVisit checks that what test/sdk/calls.mjs does has arrived.
func (h *house) sawVisit(source Source) {
	h.t.Helper()
	held := h.heldBy("shop-1001")
	if len(held) != 2 || held["email"] != "ada@example.com" || held["country"] != "DE" {
		h.t.Errorf("held %v", held)
	}
	ada := h.customer("shop-1001")
	events := h.events(ada)
	if len(events) != 1 || events[0].Name != "Order Completed" || events[0].Amount != 1250 || events[0].Currency != "EUR" ||
		events[0].OccurredAt.Sub(clock.UTC(2026, 11, 1, 10, 0, 0)).Abs() > 10*time.Second {
		h.t.Errorf("events %+v", events)
	}
	if h.visitor("anon-1001") != ada {
		h.t.Error("alias did not join the visitor")
	}
	for name, kind := range map[string]CountKind{
		"ssn": Dropped, "undeclared": Dropped, "Page Viewed": DroppedEvent, "Screen Viewed": DroppedEvent, "Group Joined": DroppedEvent,
	} {
		if n := h.counted(source.ID, kind, name); n != 1 {
			h.t.Errorf("%s.%s = %d, want 1", kind, name, n)
		}
	}
	if n := h.counted(source.ID, Accepted, ""); n != 3 {
		h.t.Errorf("%d messages stored, want identify, the order and alias", n)
	}
}

// TestBrowserClient runs Segment's client for browsers in Chromium, on a page of
// another origin than the server.
func TestBrowserClient(t *testing.T) {
	dir := sdkDir(t)
	tab := browsertest.New(t)
	h := newHouse(t, dbtest.SQLite(t))
	h.clock.Set(clock.At(time.Now()))

	pages := http.NewServeMux()
	pages.HandleFunc("GET /beans", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(dir, "analytics-next.html"))
	})
	pages.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	pages.Handle("GET /", http.StripPrefix("/", http.FileServer(http.Dir(filepath.Join(dir, "node_modules/@segment/analytics-next/dist/umd")))))
	pages.HandleFunc("GET /analytics-next.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(dir, "node_modules/@segment/analytics-next/dist/umd/index.js"))
	})
	shop := httptest.NewServer(pages)
	defer shop.Close()
	server := httptest.NewServer(h.mux)
	defer server.Close()

	source, key := h.source(Source{
		Name: "website", Class: Public, Origins: []string{shop.URL},
		Events: []term.Event{"Product Viewed", "Order Completed"}, Fields: []term.Field{"email", "roast"},
	})
	_, secret := h.source(Source{})
	h.ok("/v1/identify", secret, `{"userId":"shop-1001","traits":{"email":"ada@example.com"}}`)

	tab.Open(shop.URL + "/beans?email=ada@example.com#key=" + key + "&server=" + server.URL)
	device := tab.Text("h1.done")
	visitor := h.visitor(device)
	if visitor == 0 {
		t.Fatalf("the page says %q; nobody is behind that device", device)
	}
	events := h.events(visitor)
	if len(events) != 1 || events[0].Name != "Product Viewed" || events[0].Family != "coffee" {
		t.Errorf("events %+v", events)
	}
	if held := h.heldBy("shop-1001"); held["email"] != "ada@example.com" || len(held) != 1 {
		t.Errorf("the page changed a known customer: %v", held)
	}
	if len(h.who(customer.Email("mallory@example.com"))) != 0 {
		t.Error("the page gave an address to somebody")
	}
	for name, kind := range map[string]CountKind{"undeclared": Dropped, "Page Viewed": DroppedEvent, "Order Completed": DroppedEvent} {
		if n := h.counted(source.ID, kind, name); n != 1 {
			t.Errorf("%s.%s = %d, want 1", kind, name, n)
		}
	}
}
