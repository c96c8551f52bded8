package mailbox

import (
	"testing"
	"unicode/utf8"
)

// Any mail is shown as text, whatever its parts claim to be.
func FuzzParse(f *testing.F) {
	f.Add([]byte("Subject: =?utf-8?q?Hallo?=\r\nContent-Type: text/plain\r\n\r\nhttps://a.example/b\r\n"))
	f.Add([]byte("Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!\r\n--x--\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed\r\n\r\n--"))
	f.Add([]byte("no mail"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if l := parse(raw); !utf8.ValidString(l.Text) || !utf8.ValidString(l.HTML) {
			t.Error("a part is not text")
		}
	})
}
