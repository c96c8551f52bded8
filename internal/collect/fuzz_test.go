package collect

import (
	"bytes"
	"compress/gzip"
	"net/http/httptest"
	"testing"

	"candor/internal/errs"
)

// Whatever comes, a body is read whole within its limit, or refused for a reason
// that the client can act on.
func FuzzBody(f *testing.F) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 4*MaxBatch))
	_ = z.Close()
	f.Add("", []byte(`{"a":1}`))
	f.Add("gzip", []byte(`{"a":1}`))
	f.Add("", bomb.Bytes())
	f.Add("gzip", bomb.Bytes()[:20])
	f.Add("br", []byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		r := httptest.NewRequest("POST", "/v1/track", bytes.NewReader(body))
		r.Header["Content-Encoding"] = []string{encoding}
		got, err := readBody(r)
		if len(got) > MaxBatch {
			t.Errorf("read %d bytes", len(got))
		}
		if k := errs.KindOf(err); err != nil && k != errs.Invalid && k != errs.TooLarge {
			t.Errorf("kind %v: %v", k, err)
		}
	})
}
