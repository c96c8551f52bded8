package portal

import (
	"bytes"
	"net/http/httptest"
	"testing"
)

// The body of a one-click request comes from any mail program. Reading it never
// fails worse than with an error, and only the words of RFC 8058 count.
func FuzzOneClick(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", []byte("List-Unsubscribe=One-Click"))
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"))
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n"))
	f.Add("multipart/", []byte("List-Unsubscribe=One-Click"))
	f.Add("text/plain", []byte("%zz=%&;;"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		r := httptest.NewRequest("POST", "/u/token", bytes.NewReader(body))
		r.Header["Content-Type"] = []string{kind}
		err := parseForm(r)
		if r.MultipartForm != nil {
			defer func() { _ = r.MultipartForm.RemoveAll() }()
		}
		if err == nil && r.PostFormValue("List-Unsubscribe") == "One-Click" && !bytes.Contains(body, []byte("lick")) && !bytes.Contains(body, []byte("%")) {
			t.Errorf("%q of kind %q counts as one click", body, kind)
		}
	})
}
