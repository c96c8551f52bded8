package mailbox

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

const raw = "From: Halm <letter@halm.example>\r\nTo: <ada@kunde.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <b>\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
	"--x\r\nContent-Type: text/plain\r\n\r\nHalm\n\nHello https://halm.example/u/abc\r\n--x\r\nContent-Type: text/html\r\n\r\n<p><a href=\"https://halm.example/\">x</a><script>1</script></p>\r\n--x--\r\n"

func get(t *testing.T, mux http.Handler, path string) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	body, _ := io.ReadAll(w.Result().Body)
	return w.Result(), string(body)
}

func TestMailboxShowsSealsAndErases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		b, err := New(Config{DB: d, Ring: keyring.Generate()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = b.listen.Close() }()
		address, err := customer.Email("ada@kunde.example")
		if err != nil {
			t.Fatal(err)
		}
		ada := id.NewCustomer()
		err = d.Write(ctx, func(tx *db.Tx) error {
			if err := customer.Insert(tx, []customer.Customer{{ID: ada, CreatedAt: 1}}); err != nil {
				return err
			}
			return customer.Claim(tx, []customer.Held{b.book.Hold(address, ada, "test", clock.At(b.clock.Now().Time()))})
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{"ada@kunde.example", "nobody@kunde.example"} {
			if err := b.Put(ctx, to, []byte(raw)); err != nil {
				t.Fatal(err)
			}
		}
		mux := http.NewServeMux()
		b.Register(mux)
		res, page := get(t, mux, b.Path())
		if res.StatusCode != 200 || strings.Count(page, "<li>") != 2 || !strings.Contains(page, "Grüße &lt;b&gt;") || res.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("list: %d %s", res.StatusCode, page)
		}
		if _, page := get(t, mux, b.Path()+"?to=ada@kunde.example"); strings.Count(page, "<li>") != 1 {
			t.Error("the list of one address")
		}
		if _, list := get(t, mux, b.Path()+"mails.json"); !strings.Contains(list, `"links":["https://halm.example/u/abc"]`) {
			t.Errorf("json: %s", list)
		}
		_, rest, _ := strings.Cut(page, "/mail/")
		mail, _, _ := strings.Cut(rest, `"`)
		for _, view := range []string{"", "?view=text", "?view=headers"} {
			if res, _ := get(t, mux, b.Path()+"mail/"+mail+view); res.StatusCode != 200 {
				t.Errorf("%s: %d", view, res.StatusCode)
			}
		}
		if res, _ := get(t, mux, b.Path()+"mail/"+mail+"/page"); !strings.HasPrefix(res.Header.Get("Content-Security-Policy"), "sandbox ") {
			t.Error("the mail's HTML is not in a sandbox")
		}
		if res, _ := get(t, mux, "/mailbox/wrong/"); res.StatusCode != 404 {
			t.Errorf("a wrong secret: %d", res.StatusCode)
		}
		err = d.Write(ctx, func(tx *db.Tx) error {
			var sealed string
			if err := tx.QueryRow("select sealed from mail where customer_id = $1", ada).Scan(&sealed); err != nil || strings.Contains(sealed, "kunde") {
				t.Errorf("not sealed: %v", err)
			}
			n, err := Source{}.Erase(ctx, tx, ada)
			if n != 1 {
				t.Errorf("erased %d", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, page := get(t, mux, b.Path()); strings.Count(page, "<li>") != 1 {
			t.Error("an erased mail is shown")
		}
	})
}

func TestMailboxListensOnThisMachineOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:25", "example.org:25"} {
		if _, err := New(Config{Addr: addr}); errs.CodeOf(err) != "mailbox_address" {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

// A mailbox that is told to end while it begins ends all the same.
func TestRunEndsHoweverEarlyItIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i := range 40 {
			b, err := New(Config{DB: d, Ring: keyring.Generate()})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- b.Run(ctx) }()
			time.Sleep(time.Duration(i) * 100 * time.Microsecond)
			cancel()
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				t.Fatalf("told after %d µs, it runs on", i*100)
			}
		}
	})
}
