package faulttest

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
)

// A server is killed three times while shops send it batches, and before each time
// PostgreSQL cuts its connections: a batch without an answer is sent again. Each
// event of a batch that was answered 200 is on disk once, and batches sent once more
// under the same messageIds add nothing.
func TestKilledWhileCollecting(t *testing.T) {
	const people, shops, kills = 10, 6, 3
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place, people, noMail)
		c := &collecting{site: s, people: people, first: clock.At(time.Now().Add(-24 * time.Hour).Truncate(time.Millisecond))}
		running := s.start(s.file)
		c.url.Store(running.url)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range shops {
			wg.Go(func() { c.shop(stop) })
		}
		for range kills {
			time.Sleep(time.Duration(400+rand.IntN(800)) * time.Millisecond)
			s.cut()
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
			running.kill()
			running = s.start(s.file)
			c.url.Store(running.url)
		}
		time.Sleep(300 * time.Millisecond)
		close(stop)
		wg.Wait()
		c.onceEach("after the last start")
		for _, b := range c.answered {
			if status := c.send(b.body); status != http.StatusOK {
				t.Fatalf("a batch sent once more: %d", status)
			}
		}
		running.kill()
		c.onceEach("after every batch came once more")
		s.verify()
		t.Logf("%d batches answered, %d tries without an answer", len(c.answered), c.failed.Load())
		if c.failed.Load() == 0 {
			t.Error("no batch met a server that was killed")
		}
	})
}

// perBatch is how many events a batch has.
const perBatch = 10

// collecting is what shops send. An event is known by its time, which no other
// has.
type collecting struct {
	*site
	people int // of how many customers, from the first
	first  clock.Instant
	url    atomic.Value
	n      atomic.Int64
	failed atomic.Int64

	mu       sync.Mutex
	answered []sent
}

type sent struct {
	body []byte
	at   []clock.Instant
}

// shop sends one batch after another until it is told to stop; each until it is
// answered 200.
func (c *collecting) shop(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		b := c.batch()
		for c.send(b.body) != http.StatusOK {
			c.failed.Add(1)
			time.Sleep(50 * time.Millisecond)
		}
		c.mu.Lock()
		c.answered = append(c.answered, b)
		c.mu.Unlock()
	}
}

func (c *collecting) batch() sent {
	var b sent
	var events []map[string]any
	for range perBatch {
		n := c.n.Add(1)
		at := c.first.Add(time.Duration(n) * time.Millisecond)
		b.at = append(b.at, at)
		events = append(events, map[string]any{
			"type": "track", "userId": userID(int(n) % c.people), "event": "Order Completed", "messageId": "m" + strconv.FormatInt(n, 10),
			"timestamp": at.Time().UTC().Format(time.RFC3339Nano), "properties": map[string]any{"order_id": strconv.FormatInt(n, 10), "family": "beans"},
		})
	}
	b.body, _ = json.Marshal(map[string]any{"batch": events})
	return b
}

// send gives the status of the answer, 0 when there was none.
func (c *collecting) send(body []byte) int {
	r, err := http.NewRequest(http.MethodPost, c.url.Load().(string)+"/v1/batch", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(c.writeKey, "")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// onceEach holds what is on disk against what was answered.
func (c *collecting) onceEach(when string) {
	c.t.Helper()
	stored := map[clock.Instant]int{}
	c.read(func(tx *db.Tx) error {
		rows, err := tx.Query(`select occurred_at from event where source_id = $1`, c.source)
		list, err := db.Collect(rows, err, func(scan db.Scan) (at clock.Instant, err error) { return at, scan(&at) })
		for _, at := range list {
			stored[at]++
		}
		return err
	})
	lost, twice := 0, 0
	for _, b := range c.answered {
		for _, at := range b.at {
			if stored[at] == 0 {
				lost++
			}
		}
	}
	for _, n := range stored {
		if n > 1 {
			twice++
		}
	}
	if lost > 0 || twice > 0 || len(stored) != len(c.answered)*perBatch {
		c.t.Errorf("%s: %d events answered, %d stored, %d lost, %d more than once", when, len(c.answered)*perBatch, len(stored), lost, twice)
	}
}

// cut ends every connection to the database, where it is PostgreSQL.
func (s *site) cut() {
	s.t.Helper()
	if !strings.HasPrefix(s.cfg.Database, "postgres") {
		return
	}
	d, err := db.OpenReader(ctx, s.cfg.Database)
	must(s.t, err)
	defer func() { _ = d.Close() }()
	var n int64
	must(s.t, d.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`).Scan(&n)
	}))
	if n == 0 {
		s.t.Error("there was no connection to cut")
	}
}
