package message

import (
	"context"
	"errors"
	"strings"
	"testing"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/keyring"
)

// What the DNS says is held against what receivers do with it.
func TestRecordsAreCheckedAsReceiversDo(t *testing.T) {
	signer := testSigner(t, "ed25519")
	key, err := DKIMRecord(signer)
	if err != nil {
		t.Fatal(err)
	}
	spf, dmarc := DomainRecords("mail.halm.example", "privacy@halm.example")[0], DomainRecords("mail.halm.example", "privacy@halm.example")[1]
	for _, c := range []struct {
		name   string
		record Record
		dns    map[string][]string
		want   Verdict
	}{
		{"key", key, map[string][]string{key.Name: {key.Want}}, RecordRight},
		{"key with other spaces", key, map[string][]string{key.Name: {strings.ReplaceAll(key.Want, "; ", ";")}}, RecordRight},
		{"no key", key, nil, RecordMissing},
		{"another key", key, map[string][]string{key.Name: {"v=DKIM1; k=ed25519; p=AAAA"}}, RecordWrong},
		{"revoked", key, map[string][]string{key.Name: {"v=DKIM1; p="}}, RecordWrong},
		{"two keys", key, map[string][]string{key.Name: {key.Want, "v=DKIM1; p=AAAA"}}, RecordWrong},
		{"spf", spf, map[string][]string{spf.Name: {"google-site-verification=x", "v=spf1 include:relay.example -all"}}, RecordRight},
		{"no spf", spf, map[string][]string{spf.Name: {"v=spf10 all"}}, RecordMissing},
		{"two spf", spf, map[string][]string{spf.Name: {"v=spf1 -all", "v=spf1 mx -all"}}, RecordWrong},
		{"everybody", spf, map[string][]string{spf.Name: {"v=spf1 +all"}}, RecordWrong},
		{"no end", spf, map[string][]string{spf.Name: {"v=spf1 include:relay.example ?all"}}, RecordWeak},
		{"too many look-ups", spf, map[string][]string{spf.Name: {"v=spf1 a mx include:1 include:2 include:3 include:4 include:5 include:6 include:7 include:8 include:9 -all"}}, RecordWrong},
		{"dmarc", dmarc, map[string][]string{dmarc.Name: {"v=DMARC1; p=reject"}}, RecordRight},
		{"dmarc of the organisation", dmarc, map[string][]string{"_dmarc.halm.example": {"v=DMARC1; p=quarantine"}}, RecordRight},
		{"dmarc of the organisation, not below", dmarc, map[string][]string{"_dmarc.halm.example": {"v=DMARC1; p=reject; sp=none"}}, RecordWeak},
		{"dmarc watches", dmarc, map[string][]string{dmarc.Name: {"v=DMARC1; p=none"}}, RecordWeak},
		{"no dmarc", dmarc, nil, RecordMissing},
	} {
		got := c.record.Check(context.Background(), func(_ context.Context, name string) ([]string, error) { return c.dns[name], nil })
		if got.Verdict != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got.Verdict, got.Says, c.want)
		}
	}
	if got := key.Check(context.Background(), func(context.Context, string) ([]string, error) { return nil, errors.New("down") }); got.Verdict != RecordUnknown {
		t.Errorf("without DNS: %s", got.Verdict)
	}
}

// A new key signs nothing before it is put to use; the one before stays for a week,
// and another server takes the change up.
func TestKeysAreRotated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, now := context.Background(), clock.NewFake(clock.UTC(2026, 11, 25, 9, 0, 0))
		file := testSigner(t, "ed25519")
		k := &DomainKeys{db: d, ring: keyring.Generate(), clock: now, files: map[string]*Signer{"halm.example": file}}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		of := func() (list []DomainKey) {
			t.Helper()
			must(d.Read(ctx, func(tx *db.Tx) (err error) { list, err = k.Of(tx, "halm.example"); return err }))
			return list
		}
		must(k.Make(ctx, "halm.example"))
		if err := k.Make(ctx, "halm.example"); !errs.Is(err, errs.Conflict) {
			t.Errorf("a second one: %v", err)
		}
		if list := of(); len(list) != 2 || list[0].State != KeySigning || list[1].State != KeyWaiting || k.signer("halm.example") != file {
			t.Fatalf("%+v", list)
		}
		must(k.Sign(ctx, "halm.example", "candor-20261125"))
		if s := k.signer("halm.example"); s == file || s.selector != "candor-20261125" {
			t.Errorf("signs with %s", s.selector)
		}
		must(k.Make(ctx, "halm.example"))
		must(k.Sign(ctx, "halm.example", "candor-20261125b"))
		if err := k.Forget(ctx, "halm.example", "candor-20261125"); !errs.Is(err, errs.Conflict) {
			t.Errorf("forgotten while its mails are on their way: %v", err)
		}
		now.Advance(KeyLingers + 1e6)
		must(k.Forget(ctx, "halm.example", "candor-20261125"))
		if list := of(); len(list) != 1 || list[0].Selector != "candor-20261125b" || list[0].State != KeySigning {
			t.Errorf("%+v", list)
		}
		var stored string
		must(d.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow(`select secret from dkim_key`).Scan(&stored) }))
		if strings.Contains(stored, "PRIVATE") {
			t.Error("the key lies in the clear")
		}
	})
}
