package collect

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/limit"
)

// benchmarkBatch is how many events a request of the benchmark holds.
const benchmarkBatch = 100

// benchmarkBody is a gzipped batch of events of ten customers.
func benchmarkBody(b *testing.B, n int64) []byte {
	var body bytes.Buffer
	body.WriteString(`{"batch":[`)
	for i := range benchmarkBatch {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"type":"track","messageId":"m-%d-%d","userId":"u-%d","event":"Product Viewed","timestamp":"2026-11-22T10:00:00.%03dZ",`+
			`"properties":{"family":"beans","url":"https://halm.example/beans?x=1"},"context":{"library":{"name":"bench","version":"1"}}}`,
			n, i, (n*10+int64(i%10))%50_000, i)
	}
	body.WriteString(`]}`)
	return zip(b, body.Bytes())
}

// BenchmarkCollect sends gzipped batches of 100 events over 32 connections and
// reports events a second, each on disk before its answer.
func BenchmarkCollect(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			d := dbtest.SQLite(b)
			if engine == "postgres" {
				var err error
				if d, err = db.Open(context.Background(), dbtest.PostgresPlace(b)); err != nil {
					b.Fatal(err)
				}
				defer func() { _ = d.Close() }()
			}
			h := newHouse(b, d)
			h.byServerKey = limit.New(limit.Rate{Events: 1e9, Burst: 1e9})
			_, key := h.source(Source{})
			server := httptest.NewServer(h.mux)
			defer server.Close()
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
			var next atomic.Int64
			b.SetParallelism(16) // on two cores: 32 connections
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, err := http.NewRequest("POST", server.URL+"/v1/batch", bytes.NewReader(benchmarkBody(b, next.Add(1))))
					if err != nil {
						b.Error(err)
						return
					}
					r.SetBasicAuth(key, "")
					r.Header.Set("Content-Encoding", "gzip")
					w, err := client.Do(r)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, w.Body)
					_ = w.Body.Close()
					if w.StatusCode != http.StatusOK {
						b.Errorf("answer %d", w.StatusCode)
					}
				}
			})
			b.ReportMetric(float64(b.N*benchmarkBatch)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
