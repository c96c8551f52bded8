package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"candor/internal/bounce"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/keyring"
	"candor/internal/ledger"
)

// Health says how a part of an installation is.
type Health string

// The findings, from good to bad.
const (
	Well  Health = "well"
	Note  Health = "note" // works; something to know or to do in time
	Wrong Health = "wrong"
)

// Finding is what the doctor sees of one part. Do says what to do about it.
type Finding struct {
	Part   string `json:"part"`
	Health Health `json:"health"`
	Says   string `json:"says"`
	Do     string `json:"do,omitempty"`
}

// Examine looks at an installation without changing it, whether or not its
// server runs.
func Examine(ctx context.Context, cfg config.Config) []Finding {
	d := &doctor{ctx: ctx, cfg: cfg}
	d.configuration()
	d.folder()
	d.keys()
	d.secrets()
	d.database()
	d.charter()
	d.clock()
	d.relay()
	d.signOn()
	d.reports()
	d.space()
	d.encryption()
	d.backups()
	d.indexed()
	return d.found
}

type doctor struct {
	ctx   context.Context
	cfg   config.Config
	found []Finding
}

func (d *doctor) well(part, format string, args ...any) {
	d.found = append(d.found, Finding{Part: part, Health: Well, Says: fmt.Sprintf(format, args...)})
}

func (d *doctor) note(part, says, do string) {
	d.found = append(d.found, Finding{part, Note, says, do})
}

func (d *doctor) wrong(part, says, do string) {
	d.found = append(d.found, Finding{part, Wrong, says, do})
}

func (d *doctor) folder() {
	info, err := os.Stat(d.cfg.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.note("data folder", "it does not exist yet", "the first start makes it; its parent must be writable")
	case err != nil || !info.IsDir():
		d.wrong("data folder", "it cannot be used as a folder", "set data to a folder that the server's user may write to")
	case info.Mode().Perm()&0o077 != 0:
		d.wrong("data folder", "others on this machine can look into it", "chmod 700 "+d.cfg.Data)
	default:
		d.well("data folder", "there, and for its owner alone")
	}
}

// keys looks at the root keys and the ledger's signing key.
func (d *doctor) keys() {
	_, err := keyring.Read(d.cfg.Root())
	switch {
	case errs.Is(err, errs.NotFound):
		d.note("root keys", "there are none yet", "the first start makes them; keep a copy apart from the data's backups")
	case err != nil:
		d.wrong("root keys", err.Error(), "chmod 600 "+d.cfg.Root()+", or bring the file of this installation")
	default:
		d.well("root keys", "readable, and by their owner alone")
	}
	d.secret("ledger's key", d.cfg.Signer(), "the first start makes it")
}

// secrets looks at the files that the configuration names.
func (d *doctor) secrets() {
	if f := d.cfg.Mail.PasswordFile; f != "" {
		d.secret("relay's password", f, "")
	}
	for _, h := range d.cfg.Mail.Hooks {
		d.secret("webhook key of "+h.Relay, h.KeyFile, "")
	}
	for _, k := range d.cfg.Mail.DKIM {
		d.secret("DKIM key of "+k.Domain, k.KeyFile, "")
	}
	if _, err := (&App{Config: d.cfg}).signers(); err != nil && len(d.cfg.Mail.DKIM) > 0 {
		d.wrong("DKIM", err.Error(), "openssl genpkey -algorithm ed25519 makes a key of the right form")
	}
}

// secret looks at a file that only its owner may read.
func (d *doctor) secret(part, path, later string) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && later != "":
		d.note(part, "there is none yet", later)
	case err != nil:
		d.wrong(part, "the file cannot be read", "bring it, or mend its place in the configuration")
	case info.Mode().Perm()&0o077 != 0:
		d.wrong(part, "others on this machine can read it", "chmod 600 "+path)
	default:
		d.well(part, "there, and for its owner alone")
	}
}

func (d *doctor) database() {
	kind := "SQLite"
	if strings.HasPrefix(d.cfg.Database, "postgres") {
		kind = "PostgreSQL"
	}
	pending, err := db.Pending(d.ctx, d.cfg.Database)
	switch {
	case err != nil:
		d.wrong("database", kind+" cannot be reached", "check that it runs, its URL, and the rights of its user")
	case len(pending) > 0:
		d.note("database", fmt.Sprintf("%s answers; %d schema changes wait", kind, len(pending)), "the next start makes them; candor db migrate --dry-run lists them")
	default:
		d.well("database", "%s answers, and its schema is up to date", kind)
	}
}

// charter looks at the folder that is applied at the first start.
func (d *doctor) charter() {
	if d.cfg.Charter == "" {
		d.note("charter", "the configuration names no folder", "needed at the first start alone: set charter")
		return
	}
	promise, err := os.ReadFile(filepath.Join(d.cfg.Charter, charter.PromiseFile))
	house, err2 := os.ReadFile(filepath.Join(d.cfg.Charter, charter.HouseFile))
	if err != nil || err2 != nil {
		d.wrong("charter", "charter.yaml or house.yaml cannot be read", "set charter to the folder with both")
		return
	}
	if _, problems := charter.Parse(promise, house); len(problems) > 0 {
		d.wrong("charter", fmt.Sprintf("it has %d problems", len(problems)), "candor charter check "+d.cfg.Charter)
		return
	}
	d.well("charter", "it is in order")
}

// clock compares this machine's clock with the database's, and with the ledger's
// last entry: law counts in days, and a clock that goes back stops sending.
func (d *doctor) clock() {
	last, theirs, err := d.times()
	now := clock.System{}.Now()
	off := now.Sub(theirs)
	switch {
	case err == nil && last > now.Add(2*time.Second):
		d.wrong("clock", "it is behind the ledger's last entry", "set the clock; nothing is sent while it is behind")
	case err == nil && theirs != 0 && (off > 2*time.Second || off < -2*time.Second):
		d.wrong("clock", "it differs from the database server's by "+off.Round(time.Second).String(), "let NTP keep both, such as systemd-timesyncd or chrony")
	case !synchronised():
		d.note("clock", "nothing keeps it right", "let NTP keep it, such as systemd-timesyncd or chrony")
	default:
		d.well("clock", "it agrees with what we can compare it with")
	}
}

// times reads when the ledger was last written, and the clock of a database on
// another machine.
func (d *doctor) times() (last, theirs clock.Instant, err error) {
	r, err := db.OpenReader(d.ctx, d.cfg.Database)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = r.Close() }()
	err = r.Read(d.ctx, func(tx *db.Tx) error {
		micros, err := db.Now(tx)
		if err != nil {
			return err
		}
		theirs = clock.Instant(micros)
		last, err = ledger.LastAt(tx)
		return err
	})
	return last, theirs, err
}

func (d *doctor) relay() {
	r, err := readRelay(d.cfg.Mail)
	if errs.CodeOf(err) == "no_relay" {
		d.wrong("mail relay", "there is none", "set mail.relay, such as smtp://shop@relay.example:587")
		return
	}
	if err != nil {
		d.wrong("mail relay", err.Error(), "see mail in the configuration")
		return
	}
	ctx, cancel := context.WithTimeout(d.ctx, 10*time.Second)
	defer cancel()
	conn, err := r.Door.Dial(ctx, r.Addr)
	if err != nil {
		d.wrong("mail relay", r.Addr+" does not answer", "check its name and port, and that this machine may connect to it")
		return
	}
	defer func() { _ = conn.Close() }()
	if strings.HasPrefix(d.cfg.Mail.Relay, "smtps:") {
		d.well("mail relay", "%s takes connections", r.Addr)
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "220") {
		d.wrong("mail relay", r.Addr+" answers, but not as a mail server", "check the port: 587 for STARTTLS, smtps:// and 465 for TLS")
		return
	}
	d.well("mail relay", "%s answers as a mail server", r.Addr)
}

// reports: whoever sends has to hear what comes back.
func (d *doctor) reports() {
	m := d.cfg.Mail
	for _, h := range m.Hooks {
		if _, err := bounce.ReadHook(bounce.Relay(h.Relay), h.KeyFile, nil, nil); err != nil {
			d.wrong("mails that come back", err.Error(), "see mail.hooks in the configuration")
			return
		}
	}
	switch {
	case len(m.Hooks) == 0 && m.Bounces.Listen == "":
		d.note("mails that come back", "nobody hears of them", "set mail.hooks or mail.bounces, so that addresses that take no mail are left alone")
	case m.Bounces.Listen != "":
		d.well("mails that come back", "are heard at %s", m.Bounces.Domain)
	default:
		d.well("mails that come back", "are told by %s", m.Hooks[0].Relay)
	}
}

// littleSpace is when a disk is nearly full.
const littleSpace = 2 << 30

func (d *doctor) space() {
	free, ok := freeSpace(existing(d.cfg.Data))
	switch {
	case !ok:
		d.note("disk space", "it cannot be seen on this system", "keep some gigabytes free")
	case free < littleSpace:
		d.wrong("disk space", fmt.Sprintf("%d MB are free", free>>20), "make room: a full disk stops the server, and no act is lost before it")
	default:
		d.well("disk space", "%d GB are free", free>>30)
	}
}

// encryption looks whether the disk under the data is encrypted, or somebody
// took the responsibility that it is not.
func (d *doctor) encryption() {
	switch {
	case encrypted(existing(d.cfg.Data)):
		d.well("disk encryption", "the data are on an encrypted disk")
	case d.cfg.PlainDisk != "":
		d.well("disk encryption", "none is seen; accepted: %s", d.cfg.PlainDisk)
	default:
		d.wrong("disk encryption", "none is seen under the data", "encrypt the disk (LUKS), or, where the provider does it or you accept it, set plain_disk to who says so and why")
	}
}

// existing gives the folder, or the nearest above it that exists.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}
