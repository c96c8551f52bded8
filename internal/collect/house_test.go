package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/outbox"
	"candor/internal/rulepack"
	"candor/internal/term"
)

var noon = clock.UTC(2026, 11, 23, 12, 0, 0)

// house is everything a collector needs, around one database.
type house struct {
	*Collector
	t     testing.TB
	db    *db.DB
	clock *clock.Fake
	ring  *keyring.Ring
	gate  *gate.Gate
	store *charter.Store
	packs *rulepack.Set
	jobs  *job.Queue
	mux   *http.ServeMux
	log   *bytes.Buffer // what was logged
}

// newHouse opens a house under the sample's charter, changed by edits: pairs of
// what stands in it and what is to stand there instead.
func newHouse(t testing.TB, d *db.DB, edits ...string) *house {
	t.Helper()
	h := &house{t: t, db: d, clock: clock.NewFake(noon), ring: keyring.Generate(), mux: http.NewServeMux(), log: &bytes.Buffer{}}
	ctx, dir := context.Background(), t.TempDir()
	var err error
	h.packs, err = rulepack.Load()
	h.must(err)
	log, err := ledger.Open(ctx, d, ledger.Options{Origin: "test.example/candor", SignerFile: filepath.Join(dir, "signer"), AnchorDir: dir, Clock: h.clock})
	h.must(err)
	book, err := journal.Open(ctx, journal.Options{Place: filepath.Join(dir, "journal"), Ring: h.ring, Clock: h.clock})
	h.must(err)
	h.store = charter.NewStore(log, h.packs)
	h.jobs = job.NewQueue(d, h.clock)
	h.gate, err = gate.New(gate.Config{
		DB: d, Ring: h.ring, Keys: filepath.Join(dir, "keys.db"), Charter: h.store, Packs: h.packs, Ledger: log,
		Journal: book, Jobs: h.jobs, Outbox: outbox.Open(d, h.clock), Clock: h.clock,
	})
	h.must(err)
	h.apply(edits...)
	h.Collector = New(Config{
		DB: d, Ring: h.ring, Gate: h.gate, Charter: h.store, Clock: h.clock,
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	h.Register(h.mux)
	h.Schedule(h.jobs)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// apply puts the sample's charter in force, with edits.
func (h *house) apply(edits ...string) {
	h.t.Helper()
	promise, rules := sample.Documents()
	for i := 0; i < len(edits); i += 2 {
		was, is := []byte(edits[i]), []byte(edits[i+1])
		switch {
		case bytes.Contains(promise, was):
			promise = bytes.Replace(promise, was, is, 1)
		case bytes.Contains(rules, was):
			rules = bytes.Replace(rules, was, is, 1)
		default:
			h.t.Fatalf("the sample's charter has no %q", edits[i])
		}
	}
	c, problems := charter.Parse(promise, rules)
	h.must(problems.Err())
	h.must(h.db.Write(context.Background(), func(tx *db.Tx) error {
		_, err := h.store.Apply(tx, c, h.clock.Now(), term.ByEngine)
		return err
	}))
}

// source makes a source with the notice in force and gives its key.
func (h *house) source(s Source) (Source, string) {
	h.t.Helper()
	if s.Name == "" {
		s.Name = "shop"
	}
	if s.Class == "" {
		s.Class = Server
	}
	if s.Mode == "" {
		s.Mode = Live
	}
	s.Controller, s.Namespace = "halm", "shop"
	made, key, err := h.Sources().Create(context.Background(), s)
	h.must(err)
	h.must(h.Sources().BindNotice(context.Background(), made.ID, h.current().Version))
	return made, key
}

const home = "https://halm.example"

// browser makes a public source that may send what a shop's website sends.
func (h *house) browser() (Source, string) {
	h.t.Helper()
	return h.source(Source{
		Name: "website", Class: Public, Origins: []string{home},
		Events: []term.Event{"Product Viewed", "Order Completed"}, Fields: []term.Field{"email", "name", "country", "roast"},
	})
}

func (h *house) current() (c *charter.Charter) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		c, err = h.store.Current(tx)
		return err
	}))
	return c
}

// send posts a body and gives the answer.
func (h *house) send(path, key, body string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	if key != "" {
		r.SetBasicAuth(key, "")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, r)
	return w
}

// ok posts a body that must be taken.
func (h *house) ok(path, key, body string, headers ...string) {
	h.t.Helper()
	if w := h.send(path, key, body, headers...); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"success":true}` {
		h.t.Fatalf("POST %s: %d %s", path, w.Code, w.Body)
	}
}

// refused posts a body that must be refused with a status and a code.
func (h *house) refused(status int, code, path, key, body string, headers ...string) {
	h.t.Helper()
	w := h.send(path, key, body, headers...)
	var got reply
	h.must(json.Unmarshal(w.Body.Bytes(), &got))
	if w.Code != status || string(got.Code) != code || got.Success {
		h.t.Errorf("POST %s: %d %s; want %d %s", path, w.Code, w.Body, status, code)
	}
}

// counted gives a counter of a source.
func (h *house) counted(source id.Source, kind CountKind, name string) int64 {
	h.t.Helper()
	ctx := context.Background()
	h.must(h.Flush(ctx))
	var n int64
	h.must(h.db.Read(ctx, func(tx *db.Tx) error {
		list, err := h.Counts(tx, source)
		for _, c := range list {
			if c.Kind == kind && c.Name == name {
				n = c.N
			}
		}
		return err
	}))
	return n
}

// rows counts the rows of a table.
func (h *house) rows(table string) (n int64) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
		return tx.QueryRow("select count(*) from " + table).Scan(&n)
	}))
	return n
}

// get asks for a path.
func (h *house) get(path string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, r)
	return w
}

// who finds the customers with an identity.
func (h *house) who(i customer.Identity, err error) (found []id.Customer) {
	h.t.Helper()
	h.must(err)
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		found, err = customer.NewBook(h.ring).Find(tx, i)
		return err
	}))
	return found
}

// customer gives the one customer with a user id.
func (h *house) customer(user string) id.Customer {
	h.t.Helper()
	found := h.who(customer.UserID("shop", user))
	if len(found) != 1 {
		h.t.Fatalf("%d customers are %s", len(found), user)
	}
	return found[0]
}

// visitor gives the one customer behind a device, or 0.
func (h *house) visitor(device string) id.Customer {
	h.t.Helper()
	if found := h.who(customer.Anonymous(device)); len(found) > 0 {
		return found[0]
	}
	return 0
}

// events gives a customer's events, the latest first.
func (h *house) events(c id.Customer) (list []event.Event) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		list, err = event.Latest(tx, c, 100)
		return err
	}))
	return list
}

// facts gives a customer's facts.
func (h *house) facts(c id.Customer) (list []customer.Fact) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		list, err = customer.FactsOf(tx, c)
		return err
	}))
	return list
}

// signals counts the opt-out records of source gpc of the customer behind a
// device.
func (h *house) signals(device string) (n int) {
	h.t.Helper()
	c := h.visitor(device)
	if c == 0 {
		return 0
	}
	for _, f := range h.facts(c) {
		if f.Kind == customer.GPC && f.Source == "gpc" && f.Value() == customer.On {
			n++
		}
	}
	return n
}

// find looks for texts in all columns of a table and says where it found one.
func (h *house) find(table string, needles ...string) (where string) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
		rows, err := tx.Query("select * from " + table)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		names, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			cells := make([]any, len(names))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				return err
			}
			for i, c := range cells {
				text := fmt.Sprint(*c.(*any))
				if b, ok := (*c.(*any)).([]byte); ok {
					text = string(b)
				}
				for _, n := range needles {
					if strings.Contains(text, n) {
						where = table + "." + names[i]
					}
				}
			}
		}
		return rows.Err()
	}))
	return where
}

// drain does the background work that is due.
func (h *house) drain(ctx context.Context) {
	h.t.Helper()
	_, err := h.jobs.Drain(ctx)
	h.must(err)
}

// records gives the consent records of the customer with a user id.
func (h *house) records(user string) []consent.Record { return h.recordsOf(h.customer(user)) }

func (h *house) recordsOf(c id.Customer) (list []consent.Record) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		list, err = consent.Of(tx, c)
		return err
	}))
	return list
}

// preflighted asks, as a browser does, whether a page may send.
func (h *house) preflighted(path, origin string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest("OPTIONS", path, nil)
	r.Header.Set("Origin", origin)
	r.Header.Set("Access-Control-Request-Method", "POST")
	r.Header.Set("Access-Control-Request-Headers", "authorization")
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, r)
	return w
}
