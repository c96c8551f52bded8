package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"candor/internal/intake"
	"candor/internal/term"
)

// job is one row of the table.
type job struct {
	name        string
	unit        string
	connections int
	sqlite      float64 // targets in units a second; 0 where there is none
	postgres    float64
	call        func(b *testing.B, h *house) call
}

var jobs = []job{
	{"collect, gzip batches of 100", "event", 32, 30_000, 50_000, collectBatches},
	{"collect, one event a request", "event", 32, 4_000, 4_000, collectOne},
	{"collect, one event, one connection", "event", 1, 500, 500, collectOne},
	{"profile, create", "customer", 32, 3_000, 3_000, createProfile},
	{"profile, find by e-mail and read", "customer", 32, 6_000, 6_000, readProfile},
	{"consent, record", "record", 32, 4_000, 2_500, recordConsent},
	{"decide, one check a request", "decision", 32, 12_000, 12_000, decideOne("check")},
	{"decide, batches of 100", "decision", 32, 100_000, 100_000, decideMany},
	{"decide, use on record", "decision", 32, 5_000, 5_000, decideOne("use")},
	{"export of one customer, 20 events", "copy", 32, 2_000, 2_000, export(20)},
	{"export of one customer, 1,000 events", "copy", 32, 150, 150, export(1_000)},
	{"audience, count and first page", "count", 1, 67, 67, countAudience(true)},
	{"audience, the same by SQL", "count", 1, 1.7, 2.5, countAudience(false)},
	{"import of customers with consent", "customer", 1, 3_000, 6_000, importCustomers},
}

// runs makes ids of one run's own, so that nothing is told twice.
var runs atomic.Int64

// zips are used again: a client would not make a new one for each request.
var zips = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

const inBatch = 100

// collectBatches sends events of about 530 bytes, of customers who exist.
func collectBatches(_ *testing.B, h *house) call {
	run := runs.Add(1)
	var next atomic.Int64
	return func(ctx context.Context, w int) (int, error) {
		n := next.Add(1)
		var body bytes.Buffer
		z := zips.Get().(*gzip.Writer)
		z.Reset(&body)
		_, _ = z.Write([]byte(`{"batch":[`))
		for i := range inBatch {
			if i > 0 {
				_, _ = z.Write([]byte{','})
			}
			_, _ = z.Write([]byte(viewed(h, fmt.Sprintf("%d-%d-%d", run, n, i))))
		}
		_, _ = z.Write([]byte(`]}`))
		_ = z.Close()
		zips.Put(z)
		return inBatch, h.collect(ctx, "/v1/batch", body.Bytes(), w, true)
	}
}

func collectOne(_ *testing.B, h *house) call {
	run := runs.Add(1)
	var next atomic.Int64
	return func(ctx context.Context, w int) (int, error) {
		return 1, h.collect(ctx, "/v1/track", []byte(viewed(h, fmt.Sprintf("%d-%d", run, next.Add(1)))), w, false)
	}
}

// viewed is an event as an SDK sends it.
func viewed(h *house, message string) string {
	return fmt.Sprintf(`{"type":"track","messageId":"m-%s","userId":"%d","event":"Product Viewed","timestamp":"2026-11-22T10:00:00.000Z",`+
		`"originalTimestamp":"2026-11-22T10:00:00.000Z","properties":{"family":"coffee","url":"https://halm.example/coffee/ethiopia-sidamo?utm_source=letter"},`+
		`"context":{"library":{"name":"analytics.js","version":"2.11.1"},"locale":"de-DE","timezone":"Europe/Berlin",`+
		`"page":{"path":"/coffee/ethiopia-sidamo","title":"Ethiopia Sidamo"},"userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}}`,
		message, 100_000+rand.IntN(len(h.customers)))
}

func createProfile(_ *testing.B, h *house) call {
	run := runs.Add(1)
	var next atomic.Int64
	return func(ctx context.Context, _ int) (int, error) {
		n := next.Add(1)
		_, err := h.post(ctx, "/api/v1/customers", fmt.Sprintf(`{"identities":[{"kind":"email","value":"new%d.%d@post.example"}],`+
			`"fields":{"email":"new%d.%d@post.example","name":"Grace Hopper","country":"DE"},"provenance":{"source":"shop"}}`, run, n, run, n))
		return 1, err
	}
}

// readProfile finds a customer and reads a value through the gate, which puts
// the use on the customer's record.
func readProfile(_ *testing.B, h *house) call {
	return func(ctx context.Context, _ int) (int, error) {
		i := rand.IntN(h.made)
		if _, err := h.post(ctx, "/api/v1/customers/lookup", fmt.Sprintf(`{"identity":{"kind":"email","value":"%s"}}`, address(i))); err != nil {
			return 0, err
		}
		_, err := h.post(ctx, "/api/v1/customers/"+h.customers[i].String()+"/values", `{"purpose":"letter","channel":"email","fields":["email"]}`)
		return 1, err
	}
}

// recordConsent has customers change their minds; each record brings a standing,
// a ledger entry and, for a withdrawal, a line of the journal.
func recordConsent(_ *testing.B, h *house) call {
	var next atomic.Int64
	return func(ctx context.Context, _ int) (int, error) {
		n := next.Add(1)
		kind := "withdrawn"
		if n/int64(len(h.customers))%2 == 1 {
			kind = "given"
		}
		_, err := h.post(ctx, "/api/v1/customers/"+h.customers[n%int64(len(h.customers))].String()+"/consents",
			`{"purpose":"letter","channel":"email","kind":"`+kind+`","control_default":"unset","action":"tick","evidence":"form 17"}`)
		return 1, err
	}
}

func question(h *house, mode string) string {
	return fmt.Sprintf(`{"customer":"%s","purpose":"orders","operation":"%s","fields":["email"],"mode":"%s"}`,
		h.customers[rand.IntN(len(h.customers))], term.Use, mode)
}

func decideOne(mode string) func(*testing.B, *house) call {
	return func(_ *testing.B, h *house) call {
		return func(ctx context.Context, _ int) (int, error) {
			_, err := h.post(ctx, "/api/v1/decide", question(h, mode))
			return 1, err
		}
	}
}

func decideMany(_ *testing.B, h *house) call {
	return func(ctx context.Context, _ int) (int, error) {
		list := make([]string, inBatch)
		for i := range list {
			list[i] = question(h, "check")
		}
		_, err := h.post(ctx, "/api/v1/decide/batch", `{"requests":[`+strings.Join(list, ",")+`]}`)
		return inBatch, err
	}
}

const mapping = `
source: crm
columns:
  id: identity user crm
  mail: field email
  name: field name
  land: field country
`

// importCustomers takes a file over whose people are new.
func importCustomers(b *testing.B, h *house) call {
	const rows = 2_000
	m, err := intake.ParseMapping([]byte(mapping))
	must(b, err)
	run := runs.Add(1)
	var next atomic.Int64
	return func(ctx context.Context, _ int) (int, error) {
		n := next.Add(1)
		var file strings.Builder
		file.WriteString("id;mail;name;land\n")
		for i := range rows {
			fmt.Fprintf(&file, "%d-%d-%d;import%d.%d.%d@post.example;Ada Lovelace;DE\n", run, n, i, run, n, i)
		}
		r, err := h.app.Importer.Import(ctx, strings.NewReader(file.String()), intake.Options{Mapping: m, Actor: term.ByEngine})
		return int(r.New), err
	}
}
