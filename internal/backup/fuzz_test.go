package backup

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"filippo.io/age"

	"candor/internal/keyring"
)

// Whatever a file holds, opening and checking it ends in an answer; nothing opens
// that was not sealed for the installation's keys. What was sealed for them is read
// with the same care.
func FuzzOpen(f *testing.F) {
	ring := keyring.Generate()
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Add([]byte(`{"format":"candor/backup/v1"}` + "\n"))
	f.Add([]byte(`{"format":"candor/backup/v1","schema":"x"}` + "\n" + `{"table":"customer","columns":["customer_id"]}` + "\n[1]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := Open(bytes.NewReader(b), ring); err == nil {
			t.Error("a file opens that nobody sealed")
		}
		var sealed bytes.Buffer
		w, err := age.Encrypt(&sealed, recipient{ring})
		if err != nil {
			t.Fatal(err)
		}
		zip := gzip.NewWriter(w)
		_, _ = zip.Write(b)
		_ = zip.Close()
		_ = w.Close()
		if a, err := Open(&sealed, ring); err == nil {
			_, _ = a.Check()
		}
		if _, err := Open(io.LimitReader(bytes.NewReader(b), 10), keyring.Generate()); err == nil {
			t.Error("a torn file opens")
		}
	})
}
