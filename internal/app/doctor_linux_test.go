package app

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/audience/index"
	"candor/internal/clock"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/db/dbtest"
)

// The doctor tells a mail server from something else that answers.
func TestDoctorMeetsTheRelay(t *testing.T) {
	for greeting, want := range map[string]Health{"220 relay.example ESMTP\r\n": Well, "HTTP/1.1 400 Bad Request\r\n": Wrong} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write([]byte(greeting))
				_ = c.Close()
			}
		}()
		cfg := config.Config{Data: t.TempDir(), URL: "https://shop.example", Mail: config.Mail{Relay: "smtp://" + l.Addr().String()}}
		if err := cfg.Fill(); err != nil {
			t.Fatal(err)
		}
		if got := finding(t, cfg, "mail relay"); got.Health != want {
			t.Errorf("%q: %+v", greeting, got)
		}
	}
}

func finding(t *testing.T, cfg config.Config, part string) Finding {
	t.Helper()
	for _, f := range Examine(ctx, cfg) {
		if f.Part == part {
			return f
		}
	}
	t.Fatalf("nothing is said of %s", part)
	return Finding{}
}

// What lies on an encrypted mapping counts as encrypted, whatever is between;
// what lies partly on a plain disk does not.
func TestDoctorFollowsADiskDown(t *testing.T) {
	sys := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(sys, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("lvm/dm/uuid", "LVM-x")
	write("lvm/slaves/dm-0/dm/uuid", "CRYPT-LUKS2-x")
	write("raid/slaves/a/dm/uuid", "CRYPT-LUKS2-x")
	write("raid/slaves/b/size", "1")
	write("plain/size", "1")
	for name, want := range map[string]bool{"lvm": true, "lvm/slaves/dm-0": true, "raid": false, "plain": false, "nothing": false} {
		if got := encryptedDevice(filepath.Join(sys, name), 8); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// The doctor knows how old the newest backup is, and what a server found when it
// compared its index with the database.
func TestDoctorSeesBackupsAndIndex(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		s.cfg.Backups = t.TempDir()
		if got := finding(t, s.cfg, "audience index"); got.Health != Note {
			t.Errorf("before a comparison: %+v", got)
		}
		s.clk.Set(clock.System{}.Now())
		s.must(s.CheckIndex(ctx))
		if got := finding(t, s.cfg, "audience index"); got.Health != Well {
			t.Errorf("%+v", got)
		}
		s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
			return index.Note(tx, index.Report{Customers: 5000, Compared: 1000, Different: 2, At: s.clk.Now()})
		}))
		if got := finding(t, s.cfg, "audience index"); got.Health != Wrong || !strings.Contains(got.Says, "2 of 1000") {
			t.Errorf("with a difference: %+v", got)
		}
		for _, tt := range []struct {
			age  time.Duration
			want Health
		}{{-1, Wrong}, {8 * 24 * time.Hour, Wrong}, {30 * time.Hour, Note}, {3 * time.Hour, Well}} {
			if tt.age > 0 {
				name := "candor-" + time.Now().Add(-tt.age).UTC().Format("20060102T150405Z") + ".backup"
				s.must(os.WriteFile(filepath.Join(s.cfg.Backups, name), nil, 0o600))
			}
			if got := finding(t, s.cfg, "backups"); got.Health != tt.want {
				t.Errorf("a newest backup of %s: %+v", tt.age, got)
			}
		}
		t.Setenv("CANDOR_MAIL_PAEC", "5")
		if got := finding(t, s.cfg, "configuration"); got.Health != Note || !strings.Contains(got.Says, "CANDOR_MAIL_PAEC") {
			t.Errorf("%+v", got)
		}
	})
}
