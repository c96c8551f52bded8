package faulttest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	mathrand "math/rand/v2"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"candor/client"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/message"
	"candor/internal/message/messagetest"
)

// onTheWay is how many mails of a server are at most between it and the relay: a
// burst of eight for each of four connections.
const onTheWay = 4 * 8

// A server is killed three times while a campaign leaves, each time with mails
// between it and a real mail server. Started again it goes on: nobody gets the
// mail twice, and nobody is left out but those whose mail may have left, who are
// marked: at each death at most one burst of eight for each of four connections.
// What the engine says, what the mail server has and what the ledger proves is
// the same.
func TestKilledWhileSending(t *testing.T) {
	const people, kills = 400, 3
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		sink := messagetest.NewSink(t, true)
		var mails, next atomic.Int64
		reached := make(chan struct{}, 1)
		sink.Hold = func(string) { // the mail has left, its answer has not
			if mails.Add(1) == next.Load() {
				reached <- struct{}{}
			}
			time.Sleep(10 * time.Millisecond)
		}
		s := newSite(t, place, people, relayTo(t, sink))
		trust := filepath.Join(t.TempDir(), "relay.pem")
		must(t, os.WriteFile(trust, sink.Certificate(), 0o600))
		s.env = append(s.env, "SSL_CERT_FILE="+trust)
		next.Store(int64(10 + mathrand.IntN(40)))
		running := s.start(s.file)
		made := launch(t, running.api)
		var again int64 // handed over, but not begun when the server died
		for range kills {
			<-reached
			running.kill()
			again += s.leasesEnd()
			next.Store(mails.Load() + int64(10+mathrand.IntN(25)))
			running = s.start(s.file)
		}
		progress := ended(t, running.api, made)
		running.kill()
		if progress.Accepted+progress.Uncertain != people || progress.Uncertain == 0 || progress.Uncertain > kills*onTheWay || again == 0 {
			t.Errorf("of %d: %+v", people, progress)
		}
		if handed := s.reconcile(sink, progress); handed != people+again {
			t.Errorf("the ledger has %d hand-overs of %d mails, %d of them made again", handed, people, again)
		}
		s.verify()
		t.Logf("%d accepted, %d uncertain, %d checked again, %d mails came", progress.Accepted, progress.Uncertain, again, len(sink.Mails()))
	})
}

// relayTo is the mail section of a configuration: the sink as relay, and a key
// that signs.
func relayTo(t *testing.T, sink *messagetest.Sink) string {
	t.Helper()
	dir := t.TempDir()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	dkim, password := filepath.Join(dir, "dkim.pem"), filepath.Join(dir, "password")
	must(t, os.WriteFile(dkim, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	must(t, os.WriteFile(password, []byte(messagetest.Password), 0o600))
	return fmt.Sprintf(`{relay: "smtp://%s@%s", password_file: %q, pace: 100, dkim: [{domain: halm.example, selector: candor, key_file: %q}]}`,
		messagetest.User, sink.Addr, password, dkim)
}

func launch(t *testing.T, api *client.Client) client.Campaign {
	t.Helper()
	made, err := api.CreateCampaign(ctx, client.Draft{Name: "New beans", Purpose: "letter", Channel: "email", Content: client.Content{
		Class: "marketing", Texts: map[string]client.Text{
			"en": {Subject: "New beans are in", HTML: "<p>New beans have come in.</p>"},
			"de": {Subject: "Neue Bohnen sind da", HTML: "<p>Neue Bohnen sind da.</p>"}}}})
	must(t, err)
	_, err = api.Launch(ctx, made.ID)
	must(t, err)
	return made
}

// leasesEnd lets the time go by after which work that a dead process held is
// looked at again. It gives how many mails had been handed over and not begun.
func (s *site) leasesEnd() (handed int64) {
	s.t.Helper()
	d, err := db.Open(ctx, s.cfg.Database)
	must(s.t, err)
	defer func() { _ = d.Close() }()
	must(s.t, d.Write(ctx, func(tx *db.Tx) error {
		if err := tx.QueryRow(`select count(*) from send where state = 'handed' and begun = 0 and lease_until > 1`).Scan(&handed); err != nil {
			return err
		}
		for _, q := range []string{`update send set lease_until = 1 where lease_until > 0`, `update job set lease_until = 1 where lease_until > 0`,
			`update job set run_at = 1 where kind = 'request.erase'`} {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		return nil
	}))
	return handed
}

// ended waits until a campaign is done and gives what became of it.
func ended(t *testing.T, api *client.Client, made client.Campaign) client.Progress {
	t.Helper()
	for range 120 {
		now, err := api.Campaign(ctx, made.ID)
		must(t, err)
		if now.State == "done" {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	p, err := api.Progress(ctx, made.ID)
	must(t, err)
	return p
}

// reconcile holds the engine's sends, the mail server's mails and the ledger's
// entries against each other. It gives the number of hand-overs in the ledger:
// more than mails, when some did not begin and were made again.
func (s *site) reconcile(sink *messagetest.Sink, p client.Progress) (handed int64) {
	s.t.Helper()
	got := map[string]int{}
	for _, m := range sink.Mails() {
		parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		must(s.t, err)
		if parsed.Header.Get("List-Unsubscribe") == "" {
			continue // of service: an erasure is announced
		}
		got[strings.Trim(parsed.Header.Get("Message-ID"), "<>")]++
	}
	for name, n := range got {
		if n != 1 {
			s.t.Errorf("%d mails with the Message-ID %s", n, name)
		}
	}
	ring, err := keyring.Read(s.cfg.Root())
	must(s.t, err)
	states := map[message.State]int64{}
	for _, x := range s.sends() {
		states[x.state]++
		name := message.MessageID(ring, x.key, "halm.example")
		if x.state == message.Accepted && got[name] != 1 {
			s.t.Error("an accepted mail is not at the mail server")
		}
		if x.state != message.Accepted && x.state != message.Uncertain {
			s.t.Errorf("a send is %s", x.state)
		}
		if x.kind != string(message.KindHanded) || x.entry.Attempt != x.attempt || x.attempt != 1 {
			s.t.Errorf("a send of attempt %d has the entry %s of attempt %d", x.attempt, x.kind, x.entry.Attempt)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		s.t.Errorf("%d mails at the mail server are of no send", len(got))
	}
	s.read(func(tx *db.Tx) error {
		return tx.QueryRow(`select count(*) from ledger_entry where kind = $1`, message.KindHanded).Scan(&handed)
	})
	if states[message.Accepted] != p.Accepted || states[message.Uncertain] != p.Uncertain || handed < p.Accepted+p.Uncertain {
		s.t.Errorf("sends %v, the campaign says %+v, the ledger has %d hand-overs", states, p, handed)
	}
	return handed
}

func (s *site) sendsOf(c id.Customer) (out []message.Send) {
	s.t.Helper()
	s.read(func(tx *db.Tx) (err error) {
		out, err = message.Of(tx, c)
		return err
	})
	return out
}

// proven is a send with its ledger entry.
type proven struct {
	key     []byte
	state   message.State
	attempt int64
	kind    string
	entry   message.Entry
}

func (s *site) sends() (out []proven) {
	s.t.Helper()
	s.read(func(tx *db.Tx) error {
		rows, err := tx.Query(`select s.send_key, s.state, s.attempt, coalesce(e.kind, ''), coalesce(e.content, '{}')
			from send s left join ledger_entry e on e.entry_id = s.entry where s.program = 'campaign' order by s.customer_id`)
		out, err = db.Collect(rows, err, func(scan db.Scan) (p proven, err error) {
			var content string
			if err := scan(&p.key, &p.state, &p.attempt, &p.kind, &content); err != nil {
				return p, err
			}
			return p, json.Unmarshal([]byte(content), &p.entry)
		})
		return err
	})
	return out
}
