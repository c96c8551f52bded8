package collect

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"candor/internal/errs"
)

func zip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReadBodyTakesWhatClientsSend(t *testing.T) {
	body := []byte(`{"batch":[]}`)
	for name, c := range map[string]struct {
		contentType, encoding string
		sent                  []byte
	}{
		"JSON":                     {"application/json", "", body},
		"text, as browsers":        {"text/plain", "", body},
		"gzip with a form's type":  {"application/x-www-form-urlencoded", "gzip", zip(t, body)},
		"gzip without saying so":   {"application/json", "", zip(t, body)},
		"gzip by its old name":     {"", "X-GZIP", zip(t, body)},
		"identity":                 {"", "identity", body},
		"two gzip members in turn": {"", "gzip", append(zip(t, body[:5]), zip(t, body[5:])...)},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/v1/batch", bytes.NewReader(c.sent))
			r.Header.Set("Content-Type", c.contentType)
			r.Header.Set("Content-Encoding", c.encoding)
			got, err := readBody(r)
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// endless counts what is read of a body that never ends.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.n += len(p)
	return len(p), nil
}

func TestReadBodyStopsAtTheLimit(t *testing.T) {
	bomb := zip(t, bytes.Repeat([]byte(" "), 200<<20))
	t.Logf("200 MB in %d KB", len(bomb)>>10)
	for name, sent := range map[string]io.Reader{
		"a bomb":                bytes.NewReader(bomb),
		"a bomb in a bomb":      bytes.NewReader(zip(t, bytes.Repeat(bomb[:len(bomb)/2], 10))),
		"one byte too many":     strings.NewReader(strings.Repeat(" ", MaxBatch+1)),
		"one byte, compressed":  bytes.NewReader(zip(t, bytes.Repeat([]byte(" "), MaxBatch+1))),
		"without announced end": &endless{},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/v1/batch", io.MultiReader(sent))
			if _, err := readBody(r); !errs.Is(err, errs.TooLarge) {
				t.Errorf("got %v", err)
			}
			if e, ok := sent.(*endless); ok && e.n > 2*MaxBatch {
				t.Errorf("read %d bytes", e.n)
			}
		})
	}
	r := httptest.NewRequest("POST", "/v1/batch", strings.NewReader(strings.Repeat(" ", MaxBatch)))
	if b, err := readBody(r); err != nil || len(b) != MaxBatch {
		t.Errorf("just the limit: %d bytes, %v", len(b), err)
	}
}

func TestReadBodyRefusesBrokenCompression(t *testing.T) {
	whole := zip(t, bytes.Repeat([]byte("abc"), 100))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1
	for name, c := range map[string]struct {
		sent     []byte
		encoding string
	}{
		"cut off":          {whole[:len(whole)-9], "gzip"},
		"wrong checksum":   {flipped, "gzip"},
		"not gzip":         {[]byte("{}"), "gzip"},
		"empty":            {nil, "gzip"},
		"rubbish after it": {append(bytes.Clone(whole), "{}"...), "gzip"},
		"another encoding": {[]byte("{}"), "br"},
		"two encodings":    {whole, "gzip, gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", bytes.NewReader(c.sent))
			r.Header.Set("Content-Encoding", c.encoding)
			if _, err := readBody(r); !errs.Is(err, errs.Invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}
